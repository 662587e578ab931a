"""Users and what they may do: how they are added, changed and disabled."""

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service import links
from service.domain import audit, checks, sessions
from service.domain import passwords as password_rules
from service.domain.errors import DomainError
from service.domain.passwords import Passwords
from service.domain.signing import Signer
from service.facts.acts import Act
from service.facts.limits import SIGN_IN_LINK_LIFE
from service.facts.permissions import (
    PERMISSION_LABELS,
    ROLE_LABELS,
    ROLE_PERMISSIONS,
    BuiltInRole,
    Permission,
)
from service.facts.refusals import Refusal
from service.i18n.folding import fold
from service.mail import addresses
from service.models import Program, Role, UsedLink, User

_SIGN_IN_LINK = "sign-in"
# The conditions for users who are neither disabled nor only invited.
_AT_WORK = (User.disabled_at.is_(None), User.invitation.is_(None))
_PROGRAMS = select(Program)  # asked at every request, so it is made once
# The condition for users of whom more is left than an id.
NOT_ERASED = User.erased_at.is_(None)


def ensure_roles(session: Session) -> None:
    """Add the built-in roles that are not there yet; their permissions always come from the facts."""
    there = set(session.scalars(select(Role.key).where(Role.key.is_not(None))))
    for key in BuiltInRole:
        if key not in there:
            session.add(Role(key=key.value, name=ROLE_LABELS[key].text, permissions=[]))
    session.flush()


def built_in_role(session: Session, key: BuiltInRole) -> Role:
    """Return a built-in role, adding the missing ones first."""
    held = select(Role).where(Role.key == key.value)
    found = session.scalars(held).one_or_none()
    if found is None:
        ensure_roles(session)
        found = session.scalars(held).one()
    return found


def permissions_of(user: User) -> frozenset[Permission]:
    """Return what the user may do at this moment; nothing for one who is disabled or only invited."""
    return role_permissions(user.role) if may_sign_in(user) else frozenset()


def role_permissions(role: Role) -> frozenset[Permission]:
    """Return the permissions of a role; a custom role's unknown ones count for nothing."""
    if role.key is not None:
        return ROLE_PERMISSIONS[BuiltInRole(role.key)]
    known = {permission.value for permission in Permission}
    return frozenset(Permission(value) for value in role.permissions if value in known)


def is_invited(user: User) -> bool:
    """Whether the user has not accepted their invitation yet."""
    return user.invitation is not None


def is_administrator(user: User) -> bool:
    """Whether the user has the role that includes everything."""
    return user.role.key == BuiltInRole.ADMINISTRATOR.value


def find_user(session: Session, email: str) -> User | None:
    """Return the user with this address, compared as addresses are; None for an unknown or malformed one."""
    try:
        key = addresses.parse(email).key
    except addresses.AddressError:
        return None
    return session.scalars(select(User).where(User.email_key == key)).one_or_none()


def find(session: Session, user_id: int) -> User:
    """Return a user; refuses an id that is not there, or of somebody erased."""
    user = session.get(User, user_id)
    if user is None or user.erased_at is not None:
        raise DomainError(Refusal.NOT_FOUND)
    return user


def first_administrator(session: Session) -> User | None:
    """Return the administrator who has been there longest and is not disabled; None where there is none."""
    administrators = select(User).join(Role).where(Role.key == BuiltInRole.ADMINISTRATOR.value, *_AT_WORK)
    return session.scalars(administrators.order_by(User.id).limit(1)).one_or_none()


def address_key(email: str) -> str:
    """Return what tries at an address are counted under: its comparison form, or the text shortened."""
    try:
        return addresses.parse(email).key
    except addresses.AddressError:
        return email.strip().casefold()[:320]


def programs_of(session: Session, user: User) -> list[Program]:
    """Return the programs the user may work in, by name."""
    if user.all_programs:
        programs = list(session.scalars(_PROGRAMS))
    else:
        programs = list(session.scalars(select(Program).join(User.programs.and_(User.id == user.id))))
    return sorted(programs, key=lambda program: (program.name_key, program.id))


