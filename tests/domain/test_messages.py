"""Messages: sending and answering once, files that are waited for, changing what is unread, stages."""

from dataclasses import dataclass
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from service.db import Base, Database
from service.domain import accounts, message_search, messages, prospects, threads
from service.domain.errors import DomainError
from service.facts.limits import MESSAGE_CHARACTERS
from service.facts.messages import Channel, MessageState, ScanState, Side
from service.facts.permissions import BuiltInRole
from service.facts.refusals import Refusal
from service.facts.stages import StageEvent
from service.models import Message, Thread
from tests.domain import factories
from tests.domain.talk import Talk, at


@pytest.fixture
def talk(session: Session) -> Talk:
    return Talk(session)


def seen(talk: Talk, thread: Thread, side: Side) -> list[str]:
    return [message.body for message in messages.list_in(talk.session, thread, side=side)]


def history(talk: Talk, thread: Thread) -> tuple[str, list[str]]:
    """Return the prospect's stage and the events that came by messages, oldest first."""
    prospect = prospects.find_by_partner(talk.session, talk.program.id, thread.partner_id)
    assert prospect is not None
    events = [change.event for change in prospects.history(talk.session, prospect.id)][::-1]
    return prospect.stage, [event for event in events if event != StageEvent.MARKED.value]


def test_it_works(talk: Talk) -> None:
    """Each message with its language and side, seen by both, and the stage follows."""
    thread = talk.thread()
    first = talk.send(thread, "Bonjour, voici nos tarifs pour vous", 1)
    second = talk.answer(thread, "ありがとうございます", 2, channel=Channel.EMAIL)
    third = talk.send(thread, "OK", 3, lang="en")
    found = messages.list_in(talk.session, thread, side=Side.PARTNER)
    assert found == messages.list_in(talk.session, thread, side=Side.BRAND)
    assert [(one.side, one.lang, one.channel, one.author_id, one.shown_at) for one in found] == [
        ("brand", "fr", "web", talk.user.id, at(1)),
        ("partner", "ja", "email", None, at(2)),
        ("brand", "en", "web", talk.user.id, at(3)),
    ]
    assert found == [first, second, third]
    assert history(talk, thread) == ("in_conversation", ["message_sent", "answered"])


def test_pages_go_back_from_the_latest(talk: Talk) -> None:
    thread = talk.thread()
    for number in range(5):
        talk.send(thread, str(number))
    latest = messages.list_in(talk.session, thread, side=Side.BRAND, limit=2)
    older = messages.list_in(talk.session, thread, side=Side.BRAND, before=latest[0].id, limit=2)
    assert [one.body for one in older + latest] == ["1", "2", "3", "4"]


def test_a_form_sent_twice_is_one_message(talk: Talk) -> None:
    """From either side; and the two sides' forms are never taken for each other."""
    thread, other = talk.thread(), talk.thread("Other")
    first = talk.send(thread, "Hello", 1, form_key="same")
    assert talk.send(thread, "Hello", 2, form_key="same") is first
    assert talk.send(other, "Hello", 3, form_key="same") is not first
    theirs = talk.answer(thread, "Hello yourself", 4, form_key="same")
    assert talk.answer(thread, "Hello yourself", 5, form_key="same") is theirs
    assert seen(talk, thread, Side.BRAND) == ["Hello", "Hello yourself"]
    assert (thread.last_at, history(talk, thread)[1]) == (at(4), ["message_sent", "answered"])


def test_long_keys_are_told_apart_by_their_ends(talk: Talk) -> None:
    """By email the key is a Message-ID, which may be as long as a line, and bring what no database takes."""
    thread = talk.thread()
    for key in ("<" + "x" * 400 + "1@a>", "<" + "x" * 400 + "2@a>", "\udcff\0"):
        talk.answer(thread, "Hello", form_key=key, channel=Channel.EMAIL)
    assert seen(talk, thread, Side.BRAND) == ["Hello"] * 3


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (" \n ", Refusal.MESSAGE_EMPTY),
        ("x" * (MESSAGE_CHARACTERS + 1), Refusal.MESSAGE_TOO_LONG),
        ("a\0b", Refusal.TEXT_UNPRINTABLE),
        ("\ud800", Refusal.TEXT_UNPRINTABLE),
    ],
)
def test_what_cannot_be_sent_is_refused(talk: Talk, body: str, expected: Refusal) -> None:
    """W-5: nothing of it is kept, and the thread is not listed for it."""
    thread = talk.thread()
    for write in (talk.send, talk.answer):
        with pytest.raises(DomainError) as error:
            write(thread, body)
        assert (error.value.refusal, error.value.field) == (expected, "body")
    assert (seen(talk, thread, Side.BRAND), thread.last_at) == ([], None)


