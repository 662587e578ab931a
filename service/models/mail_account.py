"""Mail accounts of users: their own mail servers, from which their campaigns may go out."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.db import Base, Moment


class MailAccount(Base):
    """A user's own address with the server that sends for it; it is of use once `verified_at` is set.

    `secret` is the password as the vault sealed it, None after disconnecting; the row stays for campaigns
    that name it. `last_error` is a value of MailCheck, `last_code` the reply code that came with it.
    """

    __tablename__ = "mail_accounts"
    __table_args__ = (UniqueConstraint("user_id", "address_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    address: Mapped[str]
    address_key: Mapped[str]
    host: Mapped[str]
    port: Mapped[int]
    tls: Mapped[str]
    user_name: Mapped[str]
    secret: Mapped[str | None]
    verified_at: Mapped[datetime | None] = mapped_column(Moment)
    last_error: Mapped[str | None]
    last_code: Mapped[int | None]
    disconnected_at: Mapped[datetime | None] = mapped_column(Moment)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(Moment)
