"""Threads: opening one, what users do with a whole one, and two at once."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from service.db import Database
from service.domain import accounts, messages, thread_list, threads
from service.domain.errors import DomainError
from service.domain.thread_list import ThreadFilter
from service.facts.limits import MESSAGE_CHARACTERS
from service.facts.messages import Side
from service.facts.permissions import BuiltInRole
from service.facts.refusals import Refusal
from service.models import Message, Thread, User
from tests import postgres
from tests.domain import factories
from tests.domain.talk import Talk, at


@pytest.fixture
def talk(session: Session) -> Talk:
    return Talk(session)


def refusal(error: pytest.ExceptionInfo[DomainError]) -> tuple[Refusal, dict[str, object]]:
    return error.value.refusal, error.value.values


def test_it_works(talk: Talk) -> None:
    """One thread for each partner of a program, listed nowhere before its first message."""
    thread = talk.thread()
    again = threads.open_with(talk.session, talk.program.id, thread.partner_id, now=at(1))
    assert again is thread
    assert (thread.last_at, thread.last_side, thread.unread) == (None, None, False)
    talk.send(thread, "Hello", 1)
    assert (thread.last_at, thread.last_side, thread.unread) == (at(1), "brand", False)
    talk.answer(thread, "Hello yourself", 2)
    assert (thread.last_at, thread.last_side, thread.unread) == (at(2), "partner", True)


def test_only_prospects_who_take_messages_are_written_to_first(talk: Talk) -> None:
    other = Talk(talk.session, "Other")
    theirs = factories.prospect(talk.session, other.program, "Theirs", messaging_enabled=True)
    mine = factories.prospect(talk.session, talk.program, "Mine", messaging_enabled=False)
    with pytest.raises(DomainError) as error:
        threads.open_with(talk.session, talk.program.id, theirs.partner_id, now=at(0))
    assert refusal(error) == (Refusal.NOT_FOUND, {})
    with pytest.raises(DomainError) as error:
        threads.open_with(talk.session, talk.program.id, mine.partner_id, now=at(0))
    assert refusal(error) == (Refusal.MESSAGING_OFF, {"name": "Mine"})


def test_messages_switched_off_leave_the_conversation(talk: Talk) -> None:
    """What was said stays to be read; the brand cannot write on, the partner can."""
    thread = talk.thread("Mine")
    talk.send(thread, "Hello")
    threads.set_messaging(talk.session, thread.partner_id, enabled=False)
    assert threads.open_with(talk.session, talk.program.id, thread.partner_id, now=at(1)) is thread
    with pytest.raises(DomainError) as error:
        talk.send(thread, "Hello?")
    assert refusal(error) == (Refusal.MESSAGING_OFF, {"name": "Mine"})
    talk.answer(thread, "Please do not write", 1)
    assert thread.last_side == "partner"


def test_reading_is_of_what_was_shown(talk: Talk) -> None:
    """What came in while a page was read stays unread; the brand's own is not marked."""
    thread = talk.thread()
    ours = talk.send(thread, "Hello")
    first, second = talk.answer(thread, "One", 1), talk.answer(thread, "Two", 2)
    threads.mark_read(talk.session, thread, upto=first.id, now=at(3))
    assert [(one.read_at, thread.unread) for one in (ours, first, second)] == [
        (None, True),
        (at(3), True),
        (None, True),
    ]
    threads.mark_read(talk.session, thread, now=at(4))
    assert [(one.read_at, thread.unread) for one in (ours, first, second)] == [
        (None, False),
        (at(3), False),
        (at(4), False),
    ]
    threads.mark_unread(talk.session, thread)
    assert (thread.unread, second.read_at) == (True, at(4))
    threads.mark_read(talk.session, thread, now=at(5))
    assert (thread.unread, second.read_at) == (False, at(4))


def test_what_waits_for_its_files_is_not_read(talk: Talk) -> None:
    thread = talk.thread()
    talk.upload(thread, "file", Side.PARTNER)
    hidden = talk.answer(thread, "With a file", form_key="file")
    threads.mark_read(talk.session, thread, now=at(1))
    assert (hidden.read_at, thread.unread, thread.last_at) == (None, False, None)


def test_a_thread_comes_back_from_the_archive(talk: Talk) -> None:
    """By the partner's next message or report, and by hand; not by the brand's own message."""
    thread = talk.thread()
    threads.archive(talk.session, thread, now=at(1))
    threads.archive(talk.session, thread, now=at(2))
    assert thread.archived_at == at(1)
    talk.send(thread, "Hello", 3)
    assert thread.archived_at == at(1)
    talk.answer(thread, "Hello yourself", 4)
    assert thread.archived_at is None
    threads.archive(talk.session, thread, now=at(5))
    threads.report(talk.session, thread, words=" Too many messages ", now=at(6))
    facts = (thread.archived_at, thread.reported_at, thread.report, thread.unread, thread.priority)
    assert facts == (None, at(6), "Too many messages", True, True)
    threads.archive(talk.session, thread, now=at(7))
    threads.restore(talk.session, thread)
    assert thread.archived_at is None


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("x" * (MESSAGE_CHARACTERS + 1), Refusal.MESSAGE_TOO_LONG),
        ("a\0b", Refusal.TEXT_UNPRINTABLE),
    ],
)
def test_a_report_is_checked_as_a_message_is(talk: Talk, words: str, expected: Refusal) -> None:
    thread = talk.thread()
    with pytest.raises(DomainError) as error:
        threads.report(talk.session, thread, words=words, now=at(1))
    assert (error.value.refusal, thread.reported_at) == (expected, None)


