"""Erasing a user of the brand: name, address and access go, what they did for the brand stays under an id.

Messages that were sent are the partners' correspondence and stay; pages call their author a former user.
Imports that run stop by the rule for users who lost their rights, and campaigns from the user's own mail
account wait as they do for any account that is disconnected.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from service.domain import accounts, erased, import_reasons, ledger, mail_accounts, user_data
from service.domain.erasure import Erased, forget_notices
from service.domain.errors import DomainError
from service.domain.letters import SENDER_NAME
from service.facts.permissions import BuiltInRole, Permission
from service.facts.refusals import Refusal
from service.facts.states import OPEN_DELIVERIES, CampaignState, DeliveryState
from service.i18n import naming
from service.models import (
    Attachment,
    Campaign,
    Digest,
    Draft,
    Erasure,
    MailAccount,
    Notice,
    NotificationChoice,
    Program,
    ProgramAccess,
    RecoveryCode,
    Selection,
    SystemMail,
    TermsAcceptance,
    Thread,
    User,
    UserSession,
)
from service.models.imports import Import

USER = "user"
_HELD = (DeliveryState.CLAIMED.value, DeliveryState.IN_FLIGHT.value)
# Tables of which every row of a user's goes; nobody else needs it.
_GONE: Mapping[str, Any] = {
    "user_sessions": UserSession.user_id,
    "recovery_codes": RecoveryCode.user_id,
    "notification_choices": NotificationChoice.user_id,
    "drafts": Draft.user_id,
    "selections": Selection.user_id,
    "notices": Notice.user_id,
    "digests": Digest.user_id,
    "terms_acceptances": TermsAcceptance.user_id,
    "program_access": ProgramAccess.user_id,
}
# Values of a notice that a user's name can have come into: what a campaign or a file is called.
_NAMING_VALUES = ("subject", "file")


def erase(
    session: Session, user_id: int, *, actor: User | None, the_last_too: bool = False, now: datetime
) -> Erased:
    """Erase a user; the caller then removes what is named outside the database.

    `actor` is None for the command line; `the_last_too` erases also the last account administrator of a
    backup, who was not the last one when they were erased. Raises DomainError: NOT_FOUND; OWN_ERASURE;
    NOT_ALLOWED where the actor lacks `data.erase` or a permission of the user's; LAST_ADMINISTRATOR;
    ERASURE_BUSY while a mail to the user is on its way.
    """
    user = accounts.find(session, user_id)
    if actor is not None and actor.id == user.id:
        raise DomainError(Refusal.OWN_ERASURE)
    accounts.require(actor, {Permission.DATA_ERASE} | accounts.role_permissions(user.role))
    if not the_last_too:
        accounts.keep_an_administrator(session, user)
    addresses = user_data.addresses_of(session, user)
    done = Erased(addresses=addresses, names=frozenset({user.name}))
    _mails(session, user, addresses, done)
    _lock(session, user)
    _mail_accounts(session, user, done, now=now)
    _campaigns(session, user, addresses)
    _conversations(session, user, done)
    for name, column in _GONE.items():
        done.count(name, ledger.change(session, delete(column.class_).where(column == user.id)))
    done.count("notices", forget_notices(session, lambda notice: _is_about(notice, done)))
    _imports(session, user)
    done.marks = (erased.marks_of(session).mark(erased.user_key(user.email_key)),)
    _account(session, user, now=now)
    done.count("users", 1)
    actor_id = None if actor is None else actor.id
    session.add(Erasure(subject=USER, subject_id=user_id, counts=done.counts, actor_id=actor_id, at=now))
    session.flush()
    session.expire_all()
    return done


def users_back(session: Session, erasures: Mapping[str, datetime]) -> list[int]:
    """Return users who were erased and are back from a backup; `erasures` are marks and when it was done.

    Somebody who was added anew after their erasure is not among them.
    """
    hashes = erased.marks_of(session)
    found = []
    for user in session.scalars(select(User).where(accounts.NOT_ERASED).order_by(User.id)):
        marks = hashes.marks(erased.user_key(user.email_key))
        if any(user.created_at < erasures[mark] for mark in marks if mark in erasures):
            found.append(user.id)
    return found


def _lock(session: Session, user: User) -> None:
    """Lock the campaigns, then the user: in the order of a worker who tells an author how one ended."""
    own = select(Campaign.id).where(Campaign.author_id == user.id).order_by(Campaign.id)
    session.scalars(own.with_for_update()).all()
    session.refresh(user, with_for_update={"of": User})
    if user.erased_at is not None:  # by somebody else at this very moment
        raise DomainError(Refusal.NOT_FOUND)


def _mails(session: Session, user: User, addresses: frozenset[str], done: Erased) -> None:
    """Delete the product's mails to the user, and take their name out of those that wait to go to others."""
    to_them = SystemMail.address.in_(addresses)
    if session.scalar(select(func.count()).where(to_them, SystemMail.state.in_(_HELD))):
        raise DomainError(Refusal.ERASURE_BUSY)
    done.count("system_mails", ledger.change(session, delete(SystemMail).where(to_them)))
    open_ = SystemMail.state.in_([state.value for state in OPEN_DELIVERIES])
    for mail in session.scalars(select(SystemMail).where(open_)):
        mail.values = {key: _neutral(value, user.name, addresses) for key, value in mail.values.items()}


