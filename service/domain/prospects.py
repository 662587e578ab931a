"""Prospects: partners in the funnel of a program, and the events that move them along it."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Integer, cast, func, select
from sqlalchemy.orm import Session

from service.domain import partners
from service.domain.errors import DomainError
from service.facts.refusals import Refusal
from service.facts.sources import Source
from service.facts.stages import Stage, StageEvent, advance
from service.models import Delivery, Partner, Program, Prospect, StageChange


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
    """Add a prospect by hand; someone known by this address is taken, not doubled."""
    key = partners.email_address(profile.email).key
    known = partners.find_without_account(session, key)
    if known is not None:
        if find_by_partner(session, program_id, known.id) is not None:
            raise DomainError(Refusal.PARTNER_KNOWN, field="email", name=known.name)
        return mark(session, program_id, known, source=Source.MANUAL, now=now, actor_id=actor_id)
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
    prospect = session.get_one(Prospect, prospect_id)
    prospect.stage = advance(Stage(prospect.stage), event).value
    if event is StageEvent.EMAIL_ACCEPTED and prospect.invited_at is None:
        prospect.invited_at = now
    _remember(session, prospect, event, now=now, delivery_id=delivery_id, user_id=user_id)
    return Stage(prospect.stage)


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
    expired = 0
    for program in session.scalars(select(Program)):
        limit = now - timedelta(days=program.invitation_days)
        stale = session.scalars(
            select(Prospect).where(
                Prospect.program_id == program.id,
                Prospect.stage == Stage.OUTREACH.value,
                Prospect.invited_at < limit,
            )
        ).all()
        for prospect in stale:
            record(session, prospect.id, StageEvent.EXPIRED, now=now)
        expired += len(stale)
    return expired


def _remember(
    session: Session,
    prospect: Prospect,
    event: StageEvent,
    *,
    now: datetime,
    delivery_id: int | None = None,
    user_id: int | None = None,
) -> None:
    session.add(
        StageChange(
            prospect_id=prospect.id,
            event=event.value,
            stage=prospect.stage,
            delivery_id=delivery_id,
            user_id=user_id,
            at=now,
        )
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
    """Return the partners behind these prospects."""
    return list(session.scalars(select(Prospect.partner_id).where(Prospect.id.in_(prospect_ids))))


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
