"""Imports: an uploaded file, how it was read, its plan row by row, and what came of it."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from service.db import Base, Moment


class Import(Base):
    """One uploaded file; its bytes stay unchanged in `content`."""

    __tablename__ = "imports"

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    file_name: Mapped[str]
    content: Mapped[bytes] = mapped_column(deferred=True)
    locale: Mapped[str]
    encoding: Mapped[str | None]
    delimiter: Mapped[str | None]
    dry_run: Mapped[bool] = mapped_column(default=False)
    overwrite: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str]
    digest: Mapped[str | None]
    created_rows: Mapped[int] = mapped_column(default=0)
    updated_rows: Mapped[int] = mapped_column(default=0)
    unchanged_rows: Mapped[int] = mapped_column(default=0)
    rejected_rows: Mapped[int] = mapped_column(default=0)
    applied_rows: Mapped[int] = mapped_column(default=0)
    refusal: Mapped[dict[str, object] | None] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)


class ImportRow(Base):
    """What the plan says of one row and what applying it did."""

    __tablename__ = "import_rows"
    __table_args__ = (Index("ix_import_rows_outcome", "import_id", "outcome"),)

    import_id: Mapped[int] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    line: Mapped[int]
    outcome: Mapped[str]
    reasons: Mapped[list[dict[str, object]]] = mapped_column(JSON, default=list)
    changes: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)
    partner_id: Mapped[int | None]
    applied: Mapped[bool] = mapped_column(default=False)
