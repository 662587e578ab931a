"""Prospects: partners in the funnel of a program, and the events that move them along it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    Connection,
    Integer,
    Table,
    bindparam,
    case,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.orm import Session

from service.db import Moment
from service.domain import partners
from service.domain.errors import DomainError
from service.facts.refusals import Refusal
from service.facts.sources import Source
from service.facts.stages import Stage, StageEvent, advance
from service.facts.states import DeliveryState
from service.models import Delivery, Partner, Program, Prospect, StageChange
from service.statements import Prepared, among

# How many ids one statement names; a statement of PostgreSQL has room for 65,535 values.
CHUNK = 5000
_PROSPECTS: Table = Prospect.__table__  # type: ignore[assignment]
_LOCKED = (
    select(_PROSPECTS.c.id, _PROSPECTS.c.stage, _PROSPECTS.c.invited_at)
    .where(_PROSPECTS.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(_PROSPECTS.c.id)
    .with_for_update()
)
_DELIVERIES: Table = Delivery.__table__  # type: ignore[assignment]
_CHANGES = cast(Table, StageChange.__table__)
# Accepted mails that are not in any history yet; the database itself writes them down, many at once.
_NEWS = (
    _DELIVERIES.c.state == DeliveryState.SENT.value,
    ~exists().where(
        _CHANGES.c.delivery_id == _DELIVERIES.c.id, _CHANGES.c.event == StageEvent.EMAIL_ACCEPTED.value
    ),
)
_OF_MAIL = _DELIVERIES.c.prospect_id == _PROSPECTS.c.id
_LOCKED_BY_MAIL = (
    select(_PROSPECTS.c.id)
    .join(_DELIVERIES, _OF_MAIL)
    .order_by(_PROSPECTS.c.id)
    .with_for_update(of=_PROSPECTS)
)
_FIRST_ACCEPTED = select(_DELIVERIES.c.prospect_id, func.min(_DELIVERIES.c.settled_at).label("at")).group_by(
    _DELIVERIES.c.prospect_id
)
_BEFORE_OUTREACH = _PROSPECTS.c.stage.in_(
    [stage.value for stage in Stage if advance(stage, StageEvent.EMAIL_ACCEPTED) is not stage]
)
_OUTREACH_AT_LEAST = case((_BEFORE_OUTREACH, Stage.OUTREACH.value), else_=_PROSPECTS.c.stage)
_INVITE = update(_PROSPECTS).where(_BEFORE_OUTREACH | _PROSPECTS.c.invited_at.is_(None))
_LINE = ["prospect_id", "event", "stage", "delivery_id", "at"]
_ACCEPTED = (
    select(
        _PROSPECTS.c.id,
        literal(StageEvent.EMAIL_ACCEPTED.value),
        _PROSPECTS.c.stage,
        _DELIVERIES.c.id,
        _DELIVERIES.c.settled_at,
    )
    .join(_DELIVERIES, _OF_MAIL)
    .order_by(_PROSPECTS.c.id)
)
_MOVE = update(_PROSPECTS).where(_PROSPECTS.c.id == bindparam("moving")).values(stage=bindparam("to"))
_STAGED = Prepared(_MOVE, "to", "moving")
_INVITED = Prepared(
    _MOVE.values(invited_at=func.coalesce(_PROSPECTS.c.invited_at, bindparam("now", type_=Moment))),
    "to",
    "moving",
    "now",
)
_REMEMBERED = Prepared(
    insert(_CHANGES),
    *("prospect_id", "event", "stage", "delivery_id", "user_id", "at"),
)


def mark(
    session: Session,
    program_id: int,
    partner: Partner,
    *,
    source: Source,
    now: datetime,
    actor_id: int | None = None,
) -> Prospect:
    """Make a partner a prospect of the program; refuses one that is."""
    if find_by_partner(session, program_id, partner.id) is not None:
        raise DomainError(Refusal.ALREADY_PROSPECT, name=partner.name)
    prospect = Prospect(
        program_id=program_id,
        partner=partner,
        sort_key=partners.sort_key(partner.search_text),
        stage=Stage.NEW.value,
        source=source.value,
        created_at=now,
    )
    session.add(prospect)
    session.flush()
    _remember(session, prospect, StageEvent.MARKED, now=now, user_id=actor_id)
    return prospect


def add(
    session: Session, program_id: int, profile: partners.Profile, *, now: datetime, actor_id: int
) -> Prospect:
    """Add a prospect by hand; someone known by this address is taken, not doubled.

    What is known of them stays, and blanks are filled. An account goes before somebody without one, as in
    an import. Refuses somebody who is a prospect of the program, and names them.
    """
    known = partners.list_with_address(session, partners.email_address(profile.email).key)
    for partner in known:
        if find_by_partner(session, program_id, partner.id) is not None:
            raise DomainError(Refusal.PARTNER_KNOWN, field="email", name=partner.name)
    if known:
        partner = known[0]
        partners.fill_blanks(session, partner, profile)
    else:
        partner = partners.add(session, replace(profile, mpid=None), now=now)
    return mark(session, program_id, partner, source=Source.MANUAL, now=now, actor_id=actor_id)


def record(
    session: Session,
    prospect_id: int,
    event: StageEvent,
    *,
    now: datetime,
    delivery_id: int | None = None,
    user_id: int | None = None,
) -> Stage:
    """Write an event into the prospect's history and return the stage it leads to."""
    line = _Line(prospect_id, now, delivery_id, user_id)
    return _write(session, event, [line])[prospect_id]


