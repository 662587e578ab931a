"""Automatic pauses: when too much of what a program sends comes back, its running campaigns are held.

Counted by program, over all its campaigns: a list of addresses and the good name of a sender belong to the
program, and many campaigns have one recipient. The window ends at the delivery a report is about, not at the
latest one: reports come minutes or days after their mails, and a fast campaign would have outrun them.
"""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session

from service.domain import audit, ledger, notices
from service.facts.acts import Act
from service.facts.bounces import LIMITS, BounceKind, Limit, PauseReason
from service.facts.states import OPEN_DELIVERIES, CampaignState, DeliveryState
from service.models import Bounce, Campaign, Delivery

# So many of the program's campaigns are looked through for the window, from the report's backwards.
MOST_CAMPAIGNS = 50
_OPEN = [state.value for state in OPEN_DELIVERIES]
_SETTLED = (DeliveryState.SENT.value, DeliveryState.FAILED.value)


def check(session: Session, program_id: int, delivery_id: int, kind: BounceKind, *, now: datetime) -> None:
    """Pause the program's running campaigns if the limit of this kind is reached at a delivery."""
    limit = next((one for one in LIMITS if one.kind is kind), None)
    if limit is not None and _reached(session, program_id, delivery_id, limit):
        pause(session, program_id, limit.reason, now=now)


def pause(session: Session, program_id: int, reason: PauseReason, *, now: datetime) -> int:
    """Hold every campaign of the program that is being sent and tell its author; return how many there were.

    What is in flight finishes. A campaign of which nothing is open has nothing to hold: it ends.
    """
    still_open = exists().where(Delivery.campaign_id == Campaign.id, Delivery.state.in_(_OPEN))
    running = (Campaign.program_id == program_id, Campaign.state == CampaignState.SENDING.value, still_open)
    # Locked in one order, or two reports would wait for each other; who refers to a campaign waits for none.
    one_by_one = select(Campaign.id).where(*running).order_by(Campaign.id).with_for_update(key_share=True)
    found = session.scalars(one_by_one).all()
    held = session.scalars(
        update(Campaign)
        .where(Campaign.id.in_(found), *running)
        .values(state=CampaignState.PAUSED.value, pause_reason=reason.name, auto_paused_at=now)
        .returning(Campaign.id)
        .execution_options(synchronize_session=False)
    ).all()
    hold(session, held)
    for campaign_id in sorted(held):
        notices.tell_author(session, campaign_id, notices.PAUSED, now=now)
        audit.record(
            session, Act.CAMPAIGN_PAUSED, actor=None, subject_id=campaign_id, program_id=program_id, now=now
        )
    return len(held)


def hold(session: Session, campaign_ids: Collection[int]) -> None:
    """Take claimed deliveries of paused campaigns back from the workers, whose results for them are void.

    Rows that somebody is settling at this moment are passed by: nobody waits for anybody here.
    """
    claimed = Delivery.state == DeliveryState.CLAIMED.value
    query = select(Delivery.id).where(Delivery.campaign_id.in_(campaign_ids), claimed)
    ids = list(session.scalars(ledger.locked(query, session)))
    if ids:
        back = {"state": DeliveryState.QUEUED.value, "lease_token": None, "lease_until": None}
        ledger.change(session, update(Delivery).where(Delivery.id.in_(ids)).values(back))


def _reached(session: Session, program_id: int, delivery_id: int, limit: Limit) -> bool:
    window = _window(session, program_id, delivery_id, limit.window)
    counted = _count(session, window, limit.kind)
    return counted >= limit.most and counted >= limit.share * len(window)


def _count(session: Session, window: list[int], kind: BounceKind) -> int:
    """How many of these deliveries have a report of this kind."""
    if not window:
        return 0
    reported = session.scalars(
        select(Bounce.delivery_id).where(
            Bounce.delivery_id.between(min(window), max(window)), Bounce.kind == kind.value
        )
    )
    return len(set(reported) & set(window))


def _window(session: Session, program_id: int, delivery_id: int, size: int) -> list[int]:
    """The program’s last settled deliveries up to this one; none from before its last automatic pause."""
    since = session.scalar(select(func.max(Campaign.auto_paused_at)).where(Campaign.program_id == program_id))
    window: list[int] = []
    for campaign_id in _campaigns(session, program_id, delivery_id):
        rows = sorted(_settled(session, campaign_id, delivery_id, size - len(window)), reverse=True)
        for found, settled_at in rows[: size - len(window)]:
            if since is not None and settled_at is not None and settled_at <= since:
                continue
            window.append(found)
        if len(window) >= size:
            break
    return window


def _campaigns(session: Session, program_id: int, delivery_id: int) -> list[int]:
    own = select(Delivery.campaign_id).where(Delivery.id == delivery_id).scalar_subquery()
    launched = Campaign.launched_at.is_not(None)
    query = select(Campaign.id).where(Campaign.program_id == program_id, launched, Campaign.id <= own)
    return list(session.scalars(query.order_by(Campaign.id.desc()).limit(MOST_CAMPAIGNS)))


def _settled(
    session: Session, campaign_id: int, up_to: int, limit: int
) -> Iterator[tuple[int, datetime | None]]:
    # State by state, so that the index answers from its end and the queue of a large campaign is never read.
    for state in _SETTLED:
        query: Any = select(Delivery.id, Delivery.settled_at).where(
            Delivery.campaign_id == campaign_id, Delivery.state == state, Delivery.id <= up_to
        )
        for row in session.execute(query.order_by(Delivery.id.desc()).limit(limit)):
            yield row.id, row.settled_at
