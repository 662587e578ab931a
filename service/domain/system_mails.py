"""The product's own mails as a worker sees them: claim, mark in flight, settle, sweep, in their own lane.

One whose answer was lost is tried again by itself: a second password link is better than none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select, true, update
from sqlalchemy.orm import Session

from service.domain import answer_mails, conversation_mails, ledger
from service.facts.states import DeliveryState
from service.models import SystemMail

BATCH = 20


@dataclass(frozen=True, slots=True)
class ClaimedSystemMail:
    """A system mail leased to this worker."""

    id: int
    template: str
    address: str
    locale: str
    values: Mapping[str, object]
    message_id: str
    moment: datetime


def claim(
    session: Session, *, token: str, now: datetime, limit: int = BATCH
) -> tuple[ClaimedSystemMail, ...]:
    """Lease the next system mails that are due, oldest first; a conversation's are filled, or not needed."""
    query = select(SystemMail).where(_due(now)).order_by(SystemMail.id).limit(limit)
    found = ledger.cautious(list(session.scalars(ledger.locked(query, session))), limit)
    values = {row.id: row.values if row.thread_id is None else _filled(session, row, now) for row in found}
    rows = [row for row in found if values[row.id] is not None]
    session.flush()
    if rows:
        ledger.claim(session, SystemMail, [row.id for row in rows], token=token, now=now)
    claimed = tuple(
        ClaimedSystemMail(
            row.id,
            row.template,
            row.address,
            row.locale,
            values[row.id] or {},
            row.message_id,
            row.created_at,
        )
        for row in rows
    )
    session.expire_all()
    return claimed


def _due(now: datetime) -> ColumnElement[bool]:
    waits = SystemMail.next_attempt_at
    return and_(ledger.due(SystemMail, now), or_(waits.is_(None), waits <= now))


def _filled(session: Session, row: SystemMail, now: datetime) -> Mapping[str, object] | None:
    fill = answer_mails.fill if row.template == answer_mails.TEMPLATE else conversation_mails.fill
    values = fill(session, row)
    if values is None:
        row.state, row.settled_at = DeliveryState.CANCELLED.value, now
    return values


def mark_in_flight(connection: Connection, marks: Sequence[ledger.Mark]) -> frozenset[int]:
    """Commit this before a mail begins; return those whose lease still holds."""
    return ledger.mark_in_flight(connection, MARK, marks)


def settle_sent(connection: Connection, attempts: Sequence[ledger.Attempt], *, now: datetime) -> None:
    """Store that mails were accepted; they forget their values, which may hold a link."""
    ledger.settle_sent(connection, SENT, attempts, now=now)


def settle(session: Session, attempt: ledger.Attempt, *, now: datetime) -> None:
    """Store what became of an attempt that was not accepted; one that failed forgets its values as well."""
    state = ledger.settle(session, SystemMail, attempt, now=now, ask_when_unknown=False)
    if state is DeliveryState.FAILED:
        ledger.change(session, update(SystemMail).where(SystemMail.id == attempt.mail_id).values(values={}))


def sweep(session: Session, *, now: datetime, everything: bool = False) -> ledger.Swept:
    """Repair what dead workers left; what is not tried again has failed, and forgets its values."""
    swept = ledger.sweep(session, SystemMail, now=now, everything=everything, retry=true())
    given_up = SystemMail.state == DeliveryState.UNKNOWN.value
    parked = (SystemMail.state == DeliveryState.FAILED.value) & (SystemMail.settled_at == now)
    failed = {"state": DeliveryState.FAILED.value, "settled_at": now, "values": {}}
    ledger.change(session, update(SystemMail).where(given_up | parked).values(failed))
    return swept


def wanting_work(session: Session, *, now: datetime) -> int | None:
    """Return the oldest system mail that is due while nobody holds a lease on any, or None."""
    held = exists().where(SystemMail.state.in_([DeliveryState.CLAIMED.value, DeliveryState.IN_FLIGHT.value]))
    query = select(SystemMail.id).where(_due(now), ~held).order_by(SystemMail.id)
    return session.scalar(query.limit(1))


MARK = ledger.mark_statement(SystemMail)
SENT = ledger.sent_statement(SystemMail, values={})
