"""Sessions: browsers that are signed in, each known by a secret of which the table keeps only the hash."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, or_, select, update
from sqlalchemy.orm import Session, joinedload

from service.domain.errors import DomainError
from service.facts.limits import SESSION_IDLE, SESSION_LENGTH
from service.facts.refusals import Refusal
from service.models import User, UserSession

_SECRET_BYTES = 32
_BROWSER_CHARACTERS = 80
# A visit is written down at most this often, so that reading pages does not mean writing rows.
SEEN_STEP = timedelta(minutes=1)
_KEPT_AFTER_END = timedelta(days=1)
# Asked at every request, so it is made once and brings the user along.
_OF_SECRET = (
    select(UserSession)
    .where(UserSession.secret_hash == bindparam("hash"))
    .options(joinedload(UserSession.user, innerjoin=True))
)


def open_session(
    session: Session, user: User, *, browser: str = "", now: datetime
) -> tuple[UserSession, str]:
    """Sign a browser in; return the row and the secret for its cookie, which is shown to nobody else."""
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    row = UserSession(
        secret_hash=_hash(secret),
        user_id=user.id,
        created_at=now,
        seen_at=now,
        expires_at=now + SESSION_LENGTH,
        browser=browser[:_BROWSER_CHARACTERS],
    )
    session.add(row)
    session.get_one(User, user.id).seen_at = now
    session.flush()
    return row, secret


def find(session: Session, secret: str, *, now: datetime) -> UserSession | None:
    """Return the open session of a secret; None when it ended, was revoked, or its user is disabled.

    Reads only, so that it may run in a reading session; `saw` writes the visit down.
    """
    row = session.scalars(_OF_SECRET, {"hash": _hash(secret)}).one_or_none()
    if row is None or not is_open(row, now=now) or row.user.disabled_at is not None:
        return None
    return row


def is_open(row: UserSession, *, now: datetime) -> bool:
    """Whether the session has not been revoked, nor rested too long, nor lived too long."""
    return row.revoked_at is None and now < row.expires_at and now - row.seen_at < SESSION_IDLE


def is_due(row: UserSession, *, now: datetime) -> bool:
    """Whether `saw` has something to write: a visit a minute after the last, or a new secret."""
    return row.renew or now - row.seen_at >= SEEN_STEP


def saw(session: Session, session_id: int, *, now: datetime) -> str | None:
    """Write a visit down; return a new secret for the cookie when the session's rights have changed."""
    row = session.get(UserSession, session_id, with_for_update=True)
    if row is None or not is_open(row, now=now):
        return None
    row.seen_at = row.user.seen_at = now
    return rotate(session, row) if row.renew else None


def rotate(session: Session, row: UserSession) -> str:
    """Give the session another secret; the old one is worth nothing from the commit on."""
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    row.secret_hash = _hash(secret)
    row.renew = False
    session.flush()
    return secret


def renewed_secret(session: Session, session_id: int) -> str:
    """Give one session another secret and return it; raise DomainError(NOT_FOUND) if it has ended."""
    row = session.get(UserSession, session_id, with_for_update=True)
    if row is None or row.revoked_at is not None:
        raise DomainError(Refusal.NOT_FOUND)
    return rotate(session, row)


def renew_all(session: Session, user_id: int) -> None:
    """Have every session of a user take a new secret at its next request."""
    session.execute(
        update(UserSession)
        .where(UserSession.user_id == user_id, UserSession.revoked_at.is_(None))
        .values(renew=True)
    )


def revoke(session: Session, user_id: int, session_id: int, *, now: datetime) -> None:
    """End one session of this user; raise DomainError(NOT_FOUND) for any other."""
    row = session.get(UserSession, session_id)
    if row is None or row.user_id != user_id or row.revoked_at is not None:
        raise DomainError(Refusal.NOT_FOUND)
    row.revoked_at = now
    session.flush()


def end(session: Session, session_id: int, *, now: datetime) -> None:
    """End a session, if it has not ended already."""
    row = session.get(UserSession, session_id)
    if row is not None and row.revoked_at is None:
        row.revoked_at = now
        session.flush()


def revoke_all(session: Session, user_id: int, *, keep: int | None = None, now: datetime) -> int:
    """End every session of a user but `keep`; return how many that were."""
    ending = (
        update(UserSession)
        .where(UserSession.user_id == user_id, UserSession.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(UserSession.id)
    )
    if keep is not None:
        ending = ending.where(UserSession.id != keep)
    return len(session.scalars(ending).all())


def list_open(session: Session, user_id: int, *, now: datetime) -> list[UserSession]:
    """Return the open sessions of a user, the one seen last first."""
    rows = session.scalars(
        select(UserSession)
        .where(
            UserSession.user_id == user_id,
            UserSession.revoked_at.is_(None),
            UserSession.expires_at > now,
            UserSession.seen_at > now - SESSION_IDLE,
        )
        .order_by(UserSession.seen_at.desc(), UserSession.id.desc())
    )
    return list(rows)


def sweep(session: Session, *, now: datetime) -> int:
    """Delete sessions that ended more than a day ago; return how many."""
    past = now - _KEPT_AFTER_END
    gone = delete(UserSession).where(
        or_(
            UserSession.expires_at < past,
            UserSession.revoked_at < past,
            UserSession.seen_at < past - SESSION_IDLE,
        )
    )
    return len(session.scalars(gone.returning(UserSession.id)).all())


def _hash(secret: str) -> str:
    # 256 random bits need no salt and no slow hash.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