def test_who_may_be_given_a_thread(talk: Talk) -> None:
    """Those who may use messages in its program, and nobody else."""
    thread = talk.thread()
    other = Talk(talk.session, "Other")

    def user(name: str, role: BuiltInRole, *, everything: bool = False) -> User:
        return accounts.add_user(
            talk.session,
            email=f"{name}@brand.example",
            name=name,
            role=accounts.built_in_role(talk.session, role),
            locale="en",
            time_zone="UTC",
            programs=[talk.program],
            all_programs=everything,
            now=at(0),
        )

    boss = user("Boss", BuiltInRole.ADMINISTRATOR, everything=True)
    analyst = user("Analyst", BuiltInRole.ANALYST)
    gone = user("Gone", BuiltInRole.COMMUNITY_MANAGER)
    gone.disabled_at = at(0)
    talk.session.flush()
    assert threads.list_assignable(talk.session, thread) == [talk.user, boss]
    threads.assign(talk.session, thread, boss.id)
    for stranger in (analyst, gone, other.user):
        with pytest.raises(DomainError) as error:
            threads.assign(talk.session, thread, stranger.id)
        assert refusal(error) == (Refusal.NOT_FOUND, {})
    assert thread.assignee_id == boss.id
    threads.assign(talk.session, thread, None)
    assert thread.assignee_id is None


def test_another_programs_thread_does_not_exist_here(talk: Talk) -> None:
    thread = talk.thread()
    other = Talk(talk.session, "Other")
    assert threads.find(talk.session, talk.program.id, thread.id) is thread
    for program_id, thread_id in ((other.program.id, thread.id), (talk.program.id, 99)):
        with pytest.raises(DomainError) as error:
            threads.find(talk.session, program_id, thread_id)
        assert refusal(error) == (Refusal.NOT_FOUND, {})


@pytest.mark.parametrize("flag", ["unread", "priority"])
def test_few_threads_are_found_by_an_index_of_their_own(talk: Talk, flag: str) -> None:
    """L-1: the number beside *Inbox* is on every page; SQLite takes the index only where the words agree."""
    asked: list[str] = []
    connection = talk.session.connection()

    def explain(*given: object) -> None:
        if "FROM threads" in str(given[2]) and not str(given[2]).startswith("EXPLAIN"):
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {given[2]}", given[3])  # type: ignore[arg-type]
            asked.extend(row[3] for row in rows)

    event.listen(connection, "before_cursor_execute", explain)
    if flag == "unread":
        threads.count_unread(talk.session, 1)
    wanted = ThreadFilter(unread=flag == "unread", priority=flag == "priority")
    thread_list.list_page(talk.session, [1], wanted, user_id=1)
    searches = [one for one in asked if one.startswith("SEARCH threads USING COVERING INDEX")]
    assert searches == [
        f"SEARCH threads USING COVERING INDEX ix_threads_{flag} (program_id=? AND {flag}=? AND last_at>?)"
    ] * (2 if flag == "unread" else 1)


@pytest.fixture
def database(postgres_server: postgres.Server) -> Iterator[Database]:
    """A PostgreSQL database of its own, for transactions that meet."""
    made = Database(postgres_server.new_database())
    Thread.metadata.create_all(made.engine)
    yield made
    made.dispose()


def test_two_at_once_on_postgresql(database: Database) -> None:
    """Two users open one thread, send one form twice, read while the partner writes, edit against reading."""
    with database.transaction() as session:
        talk = Talk(session)
        made = factories.prospect(session, talk.program, "Mine", messaging_enabled=True)
        program_id, partner_id, user_id = talk.program.id, made.partner_id, talk.user.id

    def opened() -> int:
        with database.transaction() as session:
            return threads.open_with(session, program_id, partner_id, now=at(0)).id

    def sent(thread_id: int) -> int:
        with database.transaction() as session:
            actor = session.get_one(User, user_id)
            return messages.send(
                session, thread_id, actor=actor, body="Hello", form_key="one form", now=at(1)
            ).id

    with ThreadPoolExecutor(8) as pool:
        thread_ids = set(pool.map(lambda _: opened(), range(8)))
        [thread_id] = thread_ids
        message_ids = set(pool.map(lambda _: sent(thread_id), range(8)))
        [message_id] = message_ids
        with database.transaction() as session:
            thread = session.get_one(Thread, thread_id)  # as the page had it
            assert thread.unread is False
            # Whoever holds the thread is waited for by all others.
            threads.lock(session, thread_id)
            written: Future[None] = pool.submit(_answer, database, thread_id)
            edited: Future[Refusal | None] = pool.submit(_edit, database, thread_id, message_id, user_id)
            messages.mark_read_by_partner(session, thread, now=at(2))
            threads.mark_read(session, thread, now=at(2))
            assert (written.running() or not written.done(), edited.done()) == (True, False)
        written.result(60)
        assert edited.result(60) is Refusal.MESSAGE_READ
    with database.transaction() as session:
        assert session.get_one(Thread, thread_id).unread is True
        assert session.scalar(select(func.count()).select_from(Message)) == 2


def _answer(database: Database, thread_id: int) -> None:
    with database.transaction() as session:
        messages.answer(session, thread_id, body="Hello yourself", form_key="theirs", now=at(3))


def _edit(database: Database, thread_id: int, message_id: int, user_id: int) -> Refusal | None:
    try:
        with database.transaction() as session:
            thread, actor = session.get_one(Thread, thread_id), session.get_one(User, user_id)
            messages.edit(session, thread, message_id, actor=actor, body="Changed", now=at(3))
    except DomainError as error:
        return error.refusal
    return None
