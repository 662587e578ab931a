"""What is to be sent and what became of it, as users and other rooms see it.

`deliveries` and `system_mails` are the worker's side of the same rows, `ledger` is their state machine.
"""

import secrets
import socket
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from service.domain import ledger, prospects
from service.domain.errors import DomainError
from service.domain.jobs import Jobs
from service.facts.refusals import Refusal
from service.facts.replies import Reason, Reply, words_of
from service.facts.states import (
    CAMPAIGN_STATE_LABELS,
    DELIVERY_STATE_LABELS,
    CampaignState,
    DeliveryState,
)
from service.models import Bounce, Campaign, Delivery, SystemMail

_CLAIMABLE = [DeliveryState.QUEUED.value, DeliveryState.DEFERRED.value, DeliveryState.CLAIMED.value]
# The states of a campaign in which an unknown mail can be sent again; a finished one goes on for it.
RESENDING = frozenset({CampaignState.SENDING, CampaignState.PAUSED, CampaignState.FINISHED})


class MailConnection(Protocol):
    """A kept conversation with something that takes mail, one mail after another; it never waits."""

    @property
    def socket(self) -> socket.socket | None:
        """What to wait on before `proceed`; None for something that answers at once."""

    @property
    def waits_to_write(self) -> bool:
        """Whether the socket is awaited to take more, not to bring something."""

    @property
    def deadline(self) -> float:
        """The monotonic moment at which to `give_up`."""

    @property
    def spent(self) -> bool:
        """Whether the next mail needs another connection."""

    def begin(self, *, sender: str, recipient: str, data: bytes) -> Reply | None:
        """Start handing over one mail, already stored as in flight; return the reply if it is known at once.

        Raises ValueError for addresses or bytes that could break the conversation.
        """

    def proceed(self) -> Reply | None:
        """Go on where the socket is ready; return the reply once there is one."""

    def give_up(self) -> Reply:
        """Return the reply of a mail whose answer did not come in time."""

    def close(self) -> None:
        """End the conversation; this may wait a moment."""


class Mailer(Protocol):
    """Something that takes mail: a relay, or the captured outbox."""

    def connect(self) -> MailConnection:
        """Open a connection; this waits. Raises `facts.replies.Unreachable`."""


def queue_system_mail(
    session: Session,
    jobs: Jobs,
    *,
    template: str,
    address: str,
    locale: str,
    values: Mapping[str, object],
    message_id: str | None = None,
    now: datetime,
) -> int:
    """Queue one mail of a shipped template and return its id; it leaves when the transaction commits.

    `message_id` is for whoever has to know the mail again, even after it was sent.
    """
    mail = SystemMail(
        template=template,
        address=address,
        locale=locale,
        values={key: _storable(value) for key, value in values.items()},
        message_id=message_id or secrets.token_hex(16),
        state=DeliveryState.QUEUED.value,
        created_at=now,
    )
    session.add(mail)
    session.flush()
    jobs.send_system_mail(session, mail.id)
    return mail.id


def cancel_open(session: Session, campaign_id: int, *, now: datetime) -> int:
    """Cancel what no server has been told of yet; return how many mails of the campaign are in flight.

    Rows that a worker is at this moment are passed by, and counted: the next sweep finds those that stay.
    """
    open_ = (Delivery.campaign_id == campaign_id, Delivery.state.in_(_CLAIMABLE))
    ledger.change(
        session,
        update(Delivery)
        .where(Delivery.id.in_(ledger.locked(select(Delivery.id).where(*open_), session)))
        .values(
            state=DeliveryState.CANCELLED.value,
            settled_at=now,
            lease_token=None,
            lease_until=None,
            next_attempt_at=None,
        ),
    )
    found = counts(session, campaign_id)
    return found[DeliveryState.IN_FLIGHT] + found[DeliveryState.CLAIMED]


def resend(session: Session, jobs: Jobs, campaign_id: int, delivery_id: int, *, now: datetime) -> None:
    """Send an unknown delivery again, with the same Message-ID; somebody decided that.

    Raises DomainError NOT_FOUND, DELIVERY_NOT_UNKNOWN, or CAMPAIGN_NOT_IN_STATE for a campaign that sends
    nothing any more.
    """
    delivery = _find_unknown(session, campaign_id, delivery_id)
    campaign = _locked(session, campaign_id)
    state = CampaignState(campaign.state)
    if state not in RESENDING:
        raise DomainError(Refusal.CAMPAIGN_NOT_IN_STATE, state=CAMPAIGN_STATE_LABELS[state])
    if campaign.state == CampaignState.FINISHED.value:
        campaign.state = CampaignState.SENDING.value
        campaign.finished_at = None
    session.execute(delete(Bounce).where(Bounce.delivery_id == delivery_id))
    delivery.state = DeliveryState.QUEUED.value
    delivery.attempts, delivery.first_tried_at = 0, None
    delivery.lease_token = None
    delivery.next_attempt_at = None
    session.flush()
    jobs.deliver(session, campaign_id)


def treat_as_sent(session: Session, campaign_id: int, delivery_id: int, *, now: datetime) -> None:
    """Count an unknown delivery as sent. Raises DomainError NOT_FOUND or DELIVERY_NOT_UNKNOWN."""
    delivery = _find_unknown(session, campaign_id, delivery_id)
    _locked(session, campaign_id)
    delivery.state = DeliveryState.SENT.value
    delivery.lease_token = None
    delivery.settled_at = now
    delivery.reply = words_of(Reason.TREATED_AS_SENT)
    session.flush()
    prospects.record_sent(session, [delivery_id])


def _locked(session: Session, campaign_id: int) -> Campaign:
    # Whoever refers to the campaign need not wait for this lock.
    return session.get_one(Campaign, campaign_id, with_for_update={"key_share": True}, populate_existing=True)


def _find_unknown(session: Session, campaign_id: int, delivery_id: int) -> Delivery:
    # Before the campaign: see `ledger.locked`.
    delivery = session.get(Delivery, delivery_id, with_for_update={"key_share": True}, populate_existing=True)
    if delivery is None or delivery.campaign_id != campaign_id:
        raise DomainError(Refusal.NOT_FOUND)
    if delivery.state != DeliveryState.UNKNOWN.value:
        label = DELIVERY_STATE_LABELS[DeliveryState(delivery.state)]
        raise DomainError(Refusal.DELIVERY_NOT_UNKNOWN, state=label)
    return delivery


def _storable(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


# Queries


def counts(session: Session, campaign_id: int) -> dict[DeliveryState, int]:
    """Return how many deliveries of a campaign are in each state, every state named."""
    found = ledger.count_by_state(session, [campaign_id])[campaign_id]
    return {state: found.get(state.value, 0) for state in DeliveryState}


def next_try(session: Session, campaign_id: int) -> datetime | None:
    """Return when the first of the campaign's deferred mails is tried again, None when none waits."""
    waiting = (Delivery.campaign_id == campaign_id, Delivery.state == DeliveryState.DEFERRED.value)
    return session.scalar(select(func.min(Delivery.next_attempt_at)).where(*waiting))


def list_deliveries(
    session: Session,
    campaign_id: int,
    *,
    states: frozenset[DeliveryState] | None = None,
    after: int = 0,
    limit: int = 50,
) -> list[Delivery]:
    """Return deliveries of a campaign in the order of their ids, `after` the last one already seen."""
    query = select(Delivery).where(Delivery.campaign_id == campaign_id, Delivery.id > after)
    if states is not None:
        query = query.where(Delivery.state.in_([state.value for state in states]))
    return list(session.scalars(query.order_by(Delivery.id).limit(limit)))
