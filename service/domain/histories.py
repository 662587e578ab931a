"""What happened to one person in one program: mails and their attempts, stages, suppressions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from service.domain import attempts, prospects
from service.domain.errors import DomainError
from service.facts.refusals import Refusal
from service.models import (
    Campaign,
    Delivery,
    DeliveryAttempt,
    Prospect,
    StageChange,
    Suppression,
    SuppressionLift,
    User,
)

MOST_MAILS = 100


@dataclass(frozen=True, slots=True)
class MailEvent:
    """A mail to the person: its campaign, its row of the ledger, the attempts that failed, newest first."""

    at: datetime
    campaign: Campaign
    delivery: Delivery
    attempts: Sequence[DeliveryAttempt]


@dataclass(frozen=True, slots=True)
class StageStep:
    """A step of the person's history as a prospect."""

    at: datetime
    change: StageChange


@dataclass(frozen=True, slots=True)
class SuppressionEvent:
    """The person's address was put on the suppression list."""

    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class LiftEvent:
    """The person's address was taken off the suppression list: by a user, or by the person themself."""

    at: datetime
    reason: str
    note: str
    user: str | None


Event = MailEvent | StageStep | SuppressionEvent | LiftEvent


def of_person(session: Session, prospect: Prospect) -> list[Event]:
    """Return everything that is known of a prospect, newest first; of mails the latest hundred."""
    mails = _mails(session, prospect)
    events: list[Event] = [*mails]
    # That a mail was accepted is told by the mail itself, unless it led to a new stage.
    changes = list(reversed(prospects.history(session, prospect.id)))
    told = {mail.delivery.id for mail in mails}
    stage = None
    for change in changes:
        if change.stage != stage or change.delivery_id not in told:
            events.append(StageStep(change.at, change))
        stage = change.stage
    addresses = {mail.delivery.address_key for mail in mails}
    addresses.add(prospect.custom_email_key or prospect.partner.email_key)
    events += _suppressions(session, prospect.program_id, addresses)
    return sorted(events, key=lambda event: event.at, reverse=True)


def suppression_of(session: Session, program_id: int, address_key: str) -> Suppression | None:
    """Return why and since when an address must not be written to, None when it may."""
    return session.scalar(
        select(Suppression).where(
            Suppression.program_id == program_id, Suppression.address_key == address_key
        )
    )


def find_delivery(session: Session, campaign: Campaign, delivery_id: int) -> Delivery:
    """Return a delivery of this campaign; one of another does not exist here."""
    delivery = session.get(Delivery, delivery_id)
    if delivery is None or delivery.campaign_id != campaign.id:
        raise DomainError(Refusal.NOT_FOUND)
    return delivery


def _mails(session: Session, prospect: Prospect) -> list[MailEvent]:
    query = (
        select(Delivery, Campaign)
        .join(Campaign, Campaign.id == Delivery.campaign_id)
        .where(Delivery.prospect_id == prospect.id)
        .options(selectinload(Campaign.variants))
        .order_by(Delivery.id.desc())
        .limit(MOST_MAILS)
    )
    rows = session.execute(query).all()
    failed = attempts.by_delivery(session, [delivery.id for delivery, _ in rows])
    return [
        MailEvent(moment_of(delivery, campaign), campaign, delivery, failed[delivery.id])
        for delivery, campaign in rows
    ]


def moment_of(delivery: Delivery, campaign: Campaign) -> datetime:
    """Return when something last happened to a mail."""
    known = (delivery.settled_at, delivery.first_tried_at, delivery.claimed_at, campaign.launched_at)
    return next((moment for moment in known if moment is not None), campaign.created_at)


def _suppressions(session: Session, program_id: int, addresses: set[str]) -> list[Event]:
    kept = session.scalars(
        select(Suppression).where(
            Suppression.program_id == program_id, Suppression.address_key.in_(addresses)
        )
    )
    lifted = session.execute(
        select(SuppressionLift, User.name)
        .outerjoin(User, User.id == SuppressionLift.user_id)
        .where(SuppressionLift.program_id == program_id, SuppressionLift.address_key.in_(addresses))
        .order_by(SuppressionLift.id.desc())
    )
    events: list[Event] = [SuppressionEvent(row.at, row.reason) for row in kept]
    for row, user in lifted:
        events.append(LiftEvent(row.at, row.reason, row.note, user))
        if row.suppressed_at is not None:
            events.append(SuppressionEvent(row.suppressed_at, row.reason))
    return events
