"""What is kept of people who were erased: that it was done, and marks by which their addresses are known."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.db import Base, Moment


class ErasedAddress(Base):
    """An address that a program must not write to, of somebody erased; `mark` is its keyed hash."""

    __tablename__ = "erased_addresses"
    __table_args__ = (UniqueConstraint("program_id", "mark"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id", ondelete="CASCADE"))
    mark: Mapped[str]
    reason: Mapped[str]
    at: Mapped[datetime] = mapped_column(Moment)


class Erasure(Base):
    """One person erased: what kind, by whom, when, and how many rows of each table that was."""

    __tablename__ = "erasures"

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str]
    subject_id: Mapped[int]
    counts: Mapped[dict[str, int]] = mapped_column(JSON)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime] = mapped_column(Moment)
