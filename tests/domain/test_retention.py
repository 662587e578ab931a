"""What nobody needs any more is deleted in its time, and nothing else."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from service.domain import audit, messages, prospects, retention, threads
from service.domain.retention import Keep
from service.facts.acts import Act
from service.facts.limits import KEEP_SYSTEM_MAILS_DAYS
from service.facts.states import DeliveryState, ImportState
from service.models import (
    Attachment,
    AuditEntry,
    Draft,
    Import,
    ImportPiece,
    Message,
    MessageGrams,
    Notice,
    Program,
    Prospect,
    StageChange,
    SystemMail,
    Thread,
    User,
)
from tests.domain import factories
from tests.domain.factories import NOW

KEEP = Keep(imports=365, notices=180)
MOMENT = timedelta(seconds=1)


def days(number: float) -> timedelta:
    return timedelta(days=number)


@pytest.fixture
def program(either: Session) -> Program:
    return factories.program(either)


@pytest.fixture
def user(either: Session, program: Program) -> User:
    return factories.user(either, program)


def notice(session: Session, user: User, *, read: bool) -> None:
    read_at = NOW if read else None
    session.add(Notice(user_id=user.id, kind="import_done", values={}, created_at=NOW, read_at=read_at))
    session.flush()


def imported(
    session: Session, user: User, program: Program, state: ImportState, *, undone_days: int | None = None
) -> int:
    undone_at = None if undone_days is None else NOW + days(undone_days)
    made = Import(
        program_id=program.id, user_id=user.id, size=16, file_name="people.csv", locale="en",
        encoding="utf-8", delimiter=",",
        mapping={}, state=state.value, digest="d", created_at=NOW, undone_at=undone_at,
    )  # fmt: skip
    session.add(made)
    session.flush()
    session.add(ImportPiece(import_id=made.id, number=0, data=b"canary@x.example"))
    session.flush()
    return made.id


def with_files(session: Session) -> list[int]:
    return list(session.scalars(select(ImportPiece.import_id).order_by(ImportPiece.import_id)))


def mail(session: Session, state: DeliveryState, *, settled: bool = True) -> None:
    session.add(
        SystemMail(
            template="test-mail", address="a@x.example", locale="en", values={}, message_id=f"m{state}",
            state=state.value, created_at=NOW, settled_at=NOW if settled else None,
        )
    )  # fmt: skip
    session.flush()


def test_a_notice_goes_once_it_was_read_long_ago(either: Session, user: User) -> None:
    """D-6: at the moment and not before it; what was never read stays."""
    notice(either, user, read=True)
    notice(either, user, read=False)
    assert retention.sweep(either, KEEP, now=NOW + days(180))["notices"] == 0
    assert retention.sweep(either, KEEP, now=NOW + days(180) + MOMENT)["notices"] == 1
    assert either.scalars(select(Notice.read_at)).all() == [None]


def test_the_file_of_an_old_import_goes(either: Session, program: Program, user: User) -> None:
    """D-6: the import itself stays with its counts; one that runs, or was undone lately, is left alone."""
    old = imported(either, user, program, ImportState.DONE)
    waiting = imported(either, user, program, ImportState.PLANNED)
    running = imported(either, user, program, ImportState.APPLYING)
    touched = imported(either, user, program, ImportState.UNDONE, undone_days=100)
    assert retention.sweep(either, KEEP, now=NOW + days(365))["imports"] == 0
    later = NOW + days(365) + MOMENT
    assert retention.sweep(either, KEEP, now=later)["imports"] == 2
    assert with_files(either) == [running, touched]
    found = {one.id: (one.state, one.cleared_at) for one in either.scalars(select(Import))}
    assert found[old] == (ImportState.DONE.value, later)
    assert found[waiting] == (ImportState.CANCELLED.value, later)
    assert retention.sweep(either, KEEP, now=later + days(100))["imports"] == 1
    assert with_files(either) == [running]


def test_a_settled_mail_of_the_product_goes_after_a_month(either: Session) -> None:
    """D-6: what is still to be sent stays for as long as that takes."""
    mail(either, DeliveryState.SENT)
    mail(either, DeliveryState.FAILED)
    mail(either, DeliveryState.QUEUED, settled=False)
    month = days(KEEP_SYSTEM_MAILS_DAYS)
    assert retention.sweep(either, KEEP, now=NOW + month)["system_mails"] == 0
    assert retention.sweep(either, KEEP, now=NOW + month + MOMENT)["system_mails"] == 2
    assert either.scalars(select(SystemMail.state)).all() == [DeliveryState.QUEUED.value]


def test_nothing_goes_where_everything_is_kept(either: Session, program: Program, user: User) -> None:
    """D-6: 0 days are for ever."""
    notice(either, user, read=True)
    kept = imported(either, user, program, ImportState.DONE)
    done = retention.sweep(either, Keep(imports=0, notices=0), now=NOW + days(36_500))
    assert (done["imports"], done["notices"], with_files(either)) == (0, 0, [kept])


@pytest.mark.parametrize(
    ("moment", "months", "before"),
    [
        ((2038, 1, 18), 24, (2036, 1, 18)),
        ((2038, 3, 31), 1, (2038, 2, 28)),
        ((2036, 3, 31), 1, (2036, 2, 29)),
        ((2036, 2, 29), 12, (2035, 2, 28)),
        ((2038, 1, 1), 1, (2037, 12, 1)),
        ((100, 1, 1), 1200, (1, 1, 1)),
    ],
)
def test_months_are_those_of_the_calendar(
    moment: tuple[int, int, int], months: int, before: tuple[int, int, int]
) -> None:
    assert retention.months_before(datetime(*moment, tzinfo=UTC), months) == datetime(*before, tzinfo=UTC)


TRAIL = Keep(imports=0, notices=0, audit_months=24)
NOW_AND_LATER = datetime(2040, 1, 18, 12, 0, 0, tzinfo=UTC)


def test_old_entries_of_the_trail_go_in_parts(either: Session, user: User) -> None:
    """D-6: at the moment and not before it; one new entry tells of all parts, with their sum."""
    either.execute(delete(AuditEntry))
    for number in range(5):
        audit.record(either, Act.SIGNED_IN, actor=user, subject_id=user.id, now=NOW + days(number > 3))
    assert retention.forget_entries(either, TRAIL, now=NOW_AND_LATER) == 0
    later, parts = NOW_AND_LATER + MOMENT, []
    while done := retention.forget_entries(either, TRAIL, now=later, most=3):
        parts.append(done)
    assert parts == [3, 1]
    left = either.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(one.act, one.user_id, one.details) for one in left] == [
        ("signed_in", user.id, {}),
        ("entries_expired", None, {"num": 4}),
    ]
    assert retention.forget_entries(either, Keep(imports=0, notices=0), now=later + days(36_500)) == 0


TALKS = Keep(imports=0, notices=0, conversations_months=24)


@pytest.fixture
def talk(either: Session, program: Program, user: User) -> Callable[..., int]:
    """Have a conversation with somebody, with a file, a draft, a notice and a mail; return its id."""

    def make(name: str, at: datetime = NOW, into: Program = program) -> int:
        known = factories.prospect(either, into, name, messaging_enabled=True, at=at)
        thread = threads.open_with(either, into.id, known.partner_id, now=at)
        said = messages.send(either, thread.id, actor=user, body=f"Hello {name}", form_key=name, now=at)
        either.add(
            Attachment(
                thread_id=thread.id, message_id=said.id, upload_key=name, side="brand", name="a.pdf",
                kind="pdf", size=1, digest="d", file_id=name, state="clean", give_up_at=at, created_at=at,
            )
        )  # fmt: skip
        either.add(Draft(user_id=user.id, thread_id=thread.id, body="…", form_key="d", updated_at=at))
        either.add(
            Notice(
                user_id=user.id, kind="message_received", values={"name": name}, subject_id=thread.id,
                created_at=at,
            )
        )  # fmt: skip
        either.execute(update(SystemMail).values(state=DeliveryState.SENT.value, settled_at=at))
        either.flush()
        return thread.id

    return make


def of(session: Session, thread_id: int) -> Prospect:
    thread = session.get_one(Thread, thread_id)
    found = prospects.find_by_partner(session, thread.program_id, thread.partner_id)
    assert found is not None
    return found


def ended(session: Session, thread_id: int, at: datetime = NOW, stage: str = "declined") -> None:
    """Have the partner of a conversation decline, or let the invitation expire."""
    prospect = of(session, thread_id)
    prospect.stage = stage
    session.add(StageChange(prospect_id=prospect.id, event=stage, stage=stage, at=at))
    session.flush()


def left(session: Session) -> set[int]:
    return set(session.scalars(select(Thread.id)))


def test_conversations_with_whom_a_program_is_done_with_go(
    either: Session, user: User, program: Program, talk: Callable[..., int]
) -> None:
    """D-6: with messages, files, drafts, notices, mails and the index; what is still of use stays."""
    declined, expired, archived, open_ = (talk(name) for name in ("Ann", "Bob", "Cleo", "Dan"))
    ended(either, declined)
    ended(either, expired, stage="expired")
    prospects.archive(either, of(either, archived), actor_id=user.id, now=NOW)
    assert retention.forget_conversations(either, TALKS, now=NOW_AND_LATER) == 0
    later = NOW_AND_LATER + MOMENT
    assert retention.forget_conversations(either, TALKS, now=later) == 3
    assert left(either) == {open_}
    for column in (Message.thread_id, Attachment.thread_id, Draft.thread_id, Notice.subject_id):
        assert either.scalars(select(column)).all() == [open_], column
    assert either.scalars(select(SystemMail.thread_id)).all() == [open_]
    (kept,) = either.scalars(select(Message.id)).all()
    assert set(either.scalars(select(MessageGrams.message_id))) == {kept}
    assert either.scalar(select(func.count(Prospect.id))) == 4
    told = either.scalars(select(AuditEntry).where(AuditEntry.act == "conversations_expired")).one()
    assert (told.user_id, told.program_id, told.details) == (None, program.id, {"num": 3})


def test_what_happened_lately_keeps_a_conversation(
    either: Session, user: User, talk: Callable[..., int]
) -> None:
    """D-6: a message, an event, a draft or a mail that waits."""
    lately = NOW + days(1)
    written, moved, typed, mailed, old = (talk(name) for name in ("Ann", "Bob", "Cleo", "Dan", "Eve"))
    for thread_id in (written, typed, mailed, old):
        ended(either, thread_id)
    ended(either, moved, at=lately)
    messages.answer(either, written, body="One more thing", form_key="b", now=lately)
    either.get_one(Draft, (user.id, typed)).updated_at = lately
    mail = either.scalars(select(SystemMail).where(SystemMail.thread_id == mailed)).one()
    mail.state = DeliveryState.DEFERRED.value
    of(either, written).stage = "declined"
    either.flush()
    assert retention.forget_conversations(either, TALKS, now=NOW_AND_LATER + MOMENT) == 1
    assert old not in left(either)
    mail.state = DeliveryState.FAILED.value
    either.flush()
    assert retention.forget_conversations(either, TALKS, now=NOW_AND_LATER + days(1) + MOMENT) == 4
    assert left(either) == set()


def test_what_moves_no_conversation_in_the_list_keeps_it_too(
    either: Session, talk: Callable[..., int]
) -> None:
    """D-6: a report, an answer nobody was shown, one that waits for its file however long, a file."""
    reported, answered, waiting, uploaded, old = (talk(name) for name in ("Ann", "Bob", "Cleo", "Dan", "Eve"))
    for thread_id in (reported, answered, waiting, uploaded, old):
        ended(either, thread_id)
    lately, before = NOW + days(1), NOW - days(1)
    threads.report(either, either.get_one(Thread, reported), words="Please stop.", now=lately)
    for thread_id, at in ((answered, before), (waiting, before), (uploaded, lately)):
        upload(either, thread_id, at)
    for thread_id, at in ((answered, lately), (waiting, before)):
        said = messages.answer(either, thread_id, body="Our rates", form_key="rates", now=at)
        assert said.state == "waiting"
        if thread_id == answered:
            messages.withdraw(either, either.get_one(Thread, thread_id), said.id, actor=None, now=at)
    assert set(either.scalars(select(Thread.last_at))) == {NOW}
    assert retention.forget_conversations(either, TALKS, now=NOW_AND_LATER + MOMENT) == 1
    assert left(either) == {reported, answered, waiting, uploaded}
    later = NOW_AND_LATER + days(1) + MOMENT
    assert retention.forget_conversations(either, TALKS, now=later) == 3
    assert left(either) == {waiting}


def upload(session: Session, thread_id: int, at: datetime) -> None:
    """Have the partner upload a file that is not looked at yet."""
    session.add(
        Attachment(
            thread_id=thread_id, upload_key=messages.upload_key("rates"), side="partner", name="b.pdf",
            kind="pdf", size=1, digest="d", file_id=f"b{thread_id}", state="waiting", give_up_at=at,
            created_at=at,
        )
    )  # fmt: skip
    session.flush()


def test_conversations_go_in_parts_and_each_program_is_told(
    either: Session, program: Program, user: User, talk: Callable[..., int]
) -> None:
    other = factories.program(either, "Bergwerk")
    for name, into in (("Ann", program), ("Bob", other), ("Cleo", program)):
        ended(either, talk(name, into=into))
    later, parts = NOW_AND_LATER + MOMENT, []
    while done := retention.forget_conversations(either, TALKS, now=later, most=2):
        parts.append(done)
    assert parts == [2, 1]
    told = select(AuditEntry.program_id, AuditEntry.details).where(AuditEntry.act == "conversations_expired")
    assert [tuple(row) for row in either.execute(told.order_by(AuditEntry.program_id))] == [
        (program.id, {"num": 2}),
        (other.id, {"num": 1}),
    ]


def test_conversations_stay_where_nothing_else_is_said(either: Session, talk: Callable[..., int]) -> None:
    """D-6: this is off by default."""
    kept = talk("Ann")
    ended(either, kept)
    keep = Keep(imports=365, notices=180, audit_months=24)
    assert retention.forget_conversations(either, keep, now=NOW + days(36_500)) == 0
    assert left(either) == {kept}