def add_user(
    session: Session,
    *,
    email: str,
    name: str,
    role: Role,
    locale: str,
    time_zone: str,
    password: str | None = None,
    programs: Collection[Program] = (),
    all_programs: bool = False,
    passwords: Passwords | None = None,
    actor: User | None = None,
    act: Act = Act.USER_ADDED,
    now: datetime,
) -> User:
    """Add a user; without a password they come in by a sign-in link and set one there.

    `actor` is None for the command line, `act` is what the audit trail calls it. Raises DomainError:
    EMAIL_INVALID, USER_KNOWN, NAME_MISSING, NAME_TOO_LONG, TEXT_UNPRINTABLE, LOCALE_UNKNOWN, ZONE_UNKNOWN,
    the PASSWORD_ ones, NOT_ALLOWED where the actor lacks `users.manage` or a permission that the role would
    give, NOT_FOUND or PROGRAMS_NOT_YOURS for programs that the actor may not work in.
    """
    require(actor, {Permission.USERS_MANAGE} | role_permissions(role))
    _require_programs(session, actor, {program.id for program in programs}, all_programs=all_programs)
    parsed = _parse_address(email)
    if session.scalar(select(func.count(User.id)).where(User.email_key == parsed.key)):
        raise DomainError(Refusal.USER_KNOWN, field="email", address=parsed.as_written)
    name = checks.name(name)
    checks.locale(locale)
    checks.zone(time_zone)
    hashed = None
    if password is not None:
        password_rules.check(password, personal=(parsed.as_written, name))
        hashed = (passwords or Passwords()).hash(password)
    user = User(
        email=parsed.as_written,
        email_key=parsed.key,
        name=name,
        password_hash=hashed,
        role=role,
        locale=locale,
        time_zone=time_zone,
        all_programs=all_programs,
        programs=list(programs),
        created_at=now,
    )
    _index(user)
    session.add(user)
    session.flush()
    audit.record(session, act, actor=actor, subject_id=user.id, now=now, role=role_mark(role))
    return user


def role_mark(role: Role) -> list[str | None]:
    """Return what the audit trail calls a role by, also when it is gone: its key and its name."""
    return [role.key, role.name]


def update_profile(session: Session, user: User, *, name: str, locale: str, time_zone: str) -> None:
    """Change what a user may change about themselves.

    Raises DomainError: NAME_MISSING, NAME_TOO_LONG, TEXT_UNPRINTABLE, LOCALE_UNKNOWN, ZONE_UNKNOWN.
    """
    user.name, user.locale, user.time_zone = checks.name(name), checks.locale(locale), checks.zone(time_zone)
    _index(user)
    session.flush()


def work_in(session: Session, user_id: int, program_id: int) -> None:
    """Have a user work in another of their programs; raise DomainError(NOT_FOUND) for any other."""
    user = session.get(User, user_id)
    if user is None or program_id not in {program.id for program in programs_of(session, user)}:
        raise DomainError(Refusal.NOT_FOUND)
    user.current_program_id = program_id
    session.flush()


def change_role(session: Session, user: User, role: Role, *, actor: User | None, now: datetime) -> None:
    """Give a user another role; it holds from their next request on, under a new session secret.

    Raises DomainError: OWN_ROLE, LAST_ADMINISTRATOR, NOT_ALLOWED where the actor lacks `users.manage`
    or any permission of the role before or after.
    """
    if actor is not None and actor.id == user.id:
        raise DomainError(Refusal.OWN_ROLE)
    require(actor, {Permission.USERS_MANAGE} | role_permissions(user.role) | role_permissions(role))
    if role.id == user.role_id:
        return
    if role.key != BuiltInRole.ADMINISTRATOR.value:
        keep_an_administrator(session, user)
    marks: dict[str, Any] = {"before": role_mark(user.role), "after": role_mark(role)}
    user.role = role
    session.flush()
    sessions.renew_all(session, user.id)
    audit.record(session, Act.USER_ROLE_CHANGED, actor=actor, subject_id=user.id, now=now, **marks)


