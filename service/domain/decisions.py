"""Decisions about many mails of a campaign at once: send the failed or the unknown ones again, or not.

The form of a decision names the round it was made in, and carrying it out begins the next one. So a form that
is sent twice, or fifty times at once, is carried out once, and never meets mails that failed after it.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, Integer, Select, cast, delete, exists, func, select, update
from sqlalchemy.orm import Session

from service.domain import ledger, outbox, prospects
from service.domain.errors import DomainError
from service.domain.jobs import Jobs
from service.facts.refusals import Refusal
from service.facts.replies import Reason, words_of
from service.facts.states import CAMPAIGN_STATE_LABELS, CampaignState, DeliveryState
from service.models import Bounce, Campaign, Delivery, Suppression


def count_failed(session: Session, campaign: Campaign) -> int:
    """Return how many failed mails can be sent again: addresses suppressed by now are not counted."""
    query = select(cast(func.count(), Integer)).select_from(Delivery).where(*_failed(campaign))
    return session.scalar(query) or 0


def resend_failed(session: Session, jobs: Jobs, campaign: Campaign, *, round_: int) -> None:
    """Put the failed mails of a campaign back in the queue, each with the Message-ID and date it had.

    Suppressed addresses, those that bounced for good among them, stay as they are. The days in which a mail
    is tried begin anew. Does nothing when round `round_` is over; raises CAMPAIGN_NOT_IN_STATE for a campaign
    that sends nothing any more.
    """
    if _begin(session, campaign, round_, sends=True):
        _queue(session, campaign, *_failed(campaign))
        jobs.deliver(session, campaign.id)


def resend_unknown(session: Session, jobs: Jobs, campaign: Campaign, *, round_: int) -> None:
    """Send every unknown mail again, with the same Message-ID; refuses as `resend_failed` does."""
    if _begin(session, campaign, round_, sends=True):
        _queue(session, campaign, *_unknown(campaign))
        jobs.deliver(session, campaign.id)


def treat_unknown_as_sent(session: Session, campaign: Campaign, *, round_: int, now: datetime) -> None:
    """Count every unknown mail as sent, and move the stages of the prospects; once for each round."""
    if not _begin(session, campaign, round_, sends=False):
        return
    settled = session.scalars(
        update(Delivery)
        .where(Delivery.id.in_(_free(session, *_unknown(campaign))))
        .values(
            state=DeliveryState.SENT.value,
            lease_token=None,
            settled_at=now,
            reply=words_of(Reason.TREATED_AS_SENT),
        )
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    prospects.record_sent(session, settled.all())


def _begin(session: Session, campaign: Campaign, round_: int, *, sends: bool) -> bool:
    """Close a round, so that nobody else decides in it; a finished campaign goes on when mails are sent."""
    allowed = [state.value for state in outbox.RESENDING] if sends else _DECIDABLE
    began = ledger.change(
        session,
        update(Campaign)
        .where(Campaign.id == campaign.id, Campaign.rounds == round_, Campaign.state.in_(allowed))
        .values(rounds=Campaign.rounds + 1),
    )
    session.refresh(campaign)
    if not began:
        state = CampaignState(campaign.state)
        if campaign.rounds == round_:
            raise DomainError(Refusal.CAMPAIGN_NOT_IN_STATE, state=CAMPAIGN_STATE_LABELS[state])
        return False
    if sends and campaign.state == CampaignState.FINISHED.value:
        campaign.state, campaign.finished_at = CampaignState.SENDING.value, None
        session.flush()
    return True


def _queue(session: Session, campaign: Campaign, *which: ColumnElement[bool]) -> None:
    fresh: dict[str, object] = {
        "state": DeliveryState.QUEUED.value,
        "attempts": 0,
        "lease_token": None,
        "lease_until": None,
        "next_attempt_at": None,
        "first_tried_at": None,
        "settled_at": None,
        "reply": None,
    }
    ledger.change(session, update(Delivery).where(Delivery.id.in_(_free(session, *which))).values(fresh))
    # What came back of the first time says nothing of the next: its report must count when it comes.
    queued = (Delivery.campaign_id == campaign.id, Delivery.state == DeliveryState.QUEUED.value)
    again = select(Delivery.id).where(*queued)
    ledger.change(session, delete(Bounce).where(Bounce.delivery_id.in_(again)))


def _free(session: Session, *which: ColumnElement[bool]) -> Select[int]:
    """Choose the rows that nobody else is at: of one whose report is being stored, that report decides."""
    return ledger.locked(select(Delivery.id).where(*which), session)


def _failed(campaign: Campaign) -> tuple[ColumnElement[bool], ...]:
    suppressed = exists().where(
        Suppression.program_id == campaign.program_id, Suppression.address_key == Delivery.address_key
    )
    failed = Delivery.state == DeliveryState.FAILED.value
    return (Delivery.campaign_id == campaign.id, failed, ~suppressed)


def _unknown(campaign: Campaign) -> tuple[ColumnElement[bool], ...]:
    return (Delivery.campaign_id == campaign.id, Delivery.state == DeliveryState.UNKNOWN.value)


# Whether a mail arrived can be said of any campaign that is out, a cancelled one too.
_DECIDABLE = [
    state.value for state in CampaignState if state not in {CampaignState.DRAFT, CampaignState.SCHEDULED}
]
