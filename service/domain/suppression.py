"""Who must not be written to: suppressed addresses of a program, by their comparison form."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.models import Suppression, SuppressionLift


class SuppressionReason(StrEnum):
    """Why an address is suppressed."""

    UNSUBSCRIBED = "unsubscribed"
    HARD_BOUNCE = "hard_bounce"
    COMPLAINT = "complaint"
    MANUAL = "manual"


# What a person asked for themselves: they may take it back, and others only for a reason kept in writing.
THEIR_OWN = frozenset({SuppressionReason.UNSUBSCRIBED, SuppressionReason.COMPLAINT})


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


def lift(
    session: Session,
    program_id: int,
    address_key: str,
    *,
    actor_id: int | None = None,
    note: str = "",
    now: datetime,
) -> bool:
    """Let a program write to an address again; return whether it was suppressed.

    What had stood on the list is kept beside who lifted it: a user, or without one the person themself.
    """
    gone = delete(Suppression).where(
        Suppression.program_id == program_id, Suppression.address_key == address_key
    )
    # One statement: of two who lift at the same moment, one finds nothing.
    entry = session.execute(gone.returning(Suppression.reason, Suppression.at)).one_or_none()
    if entry is None:
        return False
    session.add(
        SuppressionLift(
            program_id=program_id,
            address_key=address_key,
            reason=entry.reason,
            suppressed_at=entry.at,
            note=note,
            user_id=actor_id,
            at=now,
        )
    )
    session.flush()
    return True


def reasons(session: Session, address_key: str) -> dict[int, SuppressionReason]:
    """Return why an address is suppressed, by the id of each program that must not write to it."""
    query = select(Suppression.program_id, Suppression.reason).where(Suppression.address_key == address_key)
    return {row.program_id: SuppressionReason(row.reason) for row in session.execute(query)}


def is_suppressed(session: Session, program_id: int, address_key: str) -> bool:
    """Tell whether a program must not write to an address."""
    found = exists().where(Suppression.program_id == program_id, Suppression.address_key == address_key)
    return bool(session.scalar(select(found)))