def change_programs(
    session: Session,
    user: User,
    program_ids: Collection[int],
    *,
    all_programs: bool,
    actor: User | None,
    now: datetime,
) -> None:
    """Say which programs a user may work in; it holds from their next request on.

    Programs that the actor may not work in are neither given nor taken: what the user has of them stays.
    Raises DomainError: OWN_PROGRAMS; NOT_ALLOWED where the actor may not manage this user; PROGRAMS_NOT_YOURS
    where all programs are given or taken by somebody who has not all; NOT_FOUND for a program that is not
    there or not the actor's.
    """
    if actor is not None and actor.id == user.id:
        raise DomainError(Refusal.OWN_PROGRAMS)
    require(actor, {Permission.USERS_MANAGE} | role_permissions(user.role))
    wanted = set() if all_programs else set(program_ids)
    _require_programs(session, actor, wanted, all_programs=all_programs or user.all_programs)
    before = {program.id for program in user.programs}
    theirs = set() if actor is None else before - {program.id for program in programs_of(session, actor)}
    kept = wanted | (theirs if not all_programs else set())
    if (user.all_programs, before) == (all_programs, kept):
        return
    user.all_programs = all_programs
    user.programs = list(session.scalars(select(Program).where(Program.id.in_(kept))))
    session.flush()
    given, taken = sorted(kept - before), sorted(before - kept)
    about: dict[str, Any] = {"all": all_programs, "given": given, "taken": taken}
    audit.record(session, Act.USER_PROGRAMS_CHANGED, actor=actor, subject_id=user.id, now=now, **about)


def disable(session: Session, user: User, *, actor: User | None, now: datetime) -> None:
    """Shut a user out: every session ends, no way of signing in works until `enable`.

    Raises DomainError: LAST_ADMINISTRATOR, NOT_ALLOWED where the actor may not manage this user.
    """
    require(actor, {Permission.USERS_MANAGE} | role_permissions(user.role))
    keep_an_administrator(session, user)
    if user.disabled_at is None:
        user.disabled_at = now
        audit.record(session, Act.USER_DISABLED, actor=actor, subject_id=user.id, now=now)
    sessions.revoke_all(session, user.id, now=now)


def enable(session: Session, user: User, *, actor: User | None, now: datetime) -> None:
    """Let a disabled user in again; raise DomainError(NOT_ALLOWED) where the actor may not manage them."""
    require(actor, {Permission.USERS_MANAGE} | role_permissions(user.role))
    if user.disabled_at is not None:
        user.disabled_at = None
        audit.record(session, Act.USER_ENABLED, actor=actor, subject_id=user.id, now=now)


def sign_in_link(session: Session, signer: Signer, user: User, *, base_url: str, now: datetime) -> str:
    """Return an absolute address that signs the user in once, within the hour (`SIGN_IN_LINK_LIFE`).

    It is worth nothing after their password has changed. Nothing is written until it is used.
    """
    payload = [user.id, int(now.timestamp()), secrets.token_urlsafe(16), password_mark(user)]
    return links.url(base_url, "sign_in_link", user.locale, token=signer.sign(_SIGN_IN_LINK, payload))


def user_of_link(session: Session, signer: Signer, token: str, *, now: datetime) -> User:
    """Return whom a sign-in link would sign in, without using it; raise DomainError(LINK_SPENT)."""
    return _read_link(session, signer, token, now=now)[0]


