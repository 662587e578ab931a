"""Campaign deliveries as a worker sees them: claim, mark in flight, settle, sweep.

Each belongs in a short transaction of the worker's loop; the mail itself is sent between two of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select, update
from sqlalchemy.orm import Session

from service.domain import ledger, notices, prospects
from service.facts.limits import DELIVERY_BATCH
from service.facts.replies import Outcome, Reason, words_of
from service.facts.states import OPEN_DELIVERIES, CampaignState, DeliveryState, UnknownPolicy
from service.models import Campaign, Delivery, Suppression

_OPEN = [state.value for state in OPEN_DELIVERIES]
_CLAIMED_COLUMNS = (
    Delivery.id,
    Delivery.prospect_id,
    Delivery.address,
    Delivery.locale,
    Delivery.time_zone,
    Delivery.values,
    Delivery.message_id,
    Delivery.claimed_at,
    Delivery.crashes,
)


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """A delivery leased to this worker; `moment` is its first claim, what its date tokens tell."""

    id: int
    campaign_id: int
    prospect_id: int | None
    address: str
    locale: str
    time_zone: str
    values: Mapping[str, str | None]
    message_id: str
    moment: datetime


def claim(
    session: Session, campaign_id: int, *, token: str, now: datetime, limit: int = DELIVERY_BATCH
) -> tuple[ClaimedDelivery, ...]:
    """Lease the next deliveries of a campaign that is being sent; suppressed ones are settled on the way."""
    campaign = session.execute(
        select(Campaign.program_id, Campaign.state).where(Campaign.id == campaign_id)
    ).one_or_none()
    if campaign is None or campaign.state != CampaignState.SENDING.value:
        return ()
    suppressed = exists().where(
        Suppression.program_id == campaign.program_id, Suppression.address_key == Delivery.address_key
    )
    rows: list[Any] = []
    waiting = Delivery.state == DeliveryState.QUEUED.value
    retrying = (Delivery.state == DeliveryState.DEFERRED.value) & (Delivery.next_attempt_at <= now)
    for state in (waiting, retrying):
        query = (
            select(*_CLAIMED_COLUMNS, suppressed.label("suppressed"))
            .where(Delivery.campaign_id == campaign_id, state)
            .order_by(Delivery.id)
            .limit(limit - len(rows))
        )
        rows += session.execute(ledger.locked(query, session))
    rows = list(ledger.cautious(rows, limit))
    refused = [row.id for row in rows if row.suppressed]
    if refused:
        _settle_suppressed(session, refused, now)
    wanted = [row for row in rows if not row.suppressed]
    if wanted:
        first = func.coalesce(Delivery.claimed_at, now)
        ledger.claim(session, Delivery, [row.id for row in wanted], token=token, now=now, claimed_at=first)
    return tuple(
        ClaimedDelivery(
            row.id,
            campaign_id,
            row.prospect_id,
            row.address,
            row.locale,
            row.time_zone,
            row.values,
            row.message_id,
            row.claimed_at or now,
        )
        for row in wanted
    )


def next_is_suspect(session: Session, campaign_id: int) -> bool:
    """Tell whether the next delivery of a campaign was there whenever a worker died, several times."""
    waiting = (Delivery.campaign_id == campaign_id, Delivery.state == DeliveryState.QUEUED.value)
    crashes = session.scalar(select(Delivery.crashes).where(*waiting).order_by(Delivery.id).limit(1))
    return (crashes or 0) >= ledger.SUSPECT


def mark_in_flight(session: Session, delivery_id: int, *, token: str, now: datetime) -> bool:
    """Commit this before DATA; False when the lease, the campaign or the recipient no longer allows it."""
    return ledger.mark_in_flight(session, _MARK, delivery_id, token=token, now=now)


def settle(session: Session, attempts: Sequence[ledger.Attempt], *, now: datetime) -> None:
    """Store what became of attempts, and move the stages of prospects whose mails were accepted."""
    sent: dict[int, int] = {}
    for attempt in attempts:
        if attempt.reply.outcome is Outcome.ACCEPTED:
            row = ledger.settle_sent(session, _SENT, attempt, now=now)
            if row is not None and row.prospect_id is not None:
                sent[attempt.mail_id] = row.prospect_id
        elif attempt.reply.outcome is Outcome.WITHHELD:
            _settle_withheld(session, attempt, now=now)
        elif attempt.reply.outcome is Outcome.UNKNOWN:
            _settle_unknown(session, attempt, now=now)
        else:
            ledger.settle(session, Delivery, attempt, now=now)
    if sent:
        prospects.record_sent(session, sent, now=now)


def sweep(session: Session, *, now: datetime, everything: bool = False) -> ledger.Swept:
    """Repair what dead workers left: see `ledger.sweep`; rows of a cancelled campaign end as cancelled."""
    retry = exists().where(
        Campaign.id == Delivery.campaign_id, Campaign.unknown_policy == UnknownPolicy.RETRY.value
    )
    swept = ledger.sweep(session, Delivery, now=now, everything=everything, retry=retry)
    over = exists().where(
        Campaign.id == Delivery.campaign_id, Campaign.state == CampaignState.CANCELLED.value
    )
    stopped = [DeliveryState.QUEUED.value, DeliveryState.DEFERRED.value]
    ledger.change(
        session,
        update(Delivery)
        .where(Delivery.state.in_(stopped), over)
        .values(state=DeliveryState.CANCELLED.value, settled_at=now),
    )
    asked = select(Delivery.campaign_id).where(Delivery.id.in_(swept.asking)).distinct()
    for campaign_id in sorted(session.scalars(asked)) if swept.asking else ():
        notices.tell_author(session, campaign_id, notices.UNKNOWN, now=now)
    return swept


def finish_if_done(session: Session, campaign_id: int, *, now: datetime) -> bool:
    """Set a campaign to finished when nothing of it is open any more."""
    still_open = exists().where(Delivery.campaign_id == campaign_id, Delivery.state.in_(_OPEN))
    changed = ledger.change(
        session,
        update(Campaign)
        .where(Campaign.id == campaign_id, Campaign.state == CampaignState.SENDING.value, ~still_open)
        .values(state=CampaignState.FINISHED.value, finished_at=now),
    )
    if changed:
        notices.tell_author(session, campaign_id, notices.FINISHED, now=now)
    return changed == 1


def wanting_work(session: Session, *, now: datetime, shared: bool = False) -> tuple[int, ...]:
    """Return the campaigns that have something to send and nobody who holds a lease on any of it.

    `shared`: also those where others are at work, for one more to join in.
    """
    wanting = exists().where(Delivery.campaign_id == Campaign.id, ledger.due(Delivery, now))
    query = select(Campaign.id).where(Campaign.state == CampaignState.SENDING.value, wanting)
    if not shared:
        held = [DeliveryState.CLAIMED.value, DeliveryState.IN_FLIGHT.value]
        query = query.where(~exists().where(Delivery.campaign_id == Campaign.id, Delivery.state.in_(held)))
    return tuple(session.scalars(query.order_by(Campaign.id)))


def finish_all_done(session: Session, *, now: datetime) -> int:
    """Finish every campaign of which nothing is open, and return how many there were."""
    sending = session.scalars(select(Campaign.id).where(Campaign.state == CampaignState.SENDING.value))
    return sum(finish_if_done(session, campaign_id, now=now) for campaign_id in list(sending))


def _settle_unknown(session: Session, attempt: ledger.Attempt, *, now: datetime) -> None:
    campaign = session.execute(
        select(Campaign.id, Campaign.unknown_policy)
        .join(Delivery, Delivery.campaign_id == Campaign.id)
        .where(Delivery.id == attempt.mail_id)
    ).one()
    asks = campaign.unknown_policy != UnknownPolicy.RETRY.value
    state = ledger.settle(session, Delivery, attempt, now=now, ask_when_unknown=asks)
    if state is DeliveryState.UNKNOWN:
        notices.tell_author(session, campaign.id, notices.UNKNOWN, now=now)


def _settle_withheld(session: Session, attempt: ledger.Attempt, *, now: datetime) -> None:
    """Find out why a mail was held back at the last moment, and say so in its row."""
    row = session.execute(
        select(Campaign.state, _is_suppressed().label("suppressed"))
        .join(Delivery, Delivery.campaign_id == Campaign.id)
        .where(
            Delivery.id == attempt.mail_id,
            Delivery.lease_token == attempt.token,
            Delivery.state == DeliveryState.CLAIMED.value,
        )
    ).one_or_none()
    if row is None:
        return  # the lease is lost: whoever took the row knows better
    if row.suppressed:
        _settle_suppressed(session, [attempt.mail_id], now)
        return
    cancelled = row.state == CampaignState.CANCELLED.value
    changes: dict[str, object] = {"lease_token": None, "lease_until": None}
    changes["state"] = (DeliveryState.CANCELLED if cancelled else DeliveryState.QUEUED).value
    changes["settled_at"] = now if cancelled else None
    ledger.change(session, update(Delivery).where(Delivery.id == attempt.mail_id).values(changes))


def _settle_suppressed(session: Session, delivery_ids: list[int], now: datetime) -> None:
    ledger.change(
        session,
        update(Delivery)
        .where(Delivery.id.in_(delivery_ids))
        .values(
            state=DeliveryState.SUPPRESSED.value,
            settled_at=now,
            lease_token=None,
            lease_until=None,
            reply=words_of(Reason.ADDRESS_SUPPRESSED),
        ),
    )


def _is_suppressed() -> ColumnElement[bool]:
    # Named by hand: two levels deep the tables of the outer statement would not be found by themselves.
    found = exists().where(
        Suppression.program_id == Campaign.program_id, Suppression.address_key == Delivery.address_key
    )
    return found.correlate(Campaign, Delivery)


# Prepared once: these run for every mail.
_MARK = ledger.mark_statement(
    Delivery,
    exists()
    .where(
        Campaign.id == Delivery.campaign_id,
        Campaign.state == CampaignState.SENDING.value,
        ~_is_suppressed(),
    )
    .correlate(Delivery),
)
_SENT = ledger.sent_statement(Delivery).returning(Delivery.prospect_id)
