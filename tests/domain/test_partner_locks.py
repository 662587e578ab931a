"""PostgreSQL: whoever changes something of a partner, and whoever erases them, never wait in a circle."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.db import Database
from service.domain import erasure, invitations, messages, partners, people, prospects
from service.domain.errors import DomainError
from service.domain.invitations import Invitation
from service.facts.refusals import Refusal
from service.models import Erasure, Partner, Program, Prospect, Thread
from tests.domain.factories import NOW
from tests.domain.talk import Talk
from tests.worker.test_locks import SECONDS, Meeting, before, waiting

POSTGRESQL = pytest.mark.parametrize("db", ["postgresql"], indirect=True)


@pytest.fixture(autouse=True)
def _somebody(db: Database) -> None:
    """One prospect, who has a conversation."""
    with db.transaction() as session:
        Talk(session).thread("Harbour")


def rename(session: Session) -> None:
    partner = session.scalars(select(Partner)).one()
    facts = partners.Facts(name="Anchor")
    partners.edit(session, partner.id, facts, version=partners.version_of(partner))


def join(session: Session) -> None:
    invitation = Invitation(session.scalars(select(Prospect)).one(), session.scalars(select(Program)).one())
    invitations.answer(session, invitation, accepted=True, messaging=False, now=NOW)


def answer(session: Session) -> None:
    thread_id = session.scalars(select(Thread.id)).one()
    messages.answer(session, thread_id, body="Hello", form_key="theirs", now=NOW)


# What is done, and the step before which it holds the first of its rows and wants the next.
ACTS: dict[str, tuple[Callable[[Session], None], object, str]] = {
    "renamed": (rename, partners, "sort_anew"),
    "joining": (join, prospects, "record"),
    "answering": (answer, messages, "_move_stage"),
}


def erase(db: Database) -> None:
    with db.transaction() as session:
        partner_id = session.scalars(select(Partner.id)).one()
        erasure.erase_partner(session, partner_id, actor_id=None, now=NOW)


@POSTGRESQL
@pytest.mark.parametrize("act", ACTS)
def test_who_is_being_erased_may_change_meanwhile(
    db: Database, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    """D-5, F-14: both have some of the rows in hand, as far as they can have, and both get through."""
    change, where, name = ACTS[act]
    meeting, has_begun = Meeting(db), threading.Event()

    def halfway() -> None:
        has_begun.set()
        meeting.come()

    monkeypatch.setattr(where, name, before(getattr(where, name), halfway))
    monkeypatch.setattr(people, "traces_of", before(people.traces_of, meeting.come))

    def changed() -> None:
        with db.transaction() as session:
            change(session)

    def erased() -> None:
        assert has_begun.wait(SECONDS)
        erase(db)

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.submit(changed), pool.submit(erased)
        one.result(2 * SECONDS)
        other.result(2 * SECONDS)
    with db.reading() as session:
        left = [session.scalar(select(func.count()).select_from(one)) for one in (Partner, Prospect, Thread)]
        assert (left, session.scalar(select(func.count()).select_from(Erasure))) == ([0, 0, 0], 1)


@POSTGRESQL
def test_who_was_erased_meanwhile_is_not_found(db: Database) -> None:
    with ThreadPoolExecutor(1) as pool:
        with db.transaction() as session:
            partner = session.scalars(select(Partner)).one()
            version = partners.version_of(partner)
            erasure.erase_partner(session, partner.id, actor_id=None, now=NOW)
            renamed = pool.submit(_rename, db, partner.id, version)
            while not waiting(db):
                assert not renamed.done()
        assert renamed.result(SECONDS) is Refusal.NOT_FOUND


def _rename(db: Database, partner_id: int, version: str) -> Refusal | None:
    try:
        with db.transaction() as session:
            partners.edit(session, partner_id, partners.Facts(name="Anchor"), version=version)
    except DomainError as error:
        return error.refusal
    return None
