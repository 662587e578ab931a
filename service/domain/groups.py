"""Groups: named sets of a program's prospects and partners."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from service.domain import checks
from service.domain.errors import DomainError
from service.facts.refusals import Refusal
from service.i18n.folding import name_key
from service.models import Group, GroupMember


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group with the number of its members."""

    id: int
    name: str
    members: int


def create(session: Session, program_id: int, *, name: str, now: datetime) -> Group:
    """Create a group; its name is unique in the program after NFKC and case folding."""
    group = Group(program_id=program_id, name="", name_key="", created_at=now)
    _name(session, group, name)
    session.add(group)
    session.flush()
    return group


def rename(session: Session, program_id: int, group_id: int, *, name: str) -> Group:
    """Give a group another name."""
    group = find(session, program_id, group_id)
    _name(session, group, name)
    session.flush()
    return group


def remove(session: Session, program_id: int, group_id: int) -> str:
    """Delete a group (its members stay prospects) and return its name."""
    group = find(session, program_id, group_id)
    session.execute(delete(GroupMember).where(GroupMember.group_id == group.id))
    session.delete(group)
    session.flush()
    return group.name


def add_members(session: Session, group: Group, partner_ids: Collection[int]) -> int:
    """Put partners into the group and return how many were not in it before."""
    present = set(session.scalars(select(GroupMember.partner_id).where(GroupMember.group_id == group.id)))
    missing = sorted(set(partner_ids) - present)
    if missing:
        rows = [{"group_id": group.id, "partner_id": partner_id} for partner_id in missing]
        session.execute(insert(GroupMember), rows)
    return len(missing)


def _name(session: Session, group: Group, name: str) -> None:
    kept = checks.name(name)
    key = name_key(kept)
    with session.no_autoflush:
        taken = find_by_key(session, group.program_id, key)
    if taken is not None and taken is not group:
        raise DomainError(Refusal.GROUP_NAME_TAKEN, field="name", name=taken.name)
    group.name, group.name_key = kept, key


def find(session: Session, program_id: int, group_id: int) -> Group:
    """Return the group of this program; another program's group does not exist here."""
    group = session.get(Group, group_id)
    if group is None or group.program_id != program_id:
        raise DomainError(Refusal.NOT_FOUND)
    return group


def find_by_key(session: Session, program_id: int, key: str) -> Group | None:
    """Return the program's group whose `name_key` this is."""
    return session.scalar(select(Group).where(Group.program_id == program_id, Group.name_key == key))


def list_of(session: Session, program_id: int) -> Sequence[GroupRow]:
    """Return the program's groups by name, with their sizes."""
    members = func.count(GroupMember.partner_id)
    query = (
        select(Group.id, Group.name, members)
        .outerjoin(GroupMember, GroupMember.group_id == Group.id)
        .where(Group.program_id == program_id)
        .group_by(Group.id)
        .order_by(Group.name_key)
    )
    return [GroupRow(*row) for row in session.execute(query)]


def names_by_partner(session: Session, program_id: int, partner_ids: Collection[int]) -> dict[int, list[str]]:
    """Return the names of each partner's groups in this program."""
    query = (
        select(GroupMember.partner_id, Group.name)
        .join(Group, Group.id == GroupMember.group_id)
        .where(Group.program_id == program_id, GroupMember.partner_id.in_(partner_ids))
        .order_by(Group.name_key)
    )
    names: dict[int, list[str]] = {}
    for partner_id, name in session.execute(query):
        names.setdefault(partner_id, []).append(name)
    return names
