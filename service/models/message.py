"""Conversations of the brand with partners: threads, messages, attached files, drafts and terms."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from service.db import Base, Moment
from service.models.partner import Partner


def _few(flag: str) -> Index:
    """Return the index of the few threads that have a flag at a time.

    The flag is always the same in it: two columns that must be equal make SQLite choose it before others.
    With `archived_at` they are counted without a look at the threads.
    """
    return Index(
        f"ix_threads_{flag}",
        "program_id",
        flag,
        "last_at",
        "id",
        "archived_at",
        sqlite_where=text(f"{flag} = 1"),  # as SQLAlchemy says it there: SQLite compares the words
        postgresql_where=text(flag),
    )


class Thread(Base):
    """The conversation of one program with one partner; it is listed from its first message on.

    `last_at` and `last_side` follow the latest message that the brand sees, `unread` is shared by all users
    of the brand. `link_version` is in every link the partner was sent: raising it revokes them all, and
    `links_revoked_at` is when that was last done, by whom.
    """

    __tablename__ = "threads"
    __table_args__ = (
        UniqueConstraint("program_id", "partner_id"),
        # With `archived_at`, so that what was put away is passed by within the index, however much that is.
        Index("ix_threads_program_last", "program_id", "last_at", "id", "archived_at"),
        _few("unread"),
        _few("priority"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id"))
    partner_id: Mapped[int] = mapped_column(ForeignKey("partners.id"), index=True)
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    unread: Mapped[bool] = mapped_column(default=False, server_default=false())
    priority: Mapped[bool] = mapped_column(default=False, server_default=false())
    archived_at: Mapped[datetime | None] = mapped_column(Moment)
    last_at: Mapped[datetime | None] = mapped_column(Moment)
    last_side: Mapped[str | None]
    # The partner reported the conversation, and why in their own words.
    reported_at: Mapped[datetime | None] = mapped_column(Moment)
    report: Mapped[str | None]
    link_version: Mapped[int] = mapped_column(default=1, server_default="1")
    links_revoked_at: Mapped[datetime | None] = mapped_column(Moment)
    links_revoked_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(Moment)

    partner: Mapped[Partner] = relationship(lazy="joined")


class Message(Base):
    """One message; `lang` is the language it is written in, detected and correctable.

    `shown_at` is when it became visible to the other side: with its attachments clean, or at once. It can be
    edited and withdrawn until `read_at`. `form_key` makes sending a form twice one message; `message_id` is
    the Message-ID of the mail that told the other side, or that brought it.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("thread_id", "form_key"),
        Index("ix_messages_thread", "thread_id", "id"),
        Index("ix_messages_message_id", "message_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    thread_id: Mapped[int] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"))
    side: Mapped[str]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    channel: Mapped[str]
    state: Mapped[str]
    body: Mapped[str]
    lang: Mapped[str | None]
    form_key: Mapped[str]
    message_id: Mapped[str | None]
    # Files of a mail that brought it which stayed behind.
    files_left_out: Mapped[int] = mapped_column(default=0, server_default="0")
    # The first of them, as `facts/left_out.py` stores each.
    left_out: Mapped[list[list[Any]]] = mapped_column(JSON, default=list, server_default="[]")
    created_at: Mapped[datetime] = mapped_column(Moment)
    shown_at: Mapped[datetime | None] = mapped_column(Moment)
    edited_at: Mapped[datetime | None] = mapped_column(Moment)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Moment)
    read_at: Mapped[datetime | None] = mapped_column(Moment)

    attachments: Mapped[list["Attachment"]] = relationship(order_by="Attachment.id")


class Attachment(Base):
    """A file of a conversation; it belongs to a message, or to nobody's yet while a form is being filled.

    `name` is kept as given, `file_id` is the random name it is stored under, None once it is deleted.
    `upload_key` binds a file without a message to the form it was uploaded for. `next_try_at` is when the
    scanner is asked again, `give_up_at` until when.
    """

    __tablename__ = "attachments"
    __table_args__ = (
        Index("ix_attachments_state_try", "state", "next_try_at"),
        Index("ix_attachments_upload", "thread_id", "upload_key"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    thread_id: Mapped[int] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), index=True)
    upload_key: Mapped[str]
    side: Mapped[str]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    name: Mapped[str]
    kind: Mapped[str]
    size: Mapped[int]
    digest: Mapped[str]
    file_id: Mapped[str | None] = mapped_column(unique=True)
    state: Mapped[str]
    threat: Mapped[str | None]
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    next_try_at: Mapped[datetime | None] = mapped_column(Moment)
    give_up_at: Mapped[datetime] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    scanned_at: Mapped[datetime | None] = mapped_column(Moment)


class Draft(Base):
    """What one user has begun to write in a conversation."""

    __tablename__ = "drafts"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    thread_id: Mapped[int] = mapped_column(
        ForeignKey("threads.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    body: Mapped[str]
    form_key: Mapped[str]
    updated_at: Mapped[datetime] = mapped_column(Moment)


class MessagingTerms(Base):
    """A version of the brand's terms for messages: `texts` are Markdown by locale; the latest row holds."""

    __tablename__ = "messaging_terms"

    id: Mapped[int] = mapped_column(primary_key=True)
    texts: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(Moment)


class TermsAcceptance(Base):
    """When a user, or the partner of a conversation, accepted a version of the terms."""

    __tablename__ = "terms_acceptances"
    __table_args__ = (UniqueConstraint("terms_id", "user_id"), UniqueConstraint("terms_id", "partner_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    terms_id: Mapped[int] = mapped_column(ForeignKey("messaging_terms.id", ondelete="CASCADE"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    partner_id: Mapped[int | None] = mapped_column(ForeignKey("partners.id", ondelete="CASCADE"), index=True)
    accepted_at: Mapped[datetime] = mapped_column(Moment)


class NotificationChoice(Base):
    """How a user wants to be mailed about one kind of notice; without a row the default of the kind holds."""

    __tablename__ = "notification_choices"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    mail: Mapped[str]


class Digest(Base):
    """The one mail a day with a user's news: that it is written, for which of the user's own days."""

    __tablename__ = "digests"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)
