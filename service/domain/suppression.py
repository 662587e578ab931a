"""Who must not be written to: suppressed addresses of a program, by their comparison form."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.models import Suppression


class SuppressionReason(StrEnum):
    """Why an address is suppressed."""

    UNSUBSCRIBED = "unsubscribed"
    HARD_BOUNCE = "hard_bounce"
    COMPLAINT = "complaint"
    MANUAL = "manual"


def suppress(
    session: Session, program_id: int, address_key: str, *, reason: SuppressionReason, now: datetime
) -> bool:
    """Stop a program from writing to an address; return whether that is new. Asking twice is harmless."""
    if is_suppressed(session, program_id, address_key):
        return False
    try:
        with session.begin_nested():
            session.add(
                Suppression(program_id=program_id, address_key=address_key, reason=reason.value, at=now)
            )
    except IntegrityError:
        return False  # somebody else was a moment earlier
    return True


def lift(session: Session, program_id: int, address_key: str) -> bool:
    """Let a program write to an address again; return whether it was suppressed."""
    here = select(Suppression.id).where(
        Suppression.program_id == program_id, Suppression.address_key == address_key
    )
    known = session.scalar(here)
    if known is None:
        return False
    session.execute(delete(Suppression).where(Suppression.id == known))
    return True


def reasons(session: Session, address_key: str) -> dict[int, SuppressionReason]:
    """Return why an address is suppressed, by the id of each program that must not write to it."""
    query = select(Suppression.program_id, Suppression.reason).where(Suppression.address_key == address_key)
    return {row.program_id: SuppressionReason(row.reason) for row in session.execute(query)}


def is_suppressed(session: Session, program_id: int, address_key: str) -> bool:
    """Tell whether a program must not write to an address."""
    found = exists().where(Suppression.program_id == program_id, Suppression.address_key == address_key)
    return bool(session.scalar(select(found)))
