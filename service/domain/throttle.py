"""The brake on guessing: counters in the database by account and by source, with a delay that grows.

The counters cannot be turned into a weapon that locks somebody out: a browser that has signed in to the
account before carries a signed mark and is counted by that mark alone, and links sent by mail never wait.
"""

import hashlib
import ipaddress
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.domain.errors import DomainError
from service.facts.limits import SIGN_IN_TRIES
from service.facts.refusals import Refusal
from service.models import Throttle

FORGOTTEN_AFTER = timedelta(hours=1)
_FIRST_DELAY = timedelta(seconds=1)
_IPV6_SITE_BITS = 64


@dataclass(frozen=True, slots=True)
class Brake:
    """One counter: its key, the tries that cost nothing, and the longest delay it can impose."""

    key: str
    free: int = SIGN_IN_TRIES
    longest: timedelta = timedelta(minutes=15)

    def delay_after(self, tries: int) -> timedelta:
        """Return how long to wait after so many tries: nothing, then 1 s, 2 s, 4 s and so on to `longest`."""
        if tries < self.free:
            return timedelta(0)
        doublings = min(tries - self.free, 20)
        return min(_FIRST_DELAY * int(2**doublings), self.longest)


def sign_in_brakes(email_key: str, source: str, mark: str | None) -> tuple[Brake, ...]:
    """Return what counts a try to sign in.

    `mark` names a browser that has signed in to this very account before; it is then the only counter.
    Without it the try counts for the account wherever it comes from, for the account from this source,
    and for the source whatever the account. The account's own delay stays short, for its owner's sake.
    """
    account = account_digest(email_key)
    if mark is not None:
        return (Brake(f"sign-in:mark:{account}:{_digest(mark)}"),)
    return (
        Brake(f"sign-in:account:{account}", longest=timedelta(minutes=1)),
        Brake(f"sign-in:pair:{account}:{_digest(source_key(source))}"),
        Brake(f"sign-in:source:{_digest(source_key(source))}"),
    )


def account_digest(email_key: str) -> str:
    """Return what stands for an account in keys and marks, known or not."""
    return _digest(email_key)


def new_mark() -> str:
    """Return the name of a browser that has just signed in."""
    return secrets.token_urlsafe(12)


def code_brakes(user_id: int) -> tuple[Brake, ...]:
    """Return what counts a try at the second factor; only who knows the password gets here."""
    return (Brake(f"code:{user_id}"),)


def confirmation_brakes(user_id: int) -> tuple[Brake, ...]:
    """Return what counts a try at the current password by somebody who is signed in."""
    return (Brake(f"confirm:{user_id}"),)


def mail_check_brakes(user_id: int) -> tuple[Brake, ...]:
    """Return what counts a look at a mail server that a user named, so that it is no way to scan networks."""
    return (Brake(f"mail-check:{user_id}"),)


def reset_brakes(email_key: str, source: str) -> tuple[Brake, ...]:
    """Return what counts a request for a reset mail: few per address, more per source."""
    return (
        Brake(f"reset:account:{_digest(email_key)}", free=3),
        Brake(f"reset:source:{_digest(source_key(source))}"),
    )


def vote_brakes(source: str) -> tuple[Brake, ...]:
    """Return what counts a vote on a help page, so that one source does not speak for many readers."""
    return (Brake(f"vote:source:{_digest(source_key(source))}", free=20),)


def conversation_brakes(thread_id: int, source: str) -> tuple[Brake, ...]:
    """Return what counts what a partner writes by a link: no answer comes soon after so many others."""
    return (
        Brake(f"conversation:{thread_id}", free=30),
        Brake(f"conversation:source:{_digest(source_key(source))}", free=60),
    )


def attempt(session: Session, brakes: Sequence[Brake], *, now: datetime) -> None:
    """Count a try before it is made, so that tries made at once are counted too; commit before trying.

    Raises DomainError(TOO_MANY_TRIES) while one of the counters waits; such a try is not counted, so
    that waiting ends whatever others do.
    """
    rows = [_row(session, brake.key, now=now) for brake in brakes]
    waits = [
        row.blocked_until - now for row in rows if row.blocked_until is not None and row.blocked_until > now
    ]
    if waits:
        raise DomainError(Refusal.TOO_MANY_TRIES, num=_minutes(max(waits)))
    for brake, row in zip(brakes, rows, strict=True):
        if now - (row.blocked_until or row.first_at) >= FORGOTTEN_AFTER:
            row.tries, row.first_at = 0, now
        row.tries += 1
        delay = brake.delay_after(row.tries)
        row.blocked_until = now + delay if delay else None
    session.flush()


def forgive(session: Session, brakes: Sequence[Brake]) -> None:
    """Forget the tries of these counters, after a try that was right."""
    session.execute(delete(Throttle).where(Throttle.key.in_([brake.key for brake in brakes])))


def take_back(session: Session, brake: Brake) -> None:
    """Take one try back from a counter shared with others: a right try is none, but forgives no wrong one."""
    row = session.get(Throttle, brake.key, with_for_update=True)
    if row is None:
        return
    row.tries = max(row.tries - 1, 0)
    if not brake.delay_after(row.tries):
        row.blocked_until = None
    session.flush()


def succeeded(session: Session, brakes: Sequence[Brake]) -> None:
    """Settle the counters of a sign-in that was right: those of the source keep what others did."""
    shared = [brake for brake in brakes if brake.key.startswith("sign-in:source:")]
    forgive(session, [brake for brake in brakes if brake not in shared])
    for brake in shared:
        take_back(session, brake)


def sweep(session: Session, *, now: datetime) -> int:
    """Delete counters that no longer say anything; return how many."""
    old = now - FORGOTTEN_AFTER - timedelta(minutes=15)
    gone = (
        delete(Throttle)
        .where(Throttle.first_at < old)
        .where(Throttle.blocked_until.is_(None) | (Throttle.blocked_until < old))
    )
    return len(session.scalars(gone.returning(Throttle.key)).all())


def source_key(address: str) -> str:
    """Return the source an address stands for: itself, or the site of an IPv6 address (its first 64 bits)."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, _IPV6_SITE_BITS), strict=False))


def _row(session: Session, key: str, *, now: datetime) -> Throttle:
    held = (
        select(Throttle)
        .where(Throttle.key == key)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    row = session.scalars(held).one_or_none()
    if row is not None:
        return row
    try:
        with session.begin_nested():
            row = Throttle(key=key, tries=0, first_at=now, blocked_until=None)
            session.add(row)
    except IntegrityError:  # somebody else counted the first try at this very moment
        return session.scalars(held).one()
    return row


def _minutes(wait: timedelta) -> int:
    return max(1, -(-int(wait.total_seconds()) // 60))


def _digest(text: str) -> str:
    # Keys say nothing of the person to whoever reads the table.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
