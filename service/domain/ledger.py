"""The state machine of one mail row, the same for campaign deliveries and for system mails.

queued -> claimed (leased, nothing said to a server) -> in_flight (committed before DATA) -> sent, deferred,
failed or unknown. A row is changed only by whoever holds its lease token, so that a worker which lost its
lease changes nothing that is no longer its own; it may still say what became of a row left as unknown.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVarTuple, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    CursorResult,
    Select,
    Table,
    and_,
    bindparam,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from service.db import Moment
from service.facts.limits import LEASE, MOST_CRASHES, RETRY_GIVE_UP
from service.facts.replies import Outcome, Reason, Reply, words_of
from service.facts.states import DeliveryState
from service.models import Delivery, SystemMail
from service.statements import Prepared, among

Columns = TypeVarTuple("Columns")
MailTable = type[Delivery] | type[SystemMail]

# Greylisting wants at least five minutes; after that ever longer, until RETRY_GIVE_UP after the first try.
RETRY_MINUTES = (5, 10, 20, 40, 80, 160, 320, 480)
_LONGEST_WAIT = timedelta(minutes=RETRY_MINUTES[-1])
_NOT_COMPOSABLE = words_of(Reason.NOT_COMPOSABLE)
# From the second crash on a mail is a suspect, and tried only in ever smaller company.
SUSPECT = 2
_HELD = (DeliveryState.CLAIMED.value, DeliveryState.IN_FLIGHT.value, DeliveryState.UNKNOWN.value)


@dataclass(frozen=True, slots=True)
class Swept:
    """How many rows a sweep put back and how many it had to call unknown; `asking` wait for a person."""

    released: int
    unknown: int
    asking: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one attempt to send a mail came to, told by whoever held the lease `token`.

    `again_at` is for one that is HELD: when to try it.
    """

    mail_id: int
    token: str
    reply: Reply
    again_at: datetime | None = None


class Mark(NamedTuple):
    """A mail that is to be marked as in flight by whoever holds the lease `token`."""

    mail_id: int
    token: str


def due(table: MailTable, now: datetime) -> ColumnElement[bool]:
    """Rows that may be claimed now."""
    return or_(
        table.state == DeliveryState.QUEUED.value,
        and_(table.state == DeliveryState.DEFERRED.value, table.next_attempt_at <= now),
    )


def retry_at(attempts: int, first_tried_at: datetime, now: datetime) -> datetime | None:
    """Return when to try again after `attempts` temporary refusals, or None when it has been long enough."""
    wait = RETRY_MINUTES[min(max(attempts, 1), len(RETRY_MINUTES)) - 1]
    again = now + timedelta(minutes=wait)
    return again if again - first_tried_at <= RETRY_GIVE_UP else None


def locked(query: Select[*Columns], session: Session) -> Select[*Columns]:
    """Lock rows of PostgreSQL and pass by those that somebody else is at; SQLite has one writer anyway.

    The order of locks everywhere: whoever waits for a mail's row holds none of a campaign's yet, and whoever
    wants many rows of mails at once waits for none of them. So nobody waits in a circle.
    """
    postgres = session.get_bind().dialect.name == "postgresql"
    return query.with_for_update(skip_locked=True, key_share=True) if postgres else query


def claim(
    session: Session, table: MailTable, ids: Sequence[int], *, token: str, now: datetime, **values: object
) -> None:
    """Lease rows just read as due, in the same transaction."""
    changes = {
        "state": DeliveryState.CLAIMED.value,
        "lease_token": token,
        "lease_until": now + LEASE,
        **values,
    }
    # The plain table: an update of objects takes three times as long, and others wait meanwhile.
    rows = cast(Table, table.__table__)
    change(session, update(rows).where(among(session, rows.c.id, ids)).values(changes))


def renew(session: Session, table: MailTable, *, token: str, now: datetime) -> int:
    """Hold on to what is leased under a token, but for what is being settled now; return how many rows."""
    held = (DeliveryState.CLAIMED.value, DeliveryState.IN_FLIGHT.value)
    free = locked(select(table.id).where(*_leased(table, token), table.state.in_(held)), session)
    return change(session, update(table).where(table.id.in_(free)).values(lease_until=now + LEASE))


def mark_statement(table: MailTable, *also: ColumnElement[bool]) -> Prepared:
    """Prepare what `mark_in_flight` runs for each mail; `also` must hold at that very moment."""
    return Prepared(
        update(cast(Table, table.__table__))
        .where(*_ours_now(table), table.state == DeliveryState.CLAIMED.value, *also)
        .values(state=DeliveryState.IN_FLIGHT.value),
        "mail_id",
        "held_by",
    )


def mark_rows(marks: Sequence[Mark]) -> list[tuple[object, ...]]:
    """Return the values that a mark statement takes, for each mail."""
    return [(mark.mail_id, mark.token) for mark in marks]