def test_a_message_waits_for_all_its_files(talk: Talk) -> None:
    """F-: the other side sees it when the last file is clean, and not before; its stage moves then."""
    thread = talk.thread()
    files = [talk.upload(thread, "form", Side.BRAND) for _ in range(2)]
    stranger = talk.upload(thread, "other form", Side.BRAND)
    message = talk.send(thread, "", 1, form_key="form")
    assert [file.message_id for file in (*files, stranger)] == [message.id, message.id, None]
    assert (seen(talk, thread, Side.BRAND), seen(talk, thread, Side.PARTNER)) == ([""], [])
    assert (message.state, thread.last_at, history(talk, thread)) == ("waiting", at(1), ("new", []))
    files[0].state = ScanState.CLEAN.value
    assert not messages.show_if_ready(talk.session, thread, message, now=at(2))
    files[1].state = ScanState.CLEAN.value
    assert messages.show_if_ready(talk.session, thread, message, now=at(3))
    assert messages.show_if_ready(talk.session, thread, message, now=at(4))
    assert (message.state, message.shown_at, thread.last_at) == ("sent", at(3), at(1))
    assert (seen(talk, thread, Side.PARTNER), history(talk, thread)) == (
        [""],
        ("outreach", ["message_sent"]),
    )


def test_an_answer_that_waits_disturbs_nobody(talk: Talk) -> None:
    thread = talk.thread()
    talk.send(thread, "Hello", 1)
    threads.archive(talk.session, thread, now=at(2))
    file = talk.upload(thread, "form", Side.PARTNER)
    message = talk.answer(thread, "With a file", 3, form_key="form")
    assert (thread.unread, thread.archived_at, thread.last_at) == (False, at(2), at(1))
    file.state = ScanState.CLEAN.value
    messages.show_if_ready(talk.session, thread, message, now=at(4))
    assert (thread.unread, thread.archived_at, thread.last_at) == (True, None, at(4))
    assert history(talk, thread) == ("in_conversation", ["message_sent", "answered"])


@pytest.mark.parametrize("state", [ScanState.REFUSED, ScanState.UNSCANNED])
def test_a_file_that_may_not_go_stops_the_form(talk: Talk, state: ScanState) -> None:
    thread = talk.thread()
    talk.upload(thread, "form", Side.BRAND, state)
    with pytest.raises(DomainError) as error:
        talk.send(thread, "Hello", form_key="form")
    assert (error.value.refusal, error.value.values) == (Refusal.ATTACHMENT_REFUSED, {"name": "tarifs.pdf"})


def test_a_withdrawn_message_is_not_shown_when_its_files_are_clean(talk: Talk) -> None:
    thread = talk.thread()
    file = talk.upload(thread, "form", Side.BRAND)
    message = talk.send(thread, "Hello", form_key="form")
    messages.withdraw(talk.session, thread, message.id, actor=talk.user, now=at(1))
    file.state = ScanState.CLEAN.value
    assert not messages.show_if_ready(talk.session, thread, message, now=at(2))
    assert (message.shown_at, seen(talk, thread, Side.PARTNER), history(talk, thread)) == (
        None,
        [],
        ("new", []),
    )


def test_an_unread_message_can_be_edited(talk: Talk) -> None:
    """Both sides see the new words and that they are; its language follows, unless somebody set it."""
    thread = talk.thread()
    message = talk.send(thread, "Hello, this is for you", 1)
    messages.edit(
        talk.session, thread, message.id, actor=talk.user, body="Hello, this is for you ", now=at(2)
    )
    assert message.edited_at is None
    messages.edit(
        talk.session, thread, message.id, actor=talk.user, body="Bonjour, voici pour vous", now=at(3)
    )
    assert (message.lang, message.edited_at) == ("fr", at(3))
    messages.set_language(talk.session, thread, message.id, "zh")
    messages.edit(talk.session, thread, message.id, actor=talk.user, body="こんにちは", now=at(4))
    assert (message.lang, seen(talk, thread, Side.PARTNER)) == ("zh", ["こんにちは"])
    messages.mark_read_by_partner(talk.session, thread, now=at(5))
    for change in (
        lambda: messages.edit(talk.session, thread, message.id, actor=talk.user, body="Late", now=at(6)),
        lambda: messages.withdraw(talk.session, thread, message.id, actor=talk.user, now=at(6)),
    ):
        with pytest.raises(DomainError) as error:
            change()
        assert error.value.refusal is Refusal.MESSAGE_READ
    assert message.body == "こんにちは"


