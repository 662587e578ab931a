"""The audit trail: who did what, and when."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from service.db import Base, Moment


class AuditEntry(Base):
    """One act; without a user the command line or the service itself did it.

    `details` holds ids, counts and names of things of the brand, nothing personal.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (Index("ix_audit_entries_program_id_id", "program_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment, index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    act: Mapped[str]
    subject_kind: Mapped[str | None]
    subject_id: Mapped[int | None]
    program_id: Mapped[int | None] = mapped_column(ForeignKey("programs.id", ondelete="CASCADE"))
    details: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)