def use_sign_in_link(session: Session, signer: Signer, token: str, *, now: datetime) -> User:
    """Use a sign-in link up and return its user; raise DomainError(LINK_SPENT) the second time and after."""
    user, nonce = _read_link(session, signer, token, now=now)
    try:
        with session.begin_nested():
            session.add(UsedLink(purpose=_SIGN_IN_LINK, nonce=nonce, used_at=now))
    except IntegrityError as error:  # used at this very moment by somebody else
        raise DomainError(Refusal.LINK_SPENT) from error
    return user


def sweep_used_links(session: Session, *, now: datetime) -> int:
    """Delete the marks of links that are too old to be used anyway; return how many."""
    old = UsedLink.used_at < now - 2 * SIGN_IN_LINK_LIFE
    gone = delete(UsedLink).where(UsedLink.purpose == _SIGN_IN_LINK, old)
    return len(session.scalars(gone.returning(UsedLink.id)).all())


def may_sign_in(user: User) -> bool:
    """Whether the user is neither disabled nor only invited."""
    return user.disabled_at is None and not is_invited(user)


def password_mark(user: User) -> str:
    """Return a mark that changes whenever the password does; links carry it to die with the password."""
    return hashlib.sha256(f"mark:{user.password_hash or ''}".encode()).hexdigest()[:16]


def _read_link(session: Session, signer: Signer, token: str, *, now: datetime) -> tuple[User, str]:
    payload = signer.read(_SIGN_IN_LINK, token)
    if isinstance(payload, list) and len(payload) == 4:
        user_id, issued, nonce, mark = payload
        user = session.get(User, user_id)
        fresh = now.timestamp() - issued < SIGN_IN_LINK_LIFE.total_seconds()
        used = select(UsedLink.id).where(UsedLink.purpose == _SIGN_IN_LINK, UsedLink.nonce == nonce)
        usable = user is not None and may_sign_in(user) and mark == password_mark(user)
        if user is not None and usable and fresh and session.scalar(used) is None:
            return user, str(nonce)
    raise DomainError(Refusal.LINK_SPENT)


def require(actor: User | None, needed: Collection[Permission]) -> None:
    """Refuse with NOT_ALLOWED what takes a permission that the actor lacks; the command line lacks none.

    Nobody gives, takes or touches what they do not hold themselves.
    """
    if actor is None:
        return
    lacking = sorted(set(needed) - permissions_of(actor))
    if lacking:
        raise DomainError(Refusal.NOT_ALLOWED, permission=PERMISSION_LABELS[lacking[0]])


def _require_programs(
    session: Session, actor: User | None, program_ids: Collection[int], *, all_programs: bool
) -> None:
    if actor is None:
        return
    if all_programs and not actor.all_programs:
        raise DomainError(Refusal.PROGRAMS_NOT_YOURS, field="all_programs")
    # Said alike of a program that is not there and of one that is not the actor's.
    if not set(program_ids) <= {program.id for program in programs_of(session, actor)}:
        raise DomainError(Refusal.NOT_FOUND)


def keep_an_administrator(session: Session, leaving: User) -> None:
    """Refuse with LAST_ADMINISTRATOR what would leave no account administrator who can sign in."""
    if not is_administrator(leaving) or not may_sign_in(leaving):
        return
    # The role's row is the lock: two administrators cannot remove each other at the same moment.
    role = session.scalars(
        select(Role).where(Role.key == BuiltInRole.ADMINISTRATOR.value).with_for_update()
    ).one()
    others = select(func.count(User.id)).where(User.role_id == role.id, *_AT_WORK, User.id != leaving.id)
    if not session.scalar(others):
        raise DomainError(Refusal.LAST_ADMINISTRATOR)


def _index(user: User) -> None:
    """Write the text by which users are found and listed; call it after changing a name or an address."""
    user.search_text = fold(f"{user.name}\n{user.email}")


def _parse_address(email: str) -> addresses.Address:
    try:
        return addresses.parse(email)
    except addresses.AddressError as error:
        raise DomainError(Refusal.EMAIL_INVALID, field="email", address=email) from error
