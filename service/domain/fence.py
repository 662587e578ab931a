"""A restored database must send nothing that was sent after its backup: what could have been is held back.

Held-back mails are *unknown*: a person decides, as with a mail whose answer was lost.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.domain import ledger, notices
from service.facts.replies import Reason, words_of
from service.facts.states import OPEN_DELIVERIES, CampaignState, DeliveryState
from service.models import Campaign, Delivery, Installation, SystemMail

_OPEN = [state.value for state in OPEN_DELIVERIES]
_RESTORED = words_of(Reason.RESTORED)
# Campaigns of which a worker may have sent something since the backup.
_AT_RISK = [state.value for state in (CampaignState.SENDING, CampaignState.PAUSED, CampaignState.SCHEDULED)]
_ONE = 1


def installation(session: Session) -> Installation | None:
    """Return what the database knows of where it stands; None before a worker ever ran on it."""
    return session.get(Installation, _ONE)


def enter(session: Session, *, place: str) -> Installation | None:
    """Return what the database knows of where it stands, for this worker alone until it commits.

    None where no worker ever ran on it; from now on it stands at `place`. Of several workers that start
    for the first time one gets None, and the others wait for it.
    """
    if installation(session) is None:
        try:
            with session.begin_nested():
                session.add(Installation(id=_ONE, place=place, stamp=""))
        except IntegrityError:
            pass  # another worker's first start came before ours
        else:
            return None
    return session.get_one(Installation, _ONE, with_for_update=True, populate_existing=True)


def settle_here(session: Session, *, place: str, stamp: str) -> Installation:
    """Note that this is the place, and how the database is marked."""
    known = installation(session)
    if known is None:
        known = Installation(id=_ONE)
        session.add(known)
    known.place, known.stamp = place, stamp
    session.flush()
    return known


def hold_back(session: Session, *, now: datetime) -> int:
    """Hold back every mail that may have been sent since the backup; return how many of campaigns.

    Scheduled campaigns are paused: they may have started since. System mails end as failed: whoever still
    wants one asks again.
    """
    open_rows = (Delivery.state.in_(_OPEN), _at_risk())
    campaigns = list(session.scalars(select(Delivery.campaign_id).where(*open_rows).distinct()))
    values: dict[str, object] = {"lease_token": None, "lease_until": None, "next_attempt_at": None}
    values["reply"] = _RESTORED
    unknown = {"state": DeliveryState.UNKNOWN.value}
    held = ledger.change(session, update(Delivery).where(*open_rows).values(values | unknown))
    failed = {"state": DeliveryState.FAILED.value, "settled_at": now}
    waiting = SystemMail.state.in_(_OPEN)
    ledger.change(session, update(SystemMail).where(waiting).values(values | failed | {"values": {}}))
    scheduled = update(Campaign).where(Campaign.state == CampaignState.SCHEDULED.value)
    launched = func.coalesce(Campaign.launched_at, now)
    ledger.change(session, scheduled.values(state=CampaignState.PAUSED.value, launched_at=launched))
    for campaign_id in sorted(campaigns):
        notices.tell_author(session, campaign_id, notices.UNKNOWN, now=now)
    known = installation(session)
    if known is not None:
        known.held_back_at = now
    return held


def let_go(session: Session, *, now: datetime) -> int:
    """Queue what was held back: nothing was sent since the backup, somebody knows; return how many.

    Campaigns that were scheduled for later are scheduled again.
    """
    held = (Delivery.state == DeliveryState.UNKNOWN.value, Delivery.reply == _RESTORED)
    campaigns = list(session.scalars(select(Delivery.campaign_id).where(*held).distinct()))
    queued = {"state": DeliveryState.QUEUED.value, "reply": None}
    count = ledger.change(session, update(Delivery).where(*held).values(queued))
    over = Campaign.id.in_(campaigns) & (Campaign.state == CampaignState.FINISHED.value)
    sending = {"state": CampaignState.SENDING.value, "finished_at": None}
    ledger.change(session, update(Campaign).where(over).values(sending))
    later = Campaign.id.in_(campaigns) & (Campaign.state == CampaignState.PAUSED.value)
    later &= Campaign.scheduled_at > now
    ledger.change(session, update(Campaign).where(later).values(state=CampaignState.SCHEDULED.value))
    known = installation(session)
    if known is not None:
        known.held_back_at = None
    return count


def count_held_back(session: Session) -> int:
    """Return how many mails wait for a decision because the database was restored."""
    held = (Delivery.state == DeliveryState.UNKNOWN.value, Delivery.reply == _RESTORED)
    return session.scalar(select(func.count()).select_from(Delivery).where(*held)) or 0


def busy(session: Session) -> bool:
    """Tell whether anything is being sent, so that the database should be marked anew soon."""
    sending = exists().where(Campaign.state == CampaignState.SENDING.value)
    waiting = exists().where(SystemMail.state.in_(_OPEN))
    return bool(session.scalar(select(sending | waiting)))


def _at_risk() -> ColumnElement[bool]:
    return exists().where(Campaign.id == Delivery.campaign_id, Campaign.state.in_(_AT_RISK))