def mark_in_flight(connection: Connection, statement: Prepared, marks: Sequence[Mark]) -> frozenset[int]:
    """Note that from the commit of this transaction on these mails may arrive.

    Returns the ids of those that may be sent; the others must not be.
    """
    ids = frozenset(mark.mail_id for mark in marks)
    if statement.run(connection, mark_rows(marks)) == len(marks):
        return ids
    columns = statement.table.c
    ours = columns.lease_token.in_({mark.token for mark in marks})
    in_flight = columns.state == DeliveryState.IN_FLIGHT.value
    return frozenset(connection.scalars(select(columns.id).where(columns.id.in_(ids), ours, in_flight)))


def sent_statement(table: MailTable, **also: object) -> Prepared:
    """Prepare what `settle_sent` runs for each mail: the common end of an attempt, in one statement.

    `also` are columns that get a value of their own then.
    """
    moment = bindparam("now", type_=Moment)
    return Prepared(
        update(cast(Table, table.__table__))
        # Said with OR: a list has no fixed number of places, which a statement for many rows needs.
        .where(*_ours_now(table), or_(*(table.state == state for state in _HELD)))
        .values(
            state=DeliveryState.SENT.value,
            attempts=table.attempts + 1,
            first_tried_at=func.coalesce(table.first_tried_at, moment),
            settled_at=moment,
            next_attempt_at=None,
            lease_token=None,
            lease_until=None,
            reply=bindparam("answer"),
            **also,
        ),
        "mail_id",
        "held_by",
        "now",
        "answer",
    )


def sent_rows(attempts: Sequence[Attempt], *, now: datetime) -> list[tuple[object, ...]]:
    """Return the values that a sent statement takes, for each mail."""
    return [(attempt.mail_id, attempt.token, now, attempt.reply.text) for attempt in attempts]


def settle_sent(
    connection: Connection, statement: Prepared, attempts: Sequence[Attempt], *, now: datetime
) -> frozenset[int]:
    """Store that mails were accepted; return the ids of the rows that were still ours."""
    rows = sent_rows(attempts, now=now)
    ids = frozenset(attempt.mail_id for attempt in attempts)
    if statement.run(connection, rows) == len(rows):
        return ids
    columns = statement.table.c
    stored = (columns.state == DeliveryState.SENT.value, columns.settled_at == now)
    return frozenset(connection.scalars(select(columns.id).where(columns.id.in_(ids), *stored)))


def _ours_now(table: MailTable) -> tuple[ColumnElement[bool], ...]:
    return (table.id == bindparam("mail_id"), table.lease_token == bindparam("held_by"))


def settle(
    session: Session,
    table: MailTable,
    attempt: Attempt,
    *,
    now: datetime,
    ask_when_unknown: bool = True,
) -> DeliveryState | None:
    """Store what became of an attempt; return the new state, or None when the row is no longer ours."""
    row = session.execute(
        select(table.attempts, table.first_tried_at).where(*_ours(table, attempt))
    ).one_or_none()
    if row is None:
        return None
    first = row.first_tried_at or now
    changes: dict[str, object] = {"reply": attempt.reply.text, "lease_until": None}
    attempts = row.attempts + 1
    state = _settled_as(attempt.reply.outcome, ask_when_unknown)
    held = attempt.reply.outcome is Outcome.HELD
    again = attempt.again_at
    if state is DeliveryState.DEFERRED and not held:
        hopeless = attempts >= MOST_CRASHES and attempt.reply.text == _NOT_COMPOSABLE
        again = None if hopeless else retry_at(attempts, first, now)
        state = DeliveryState.DEFERRED if again else DeliveryState.FAILED
    if state is not DeliveryState.QUEUED and not held:
        changes |= {"attempts": attempts, "first_tried_at": first}
    if state not in {DeliveryState.QUEUED, DeliveryState.DEFERRED, DeliveryState.UNKNOWN}:
        changes["settled_at"] = now
    # An unknown row keeps its token: the worker that lost the answer may yet hear it.
    if state is not DeliveryState.UNKNOWN:
        changes["lease_token"] = None
    changes |= {"state": state.value, "next_attempt_at": again}
    change(session, update(table).where(*_ours(table, attempt)).values(changes))
    return state


def _settled_as(outcome: Outcome, ask_when_unknown: bool) -> DeliveryState:
    if outcome is Outcome.UNKNOWN:
        return DeliveryState.UNKNOWN if ask_when_unknown else DeliveryState.DEFERRED
    return {
        Outcome.ACCEPTED: DeliveryState.SENT,
        Outcome.TEMPORARY: DeliveryState.DEFERRED,
        Outcome.PERMANENT: DeliveryState.FAILED,
        Outcome.UNREACHABLE: DeliveryState.QUEUED,
        Outcome.UNHEARD: DeliveryState.QUEUED,
        Outcome.WITHHELD: DeliveryState.QUEUED,
        Outcome.HELD: DeliveryState.DEFERRED,
    }[outcome]


def release(session: Session, table: MailTable, *, token: str) -> int:
    """Put back what was claimed under a token and not begun; nothing of it has reached a server."""
    return change(session, _RELEASE[table], {"token": token})


