"""Prospects: partners in the funnel of a program, and the events that move them along it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Integer, Table, bindparam, cast, exists, func, insert, select, update
from sqlalchemy.orm import Session

from service.domain import partners
from service.domain.errors import DomainError
from service.facts.refusals import Refusal
from service.facts.sources import Source
from service.facts.stages import Stage, StageEvent, advance
from service.models import Delivery, Partner, Program, Prospect, StageChange

# How many ids one statement names; a statement of PostgreSQL has room for 65,535 values.
CHUNK = 5000
_PROSPECTS: Table = Prospect.__table__  # type: ignore[assignment]
_LOCKED = (
    select(_PROSPECTS.c.id, _PROSPECTS.c.stage, _PROSPECTS.c.invited_at)
    .where(_PROSPECTS.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(_PROSPECTS.c.id)
    .with_for_update()
)


def mark(
    session: Session,
    program_id: int,
    partner: Partner,
    *,
    source: Source,
    now: datetime,
    actor_id: int | None = None,
    import_id: int | None = None,
) -> Prospect:
    """Make a partner a prospect of the program; refuses one that is."""
    if find_by_partner(session, program_id, partner.id) is not None:
        raise DomainError(Refusal.ALREADY_PROSPECT, name=partner.name)
    prospect = Prospect(
        program_id=program_id,
        partner=partner,
        stage=Stage.NEW.value,
        source=source.value,
        import_id=import_id,
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
        partners.fill_blanks(partner, profile)
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
    line = _Line(prospect_id, delivery_id, user_id)
    return _write(session, event, [line], now=now)[prospect_id]


def record_sent(session: Session, sent: Mapping[int, int], *, now: datetime) -> None:
    """Write that mails were accepted, as delivery id -> prospect id; few statements however many."""
    lines = [_Line(prospect_id, delivery_id) for delivery_id, prospect_id in sent.items()]
    _write(session, StageEvent.EMAIL_ACCEPTED, lines, now=now)


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
    lines = [_Line(prospect_id) for prospect_id in stale]
    return len(_write(session, StageEvent.EXPIRED, lines, now=now, only_at=Stage.OUTREACH))


@dataclass(frozen=True, slots=True)
class _Line:
    """Whom an event concerns, and the mail or the user that caused it."""

    prospect_id: int
    delivery_id: int | None = None
    user_id: int | None = None


def _write(
    session: Session,
    event: StageEvent,
    lines: Sequence[_Line],
    *,
    now: datetime,
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
        ids = sorted({line.prospect_id for line in chunk})
        moved: dict[Stage, list[int]] = {}
        for prospect_id, kept, invited_at in connection.execute(_LOCKED, {"ids": ids}):
            before = Stage(kept)
            if only_at is not None and before is not only_at:
                continue
            after = stages[prospect_id] = advance(before, event)
            first = event is StageEvent.EMAIL_ACCEPTED and invited_at is None
            if first or after is not before:
                moved.setdefault(after, []).append(prospect_id)
        for stage, moving in moved.items():
            changes: dict[str, object] = {"stage": stage.value}
            if event is StageEvent.EMAIL_ACCEPTED:
                changes["invited_at"] = func.coalesce(Prospect.invited_at, now)
            connection.execute(update(_PROSPECTS).where(_PROSPECTS.c.id.in_(moving)).values(changes))
        rows = [
            {
                "prospect_id": line.prospect_id,
                "event": event.value,
                "stage": stages[line.prospect_id].value,
                "delivery_id": line.delivery_id,
                "user_id": line.user_id,
                "at": now,
            }
            for line in chunk
            if line.prospect_id in stages
        ]
        if rows:
            connection.execute(insert(StageChange.__table__), rows)  # type: ignore[arg-type]
    # Objects of these rows must not go on telling what was before; a worker's session holds none.
    for held in [item for item in session.identity_map.values() if isinstance(item, Prospect)]:
        if held.id in stages:
            session.refresh(held)
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
        select(Prospect.stage, cast(func.count(), Integer))
        .where(Prospect.program_id == program_id, Prospect.archived_at.is_(None))
        .group_by(Prospect.stage)
    )
    counts = dict.fromkeys((stage.value for stage in Stage), 0)
    counts.update((stage, number) for stage, number in session.execute(query))
    return counts
