"""What tells an open page of the inbox that something has changed, and that nothing has."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from service.domain import inbox_news, messages, threads
from service.models import Program, Thread, User
from tests.domain import factories
from tests.domain.factories import NOW

LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def program(session: Session) -> Program:
    """A program."""
    return factories.program(session)


@pytest.fixture
def user(session: Session, program: Program) -> User:
    """A user of the brand."""
    return factories.user(session, program)


def opened(session: Session, program: Program, name: str) -> Thread:
    prospect = factories.prospect(session, program, name, messaging_enabled=True)
    return threads.open_with(session, program.id, prospect.partner_id, now=NOW)


Act = Callable[[Session, Thread, User, int], object]
ACTS: dict[str, tuple[Act, tuple[bool, bool]]] = {
    "nothing": (lambda *_: None, (False, False)),
    "a message": (
        lambda session, thread, user, _id: messages.send(
            session, thread.id, actor=user, body="x", form_key="x", now=LATER
        ),
        (True, True),
    ),
    "an answer": (
        lambda session, thread, _user, _id: messages.answer(
            session, thread.id, body="x", form_key="x", now=LATER
        ),
        (True, True),
    ),
    "an edit": (
        lambda session, thread, user, id_: messages.edit(
            session, thread, id_, actor=user, body="y", now=LATER
        ),
        (False, True),
    ),
    "a withdrawal": (
        lambda session, thread, user, id_: messages.withdraw(session, thread, id_, actor=user, now=LATER),
        (False, True),
    ),
    "a reader": (
        lambda session, thread, _user, _id: messages.mark_read_by_partner(session, thread, now=LATER),
        (False, True),
    ),
    "a mark": (
        lambda session, thread, _user, _id: threads.set_priority(session, thread, priority=True),
        (False, True),
    ),
    "unread": (lambda session, thread, _user, _id: threads.mark_unread(session, thread), (True, True)),
    "a draft": (
        lambda session, thread, user, _id: messages.keep_draft(
            session, thread, actor=user, body="x", form_key="x", now=LATER
        ),
        (False, False),
    ),
}


@pytest.mark.parametrize("name", ACTS)
def test_what_changes_the_version(session: Session, program: Program, user: User, name: str) -> None:
    act, expected = ACTS[name]
    thread, other = opened(session, program, "This"), opened(session, program, "Other")
    sent = messages.send(session, thread.id, actor=user, body="Hello", form_key="1", now=NOW)

    def versions() -> list[str]:
        session.flush()
        unread = {program.id: threads.count_unread(session, program.id)}
        return [inbox_news.version_of(session, unread, one) for one in (None, thread.id, other.id)]

    before = versions()
    act(session, thread, user, sent.id)
    changed = [was != now for was, now in zip(before, versions(), strict=True)]
    # An open page of another thread shows the list too, and nothing else of this one.
    assert changed == [*expected, expected[0]]


def test_another_program_changes_nothing(session: Session, program: Program, user: User) -> None:
    """A-2."""
    other = factories.program(session, "Kumo Outdoor")
    thread = opened(session, other, "Theirs")

    def version() -> str:
        unread = {program.id: threads.count_unread(session, program.id)}
        return inbox_news.version_of(session, unread)

    before = version()
    messages.answer(session, thread.id, body="x", form_key="x", now=LATER)
    assert version() == before
