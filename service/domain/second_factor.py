"""The second factor: time-based codes (RFC 6238) that work once, and recovery codes kept as hashes."""

import hashlib
import hmac
import logging
import re
import secrets
from datetime import datetime, timedelta

import pyotp
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from service.domain.errors import DomainError
from service.domain.signing import Signer
from service.domain.vault import SecretUnreadable, Vault, is_sealed
from service.facts.refusals import Refusal
from service.models import RecoveryCode, User

log = logging.getLogger(__name__)
ISSUER = "Prospectus"
RECOVERY_CODES = 10
SETUP_LIFE = timedelta(hours=1)
_STEP_SECONDS = 30
_STEPS_EITHER_WAY = 1
_DIGITS = 6
_SETUP = "second-factor-setup"
_PURPOSE = "second factor"
# Crockford's base 32: nothing in it is mistaken for something else. 16 of them are 80 bits.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RECOVERY_CHARACTERS = 16
_MISREAD = str.maketrans("OIL", "011")


def is_on(user: User) -> bool:
    """Whether signing in asks for a code."""
    return user.totp_secret is not None


def propose(signer: Signer, user: User, *, now: datetime) -> str:
    """Return a signed offer of a new secret, to be shown and then confirmed with a code by the same user."""
    return signer.sign(_SETUP, [user.id, pyotp.random_base32(), int(now.timestamp())])


def secret_offered(signer: Signer, user: User, offer: str, *, now: datetime) -> str:
    """Return the secret of an offer; raise DomainError(LINK_SPENT) for a foreign or old one."""
    payload = signer.read(_SETUP, offer)
    if isinstance(payload, list) and len(payload) == 3 and payload[0] == user.id:
        age = now.timestamp() - int(payload[2])
        if -1 <= age < SETUP_LIFE.total_seconds():
            return str(payload[1])
    raise DomainError(Refusal.LINK_SPENT)


def address(user: User, secret: str) -> str:
    """Return the `otpauth:` address that an authenticator app reads."""
    return pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name=ISSUER)


def turn_on(
    session: Session, signer: Signer, user: User, offer: str, code: str, *, vault: Vault, now: datetime
) -> list[str]:
    """Turn the second factor on with the offered secret; return the recovery codes, to be shown this once.

    Raises DomainError: LINK_SPENT for the offer, CODE_REFUSED (field `code`) for the code.
    """
    secret = secret_offered(signer, user, offer, now=now)
    step = _matching_step(secret, code, after=None, now=now)
    if step is None:
        raise DomainError(Refusal.CODE_REFUSED, field="code")
    user.totp_secret, user.totp_last_step = vault.seal(secret, _PURPOSE, user.id), step
    return new_recovery_codes(session, user)


def turn_off(session: Session, user: User) -> None:
    """Turn the second factor off and forget its recovery codes."""
    user.totp_secret = user.totp_last_step = None
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    session.flush()


def new_recovery_codes(session: Session, user: User) -> list[str]:
    """Replace the recovery codes; return the new ones, to be shown this once."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    codes = [
        "".join(secrets.choice(_ALPHABET) for _ in range(_RECOVERY_CHARACTERS)) for _ in range(RECOVERY_CODES)
    ]
    session.add_all([RecoveryCode(user_id=user.id, code_hash=_hash(user.id, code)) for code in codes])
    session.flush()
    return ["-".join(re.findall(".{4}", code)) for code in codes]


def confirm(session: Session, vault: Vault, user: User, code: str, *, now: datetime) -> None:
    """Accept a code of the app or a recovery code, each once; raise DomainError(CODE_REFUSED) otherwise.

    Where the vault cannot open the secret, recovery codes work all the same; another is FACTOR_UNREADABLE.
    """
    refusal = Refusal.CODE_REFUSED
    if user.totp_secret is not None:
        try:
            if _accept_step(session, vault, user, code, now=now):
                return
        except SecretUnreadable as error:
            log.error("the second factor of user %d cannot be read: %s", user.id, error)
            refusal = Refusal.FACTOR_UNREADABLE
        if _accept_recovery(session, user, code, now=now):
            return
    raise DomainError(refusal, field="code")


def reseal(session: Session, vault: Vault, *, after: int, limit: int) -> tuple[int | None, int, int]:
    """Seal the next secrets with the current key, also those that still stand in clear.

    Returns (last id seen or None, sealed, unreadable).
    """
    query = select(User.id, User.totp_secret).where(User.id > after, User.totp_secret.is_not(None))
    rows = session.execute(query.order_by(User.id).limit(limit)).all()
    sealed = unreadable = 0
    for user_id, kept in rows:
        if kept is None or vault.is_current(kept):
            continue
        try:
            secret = vault.open(kept, _PURPOSE, user_id) if is_sealed(kept) else kept
        except SecretUnreadable as error:
            log.error("the second factor of user %d cannot be read: %s", user_id, error)
            unreadable += 1
            continue
        fresh = vault.seal(secret, _PURPOSE, user_id)
        session.execute(
            update(User).where(User.id == user_id, User.totp_secret == kept).values(totp_secret=fresh)
        )
        sealed += 1
    return (rows[-1][0] if rows else None), sealed, unreadable


def count_recovery_codes(session: Session, user_id: int) -> int:
    """Return how many recovery codes have not been used."""
    unused = select(func.count(RecoveryCode.id)).where(
        RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None)
    )
    return session.scalar(unused) or 0


def _accept_step(session: Session, vault: Vault, user: User, code: str, *, now: datetime) -> bool:
    # Read again under a lock: two browsers may show the same code at the same moment.
    session.refresh(user, ["totp_secret", "totp_last_step"], with_for_update=True)
    if user.totp_secret is None:
        return False
    secret = vault.open(user.totp_secret, _PURPOSE, user.id)
    step = _matching_step(secret, code, after=user.totp_last_step, now=now)
    if step is None:
        return False
    user.totp_last_step = step
    session.flush()
    return True


def _matching_step(secret: str, code: str, *, after: int | None, now: datetime) -> int | None:
    digits = re.sub(r"\s", "", code)
    if not (digits.isdecimal() and len(digits) == _DIGITS):
        return None
    digits = "".join(str(int(digit)) for digit in digits)  # full-width ones too
    current = int(now.timestamp()) // _STEP_SECONDS
    totp = pyotp.TOTP(secret, digits=_DIGITS, interval=_STEP_SECONDS)
    found = None
    for step in range(current - _STEPS_EITHER_WAY, current + _STEPS_EITHER_WAY + 1):
        fits = hmac.compare_digest(totp.generate_otp(step), digits)
        if fits and found is None and (after is None or step > after):
            found = step
    return found


def _accept_recovery(session: Session, user: User, code: str, *, now: datetime) -> bool:
    plain = re.sub(r"[\s\-‐-―−－]", "", code).upper().translate(_MISREAD)
    if len(plain) != _RECOVERY_CHARACTERS:
        return False
    row = session.scalars(
        select(RecoveryCode)
        .where(
            RecoveryCode.user_id == user.id,
            RecoveryCode.code_hash == _hash(user.id, plain),
            RecoveryCode.used_at.is_(None),
        )
        .with_for_update()
    ).first()
    if row is None:
        return False
    row.used_at = now
    session.flush()
    return True


def _hash(user_id: int, code: str) -> str:
    # 80 random bits: a fast hash is enough, the user's id keeps equal codes apart.
    return hashlib.sha256(f"{user_id}:{code}".encode()).hexdigest()
