"""What nobody needs any more is deleted in its time, and nothing else."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.domain import retention
from service.domain.retention import Keep
from service.facts.limits import KEEP_SYSTEM_MAILS_DAYS
from service.facts.states import DeliveryState, ImportState
from service.models import Import, ImportPiece, Notice, Program, SystemMail, User
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
