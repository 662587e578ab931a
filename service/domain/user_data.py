"""What is stored about one user of the brand, wherever it is: found by name or address, handed out whole."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from service.db import Base
from service.domain import accounts, people, second_factor, user_list
from service.domain.people import Export
from service.facts.acts import SubjectKind
from service.i18n.folding import fold
from service.models import (
    Attachment,
    AuditEntry,
    Campaign,
    Digest,
    Draft,
    Erasure,
    MailAccount,
    Message,
    MessagingTerms,
    Notice,
    NotificationChoice,
    RecoveryCode,
    Selection,
    StageChange,
    SuppressionLift,
    SystemMail,
    TermsAcceptance,
    Thread,
    User,
    UserSession,
)
from service.models.imports import Import

# What is handed out of each table; the id and these columns, in this order.
SHOWN: Mapping[str, tuple[str, ...]] = {
    "users": (
        "name", "email", "locale", "time_zone", "all_programs", "created_at", "invited_at", "seen_at",
        "disabled_at",
    ),
    "user_sessions": ("browser", "created_at", "seen_at", "expires_at", "revoked_at"),
    "recovery_codes": ("used_at",),
    "notification_choices": ("kind", "mail"),
    "mail_accounts": (
        "address", "host", "port", "tls", "user_name", "created_at", "verified_at", "disconnected_at",
    ),
    "messages": (
        "thread_id", "body", "lang", "state", "created_at", "shown_at", "edited_at", "withdrawn_at",
    ),
    "attachments": ("thread_id", "message_id", "name", "kind", "size", "state", "created_at"),
    "drafts": ("thread_id", "body", "updated_at"),
    "threads": ("program_id", "created_at"),
    "campaigns": (
        "program_id", "state", "from_name", "from_address", "reply_to", "created_at", "launched_at",
        "finished_at",
    ),
    "imports": ("program_id", "file_name", "state", "created_at", "finished_at", "undone_at"),
    "stage_changes": ("prospect_id", "event", "stage", "at"),
    "suppression_lifts": ("program_id", "reason", "at"),
    "selections": ("program_id", "updated_at"),
    "notices": ("kind", "created_at", "read_at"),
    "digests": ("day", "at"),
    "system_mails": ("template", "address", "state", "created_at", "settled_at"),
    "messaging_terms": ("created_at",),
    "terms_acceptances": ("terms_id", "accepted_at"),
    "audit_entries": ("at", "act", "user_id", "subject_kind", "subject_id", "program_id", "details"),
    "erasures": ("subject", "subject_id", "at"),
}  # fmt: skip
# What is not handed out though it is in a row of theirs: what opens a door, and what is about other people.
KEPT_BACK: Mapping[str, frozenset[str]] = {
    "users": frozenset({"password_hash", "totp_secret", "invitation", "email_key", "search_text"}),
    "user_sessions": frozenset({"secret_hash"}),
    "recovery_codes": frozenset({"code_hash"}),
    "mail_accounts": frozenset({"secret", "address_key"}),
    "system_mails": frozenset({"values", "reply"}),
    "notices": frozenset({"values"}),
    "selections": frozenset({"ids", "query"}),
}


def list_matching(session: Session, text: str, *, limit: int = 20) -> list[User]:
    """Return the users, invited and disabled ones too, whose name or address contains what was typed."""
    wanted = user_list.named(text)
    query = select(User).where(*wanted).order_by(User.search_text, User.id).limit(limit)
    return list(session.scalars(query)) if fold(text) else []


def addresses_of(session: Session, user: User) -> frozenset[str]:
    """Return every address that is the user's, as it is written and as it is compared."""
    own = select(MailAccount.address, MailAccount.address_key).where(MailAccount.user_id == user.id)
    connected = {text for row in session.execute(own) for text in row}
    return frozenset({user.email, user.email_key, *connected})


