"""Campaign deliveries as a worker sees them: claim, mark in flight, settle, sweep.

Each belongs in a short transaction of the worker's loop; the mail itself is sent between two of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Table,
    bindparam,
    exists,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.orm import Session

from service.db import Moment
from service.domain import attempts as attempt_notes
from service.domain import bounces, ledger, notices, programs, prospects
from service.facts.limits import DELIVERY_BATCH
from service.facts.replies import TRIED, Outcome, Reason, words_of
from service.facts.stages import StageEvent
from service.facts.states import OPEN_DELIVERIES, CampaignState, DeliveryState, UnknownPolicy
from service.models import Campaign, Delivery, MailAccount, StageChange, Suppression

_LATELY = timedelta(days=2)
_CANCELLED = CampaignState.CANCELLED.value
_OPEN = [state.value for state in OPEN_DELIVERIES]
# Asked for as plain tables: a batch of rows as objects takes twice as long.
_ROWS = cast(Table, Delivery.__table__)
_CAMPAIGNS = cast(Table, Campaign.__table__)
_CLAIMED_COLUMNS = (
    *(_ROWS.c.id, _ROWS.c.prospect_id, _ROWS.c.address, _ROWS.c.locale, _ROWS.c.time_zone),
    *(_ROWS.c["values"], _ROWS.c.message_id, _ROWS.c.claimed_at, _ROWS.c.crashes),
)
# Written out, not a parameter: only so do the databases see that the index of these rows will do.
_DEFERRED = _ROWS.c.state == literal_column(f"'{DeliveryState.DEFERRED.value}'")


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
    campaign = session.execute(_CAMPAIGN, {"campaign": campaign_id}).one_or_none()
    if campaign is None or campaign.state != CampaignState.SENDING.value:
        return ()
    allowed = programs.take_allowance(session, campaign.program_id, limit, now=now)
    here = {"campaign": campaign_id, "program": campaign.program_id, "now": now}
    wanted: list[Any] = []
    while not wanted:
        rows = ledger.cautious(_next_rows(session, here, limit=allowed), limit)
        refused = [row.id for row in rows if row.suppressed]
        wanted = [row for row in rows if not row.suppressed]
        if not refused:
            break
        _settle_suppressed(session, refused, now)
    programs.return_allowance(session, campaign.program_id, allowed - len(wanted), now=now)
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


def _next_rows(session: Session, here: Mapping[str, object], *, limit: int) -> list[Any]:
    """Lock the next rows that are due. Retries come first: their days would be over behind a long queue."""
    rows: list[Any] = []
    for query in _NEXT:
        rows += session.execute(ledger.locked(query, session), {**here, "most": limit - len(rows)})
    return rows


def next_is_suspect(session: Session, campaign_id: int, *, now: datetime) -> bool:
    """Tell whether the next delivery of a campaign was there whenever a worker died, several times."""
    for query in _NEXT_CRASHES:
        crashes = session.scalar(query, {"campaign": campaign_id, "now": now})
        if crashes is not None:
            return cast(int, crashes) >= ledger.SUSPECT
    return False


def mark_in_flight(connection: Connection, marks: Sequence[ledger.Mark]) -> frozenset[int]:
    """Commit this before a mail begins; return those whose lease, campaign and recipient still allow it."""
    return ledger.mark_in_flight(connection, MARK, marks)


def settle_sent(connection: Connection, attempts: Sequence[ledger.Attempt], *, now: datetime) -> None:
    """Store that mails were accepted; `tell_prospects` follows when the batch is over."""
    ledger.settle_sent(connection, SENT, attempts, now=now)


def settle(session: Session, attempt: ledger.Attempt, *, now: datetime) -> None:
    """Store what became of an attempt that was not accepted, and note it for the mail's history."""
    if attempt.reply.outcome is Outcome.WITHHELD:
        _settle_withheld(session, attempt, now=now)
        return
    if attempt.reply.outcome is Outcome.UNKNOWN:
        state = _settle_unknown(session, attempt, now=now)
    else:
        state = ledger.settle(session, Delivery, attempt, now=now)
    if state is not None and attempt.reply.outcome in TRIED:
        attempt_notes.note(session, {attempt.mail_id: attempt.reply}, now=now)
    if state is DeliveryState.FAILED:
        bounces.record_reply(session, attempt.mail_id, attempt.reply, now=now)


