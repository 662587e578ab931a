"""Addresses of people who were erased: recognized by marks when they come back, and not written to."""

from collections.abc import Callable, Collection
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.domain.signing import AddressMarks
from service.models import ErasedAddress

# Under this name every session carries the installation's AddressMarks.
ADDRESS_MARKS = "address_marks"
# What stands for an address in a row that must stay: no address has a colon before its @.
PSEUDONYM = "erased:"


def marks_of(session: Session) -> AddressMarks:
    """Return what makes marks in this installation; KeyError for a session of a database opened without."""
    marks: AddressMarks = session.info[ADDRESS_MARKS]
    return marks


def keep_out(
    session: Session, program_id: int, address_key: str, *, reason: str, now: datetime
) -> ErasedAddress | None:
    """Have a program never write to an erased address again; None where that was so."""
    marks = marks_of(session).marks(address_key)
    there = select(ErasedAddress.id).where(
        ErasedAddress.program_id == program_id, ErasedAddress.mark.in_(marks)
    )
    if session.scalar(there) is not None:
        return None
    kept = ErasedAddress(program_id=program_id, mark=marks[0], reason=reason, at=now)
    session.add(kept)
    session.flush()
    return kept


def user_key(address_key: str) -> str:
    """Return what a user's mark is made of: erasing a user is not erasing the partner with their address."""
    return f"user {address_key}"


def recognizer(session: Session, program_id: int) -> Callable[[str], bool]:
    """Return what tells whether a program must not write to an address because its owner was erased.

    The marks are read once, for as many addresses as there are.
    """
    query = select(ErasedAddress.mark).where(ErasedAddress.program_id == program_id)
    known = frozenset(session.scalars(query))
    if not known:
        return lambda _address_key: False
    marks = marks_of(session)
    return lambda address_key: not known.isdisjoint(marks.marks(address_key))


def kept_out_among(session: Session, addresses: Collection[tuple[int, str]]) -> frozenset[tuple[int, str]]:
    """Return the same of a few addresses, each with the program that would write to it."""
    mine = ErasedAddress.program_id.in_({program_id for program_id, _ in addresses})
    programs = set(session.scalars(select(ErasedAddress.program_id).where(mine).distinct()))
    asked = {address for address in addresses if address[0] in programs}
    if not asked:
        return frozenset()
    marks = marks_of(session)
    named = {(program_id, mark): (program_id, key) for program_id, key in asked for mark in marks.marks(key)}
    kept = select(ErasedAddress.program_id, ErasedAddress.mark).where(
        mine, ErasedAddress.mark.in_({mark for _, mark in named})
    )
    return frozenset(named[row] for row in map(tuple, session.execute(kept)) if row in named)


def count(session: Session, program_id: int) -> int:
    """Return how many addresses a program must not write to because their owners were erased."""
    query = select(func.count()).where(ErasedAddress.program_id == program_id)
    return session.scalar(query) or 0


def is_pseudonym(address_key: str) -> bool:
    """Tell whether this stands for the address of somebody erased."""
    return address_key.startswith(PSEUDONYM)
