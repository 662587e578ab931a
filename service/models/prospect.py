"""Prospects: partners as one program sees them, and the events that moved their stage."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from service.db import Base, Moment
from service.models.partner import Partner


class Prospect(Base):
    """A partner in the funnel of one program; `custom_email` wins over the partner's own address."""

    __tablename__ = "prospects"
    __table_args__ = (
        UniqueConstraint("program_id", "partner_id"),
        # How many stand where is counted within the index, and each stage is in order there.
        Index("ix_prospects_program_stage", "program_id", "stage", "archived_at", "id"),
        Index("ix_prospects_program_added", "program_id", "created_at", "id"),
        Index("ix_prospects_program_name", "program_id", "sort_key", "id"),
        # Few have one; an import asks for every address of its file whether it is one.
        Index(
            "ix_prospects_custom_email",
            "program_id",
            "custom_email_key",
            sqlite_where=text("custom_email_key IS NOT NULL"),
            postgresql_where=text("custom_email_key IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id"))
    partner_id: Mapped[int] = mapped_column(ForeignKey("partners.id"), index=True)
    # The partner's place among names (`partners.sort_key`): so each program has an index that is in order.
    sort_key: Mapped[str] = mapped_column(default="", server_default="")
    stage: Mapped[str]
    source: Mapped[str]
    custom_email: Mapped[str | None]
    custom_email_key: Mapped[str | None]
    archived_at: Mapped[datetime | None] = mapped_column(Moment)
    # When the first email went out: the invitation's period runs from here.
    invited_at: Mapped[datetime | None] = mapped_column(Moment)
    import_id: Mapped[int | None] = mapped_column(ForeignKey("imports.id"))
    created_at: Mapped[datetime] = mapped_column(Moment)

    partner: Mapped[Partner] = relationship(lazy="joined")


class StageChange(Base):
    """An event of a prospect's history with the stage it led to."""

    __tablename__ = "stage_changes"
    __table_args__ = (UniqueConstraint("delivery_id", "event"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    prospect_id: Mapped[int] = mapped_column(ForeignKey("prospects.id", ondelete="CASCADE"), index=True)
    event: Mapped[str]
    stage: Mapped[str]
    delivery_id: Mapped[int | None] = mapped_column(ForeignKey("deliveries.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime] = mapped_column(Moment)
