"""Mail accounts: a user connects their own address, checks it, and sends campaigns from it.

The password is sealed for this very account, server and user name: whoever changes one of them, in a form or
in the database, has to know the password again.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from service.domain import checks, notices
from service.domain.errors import DomainError
from service.domain.vault import SecretUnreadable, Vault
from service.facts.limits import MAIL_PASSWORD_CHARACTERS
from service.facts.mail_checks import PASSING, MailCheck
from service.facts.refusals import Refusal
from service.facts.states import CampaignState
from service.mail import addresses
from service.mail.servers import Checked, HostRefused, MailServer, Reach, host_name
from service.models import Campaign, MailAccount, User

log = logging.getLogger(__name__)
_PURPOSE = "mail account"
_UNDER_WAY = [CampaignState.SCHEDULED.value, CampaignState.SENDING.value, CampaignState.PAUSED.value]


@dataclass(frozen=True, slots=True)
class Access:
    """What a user enters of their mail server; an empty password keeps the stored one."""

    host: str
    port: int
    user_name: str
    password: str

    def __repr__(self) -> str:
        return f"Access({self.host!r}, {self.port})"


class AccountUnusable(Exception):
    """Nothing can be sent from an account now; `result` says why, None that it is disconnected."""

    def __init__(self, result: MailCheck | None = None) -> None:
        super().__init__(result.value if result else "disconnected")
        self.result = result


def connect(
    session: Session, vault: Vault, user: User, address: str, access: Access, *, reach: Reach, now: datetime
) -> MailAccount:
    """Add an account, still to be checked; one that was disconnected is taken up again.

    Raises DomainError: EMAIL_MISSING, EMAIL_INVALID, ACCOUNT_KNOWN for the address, and what `change` raises.
    """
    parsed = _address(address)
    if not access.password:
        raise DomainError(Refusal.PASSWORD_MISSING, field="password")
    account = session.scalars(
        select(MailAccount).where(MailAccount.user_id == user.id, MailAccount.address_key == parsed.key)
    ).one_or_none()
    if account is None:
        account = MailAccount(
            user_id=user.id,
            address=parsed.as_written,
            address_key=parsed.key,
            host="",
            port=0,
            tls="",
            user_name="",
            created_at=now,
        )
        session.add(account)
    elif account.disconnected_at is None:
        raise DomainError(Refusal.ACCOUNT_KNOWN, field="address", address=account.address)
    account.disconnected_at = None
    _put(session, vault, account, access, reach)
    return account


def change(session: Session, vault: Vault, account: MailAccount, access: Access, *, reach: Reach) -> None:
    """Change server, user name or password; the account is then to be checked again.

    Raises DomainError: HOST_INVALID, PORT_REFUSED, NAME_MISSING, PASSWORD_NEEDED_AGAIN, PASSWORD_UNSENDABLE.
    """
    _put(session, vault, account, access, reach)


def _put(session: Session, vault: Vault, account: MailAccount, access: Access, reach: Reach) -> None:
    try:
        host = host_name(access.host)
    except HostRefused as error:
        raise DomainError(Refusal.HOST_INVALID, field="host", host=access.host.strip()) from error
    if access.port not in reach.ports:
        raise DomainError(Refusal.PORT_REFUSED, field="port")
    user_name = checks.name(access.user_name, field="user_name")
    moved = (account.host, account.user_name) != (host, user_name)
    if not access.password and (moved or account.secret is None):
        raise DomainError(Refusal.PASSWORD_NEEDED_AGAIN, field="password")
    if len(access.password) > MAIL_PASSWORD_CHARACTERS or not checks.is_line(access.password):
        raise DomainError(Refusal.PASSWORD_UNSENDABLE, field="password")
    account.host, account.port, account.tls = host, access.port, reach.ports[access.port]
    account.user_name = user_name
    session.flush()  # a new account has its id from here on
    if access.password:
        account.secret = vault.seal(access.password, *_place(account))
    _forget_check(account)
    session.flush()


def _forget_check(account: MailAccount) -> None:
    account.version = (account.version or 0) + 1
    account.verified_at = account.last_error = account.last_code = None


def disconnect(session: Session, account: MailAccount, *, now: datetime) -> int:
    """Forget the password; return how many campaigns under way now wait for the account to come back."""
    waiting = _under_way(session, account.id)
    for campaign_id in waiting:
        notices.tell_author(session, campaign_id, notices.HELD, now=now)
    named = session.scalar(select(exists().where(Campaign.mail_account_id == account.id)))
    if named:
        account.secret, account.disconnected_at = None, now
        _forget_check(account)
    else:
        session.delete(account)
    session.flush()
    return len(waiting)


def record(
    session: Session, account_id: int, checked: Checked, *, version: int, now: datetime
) -> MailAccount | None:
    """Store what a check came to, unless the account was changed since `version` was read.

    What does not mend itself takes the account out of use and tells the authors of waiting campaigns.
    """
    account = session.get(MailAccount, account_id, with_for_update=True, populate_existing=True)
    if account is None or account.version != version or account.disconnected_at is not None:
        return None
    good = checked.result is MailCheck.OK
    account.last_error = None if good else checked.result.value
    account.last_code = None if good else checked.code
    if good:
        account.verified_at = account.verified_at or now
    elif checked.result not in PASSING:
        account.verified_at = None
        for campaign_id in _under_way(session, account.id):
            notices.tell_author(session, campaign_id, notices.HELD, now=now)
    session.flush()
    return account


def server_of(vault: Vault, account: MailAccount) -> MailServer:
    """Return how to reach the account's server, with the password; raises AccountUnusable."""
    if account.secret is None or account.disconnected_at is not None:
        raise AccountUnusable
    try:
        password = vault.open(account.secret, *_place(account))
    except SecretUnreadable as error:
        log.error("the password of mail account %d cannot be read: %s", account.id, error)
        raise AccountUnusable(MailCheck.SECRET_UNREADABLE) from error
    return MailServer(account.address, account.host, account.port, account.tls, account.user_name, password)


