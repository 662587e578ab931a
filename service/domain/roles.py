"""Custom roles: made, changed and deleted, by nobody who lacks what they give or take."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.domain import accounts, audit, checks, sessions
from service.domain.errors import DomainError
from service.facts.acts import Act
from service.facts.permissions import BuiltInRole, Permission
from service.facts.refusals import Refusal
from service.i18n.folding import name_key
from service.models import Role, User


def add(
    session: Session, name: str, permissions: Iterable[Permission], *, actor: User | None, now: datetime
) -> Role:
    """Add a custom role.

    Raises DomainError: NOT_ALLOWED where the actor lacks `roles.manage` or one of the permissions given,
    ROLE_NAME_TAKEN, NAME_MISSING, NAME_TOO_LONG, TEXT_UNPRINTABLE.
    """
    given = frozenset(permissions)
    accounts.require(actor, {Permission.ROLES_MANAGE} | given)
    role = Role(key=None, name=_free_name(session, name), permissions=sorted(given))
    session.add(role)
    session.flush()
    audit.record(session, Act.ROLE_CREATED, actor=actor, subject_id=role.id, now=now, given=sorted(given))
    return role


def edit(
    session: Session,
    role_id: int,
    *,
    version: int,
    name: str,
    permissions: Iterable[Permission],
    actor: User | None,
    now: datetime,
) -> Role:
    """Change a custom role, unless somebody else has changed it since `version` was read (check F-13).

    The permissions hold from the next request of whoever has the role, under new session secrets. Raises
    DomainError: NOT_FOUND, ROLE_BUILT_IN, EDITED_MEANWHILE, OWN_ROLE_PERMISSIONS, NOT_ALLOWED where the actor
    lacks a permission that is given or taken, and what `add` says of names.
    """
    role = _custom(session, role_id, actor)
    if role.version != version:
        raise DomainError(Refusal.EDITED_MEANWHILE)
    before, after = accounts.role_permissions(role), frozenset(permissions)
    if before != after and actor is not None and actor.role_id == role.id:
        raise DomainError(Refusal.OWN_ROLE_PERMISSIONS, field="permissions")
    accounts.require(actor, before ^ after)
    details: dict[str, Any] = {"given": sorted(after - before), "taken": sorted(before - after)}
    kept = _free_name(session, name, role)
    if kept != role.name:
        details["name_before"] = role.name
    role.name, role.permissions = kept, sorted(after)
    role.version += 1
    session.flush()
    if before != after:
        for user_id in session.scalars(select(User.id).where(User.role_id == role.id)):
            sessions.renew_all(session, user_id)
    audit.record(session, Act.ROLE_CHANGED, actor=actor, subject_id=role.id, now=now, **details)
    return role


def remove(session: Session, role_id: int, *, actor: User | None, now: datetime) -> str:
    """Delete a custom role that nobody has and return its name.

    Raises DomainError: NOT_FOUND, ROLE_BUILT_IN, ROLE_IN_USE, NOT_ALLOWED where the actor lacks one of its
    permissions.
    """
    role = _custom(session, role_id, actor)
    accounts.require(actor, accounts.role_permissions(role))
    name = role.name
    try:
        with session.begin_nested():
            if count_users(session).get(role.id):
                raise DomainError(Refusal.ROLE_IN_USE)
            session.delete(role)
    except IntegrityError as error:  # given to somebody at this very moment
        raise DomainError(Refusal.ROLE_IN_USE) from error
    audit.record(session, Act.ROLE_DELETED, actor=actor, subject_id=role_id, now=now, name=name)
    return name


def find(session: Session, role_id: int) -> Role:
    """Return a role; refuses an id that is not there."""
    role = session.get(Role, role_id)
    if role is None:
        raise DomainError(Refusal.NOT_FOUND)
    return role


def list_all(session: Session) -> Sequence[Role]:
    """Return every role: the built-in ones in the order of the facts, then the custom ones by name."""
    order = {key.value: place for place, key in enumerate(BuiltInRole)}
    found = session.scalars(select(Role)).all()
    return sorted(
        found, key=lambda role: (order.get(role.key or "", len(order)), name_key(role.name), role.id)
    )


def users_of(session: Session, role_id: int) -> Sequence[User]:
    """Return those who have a role, by name, invited and disabled ones too."""
    return session.scalars(
        select(User).where(accounts.NOT_ERASED, User.role_id == role_id).order_by(User.name, User.id)
    ).all()


def count_users(session: Session) -> dict[int, int]:
    """Return how many users each role has, invited and disabled ones too; roles without any are left out."""
    query = select(User.role_id, func.count(User.id)).where(accounts.NOT_ERASED).group_by(User.role_id)
    return {role_id: count for role_id, count in session.execute(query)}  # noqa: C416  (rows, not pairs)


def _custom(session: Session, role_id: int, actor: User | None) -> Role:
    accounts.require(actor, {Permission.ROLES_MANAGE})
    # Locked, so that of two who save the same version one is told.
    role = session.get(Role, role_id, with_for_update=True, populate_existing=True)
    if role is None:
        raise DomainError(Refusal.NOT_FOUND)
    if role.key is not None:
        raise DomainError(Refusal.ROLE_BUILT_IN)
    return role


def _free_name(session: Session, name: str, role: Role | None = None) -> str:
    kept = checks.name(name)
    others = [one for one in session.scalars(select(Role)) if one is not role]
    if name_key(kept) in {name_key(one.name) for one in others}:
        raise DomainError(Refusal.ROLE_NAME_TAKEN, field="name", name=kept)
    return kept