def reach(session: Session, user: User) -> dict[str, ColumnElement[bool]]:
    """Return, for each table with something of a user's, which rows these are."""
    about = and_(AuditEntry.subject_kind == SubjectKind.USER.value, AuditEntry.subject_id == user.id)
    return {
        "users": User.id == user.id,
        "user_sessions": UserSession.user_id == user.id,
        "recovery_codes": RecoveryCode.user_id == user.id,
        "notification_choices": NotificationChoice.user_id == user.id,
        "mail_accounts": MailAccount.user_id == user.id,
        "messages": Message.author_id == user.id,
        "attachments": Attachment.user_id == user.id,
        "drafts": Draft.user_id == user.id,
        "threads": or_(Thread.assignee_id == user.id, Thread.links_revoked_by_id == user.id),
        "campaigns": Campaign.author_id == user.id,
        "imports": or_(Import.user_id == user.id, Import.undone_by == user.id),
        "stage_changes": StageChange.user_id == user.id,
        "suppression_lifts": SuppressionLift.user_id == user.id,
        "selections": Selection.user_id == user.id,
        "notices": Notice.user_id == user.id,
        "digests": Digest.user_id == user.id,
        "system_mails": SystemMail.address.in_(addresses_of(session, user)),
        "messaging_terms": MessagingTerms.author_id == user.id,
        "terms_acceptances": TermsAcceptance.user_id == user.id,
        "audit_entries": or_(AuditEntry.user_id == user.id, about),
        "erasures": Erasure.actor_id == user.id,
    }


def count(session: Session, user_id: int) -> dict[str, int]:
    """Return how many rows each section of the export has; raise DomainError(NOT_FOUND)."""
    return people.counted(session, reach(session, accounts.find(session, user_id)))


def export(session: Session, user_id: int) -> Export:
    """Return all that is stored about a user, and no secret; raise DomainError(NOT_FOUND)."""
    user = accounts.find(session, user_id)
    sections = {name: _rows(session, name, condition) for name, condition in reach(session, user).items()}
    sections["users"][0] |= {
        "role": user.role.key or user.role.name,
        "programs": [program.name for program in accounts.programs_of(session, user)],
        "has_password": user.password_hash is not None,
        "two_step_verification": second_factor.is_on(user),
    }
    for row, campaign in zip(sections["campaigns"], _campaigns(session, user), strict=True):
        row["subjects"] = {variant.locale: variant.subject for variant in campaign.variants}
    for row, thread in zip(sections["threads"], _threads(session, user), strict=True):
        row["is_assigned"] = thread.assignee_id == user.id
        if thread.links_revoked_by_id == user.id:
            row["links_revoked_at"] = thread.links_revoked_at
    for row in sections["audit_entries"]:
        # Who else acted is somebody else.
        row["by_this_user"] = row.pop("user_id", None) == user.id
    files = session.execute(
        select(Attachment.file_id, Attachment.name)
        .where(Attachment.user_id == user.id, Attachment.file_id.is_not(None))
        .order_by(Attachment.id)
    )
    return Export(sections, {str(row.file_id): row.name for row in files})


def _campaigns(session: Session, user: User) -> list[Campaign]:
    query = select(Campaign).where(Campaign.author_id == user.id).order_by(Campaign.id)
    return list(session.scalars(query))


def _threads(session: Session, user: User) -> list[Thread]:
    return list(session.scalars(select(Thread).where(reach(session, user)["threads"]).order_by(Thread.id)))


def _rows(session: Session, name: str, condition: ColumnElement[bool]) -> list[dict[str, Any]]:
    table = Base.metadata.tables[name]
    wanted = (*(("id",) if "id" in table.columns else ()), *SHOWN[name])
    query = select(*(table.columns[column] for column in wanted)).where(condition)
    return [
        {column: value for column, value in zip(wanted, row, strict=True) if value is not None}
        for row in session.execute(query.order_by(*table.primary_key.columns))
    ]
