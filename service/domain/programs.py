"""Programs: what prospects are recruited for."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from service.domain import checks
from service.domain.errors import DomainError
from service.facts.limits import INVITATION_DAYS
from service.facts.refusals import Refusal
from service.i18n.folding import name_key
from service.models import Program, ProgramMinute

LONGEST_INVITATION_DAYS = 365
HIGHEST_HOURLY_LIMIT = 1_000_000
WINDOW = timedelta(hours=1)
# Mails are counted by the minute; one leaves the window with its last second, not with its first.
_COUNTED = WINDOW + timedelta(minutes=1)


def add(
    session: Session,
    *,
    name: str,
    default_locale: str,
    time_zone: str,
    now: datetime,
    invitation_days: int = INVITATION_DAYS,
) -> Program:
    """Add a program; its name is unique in the installation."""
    program = Program(created_at=now, name="", name_key="", default_locale="", time_zone="")
    _write(session, program, name, default_locale, time_zone, invitation_days)
    session.add(program)
    session.flush()
    return program


def edit(
    session: Session,
    program_id: int,
    *,
    version: int,
    name: str,
    default_locale: str,
    time_zone: str,
    invitation_days: int,
    hourly_limit: int | None = None,
) -> Program:
    """Change a program, unless somebody else has changed it since `version` was read."""
    program = find(session, program_id)
    session.refresh(
        program, with_for_update={"key_share": True}
    )  # of two who save at once, one is the second
    if program.version != version:
        raise DomainError(Refusal.EDITED_MEANWHILE)
    _write(session, program, name, default_locale, time_zone, invitation_days)
    if hourly_limit is not None and not 1 <= hourly_limit <= HIGHEST_HOURLY_LIMIT:
        raise DomainError(Refusal.RATE_OUT_OF_RANGE, field="hourly_limit", num=HIGHEST_HOURLY_LIMIT)
    program.hourly_limit = hourly_limit
    program.version += 1
    session.flush()
    return program


def _write(  # noqa: PLR0917 (private: both callers hand over the same five values)
    session: Session, program: Program, name: str, default_locale: str, time_zone: str, days: int
) -> None:
    kept = checks.name(name)
    key = name_key(kept)
    with session.no_autoflush:
        taken = session.scalar(select(Program).where(Program.name_key == key))
    if taken is not None and taken is not program:
        raise DomainError(Refusal.PROGRAM_NAME_TAKEN, field="name", name=kept)
    if not 1 <= days <= LONGEST_INVITATION_DAYS:
        raise DomainError(Refusal.EXPIRY_OUT_OF_RANGE, field="invitation_days")
    program.name, program.name_key = kept, key
    program.default_locale = checks.locale(default_locale, field="default_locale")
    program.time_zone = checks.zone(time_zone)
    program.invitation_days = days


def take_allowance(session: Session, program_id: int, wanted: int, *, now: datetime) -> int:
    """Take up to `wanted` emails from what the program may still send in the hour that ends now.

    A program with a limit is locked until this transaction ends, so that two workers never take the same.
    """
    if session.scalar(select(Program.hourly_limit).where(Program.id == program_id)) is None:
        return wanted
    # A lock that whoever refers to the program need not wait for.
    locked = {"key_share": True}
    program = session.get_one(Program, program_id, with_for_update=locked, populate_existing=True)
    if program.hourly_limit is None:
        return wanted
    taken = min(wanted, max(program.hourly_limit - _sent_lately(session, program_id, now), 0))
    if taken:
        _count(session, program_id, taken, now)
    return taken


def return_allowance(session: Session, program_id: int, unused: int, *, now: datetime) -> None:
    """Give back what was taken at `now` and not used."""
    if unused > 0 and session.scalar(select(Program.hourly_limit).where(Program.id == program_id)):
        session.get_one(Program, program_id, with_for_update={"key_share": True})
        _count(session, program_id, -unused, now)


def allowance_at(session: Session, program: Program, *, now: datetime) -> datetime | None:
    """Return when the program may send again, None when it may now."""
    if program.hourly_limit is None or _sent_lately(session, program.id, now) < program.hourly_limit:
        return None
    query = select(func.min(ProgramMinute.minute)).where(
        ProgramMinute.program_id == program.id, ProgramMinute.minute > now - _COUNTED, ProgramMinute.mails > 0
    )
    oldest = session.scalar(query)
    return None if oldest is None else oldest + _COUNTED


def forget_minutes(session: Session, *, now: datetime) -> None:
    """Delete what no window reaches any more."""
    begin_anew(session, now=now)
    session.execute(delete(ProgramMinute).where(ProgramMinute.minute <= now - _COUNTED))


def begin_anew(session: Session, *, now: datetime) -> None:
    """After a jump of the clock count what was sent in minutes still to come as sent now.

    Or a program would be held until those are past, however far the clock had been ahead.
    """
    ahead = ProgramMinute.minute > now
    for program_id in session.scalars(select(ProgramMinute.program_id).where(ahead).distinct()).all():
        session.get_one(Program, program_id, with_for_update={"key_share": True})
        gone = delete(ProgramMinute).where(ProgramMinute.program_id == program_id, ahead)
        _count(session, program_id, sum(session.scalars(gone.returning(ProgramMinute.mails))), now)


def _sent_lately(session: Session, program_id: int, now: datetime) -> int:
    query = select(func.coalesce(func.sum(ProgramMinute.mails), 0)).where(
        ProgramMinute.program_id == program_id, ProgramMinute.minute > now - _COUNTED
    )
    return int(session.scalar(query) or 0)


def _count(session: Session, program_id: int, mails: int, now: datetime) -> None:
    minute = now.replace(second=0, microsecond=0)
    kept = session.get(ProgramMinute, (program_id, minute), populate_existing=True)
    if kept is not None:
        kept.mails = max(kept.mails + mails, 0)
    elif mails > 0:
        session.add(ProgramMinute(program_id=program_id, minute=minute, mails=mails))
    session.flush()


def find(session: Session, program_id: int) -> Program:
    """Return the program; refuses an id that is not there."""
    program = session.get(Program, program_id)
    if program is None:
        raise DomainError(Refusal.NOT_FOUND)
    return program


def find_by_name(session: Session, name: str) -> Program | None:
    """Return the program with this name, compared as names are."""
    return session.scalar(select(Program).where(Program.name_key == name_key(name)))


def list_all(session: Session) -> Sequence[Program]:
    """Return every program by name."""
    return session.scalars(select(Program).order_by(Program.name_key)).all()
