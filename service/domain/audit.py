"""The audit trail: acts written down in the transaction that they are part of, and who may read which."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, selectinload

from service.facts.acts import ACTS, Act, Area, SubjectKind
from service.models import Ad, AuditEntry, Campaign, Import, MailAccount, Program, Role, User


def record(
    session: Session,
    act: Act,
    *,
    actor: User | None,
    now: datetime,
    subject_id: int | None = None,
    program_id: int | None = None,
    **details: object,
) -> None:
    """Write an act down; `actor` is None for the command line and for what the service does by itself.

    Details are ids, counts and names of the brand's things: no address, no name of a person.
    """
    kind = ACTS[act].subject
    session.add(
        AuditEntry(
            at=now,
            user_id=None if actor is None else actor.id,
            act=act.value,
            subject_kind=kind.value if kind and subject_id is not None else None,
            subject_id=subject_id,
            program_id=program_id,
            details=details,
        )
    )
    session.flush()


def add_up(session: Session, act: Act, number: int, *, program_id: int | None = None, now: datetime) -> None:
    """Write down what the service does by itself in parts: one entry of one moment, with the sum as `num`."""
    same = select(AuditEntry).where(
        AuditEntry.act == act.value,
        AuditEntry.at == now,
        AuditEntry.program_id == program_id if program_id is not None else AuditEntry.program_id.is_(None),
    )
    entry = session.scalars(same).first()
    if entry is None:
        record(session, act, actor=None, program_id=program_id, now=now, num=number)
    else:
        entry.details = {"num": int(str(entry.details["num"])) + number}
        session.flush()


@dataclass(frozen=True, slots=True)
class Sight:
    """What somebody may read: entries of their programs, and what belongs to no program.

    Of the latter, who may not manage users sees only what they did and what was done to them.
    """

    user_id: int
    program_ids: frozenset[int]
    manages_users: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter of the trail; None does not narrow. The span includes `since` and ends before `until`."""

    user_id: int | None = None
    area: Area | None = None
    program_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


def list_page(
    session: Session, sight: Sight, wanted: Wanted, *, before: int = 0, limit: int
) -> Sequence[AuditEntry]:
    """Return entries, newest first; `before` is the last id already seen."""
    query = select(AuditEntry).where(_seen_by(sight), *_matching(wanted))
    if before:
        query = query.where(AuditEntry.id < before)
    return session.scalars(query.order_by(AuditEntry.id.desc()).limit(limit)).all()


def actors(session: Session, sight: Sight) -> list[User]:
    """Return the users who did something that the reader may see."""
    did = select(AuditEntry.user_id).where(_seen_by(sight)).distinct()
    return list(session.scalars(select(User).where(User.id.in_(did)).order_by(User.name, User.id)))


def names_of_users(session: Session, entries: Iterable[AuditEntry]) -> dict[int, str]:
    """Return the names of those who acted."""
    ids = {entry.user_id for entry in entries if entry.user_id is not None}
    found = session.execute(select(User.id, User.name).where(User.id.in_(ids)))
    return {row.id: row.name for row in found}


def subjects(session: Session, entries: Iterable[AuditEntry]) -> dict[tuple[str, int], Any]:
    """Return what the entries are about by kind and id, as far as it has a name and is still there."""
    wanted: dict[str, set[int]] = {}
    for entry in entries:
        kind = entry.subject_kind or ""
        if kind in _TABLES and entry.subject_id is not None:
            wanted.setdefault(kind, set()).add(entry.subject_id)
    found: dict[tuple[str, int], Any] = {}
    for kind, ids in wanted.items():
        table = _TABLES[kind]
        query = select(table).where(table.id.in_(ids))
        if table is Campaign:
            query = query.options(selectinload(Campaign.variants))
        found |= {(kind, one.id): one for one in session.scalars(query)}
    return found


_TABLES: Mapping[str, Any] = {
    SubjectKind.USER.value: User,
    SubjectKind.ROLE.value: Role,
    SubjectKind.PROGRAM.value: Program,
    SubjectKind.AD.value: Ad,
    SubjectKind.CAMPAIGN.value: Campaign,
    SubjectKind.IMPORT.value: Import,
    SubjectKind.MAIL_ACCOUNT.value: MailAccount,
}


def _seen_by(sight: Sight) -> ColumnElement[bool]:
    outside: ColumnElement[bool] = AuditEntry.program_id.is_(None)
    if not sight.manages_users:
        about = and_(
            AuditEntry.subject_kind == SubjectKind.USER.value, AuditEntry.subject_id == sight.user_id
        )
        outside = and_(outside, or_(AuditEntry.user_id == sight.user_id, about))
    return or_(AuditEntry.program_id.in_(sight.program_ids), outside)


def _matching(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.user_id is not None:
        conditions.append(AuditEntry.user_id == wanted.user_id)
    if wanted.area is not None:
        acts = [act.value for act, facts in ACTS.items() if facts.area is wanted.area]
        conditions.append(AuditEntry.act.in_(acts))
    if wanted.program_id is not None:
        conditions.append(AuditEntry.program_id == wanted.program_id)
    if wanted.since is not None:
        conditions.append(AuditEntry.at >= wanted.since)
    if wanted.until is not None:
        conditions.append(AuditEntry.at < wanted.until)
    return conditions