def tell_prospects(session: Session, campaign_id: int) -> int:
    """Move the stages of prospects whose mails of a campaign were accepted and who were not told yet.

    Returns how many. A batch tells its own when it is over; this finds what a worker that died left out.
    """
    told = exists().where(
        StageChange.delivery_id == Delivery.id, StageChange.event == StageEvent.EMAIL_ACCEPTED.value
    )
    query = select(Delivery.id).where(
        Delivery.campaign_id == campaign_id,
        Delivery.state == DeliveryState.SENT.value,
        Delivery.prospect_id.is_not(None),
        ~told,
    )
    found = session.scalars(query.order_by(Delivery.id)).all()
    prospects.record_sent(session, found)
    return len(found)


def tell_all_prospects(session: Session, *, now: datetime) -> int:
    """Do that for every campaign that has not finished, or was cancelled lately; finishing does it too."""
    lately = (Campaign.state == CampaignState.CANCELLED.value) & (Campaign.finished_at > now - _LATELY)
    going = Campaign.state.in_([CampaignState.SENDING.value, CampaignState.PAUSED.value])
    found = session.scalars(select(Campaign.id).where(going | lately)).all()
    return sum(tell_prospects(session, campaign_id) for campaign_id in found)


def sweep(session: Session, *, now: datetime, everything: bool = False) -> ledger.Swept:
    """Repair what dead workers left: see `ledger.sweep`; rows of a cancelled campaign end as cancelled."""
    retry = exists().where(
        Campaign.id == Delivery.campaign_id,
        Campaign.unknown_policy == UnknownPolicy.RETRY.value,
        Campaign.state != _CANCELLED,
    )
    swept = ledger.sweep(session, Delivery, now=now, everything=everything, retry=retry)
    over = select(Campaign.id).where(Campaign.state == CampaignState.CANCELLED.value)
    stopped = [DeliveryState.QUEUED.value, DeliveryState.DEFERRED.value]
    ledger.change(
        session,
        update(Delivery)
        .where(Delivery.campaign_id.in_(over), Delivery.state.in_(stopped))
        .values(state=DeliveryState.CANCELLED.value, settled_at=now),
    )
    attempt_notes.note_interrupted(session, swept.asking, now=now)
    asked = select(Delivery.campaign_id).where(Delivery.id.in_(swept.asking)).distinct()
    for campaign_id in sorted(session.scalars(asked)) if swept.asking else ():
        notices.tell_author(session, campaign_id, notices.UNKNOWN, now=now)
    return swept


def finish_if_done(session: Session, campaign_id: int, *, now: datetime) -> bool:
    """Set a campaign to finished when nothing of it is open any more."""
    return _finish(session, [campaign_id], now=now) == 1


def wanting_work(session: Session, *, now: datetime, shared: bool = False) -> tuple[int, ...]:
    """Return the campaigns that have something to send and nobody who holds a lease on any of it.

    `shared`: also those where others are at work, for one more to join in; but not where they go out from a
    user's own account, whose server takes few connections.
    """
    # Not one OR: each line has an index of its own.
    retries, fresh = (exists().where(Delivery.campaign_id == Campaign.id, state) for state, _ in _LINES)
    sending = Campaign.state == CampaignState.SENDING.value
    query = select(Campaign.id).where(sending, retries | fresh, _has_sender())
    if shared:
        query = query.where(Campaign.mail_account_id.is_(None))
    else:
        held = [DeliveryState.CLAIMED.value, DeliveryState.IN_FLIGHT.value]
        query = query.where(~exists().where(Delivery.campaign_id == Campaign.id, Delivery.state.in_(held)))
    return tuple(session.scalars(query.order_by(Campaign.id), {"now": now}))


def finish_all_done(session: Session, *, now: datetime) -> int:
    """Finish every campaign of which nothing is open, and return how many there were."""
    going = session.scalars(select(Campaign.id).where(_on_its_way()).order_by(Campaign.id)).all()
    return _finish(session, going, now=now)


def _finish(session: Session, campaign_ids: Sequence[int], *, now: datetime) -> int:
    """Finish what is done of these; all campaigns before any prospect, so that nobody waits in a circle."""
    done = [
        campaign_id
        for campaign_id in campaign_ids
        if ledger.change(session, _FINISH, {"campaign": campaign_id, "now": now})
    ]
    for campaign_id in done:
        tell_prospects(session, campaign_id)
        notices.tell_author(session, campaign_id, notices.FINISHED, now=now)
    return len(done)


def _on_its_way() -> ColumnElement[bool]:
    """Campaigns that end by themselves: also one that paused by itself with its very last mails."""
    held = (Campaign.state == CampaignState.PAUSED.value) & Campaign.pause_reason.is_not(None)
    return (Campaign.state == CampaignState.SENDING.value) | held