def _neutral(value: object, name: str, addresses: frozenset[str]) -> object:
    if not isinstance(value, str):
        return value
    return SENDER_NAME if value == name else None if value in addresses else value


def _mail_accounts(session: Session, user: User, done: Erased, *, now: datetime) -> None:
    own = select(MailAccount).where(MailAccount.user_id == user.id).order_by(MailAccount.id)
    for account in session.scalars(own).all():
        done.count("mail_accounts", 1)
        if account.disconnected_at is None:
            mail_accounts.disconnect(session, account, now=now)
    # What campaigns name stays as a row that says nothing.
    for account in session.scalars(own).all():
        account.address_key = f"{erased.PSEUDONYM}{account.id}"
        account.address = account.host = account.tls = account.user_name = ""
        account.port, account.last_code = 0, None
        account.secret = account.verified_at = account.last_error = None
    session.flush()


def _campaigns(session: Session, user: User, addresses: frozenset[str]) -> None:
    """Have campaigns that call their sender by the user's name say the program's from now on."""
    programs = {program.id: program.name for program in session.scalars(select(Program))}
    accounts_ = set(session.scalars(select(MailAccount.id).where(MailAccount.user_id == user.id)))
    folded = {address.casefold() for address in addresses}
    for campaign in session.scalars(select(Campaign).order_by(Campaign.id)):
        own = campaign.author_id == user.id or campaign.mail_account_id in accounts_
        if _names(campaign.from_name, user.name, own=own):
            campaign.from_name = programs[campaign.program_id]
        if campaign.reply_to is not None and campaign.reply_to.casefold() in folded:
            campaign.reply_to = None
        if campaign.mail_account_id in accounts_:
            campaign.from_address = None
            if campaign.state == CampaignState.DRAFT.value:
                campaign.mail_account_id = None
    session.flush()


def _names(from_name: str, name: str, *, own: bool) -> bool:
    """Whether a sender's name holds the user's; in campaigns of their own, a part of it is theirs too."""
    return naming.names_in_part(from_name, name) if own else naming.names(from_name, name)


def _conversations(session: Session, user: User, done: Erased) -> None:
    loose = (Attachment.user_id == user.id, Attachment.message_id.is_(None))
    done.file_ids += [one for one in session.scalars(select(Attachment.file_id).where(*loose)) if one]
    done.count("attachments", ledger.change(session, delete(Attachment).where(*loose)))
    ledger.change(session, update(Thread).where(Thread.assignee_id == user.id).values(assignee_id=None))


def _is_about(notice: Notice, done: Erased) -> bool:
    return any(done.is_told_in(str(notice.values.get(key, ""))) for key in _NAMING_VALUES)


def _imports(session: Session, user: User) -> None:
    """Tell of imports that stopped with the user's rights without their name."""
    stopped = select(Import).where(
        Import.refusal.is_not(None), (Import.user_id == user.id) | (Import.undone_by == user.id)
    )
    nameless = import_reasons.stored([import_reasons.rights_lost(None)])
    for import_ in session.scalars(stopped):
        if any(
            reason.rule == import_reasons.RIGHTS_RULE for reason in import_reasons.loaded(import_.refusal)
        ):
            import_.refusal = nameless


def _account(session: Session, user: User, *, now: datetime) -> None:
    user.name = user.email = user.search_text = ""
    user.email_key = f"{erased.PSEUDONYM}{user.id}"
    user.password_hash = user.totp_secret = user.totp_last_step = None
    user.invitation = user.invited_at = user.seen_at = user.current_program_id = None
    user.locale, user.time_zone = "en", "UTC"
    user.all_programs, user.programs = False, []
    # A role of the brand's own could not be deleted any more while the row has it.
    user.role = accounts.built_in_role(session, BuiltInRole.ANALYST)
    user.disabled_at, user.erased_at = user.disabled_at or now, now
    session.flush()
