"""Users of the brand, their roles, sessions, and the counters that slow down guessing."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from service.db import Base, Moment
from service.models.program import Program


class Role(Base):
    """A named set of permissions; a built-in role has a key and takes its permissions from the facts."""

    __tablename__ = "roles"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str | None] = mapped_column(unique=True)
    name: Mapped[str]
    permissions: Mapped[list[str]] = mapped_column(JSON, default=list)
    version: Mapped[int] = mapped_column(default=1, server_default="1")


class User(Base):
    """A person of the brand; `email_key` is the comparison form of the address.

    `invitation` is what the link of an invitation carries, from `invited_at` until it is accepted: until then
    the user may do nothing. Users are found and listed by `search_text`, the folded name and address.
    """

    __tablename__ = "users"
    __table_args__ = (Index("ix_users_search_text", "search_text", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    email_key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    search_text: Mapped[str] = mapped_column(default="", server_default="")
    password_hash: Mapped[str | None]
    role_id: Mapped[int] = mapped_column(ForeignKey("roles.id"))
    locale: Mapped[str]
    time_zone: Mapped[str]
    all_programs: Mapped[bool] = mapped_column(default=False)
    current_program_id: Mapped[int | None] = mapped_column(ForeignKey("programs.id"))
    totp_secret: Mapped[str | None]
    totp_last_step: Mapped[int | None]
    disabled_at: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    invitation: Mapped[str | None]
    invited_at: Mapped[datetime | None] = mapped_column(Moment)
    seen_at: Mapped[datetime | None] = mapped_column(Moment)
    # The row stays for what it is named in, without name and address.
    erased_at: Mapped[datetime | None] = mapped_column(Moment)

    role: Mapped[Role] = relationship(lazy="joined")
    programs: Mapped[list[Program]] = relationship(secondary="program_access")


class ProgramAccess(Base):
    """A program that a user may work in."""

    __tablename__ = "program_access"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id", ondelete="CASCADE"), primary_key=True)


class RecoveryCode(Base):
    """A one-time code that stands in for the second factor; only its hash is kept."""

    __tablename__ = "recovery_codes"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    code_hash: Mapped[str]
    used_at: Mapped[datetime | None] = mapped_column(Moment)


class UserSession(Base):
    """A signed-in browser; the cookie holds a secret of which only the hash is kept here.

    `renew` asks for a new secret at the next request, after the user's rights have changed;
    `browser` is what the list of sessions calls it, such as *Firefox, Windows*.
    """

    __tablename__ = "user_sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    secret_hash: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(Moment)
    seen_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)
    browser: Mapped[str] = mapped_column(default="")
    renew: Mapped[bool] = mapped_column(default=False)

    user: Mapped[User] = relationship()


class UsedLink(Base):
    """A one-time link that has been used, so that it is not used again."""

    __tablename__ = "used_links"
    __table_args__ = (UniqueConstraint("purpose", "nonce"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    nonce: Mapped[str]
    used_at: Mapped[datetime] = mapped_column(Moment)


class Throttle(Base):
    """How often something was tried under one key, and until when it has to wait."""

    __tablename__ = "throttles"

    key: Mapped[str] = mapped_column(primary_key=True)
    tries: Mapped[int] = mapped_column(default=0)
    first_at: Mapped[datetime] = mapped_column(Moment)
    blocked_until: Mapped[datetime | None] = mapped_column(Moment)


class Notice(Base):
    """A line of news for one user, shown until it is read; `phrase` names an entry of the notice table.

    `mail` is how the user is still to be mailed about it (a MailChoice), None if that is done or not wanted.
    """

    __tablename__ = "notices"
    __table_args__ = (
        # Few of many are still to be mailed.
        Index(
            "ix_notices_mail",
            "mail",
            "user_id",
            sqlite_where=text("mail IS NOT NULL"),
            postgresql_where=text("mail IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    values: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)
    subject_id: Mapped[int | None]
    mail: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(Moment)
    read_at: Mapped[datetime | None] = mapped_column(Moment)