def record_sent(session: Session, delivery_ids: Sequence[int]) -> None:
    """Write accepted mails into their prospects' histories, each once, at the time it was accepted.

    What is written already stays as it is, whoever wrote it: prospects are locked before that is looked up.
    """
    for start in range(0, len(delivery_ids), CHUNK):
        news = (among(session, _DELIVERIES.c.id, delivery_ids[start : start + CHUNK]), *_NEWS)
        if session.get_bind().dialect.name == "postgresql":
            session.execute(_LOCKED_BY_MAIL.where(*news))
        first = _FIRST_ACCEPTED.where(*news).subquery()
        session.execute(
            _INVITE.where(_PROSPECTS.c.id == first.c.prospect_id).values(
                stage=_OUTREACH_AT_LEAST, invited_at=func.coalesce(_PROSPECTS.c.invited_at, first.c.at)
            )
        )
        session.execute(insert(_CHANGES).from_select(_LINE, _ACCEPTED.where(*news)))


def lock(session: Session, prospect_id: int) -> Prospect:
    """Return a prospect as it stands now; until this transaction ends nobody else writes its history."""
    return session.get_one(Prospect, prospect_id, with_for_update={"of": Prospect}, populate_existing=True)


def has_happened(session: Session, prospect_id: int, event: StageEvent) -> bool:
    """Tell whether an event stands in the prospect's history."""
    found = exists().where(StageChange.prospect_id == prospect_id, StageChange.event == event.value)
    return bool(session.scalar(select(found)))


def archive(session: Session, prospect: Prospect, *, now: datetime, actor_id: int) -> None:
    """Put a prospect away; the stage underneath is kept."""
    if prospect.archived_at is None:
        prospect.archived_at = now
        _remember(session, prospect, StageEvent.ARCHIVED, now=now, user_id=actor_id)


def restore(session: Session, prospect: Prospect, *, now: datetime, actor_id: int) -> None:
    """Bring an archived prospect back at the stage it had."""
    if prospect.archived_at is not None:
        prospect.archived_at = None
        _remember(session, prospect, StageEvent.RESTORED, now=now, user_id=actor_id)


def expire(session: Session, *, now: datetime) -> int:
    """Set Expired on every invitation older than its program's period and return how many there were."""
    stale: list[int] = []
    for program in session.scalars(select(Program)):
        limit = now - timedelta(days=program.invitation_days)
        stale += session.scalars(
            select(Prospect.id).where(
                Prospect.program_id == program.id,
                Prospect.stage == Stage.OUTREACH.value,
                Prospect.invited_at < limit,
            )
        )
    lines = [_Line(prospect_id, now) for prospect_id in stale]
    return len(_write(session, StageEvent.EXPIRED, lines, only_at=Stage.OUTREACH))


@dataclass(frozen=True, slots=True)
class _Line:
    """Whom an event concerns, when it came, and the mail or the user that caused it."""

    prospect_id: int
    at: datetime
    delivery_id: int | None = None
    user_id: int | None = None


def _write(
    session: Session,
    event: StageEvent,
    lines: Sequence[_Line],
    *,
    only_at: Stage | None = None,
) -> dict[int, Stage]:
    """Write one event into many histories and return the stages it leads to, by prospect id.

    The rows are locked before they are read: an event of another transaction is never overwritten by what
    stood there before it. `only_at` leaves out who no longer stands at that stage.
    """
    session.flush()
    connection = session.connection()
    stages: dict[int, Stage] = {}
    # Everybody locks in this order, so that nobody waits for somebody who waits for them.
    ordered = sorted(lines, key=lambda line: line.prospect_id)
    for start in range(0, len(ordered), CHUNK):
        chunk = ordered[start : start + CHUNK]
        rows = connection.execute(_LOCKED, {"ids": sorted({line.prospect_id for line in chunk})}).all()
        stages |= _move(connection, event, chunk, rows, only_at=only_at)
    # Objects of these rows must not go on telling what was before.
    for held in [item for item in session.identity_map.values() if isinstance(item, Prospect)]:
        if held.id in stages:
            session.refresh(held)
    return stages