def is_ready(account: MailAccount) -> bool:
    """Whether mail may go out from the account."""
    return account.disconnected_at is None and account.verified_at is not None


def reseal(session: Session, vault: Vault, *, after: int, limit: int) -> tuple[int | None, int, int]:
    """Seal the next passwords with the current key; return (last id seen or None, sealed, unreadable)."""
    rows = session.scalars(
        select(MailAccount)
        .where(MailAccount.id > after, MailAccount.secret.is_not(None))
        .order_by(MailAccount.id)
        .limit(limit)
    ).all()
    sealed = unreadable = 0
    for row in rows:
        kept = row.secret or ""
        if vault.is_current(kept):
            continue
        try:
            fresh = vault.seal(vault.open(kept, *_place(row)), *_place(row))
        except SecretUnreadable as error:
            log.error("the password of mail account %d cannot be read: %s", row.id, error)
            unreadable += 1
            continue
        # Only over what was read: a password entered meanwhile is newer.
        mine = (MailAccount.id == row.id, MailAccount.secret == kept)
        session.execute(update(MailAccount).where(*mine).values(secret=fresh))
        sealed += 1
    return (rows[-1].id if rows else None), sealed, unreadable


def _place(account: MailAccount) -> tuple[str | int, ...]:
    return _PURPOSE, account.id, account.host, account.user_name


def _address(text: str) -> addresses.Address:
    if not text.strip():
        raise DomainError(Refusal.EMAIL_MISSING, field="address")
    try:
        return addresses.parse(text)
    except addresses.AddressError as error:
        raise DomainError(Refusal.EMAIL_INVALID, field="address", address=text.strip()) from error


# Queries


def find(session: Session, user_id: int, account_id: int) -> MailAccount:
    """Return one of the user's own connected accounts; any other does not exist here."""
    account = session.get(MailAccount, account_id)
    if account is None or account.user_id != user_id or account.disconnected_at is not None:
        raise DomainError(Refusal.NOT_FOUND)
    return account


def list_of(session: Session, user_id: int) -> Sequence[MailAccount]:
    """Return the user's connected accounts in the order in which they were added."""
    own = (MailAccount.user_id == user_id, MailAccount.disconnected_at.is_(None))
    return session.scalars(select(MailAccount).where(*own).order_by(MailAccount.id)).all()


def owned(session: Session, author_id: int, account_id: int | None) -> MailAccount | None:
    """Return the account that an author's campaign goes out from, None for the installation's address.

    Raises DomainError(NOT_FOUND) for an account of somebody else, whose existence is not told.
    """
    if account_id is None:
        return None
    account = session.get(MailAccount, account_id)
    if account is None or account.user_id != author_id:
        raise DomainError(Refusal.NOT_FOUND, field="mail_account")
    return account


def ready(session: Session, author_id: int, account_id: int | None) -> MailAccount | None:
    """Return the same as `owned`; raises DomainError(ACCOUNT_NOT_READY) for an account that cannot send."""
    account = owned(session, author_id, account_id)
    if account is not None and not is_ready(account):
        raise DomainError(Refusal.ACCOUNT_NOT_READY, field="mail_account", address=account.address)
    return account


def under_way(session: Session, account_id: int) -> int:
    """Return how many campaigns that are not over go out from an account."""
    return len(_under_way(session, account_id))


def _under_way(session: Session, account_id: int) -> Sequence[int]:
    query = select(Campaign.id).where(Campaign.mail_account_id == account_id, Campaign.state.in_(_UNDER_WAY))
    return session.scalars(query.order_by(Campaign.id)).all()