def test_only_its_own_side_changes_a_message(talk: Talk) -> None:
    thread, other = talk.thread(), talk.thread("Other")
    message = talk.answer(thread, "Hello")
    for where, actor in ((thread, talk.user), (other, None)):
        with pytest.raises(DomainError) as error:
            messages.edit(talk.session, where, message.id, actor=actor, body="Forged", now=at(1))
        assert error.value.refusal is Refusal.NOT_FOUND
    assert message.body == "Hello"


def test_a_message_is_its_author_s(talk: Talk) -> None:
    """A-3: a colleague changes nothing of it; who manages users may take it back, and not reword it."""
    thread = talk.thread()
    message = talk.send(thread, "Hello")
    colleague = factories.user(talk.session, talk.program, email="mei@brand.example")
    boss = factories.user(talk.session, talk.program, email="boss@brand.example")
    boss.role = accounts.built_in_role(talk.session, BuiltInRole.ADMINISTRATOR)
    for actor, refused in ((colleague, Refusal.NOT_YOURS_TO_WITHDRAW), (boss, None)):
        with pytest.raises(DomainError) as error:
            messages.edit(talk.session, thread, message.id, actor=actor, body="Forged", now=at(1))
        assert error.value.refusal is Refusal.MESSAGE_NOT_YOURS
        assert messages.may_withdraw(message, actor) is (refused is None)
    with pytest.raises(DomainError) as error:
        messages.withdraw(talk.session, thread, message.id, actor=colleague, now=at(2))
    assert error.value.refusal is Refusal.NOT_YOURS_TO_WITHDRAW
    assert (message.body, message.state) == ("Hello", "sent")
    messages.withdraw(talk.session, thread, message.id, actor=boss, now=at(3))
    assert (message.body, message.state, message.withdrawn_at) == ("", "withdrawn", at(3))


def test_a_message_of_nobody_known_is_only_taken_back(talk: Talk) -> None:
    thread = talk.thread()
    message = talk.send(thread, "Hello")
    message.author_id = None
    assert not messages.may_edit(message, talk.user)
    assert not messages.may_withdraw(message, talk.user)


def test_a_withdrawn_message_leaves_a_line(talk: Talk) -> None:
    """Its place and time stay for both, its words are gone for good; twice is as once."""
    thread = talk.thread()
    message = talk.send(thread, "Not for you", 1)
    done = [
        messages.withdraw(talk.session, thread, message.id, actor=talk.user, now=at(minute))
        for minute in (2, 3)
    ]
    assert done == [True, False]
    messages.mark_read_by_partner(talk.session, thread, now=at(4))
    [line] = messages.list_in(talk.session, thread, side=Side.PARTNER)
    assert (line.id, line.state, line.body, line.withdrawn_at, line.read_at) == (
        message.id,
        "withdrawn",
        "",
        at(2),
        None,
    )
    with pytest.raises(DomainError) as error:
        messages.edit(talk.session, thread, message.id, actor=talk.user, body="Back", now=at(5))
    assert error.value.refusal is Refusal.NOT_FOUND


def test_an_answer_after_joining_is_kept_and_moves_nobody_back(talk: Talk) -> None:
    thread = talk.thread()
    prospect = prospects.find_by_partner(talk.session, talk.program.id, thread.partner_id)
    assert prospect is not None
    prospects.record(talk.session, prospect.id, StageEvent.JOINED, now=at(0))
    talk.send(thread, "Welcome", 1)
    talk.answer(thread, "Thanks", 2)
    talk.answer(thread, "And one more", 3)
    assert history(talk, thread) == ("joined", ["joined", "message_sent", "answered"])


def test_a_clock_that_goes_back_keeps_the_threads_place(talk: Talk) -> None:
    thread = talk.thread()
    talk.send(thread, "Hello", 5)
    talk.answer(thread, "From a machine that is late", 3)
    assert (thread.last_at, thread.last_side) == (at(5), "partner")