def _settle_unknown(session: Session, attempt: ledger.Attempt, *, now: datetime) -> DeliveryState | None:
    campaign = session.execute(
        select(Campaign.id, Campaign.unknown_policy, Campaign.state)
        .join(Delivery, Delivery.campaign_id == Campaign.id)
        .where(Delivery.id == attempt.mail_id)
    ).one()
    # A cancelled campaign sends nothing again, and what may have arrived is not called cancelled.
    asks = campaign.unknown_policy != UnknownPolicy.RETRY.value or campaign.state == _CANCELLED
    state = ledger.settle(session, Delivery, attempt, now=now, ask_when_unknown=asks)
    if state is DeliveryState.UNKNOWN:
        notices.tell_author(session, campaign.id, notices.UNKNOWN, now=now)
    return state


def _settle_withheld(session: Session, attempt: ledger.Attempt, *, now: datetime) -> None:
    """Find out why a mail was held back at the last moment, and say so in its row."""
    row = session.execute(
        select(Campaign.state, _is_suppressed().label("suppressed"))
        .join(Delivery, Delivery.campaign_id == Campaign.id)
        .where(
            Delivery.id == attempt.mail_id,
            Delivery.lease_token == attempt.token,
            # In flight by a commit that nobody heard of: it was never begun.
            Delivery.state.in_([DeliveryState.CLAIMED.value, DeliveryState.IN_FLIGHT.value]),
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


def _has_sender() -> ColumnElement[bool]:
    """Campaigns that something can be sent for: a mail account that they go out from has been checked."""
    ready = exists().where(
        MailAccount.id == Campaign.mail_account_id,
        MailAccount.disconnected_at.is_(None),
        MailAccount.verified_at.is_not(None),
    )
    return Campaign.mail_account_id.is_(None) | ready


def _is_suppressed() -> ColumnElement[bool]:
    # Named by hand: two levels deep the tables of the outer statement would not be found by themselves.
    found = exists().where(
        Suppression.program_id == Campaign.program_id, Suppression.address_key == Delivery.address_key
    )
    return found.correlate(Campaign, Delivery)


# Rows that may be claimed now, in two lines, each with its order: retries, then new ones. Each is answered
# from the end of an index of its own, however many rows wait for a later moment.
_NOW = bindparam("now", type_=Moment)
_BY_ID = _ROWS.c.id
_LINES: tuple[tuple[ColumnElement[bool], tuple[ColumnElement[Any], ...]], ...] = (
    (_DEFERRED & (_ROWS.c.next_attempt_at <= _NOW), (_ROWS.c.next_attempt_at, _BY_ID)),
    (_ROWS.c.state == DeliveryState.QUEUED.value, (_BY_ID,)),
)
# Put together once: these are asked for every batch, while nobody else can write to SQLite.
_HERE = _ROWS.c.campaign_id == bindparam("campaign")
_CAMPAIGN = select(_CAMPAIGNS.c.program_id, _CAMPAIGNS.c.state).where(
    _CAMPAIGNS.c.id == bindparam("campaign")
)
_REFUSED = exists().where(
    Suppression.program_id == bindparam("program"), Suppression.address_key == _ROWS.c.address_key
)
_NEXT = tuple(
    select(*_CLAIMED_COLUMNS, _REFUSED.label("suppressed"))
    .where(_HERE, state)
    .order_by(*order)
    .limit(bindparam("most", type_=Integer))
    for state, order in _LINES
)
_NEXT_CRASHES = tuple(
    select(_ROWS.c.crashes).where(_HERE, state).order_by(*order).limit(1) for state, order in _LINES
)
_FINISH = (
    update(_CAMPAIGNS)
    .where(
        _CAMPAIGNS.c.id == bindparam("campaign"),
        _on_its_way(),
        ~exists().where(_ROWS.c.campaign_id == _CAMPAIGNS.c.id, _ROWS.c.state.in_(_OPEN)),
    )
    .values(state=CampaignState.FINISHED.value, finished_at=_NOW)
)

# Prepared once: these run for every mail.
MARK = ledger.mark_statement(
    Delivery,
    exists()
    .where(
        Campaign.id == Delivery.campaign_id,
        Campaign.state == CampaignState.SENDING.value,
        ~_is_suppressed(),
    )
    .correlate(Delivery),
)
SENT = ledger.sent_statement(Delivery)