def _move(
    connection: Connection,
    event: StageEvent,
    lines: Sequence[_Line],
    rows: Sequence[Any],
    *,
    only_at: Stage | None = None,
) -> dict[int, Stage]:
    """Move prospects whose `rows` (id, stage, invited_at) are locked, and remember why."""
    stages: dict[int, Stage] = {}
    moved: dict[Stage, list[int]] = {}
    for row in rows:
        before = Stage(row.stage)
        if only_at is not None and before is not only_at:
            continue
        after = stages[row.id] = advance(before, event)
        first = event is StageEvent.EMAIL_ACCEPTED and row.invited_at is None
        if first or after is not before:
            moved.setdefault(after, []).append(row.id)
    since = {line.prospect_id: line.at for line in lines}
    for stage, moving in moved.items():
        if event is StageEvent.EMAIL_ACCEPTED:
            _INVITED.run(connection, [(stage.value, one, since[one]) for one in moving])
        else:
            _STAGED.run(connection, [(stage.value, one) for one in moving])
    remembered = [
        (one.prospect_id, event.value, stages[one.prospect_id].value, one.delivery_id, one.user_id, one.at)
        for one in lines
        if one.prospect_id in stages
    ]
    if remembered:
        _REMEMBERED.run(connection, remembered)
    return stages


def _remember(
    session: Session, prospect: Prospect, event: StageEvent, *, now: datetime, user_id: int | None
) -> None:
    session.add(
        StageChange(prospect_id=prospect.id, event=event.value, stage=prospect.stage, user_id=user_id, at=now)
    )


def find(session: Session, program_id: int, prospect_id: int) -> Prospect:
    """Return the prospect of this program; another program's prospect does not exist here."""
    prospect = session.get(Prospect, prospect_id)
    if prospect is None or prospect.program_id != program_id:
        raise DomainError(Refusal.NOT_FOUND)
    return prospect


def find_by_partner(session: Session, program_id: int, partner_id: int) -> Prospect | None:
    """Return the partner's prospect in this program."""
    return session.scalar(
        select(Prospect).where(Prospect.program_id == program_id, Prospect.partner_id == partner_id)
    )


def history(session: Session, prospect_id: int) -> list[StageChange]:
    """Return the events of a prospect, newest first."""
    query = select(StageChange).where(StageChange.prospect_id == prospect_id)
    return list(session.scalars(query.order_by(StageChange.id.desc())))


def joined_at(session: Session, prospect_ids: Collection[int]) -> dict[int, datetime]:
    """Return when these prospects joined, those who did."""
    joined = (StageChange.prospect_id.in_(prospect_ids), StageChange.event == StageEvent.JOINED.value)
    query = select(StageChange.prospect_id, func.min(StageChange.at, type_=Moment)).where(*joined)
    return dict(session.execute(query.group_by(StageChange.prospect_id)).all())


def partner_ids(session: Session, prospect_ids: Collection[int]) -> list[int]:
    """Return the partners behind these prospects, in the order of the prospects' ids."""
    ids = sorted(prospect_ids)
    found: list[int] = []
    for start in range(0, len(ids), CHUNK):
        query = select(Prospect.partner_id).where(Prospect.id.in_(ids[start : start + CHUNK]))
        found += session.scalars(query.order_by(Prospect.id))
    return found


def deliveries(session: Session, prospect_id: int, *, limit: int = 20) -> list[Delivery]:
    """Return the latest mails to a prospect, newest first."""
    query = select(Delivery).where(Delivery.prospect_id == prospect_id)
    return list(session.scalars(query.order_by(Delivery.id.desc()).limit(limit)))


def count_by_stage(session: Session, program_id: int) -> dict[str, int]:
    """Return how many prospects stand at each stage; archived ones are not counted."""
    query = (
        select(Prospect.stage, sql_cast(func.count(), Integer))
        .where(Prospect.program_id == program_id, Prospect.archived_at.is_(None))
        .group_by(Prospect.stage)
    )
    counts = dict.fromkeys((stage.value for stage in Stage), 0)
    counts.update((stage, number) for stage, number in session.execute(query))
    return counts