def _leased(table: MailTable, token: object) -> tuple[ColumnElement[bool], ...]:
    # The time limit is named so that the small index of what is held is used, not the whole table.
    return (table.lease_until.is_not(None), table.lease_token == token)


# Put together once: it is run for every batch.
_RELEASE = {
    table: update(cast(Table, table.__table__))
    .where(*_leased(table, bindparam("token")), table.state == DeliveryState.CLAIMED.value)
    .values(state=DeliveryState.QUEUED.value, lease_token=None, lease_until=None)
    for table in (Delivery, SystemMail)
}


def sweep(
    session: Session, table: MailTable, *, now: datetime, everything: bool = False, retry: Any = None
) -> Swept:
    """Give back expired leases and call unknown what was in flight under them.

    `everything` ignores the time: for the one worker of an embedded database, which knows at its start that
    nobody else holds a lease. `retry` is the condition under which an unknown row is tried again by itself.
    """
    old = table.lease_until.is_not(None) if everything else table.lease_until < now
    # What is locked is being settled by somebody who knows better.
    over = [table.id.in_(locked(select(table.id).where(old), session))]
    released = _release_crashed(session, table, over, now=now)
    lost = [table.state == DeliveryState.IN_FLIGHT.value, *over]
    values: dict[str, object] = {
        "reply": words_of(Reason.INTERRUPTED),
        "attempts": table.attempts + 1,
        "crashes": table.crashes + 1,
        "lease_until": None,
    }
    unknown = 0
    if retry is not None:
        again = now + timedelta(minutes=RETRY_MINUTES[0])
        deferred = values | {
            "state": DeliveryState.DEFERRED.value,
            "next_attempt_at": again,
            "lease_token": None,
        }
        again_and_again = table.crashes >= MOST_CRASHES - 1
        unknown += change(session, update(table).where(*lost, retry, ~again_and_again).values(deferred))
    asking = session.scalars(
        update(table)
        .where(*lost)
        .values(values | {"state": DeliveryState.UNKNOWN.value})
        .returning(table.id)
        .execution_options(synchronize_session=False)
    ).all()
    return Swept(released, unknown + len(asking), tuple(asking))


def _release_crashed(
    session: Session, table: MailTable, over: Sequence[ColumnElement[bool]], *, now: datetime
) -> int:
    """Put back what dead workers had claimed, but not what was there each time that one died."""
    claimed = update(table).where(table.state == DeliveryState.CLAIMED.value, *over)
    freed: dict[str, object] = {"lease_token": None, "lease_until": None, "crashes": table.crashes + 1}
    parked = {
        "state": DeliveryState.FAILED.value,
        "settled_at": now,
        "reply": words_of(Reason.STOPPED_WORKER),
    }
    change(session, claimed.where(table.crashes >= MOST_CRASHES - 1).values(freed | parked))
    return change(session, claimed.values(freed | {"state": DeliveryState.QUEUED.value}))


def cautious(rows: Sequence[Any], limit: int) -> Sequence[Any]:
    """Return as many of the rows, in their order, as may be claimed together, by their `crashes`.

    Each crash makes the company four times smaller, so that the mail to blame soon stands alone.
    """
    taken = 0
    for row in rows:
        together = max(limit // 4**row.crashes, 1)
        if taken >= together or (row.crashes >= SUSPECT) != (rows[0].crashes >= SUSPECT):
            break
        taken += 1
    return rows[:taken]


def count_by_state(session: Session, campaign_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """Return for each campaign how many deliveries are in each state, of those states that there are."""
    query = (
        select(Delivery.campaign_id, Delivery.state, func.count())
        .where(Delivery.campaign_id.in_(campaign_ids))
        .group_by(Delivery.campaign_id, Delivery.state)
    )
    counts: dict[int, dict[str, int]] = {campaign_id: {} for campaign_id in campaign_ids}
    for campaign_id, state, number in session.execute(query):
        counts[campaign_id][state] = number
    return counts


def begin_anew(session: Session, table: MailTable, *, now: datetime) -> None:
    """After a jump of the clock let every lease last a full time, and no retry wait longer than any may."""
    held = table.state.in_([DeliveryState.CLAIMED.value, DeliveryState.IN_FLIGHT.value])
    change(session, update(table).where(held).values(lease_until=now + LEASE))
    late = (table.state == DeliveryState.DEFERRED.value, table.next_attempt_at > now + _LONGEST_WAIT)
    change(session, update(table).where(*late).values(next_attempt_at=now + _LONGEST_WAIT))


def _ours(table: MailTable, attempt: Attempt) -> tuple[ColumnElement[bool], ...]:
    return (table.id == attempt.mail_id, table.lease_token == attempt.token, table.state.in_(_HELD))


def change(session: Session, statement: Any, values: Mapping[str, object] | None = None) -> int:
    """Run a statement that objects of the session need not know of; return how many rows it changed."""
    options = {"synchronize_session": False}
    result = session.execute(statement, dict(values or {}), execution_options=options)
    return cast(CursorResult[Any], result).rowcount