def test_a_draft_is_each_users_own_and_ends_with_its_form(talk: Talk) -> None:
    """What a page saves late, after its form was sent, does not come back as a draft."""
    thread = talk.thread()

    def keep(body: str, form_key: str = "form") -> str | None:
        kept = messages.keep_draft(
            talk.session, thread, actor=talk.user, body=body, form_key=form_key, now=at(1)
        )
        return kept.body if kept is not None else None

    assert (keep("Hel"), keep("Hello "), keep(" \n")) == ("Hel", "Hello ", None)
    assert keep("Hello") == "Hello"
    talk.send(thread, "Hello there", form_key="form")
    assert messages.find_draft(talk.session, thread, talk.user) is None
    assert (keep("Hello the"), keep("Next", "next form")) == (None, "Next")
    with pytest.raises(DomainError) as error:
        keep("x" * (MESSAGE_CHARACTERS + 1))
    assert error.value.refusal is Refusal.MESSAGE_TOO_LONG


# Every order of editing, withdrawing and reading, against what a message may do.


@dataclass
class Expected:
    """What a message should be."""

    body: str = "Hello"
    read: bool = False
    withdrawn: bool = False
    edited: bool = False

    def edit(self, body: str) -> Refusal | None:
        if self.withdrawn:
            return Refusal.NOT_FOUND
        if self.read:
            return Refusal.MESSAGE_READ
        self.edited = self.edited or body != self.body
        self.body = body
        return None

    def withdraw(self) -> Refusal | None:
        if self.read and not self.withdrawn:
            return Refusal.MESSAGE_READ
        self.withdrawn, self.body = True, ""
        return None


_STEPS = st.one_of(
    st.tuples(st.just("edit"), st.integers(0, 2), st.sampled_from(["Hello", "Bonjour", "こんにちは"])),
    st.tuples(st.just("withdraw"), st.integers(0, 2), st.just("")),
    st.tuples(st.just("brand reads"), st.integers(0, 2), st.just("")),
    st.tuples(st.just("partner reads"), st.integers(0, 2), st.just("")),
)


@pytest.fixture(scope="module")
def tables() -> Database:
    made = Database("sqlite://")
    Base.metadata.create_all(made.engine)
    return made


@settings(deadline=None, max_examples=60)
@given(steps=st.lists(_STEPS, max_size=12))
def test_no_order_of_changes_and_readings_breaks_a_message(
    tables: Database, steps: list[tuple[str, int, str]]
) -> None:
    """What was read never changes, what was withdrawn never comes back, and search knows exactly the rest."""
    with Session(tables.engine) as session:
        talk = Talk(session)
        thread = talk.thread()
        sides = (Side.BRAND, Side.PARTNER, Side.BRAND)
        made = [
            talk.send(thread, "Hello") if side is Side.BRAND else talk.answer(thread, "Hello")
            for side in sides
        ]
        expected = [Expected() for _ in made]
        unread = True
        for step, (what, which, body) in enumerate(steps, start=1):
            outcome = _outcome(talk, thread, made[which], sides[which], what, body, at(step))
            if what == "edit":
                assert outcome == expected[which].edit(body)
            elif what == "withdraw":
                assert outcome == expected[which].withdraw()
            else:
                reader = Side.BRAND if what == "brand reads" else Side.PARTNER
                for one, side in zip(expected[: which + 1], sides, strict=False):
                    one.read = one.read or (side is not reader and not one.withdrawn)
                if reader is Side.BRAND:
                    unread = not (expected[1].read or expected[1].withdrawn)
        session.expire_all()
        assert [_told(one) for one in made] == expected
        assert thread.unread is unread
        for word in ("Hello", "Bonjour", "こんにちは"):
            found = message_search.search(session, [talk.program.id], word).hits
            assert [hit.message.id for hit in found] == [
                message.id for message, one in zip(made, expected, strict=True) if one.body == word
            ][::-1]
        session.rollback()


def _told(message: Message) -> Expected:
    return Expected(
        body=message.body,
        read=message.read_at is not None,
        withdrawn=message.state == MessageState.WITHDRAWN.value,
        edited=message.edited_at is not None,
    )


def _outcome(
    talk: Talk, thread: Thread, message: Message, side: Side, what: str, body: str, now: datetime
) -> Refusal | None:
    actor = talk.user if side is Side.BRAND else None
    try:
        if what == "edit":
            messages.edit(talk.session, thread, message.id, actor=actor, body=body, now=now)
        elif what == "withdraw":
            messages.withdraw(talk.session, thread, message.id, actor=actor, now=now)
        elif what == "brand reads":
            threads.mark_read(talk.session, thread, upto=message.id, now=now)
        else:
            messages.mark_read_by_partner(talk.session, thread, upto=message.id, now=now)
    except DomainError as error:
        return error.refusal
    return None
