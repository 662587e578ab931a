"""How a user proves who they are and changes that: password change, and reset by mail."""

from datetime import datetime

from sqlalchemy.orm import Session

from service import links
from service.domain import accounts, outbox, passwords, sessions, throttle
from service.domain.errors import DomainError
from service.domain.jobs import Jobs
from service.domain.passwords import Passwords
from service.domain.signing import Signer
from service.facts.limits import RESET_LINK_LIFE
from service.facts.refusals import Refusal
from service.models import User

_RESET = "password-reset"
# The user's own row, not that of the role that comes with it.
_HELD = {"of": User}
# Where the mail for an unknown address would go if the work for it were not thrown away.
_NOBODY = "nobody@prospectus.invalid"


def request_reset(
    session: Session, jobs: Jobs, signer: Signer, *, email: str, base_url: str, now: datetime
) -> None:
    """Queue a mail with a reset link for the user of this address, if there is one.

    The caller says the same whoever it was; the same work is done for an unknown address and thrown away.
    """
    user = accounts.find_user(session, email)
    if user is not None and accounts.may_sign_in(user):
        _queue(
            session,
            jobs,
            user.email,
            user.locale,
            reset_link(signer, user, base_url=base_url, now=now),
            now=now,
        )
        return
    url = links.url(base_url, "reset", "en", token=signer.sign(_RESET, [0, int(now.timestamp()), "0" * 16]))
    with session.begin_nested() as unwanted:
        _queue(session, jobs, _NOBODY, "en", url, now=now)
        session.flush()
        unwanted.rollback()


def reset_link(signer: Signer, user: User, *, base_url: str, now: datetime) -> str:
    """Return the address of the page that sets a new password, good for one change within the hour."""
    payload = [user.id, int(now.timestamp()), accounts.password_mark(user)]
    return links.url(base_url, "reset", user.locale, token=signer.sign(_RESET, payload))


def user_of_reset(session: Session, signer: Signer, token: str, *, now: datetime) -> User:
    """Return whose password a link sets; raise DomainError(LINK_SPENT) for an old, used or forged one."""
    payload = signer.read(_RESET, token)
    if isinstance(payload, list) and len(payload) == 3:
        user_id, issued, mark = payload
        user = session.get(User, user_id, with_for_update=_HELD)
        fresh = now.timestamp() - issued < RESET_LINK_LIFE.total_seconds()
        if user is not None and fresh and accounts.may_sign_in(user) and mark == accounts.password_mark(user):
            return user
    raise DomainError(Refusal.LINK_SPENT)


def reset_password(
    session: Session, signer: Signer, token: str, new: str, *, hasher: Passwords, now: datetime
) -> User:
    """Set a new password by a reset link: every session of the user ends and the link is used up.

    Signing in afterwards asks for the new password and the second factor as ever.
    Raises DomainError: LINK_SPENT, the PASSWORD_ ones.
    """
    user = user_of_reset(session, signer, token, now=now)
    _set(user, new, hasher=hasher)
    session.flush()
    sessions.revoke_all(session, user.id, now=now)
    throttle.forgive(session, throttle.code_brakes(user.id))
    return user


def change_password(
    session: Session, user: User, new: str, *, keep: int | None, hasher: Passwords, now: datetime
) -> str | None:
    """Set a new password for a user who has just proved to know the old one.

    Every session but `keep` ends, and that one takes a new secret, which is returned for its cookie.
    Raises DomainError: the PASSWORD_ ones (field `new_password`).
    """
    _set(user, new, hasher=hasher, field="new_password")
    session.flush()
    sessions.revoke_all(session, user.id, keep=keep, now=now)
    return sessions.renewed_secret(session, keep) if keep is not None else None


def renew_hash(session: Session, user_id: int, *, before: str, after: str) -> User:
    """Keep the same password under a hash of today's cost, unless it was changed in the meantime."""
    user = session.get_one(User, user_id, with_for_update=_HELD)
    if user.password_hash == before:
        user.password_hash = after
        session.flush()
    return user


def _set(user: User, new: str, *, hasher: Passwords, field: str = "password") -> None:
    passwords.check(new, field=field, personal=(user.email, user.name))
    user.password_hash = hasher.hash(new)


def _queue(session: Session, jobs: Jobs, address: str, locale: str, url: str, *, now: datetime) -> None:
    outbox.queue_system_mail(
        session,
        jobs,
        template="password-reset",
        address=address,
        locale=locale,
        values={"url": url, "minutes": int(RESET_LINK_LIFE.total_seconds()) // 60},
        now=now,
    )
