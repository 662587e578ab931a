"""Partners: the companies and creators, and the places where they publish."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from service.db import Base, Moment


class MediaProperty(Base):
    """A web address where a partner publishes."""

    __tablename__ = "media_properties"
    __table_args__ = (UniqueConstraint("partner_id", "url"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("partners.id", ondelete="CASCADE"))
    url: Mapped[str]


class Partner(Base):
    """A company or creator; one without `mpid` has no account and is known by its address alone."""

    __tablename__ = "partners"
    __table_args__ = (
        Index("ix_partners_email_key", "email_key"),
        # Someone without an account is one person per address; accounts may share one.
        Index(
            "uq_partners_email_without_account",
            "email_key",
            unique=True,
            sqlite_where=text("mpid IS NULL"),
            postgresql_where=text("mpid IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    mpid: Mapped[str | None] = mapped_column(unique=True)
    name: Mapped[str]
    first_name: Mapped[str | None]
    last_name: Mapped[str | None]
    email: Mapped[str]
    email_key: Mapped[str]
    locale: Mapped[str | None]
    time_zone: Mapped[str | None]
    country: Mapped[str | None]
    kind: Mapped[str]
    business_model: Mapped[str | None]
    description: Mapped[str | None]
    messaging_enabled: Mapped[bool] = mapped_column(default=False)
    # Folded name, contact and address, for search in any script (see i18n/folding.py).
    search_text: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(Moment)

    media_properties: Mapped[list[MediaProperty]] = relationship(
        cascade="all, delete-orphan", order_by=MediaProperty.id
    )
