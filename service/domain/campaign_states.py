"""The state of a campaign, changed only from where it may be, whoever else changes it at the same moment."""

from collections.abc import Collection

from sqlalchemy import update
from sqlalchemy.orm import Session

from service.domain.errors import DomainError
from service.facts.refusals import Refusal
from service.facts.states import CAMPAIGN_STATE_LABELS, CampaignState
from service.models import Campaign


def change(
    session: Session, campaign: Campaign, *, only_at: Collection[CampaignState], **values: object
) -> None:
    """Give columns of a campaign these values if it is in one of the states; one statement decides.

    Raises DomainError(CAMPAIGN_NOT_IN_STATE) naming the state it is in.
    """
    changed = session.execute(
        update(Campaign)
        .where(Campaign.id == campaign.id, Campaign.state.in_([state.value for state in only_at]))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    session.refresh(campaign)
    if not changed.rowcount:  # type: ignore[attr-defined]
        label = CAMPAIGN_STATE_LABELS[CampaignState(campaign.state)]
        raise DomainError(Refusal.CAMPAIGN_NOT_IN_STATE, state=label)
