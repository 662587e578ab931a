"""What came back: the reports kept with their deliveries, and whom they keep from being written to again.

A hard bounce and a complaint suppress the address at once, soft ones after five emails in 14 days, and what
is about the sender suppresses nobody. Each report may pause the program's campaigns: see `pauses`.
"""

from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.domain import pauses, suppression
from service.domain.suppression import SuppressionReason
from service.facts.bounces import (
    SOFT_KINDS,
    SOFT_MOST,
    SOFT_PERIOD,
    BounceKind,
    Status,
    kind_of,
    reply_of,
)
from service.facts.replies import Reason, Reply, reason_of, words_of
from service.facts.states import DeliveryState
from service.models import Bounce, Campaign, Delivery

# A mail the ledger calls sent, or of which it knows nothing, failed if its report says so.
_BELIED = frozenset({DeliveryState.SENT.value, DeliveryState.UNKNOWN.value})


def record_reply(session: Session, delivery_id: int, reply: Reply, *, now: datetime) -> None:
    """Judge the answer with which a server refused a delivery for good; its row is settled already.

    What no server said is nobody's bounce: a reason of ours, a lost connection.
    """
    code, status = reply_of(reply.text)
    if reason_of(reply.text) is not None or code is None:
        return
    delivery = session.get_one(Delivery, delivery_id)
    _record(session, delivery, kind_of(code, status, reply.step), status=status, text=reply.text, now=now)


def record_report(
    session: Session,
    delivery: Delivery,
    *,
    code: int | None,
    status: Status | None,
    text: str,
    now: datetime,
) -> BounceKind | None:
    """Store that a delivery came back after it was sent; return its kind, or None when that was known."""
    kind = kind_of(code, status)
    if not _record(session, delivery, kind, status=status, text=text, now=now):
        return None
    if delivery.state in _BELIED:
        delivery.state = DeliveryState.FAILED.value
        delivery.reply = text
        delivery.lease_token = None
        delivery.settled_at = delivery.settled_at or now
        session.flush()
    return kind


def record_complaint(session: Session, delivery: Delivery, *, now: datetime) -> bool:
    """Store that the recipient called a delivery spam; return whether that is new."""
    if not _record(session, delivery, BounceKind.COMPLAINT, status=None, text="", now=now):
        return False
    if delivery.state == DeliveryState.SENT.value:
        delivery.reply = words_of(Reason.REPORTED_AS_SPAM)
        session.flush()
    return True


def _record(
    session: Session,
    delivery: Delivery,
    kind: BounceKind,
    *,
    status: Status | None,
    text: str,
    now: datetime,
) -> bool:
    """Store a report and do what its kind asks for; return False when there is one of this kind."""
    if not _store(session, delivery.id, kind, status=status, text=text, now=now):
        return False
    program_id = session.get_one(Campaign, delivery.campaign_id).program_id
    reason = _suppressing(session, delivery, kind, program_id, now=now)
    if reason is not None:
        suppression.suppress(session, program_id, delivery.address_key, reason=reason, now=now)
    pauses.check(session, program_id, delivery.id, kind, now=now)
    return True


def _store(
    session: Session, delivery_id: int, kind: BounceKind, *, status: Status | None, text: str, now: datetime
) -> bool:
    known = exists().where(Bounce.delivery_id == delivery_id, Bounce.kind == kind.value)
    if session.scalar(select(known)):
        return False
    shown = str(status) if status is not None else None
    try:
        with session.begin_nested():
            session.add(Bounce(delivery_id=delivery_id, kind=kind.value, status=shown, text=text, at=now))
    except IntegrityError:
        return False  # the same report was a moment earlier
    return True


def _suppressing(
    session: Session, delivery: Delivery, kind: BounceKind, program_id: int, *, now: datetime
) -> SuppressionReason | None:
    if kind is BounceKind.COMPLAINT:
        return SuppressionReason.COMPLAINT
    if kind is BounceKind.HARD:
        return SuppressionReason.HARD_BOUNCE
    if kind in SOFT_KINDS and _soft_bounces(session, delivery, program_id, now=now) >= SOFT_MOST:
        return SuppressionReason.HARD_BOUNCE
    return None


def _soft_bounces(session: Session, delivery: Delivery, program_id: int, *, now: datetime) -> int:
    """How many emails of the program to this person came back softly within the period."""
    query = (
        select(func.count(Delivery.id.distinct()))
        .join(Bounce, Bounce.delivery_id == Delivery.id)
        .join(Campaign, Campaign.id == Delivery.campaign_id)
        .where(
            # The prospect leads to the few rows of one person; the address is what is suppressed.
            Delivery.prospect_id == delivery.prospect_id,
            Delivery.address_key == delivery.address_key,
            Campaign.program_id == program_id,
            Bounce.kind.in_([kind.value for kind in SOFT_KINDS]),
            Bounce.at > now - SOFT_PERIOD,
        )
    )
    return session.scalar(query) or 0
