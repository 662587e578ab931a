"""Attempts that did not end well: written down as they are settled, read back for a mail's history."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from service.facts.replies import Outcome, Reason, Reply, words_of
from service.models import DeliveryAttempt


def note(session: Session, failed: Mapping[int, Reply], *, now: datetime) -> None:
    """Write down what attempts came to, by delivery id; one statement however many."""
    rows = [
        {"delivery_id": delivery_id, "at": now, "outcome": reply.outcome.value, "reply": reply.text}
        for delivery_id, reply in failed.items()
    ]
    if rows:
        session.execute(insert(DeliveryAttempt), rows)


def note_interrupted(session: Session, delivery_ids: Iterable[int], *, now: datetime) -> None:
    """Write down that these attempts ended with the process that made them."""
    reply = Reply(Outcome.UNKNOWN, words_of(Reason.INTERRUPTED))
    note(session, dict.fromkeys(delivery_ids, reply), now=now)


def by_delivery(session: Session, delivery_ids: Collection[int]) -> dict[int, list[DeliveryAttempt]]:
    """Return the attempts of each delivery, newest first."""
    found: dict[int, list[DeliveryAttempt]] = {delivery_id: [] for delivery_id in delivery_ids}
    query = select(DeliveryAttempt).where(DeliveryAttempt.delivery_id.in_(delivery_ids))
    for attempt in session.scalars(query.order_by(DeliveryAttempt.id.desc())):
        found[attempt.delivery_id].append(attempt)
    return found
