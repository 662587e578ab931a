"""Programs: what prospects are recruited for."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.domain import checks
from service.domain.errors import DomainError
from service.facts.limits import INVITATION_DAYS
from service.facts.refusals import Refusal
from service.i18n.folding import name_key
from service.models import Program

LONGEST_INVITATION_DAYS = 365


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
) -> Program:
    """Change a program, unless somebody else has changed it since `version` was read."""
    program = find(session, program_id)
    if program.version != version:
        raise DomainError(Refusal.EDITED_MEANWHILE)
    _write(session, program, name, default_locale, time_zone, invitation_days)
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
