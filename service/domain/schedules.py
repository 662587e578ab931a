"""Schedules: a campaign that is frozen now and starts later, at a wall time of its author's zone.

Its deliveries lie in the ledger from the moment it is scheduled, and nothing claims them before its start.
Until then only a suppression can take somebody out of it: it is checked before every attempt.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from service.domain import audit, campaign_states
from service.domain.errors import DomainError
from service.domain.jobs import Jobs
from service.facts.acts import Act
from service.facts.limits import SCHEDULE_AHEAD
from service.facts.refusals import Refusal
from service.facts.states import CampaignState
from service.models import Campaign, Delivery


@dataclass(frozen=True, slots=True)
class Start:
    """The moment a wall time stands for: the first one, when clocks go back and it comes `twice`."""

    moment: datetime
    twice: bool = False


def read(text: str, zone: ZoneInfo, *, now: datetime, field: str = "send_at") -> Start:
    """Return the moment of a wall time such as `2038-01-19T09:30`.

    Raises DomainError TIME_MISSING, TIME_SKIPPED (clocks go forward and that time does not exist), TIME_PAST,
    TIME_TOO_FAR.
    """
    try:
        wall = datetime.fromisoformat(text.strip())
        if wall.tzinfo is not None:
            raise ValueError(text)
        first, second = (wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
        moment = first.astimezone(UTC)
        seen = moment.astimezone(zone)
    except (ValueError, OverflowError) as error:
        raise DomainError(Refusal.TIME_MISSING, field=field) from error
    if seen.replace(tzinfo=None) != wall:
        raise DomainError(Refusal.TIME_SKIPPED, field=field, time=moment)
    if moment <= now:
        raise DomainError(Refusal.TIME_PAST, field=field, time=moment)
    if moment > now + SCHEDULE_AHEAD:
        raise DomainError(Refusal.TIME_TOO_FAR, field=field, num=SCHEDULE_AHEAD.days)
    return Start(moment, first.utcoffset() != second.utcoffset())


def change(session: Session, campaign: Campaign, *, at: datetime) -> None:
    """Let a scheduled campaign start at another moment; refuses one that has started."""
    _from_scheduled(session, campaign, scheduled_at=at)


def start(session: Session, jobs: Jobs, campaign: Campaign, *, now: datetime) -> None:
    """Start a scheduled campaign at once; starting what has started changes nothing."""
    if CampaignState(campaign.state) in {CampaignState.SENDING, CampaignState.FINISHED}:
        return
    _from_scheduled(session, campaign, state=CampaignState.SENDING.value, launched_at=now)
    jobs.deliver(session, campaign.id)


def start_due(session: Session, *, now: datetime) -> int:
    """Start every campaign whose moment has come and return how many; the sweep then finds it jobs.

    One statement decides, so that each starts once however late, and whichever worker is first.
    """
    started = session.execute(
        update(Campaign)
        .where(Campaign.state == CampaignState.SCHEDULED.value, Campaign.scheduled_at <= now)
        .values(state=CampaignState.SENDING.value, launched_at=now)
        .returning(Campaign.id, Campaign.program_id)
        .execution_options(synchronize_session=False)
    ).all()
    for campaign_id, program_id in started:
        audit.record(
            session, Act.CAMPAIGN_LAUNCHED, actor=None, subject_id=campaign_id, program_id=program_id, now=now
        )
    return len(started)


def undo(session: Session, campaign: Campaign) -> None:
    """Make a scheduled campaign a draft again; what was frozen is let go. Refuses one that has started."""
    if CampaignState(campaign.state) is CampaignState.DRAFT:
        return
    _from_scheduled(session, campaign, state=CampaignState.DRAFT.value, scheduled_at=None, launched_at=None)
    session.execute(delete(Delivery).where(Delivery.campaign_id == campaign.id))
    campaign.ads, campaign.program_name, campaign.from_address = {}, None, None
    session.flush()


def _from_scheduled(session: Session, campaign: Campaign, **values: object) -> None:
    campaign_states.change(session, campaign, only_at={CampaignState.SCHEDULED}, **values)
