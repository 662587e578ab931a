"""Invitations to the team: a mail with a link that works once, for the person it was sent to."""

import secrets
from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from service import links
from service.domain import accounts, audit, checks, outbox, passwords
from service.domain.errors import DomainError
from service.domain.jobs import Jobs
from service.domain.passwords import Passwords
from service.domain.signing import Signer
from service.facts.acts import Act
from service.facts.limits import USER_INVITATION_LIFE
from service.facts.permissions import Permission
from service.facts.refusals import Refusal
from service.models import Program, Role, User

_PURPOSE = "user-invitation"
_TEMPLATE = "user-invitation"


def invite(
    session: Session,
    jobs: Jobs,
    signer: Signer,
    *,
    email: str,
    name: str,
    role: Role,
    locale: str,
    programs: Collection[Program],
    all_programs: bool,
    base_url: str,
    actor: User,
    now: datetime,
) -> User:
    """Add a user who may do nothing yet, and send them a mail in their language.

    Raises DomainError as `accounts.add_user` does.
    """
    user = accounts.add_user(
        session,
        email=email,
        name=name,
        role=role,
        locale=locale,
        time_zone=actor.time_zone,
        programs=programs,
        all_programs=all_programs,
        actor=actor,
        act=Act.USER_INVITED,
        now=now,
    )
    _send(session, jobs, signer, user, base_url=base_url, actor=actor, now=now)
    return user


def resend(
    session: Session, jobs: Jobs, signer: Signer, user: User, *, base_url: str, actor: User, now: datetime
) -> None:
    """Send another link, good from now on; the one before is worth nothing any more.

    Raises DomainError: ALREADY_JOINED, NOT_ALLOWED where the actor may not manage this user.
    """
    user = _open(session, user, actor)
    _send(session, jobs, signer, user, base_url=base_url, actor=actor, now=now)
    audit.record(session, Act.INVITATION_RESENT, actor=actor, subject_id=user.id, now=now)


def withdraw(session: Session, user: User, *, actor: User, now: datetime) -> str:
    """Forget somebody who has not accepted and return their name; the link is worth nothing any more.

    Raises DomainError: ALREADY_JOINED, NOT_ALLOWED where the actor may not manage this user.
    """
    user = _open(session, user, actor)
    name, user_id = user.name, user.id
    session.delete(user)
    session.flush()
    audit.record(session, Act.INVITATION_WITHDRAWN, actor=actor, subject_id=user_id, now=now)
    return name


def link(signer: Signer, user: User, *, base_url: str) -> str:
    """Return the address of the page that accepts the user's invitation."""
    token = signer.sign(_PURPOSE, [user.id, user.invitation])
    return links.url(base_url, "user_invitation", user.locale, token=token)


def is_expired(user: User, *, now: datetime) -> bool:
    """Whether an invitation was sent too long ago (`USER_INVITATION_LIFE`)."""
    end = expires_at(user)
    return end is not None and now >= end


def expires_at(user: User) -> datetime | None:
    """Return until when an invitation can be accepted; None for a user who was not invited, or has joined."""
    return None if user.invited_at is None else user.invited_at + USER_INVITATION_LIFE


def user_of(session: Session, signer: Signer, token: str, *, now: datetime) -> User:
    """Return whom a link invites; raise DomainError(LINK_SPENT) for a used, old, withdrawn or forged one."""
    payload = signer.read(_PURPOSE, token)
    if isinstance(payload, list) and len(payload) == 2 and payload[1]:
        user_id, nonce = payload
        user = session.get(User, user_id, with_for_update={"of": User}, populate_existing=True)
        open_ = user is not None and user.invitation == nonce and user.disabled_at is None
        if user is not None and open_ and not is_expired(user, now=now):
            return user
    raise DomainError(Refusal.LINK_SPENT)


def accept(
    session: Session,
    signer: Signer,
    token: str,
    *,
    password: str,
    time_zone: str,
    hasher: Passwords,
    now: datetime,
) -> User:
    """Use the link up: from now on the user signs in with this password.

    Raises DomainError: LINK_SPENT, the PASSWORD_ ones, ZONE_UNKNOWN.
    """
    user = user_of(session, signer, token, now=now)
    passwords.check(password, personal=(user.email, user.name))
    user.time_zone = checks.zone(time_zone)
    user.password_hash = hasher.hash(password)
    user.invitation = user.invited_at = None
    session.flush()
    audit.record(session, Act.INVITATION_ACCEPTED, actor=user, subject_id=user.id, now=now)
    return user


def _open(session: Session, user: User, actor: User) -> User:
    # Locked and read again, as it may be accepted or withdrawn at this very moment.
    found = session.get(User, user.id, with_for_update={"of": User}, populate_existing=True)
    if found is None:
        raise DomainError(Refusal.NOT_FOUND)
    accounts.require(actor, {Permission.USERS_MANAGE} | accounts.role_permissions(found.role))
    if not accounts.is_invited(found):
        raise DomainError(Refusal.ALREADY_JOINED)
    return found


def _send(
    session: Session, jobs: Jobs, signer: Signer, user: User, *, base_url: str, actor: User, now: datetime
) -> None:
    user.invitation, user.invited_at = secrets.token_urlsafe(16), now
    session.flush()
    outbox.queue_system_mail(
        session,
        jobs,
        template=_TEMPLATE,
        address=user.email,
        locale=user.locale,
        values={
            "inviter": actor.name,
            "url": link(signer, user, base_url=base_url),
            "days": USER_INVITATION_LIFE.days,
        },
        now=now,
    )
