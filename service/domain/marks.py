"""Marks of a campaign's progress: how many deliveries stood in each state, taken now and then by the sweep.

From them come the rate, the expected end and the chart. They cost the sending of a mail nothing, and they are
taken ever more rarely: a campaign of days has some hundreds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from service.domain import ledger
from service.facts.states import CampaignState, DeliveryState
from service.models import Campaign, CampaignMark

# A mark is due when the last one is this old, or a fixed share of how long the campaign has been going on.
SHORTEST = timedelta(seconds=5)
SHARE = 60
# A rate is measured over at least so long, where there are marks of it.
WINDOW = timedelta(minutes=2)
_MOVING = (CampaignState.SENDING.value, CampaignState.PAUSED.value)
_AHEAD = (DeliveryState.QUEUED, DeliveryState.CLAIMED, DeliveryState.IN_FLIGHT)


@dataclass(frozen=True, slots=True)
class Mark:
    """How many deliveries were in each state at a moment."""

    at: datetime
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Pace:
    """Emails handled per minute lately, and when the last waiting one has had its first try at that rate."""

    per_minute: float
    ends_at: datetime


def take(session: Session, *, now: datetime) -> int:
    """Mark every campaign under way that is due for it; return how many marks were written."""
    last = (
        select(CampaignMark.campaign_id, func.max(CampaignMark.at).label("at"))
        .join(Campaign, Campaign.id == CampaignMark.campaign_id)
        .where(Campaign.state.in_(_MOVING))
        .group_by(CampaignMark.campaign_id)
        .subquery()
    )
    query = (
        select(Campaign.id, Campaign.launched_at, last.c.at)
        .outerjoin(last, last.c.campaign_id == Campaign.id)
        .where(Campaign.state.in_(_MOVING))
    )
    wanted = [row.id for row in session.execute(query) if _is_due(row.launched_at, row.at, now)]
    if not wanted:
        return 0
    counts = ledger.count_by_state(session, wanted)
    rows = [{"campaign_id": key, "at": now, "counts": found} for key, found in counts.items()]
    session.execute(insert(CampaignMark), rows)
    return len(rows)


def _is_due(began: datetime | None, last: datetime | None, now: datetime) -> bool:
    if last is None or began is None:
        return True
    # A clock that was set back must not stop the marks until it has caught up.
    return not timedelta(0) <= now - last < max(SHORTEST, (now - began) / SHARE)


def list_of(session: Session, campaign_id: int) -> list[Mark]:
    """Return the marks of a campaign, oldest first."""
    query = select(CampaignMark.at, CampaignMark.counts).where(CampaignMark.campaign_id == campaign_id)
    return [Mark(at, counts) for at, counts in session.execute(query.order_by(CampaignMark.at))]


def pace(marks: Sequence[Mark], counts: Mapping[str, int], *, now: datetime) -> Pace | None:
    """Return how fast it goes, measured from the latest mark that is old enough; None when that is not known.

    A retry that waits for its time has had its first try: it is not counted as ahead.
    """
    known = [mark for mark in marks if mark.at < now]
    if not known:
        return None
    settled = [mark for mark in known if now - mark.at >= WINDOW]
    begin = settled[-1] if settled else known[0]
    minutes = (now - begin.at) / timedelta(minutes=1)
    ahead = _ahead(counts)
    handled = _ahead(begin.counts) - ahead
    if handled <= 0 or ahead == 0:
        return None  # nothing moves, or mails were put back to be sent again
    rate = handled / minutes
    try:
        return Pace(rate, now + timedelta(minutes=ahead / rate))
    except OverflowError:
        return None


def _ahead(counts: Mapping[str, int]) -> int:
    return sum(counts.get(state.value, 0) for state in _AHEAD)
