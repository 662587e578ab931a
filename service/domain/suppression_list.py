"""The suppression list of a program as its users see it: searched, added to by hand, lifted with a reason."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Integer, and_, cast, func, or_, select
from sqlalchemy.orm import Session

from service.domain import checks, partners, suppression
from service.domain.errors import DomainError
from service.domain.suppression import SuppressionReason
from service.facts.refusals import Refusal
from service.mail.addresses import display_domain
from service.models import Suppression


def list_page(
    session: Session, program_id: int, *, search: str = "", before: int = 0, limit: int = 50
) -> Sequence[Suppression]:
    """Return entries, newest first; `search` is a part of an address, `before` the last id already seen."""
    query = select(Suppression).where(_matching(session, program_id, search))
    if before:
        query = query.where(Suppression.id < before)
    return session.scalars(query.order_by(Suppression.id.desc()).limit(limit)).all()


def count(session: Session, program_id: int, *, search: str = "") -> int:
    """Return how many addresses the program must not write to, of those that contain `search`."""
    query = select(cast(func.count(), Integer)).where(_matching(session, program_id, search))
    return session.scalar(query) or 0


def readable(address_key: str) -> str:
    """Return an address of the list with its domain in its own script."""
    local, _, domain = address_key.rpartition("@")
    return f"{local}@{display_domain(domain)}"


def add(session: Session, program_id: int, address: str, *, now: datetime) -> bool:
    """Put an address on the list by hand; return whether it is new. Refuses what is not an address."""
    key = partners.email_address(address).key
    return suppression.suppress(session, program_id, key, reason=SuppressionReason.MANUAL, now=now)


def find(session: Session, program_id: int, suppression_id: int) -> Suppression:
    """Return an entry of this program's list; one of another list does not exist here."""
    entry = session.get(Suppression, suppression_id)
    if entry is None or entry.program_id != program_id:
        raise DomainError(Refusal.NOT_FOUND)
    return entry


def lift(session: Session, entry: Suppression, *, note: str, actor_id: int, now: datetime) -> None:
    """Take an entry off the list and keep who did it and why.

    Raises DomainError LIFT_NOTE_MISSING without a note where the person unsubscribed or complained.
    """
    kept = checks.line(note, field="note")[:500]
    if not kept and SuppressionReason(entry.reason) in suppression.THEIR_OWN:
        raise DomainError(Refusal.LIFT_NOTE_MISSING, field="note")
    suppression.lift(session, entry.program_id, entry.address_key, actor_id=actor_id, note=kept, now=now)


def _matching(session: Session, program_id: int, search: str) -> ColumnElement[bool]:
    """Find what is searched in both forms of an address: as it is compared, and as people read it."""
    mine = Suppression.program_id == program_id
    wanted = unicodedata.normalize("NFC", search.strip()).casefold()
    if not wanted:
        return mine
    # Punycode keeps no part of a word together. The few addresses that have it are read one by one.
    encoded = select(Suppression.id, Suppression.address_key).where(
        mine, Suppression.address_key.contains("xn--")
    )
    read = [row.id for row in session.execute(encoded) if wanted in readable(row.address_key).casefold()]
    return and_(
        mine, or_(Suppression.address_key.contains(wanted, autoescape=True), Suppression.id.in_(read))
    )
