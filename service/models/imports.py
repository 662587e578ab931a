"""Imports: an uploaded file in pieces, how it was read, its plan row by row, and what came of it."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from service.db import Base, Moment


class Import(Base):
    """One uploaded file of a program, with the choices made for it and where it stands.

    `planned_rows` and `applied_rows` are the numbers of the last row done, so that both can go on after an
    interruption; the four counts are those of the plan first, of what was stored in the end.
    """

    __tablename__ = "imports"

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id"), index=True)
    # Who last had it go on: it runs on their rights, and the report is for them.
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    file_name: Mapped[str]
    size: Mapped[int]
    # The language of the user at the upload: the report speaks it, and the encoding is judged by it.
    locale: Mapped[str]
    encoding: Mapped[str | None]
    delimiter: Mapped[str | None]
    # Our column by the index of theirs, where a person said it; None where the names say it.
    mapping: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    dry_run: Mapped[bool] = mapped_column(default=False)
    overwrite: Mapped[bool] = mapped_column(default=False)
    # Given to people of whom neither the file nor we know one; None leaves them to the program's default.
    default_language: Mapped[str | None]
    state: Mapped[str]
    digest: Mapped[str] = mapped_column(default="")
    planned_rows: Mapped[int] = mapped_column(default=0)
    applied_rows: Mapped[int] = mapped_column(default=0)
    created_rows: Mapped[int] = mapped_column(default=0)
    updated_rows: Mapped[int] = mapped_column(default=0)
    unchanged_rows: Mapped[int] = mapped_column(default=0)
    rejected_rows: Mapped[int] = mapped_column(default=0)
    # Rows among the rejected whose prospect changed between plan and import.
    drifted_rows: Mapped[int] = mapped_column(default=0)
    # Why the file was refused or the import stopped by itself, as `domain.import_reasons` stores it.
    refusal: Mapped[list[dict[str, object]] | None] = mapped_column(JSON)
    # How often it was begun since it last got on.
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    # Who goes through its rows now, a worker or a command, and how long that holds.
    lease_token: Mapped[str | None]
    lease_until: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    started_at: Mapped[datetime | None] = mapped_column(Moment)
    planned_at: Mapped[datetime | None] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
    # Who asked for the undo: it runs on their rights.
    undone_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    # The undo goes from the last row to the first; rows up to this number are still to be done.
    undo_left: Mapped[int | None]
    undone_rows: Mapped[int] = mapped_column(default=0, server_default="0")
    # Rows of which something stays because it changed or was used after the import.
    kept_rows: Mapped[int] = mapped_column(default=0, server_default="0")
    undone_at: Mapped[datetime | None] = mapped_column(Moment)
    # When its file and its rows were deleted: somebody in them was erased, or they were old.
    cleared_at: Mapped[datetime | None] = mapped_column(Moment)


class ImportColumn(Base):
    """What a column of this name is in the files of a program, as a person said; nothing: it is ignored.

    `name_key` is the name with its spelling forgiven (`csvfile.headers.key_of`).
    """

    __tablename__ = "import_columns"

    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id", ondelete="CASCADE"), primary_key=True)
    name_key: Mapped[str] = mapped_column(primary_key=True)
    column: Mapped[str]
    chosen_at: Mapped[datetime] = mapped_column(Moment)


class ImportPiece(Base):
    """One piece of a file as it was uploaded; all but the last are of `domain.import_files.PIECE` bytes."""

    __tablename__ = "import_pieces"

    import_id: Mapped[int] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    data: Mapped[bytes]


class ImportRow(Base):
    """What the plan says of one row and, once applied, what came of it; the plainest are in blocks.

    `identity` is the same for all rows of one partner: `=` and the partner's id, or the address compared by.
    `partner_id` is that of a partner known before; one that the import made is found by its address.
    `reasons` and `changes` are described in `domain.import_reasons` and `domain.import_states`.
    """

    __tablename__ = "import_rows"
    __table_args__ = (
        Index("ix_import_rows_outcome", "import_id", "outcome", "number"),
        Index("ix_import_rows_identity", "import_id", "identity"),
        # Which partners known before were changed: an undo asks whether a later import did so.
        Index(
            "ix_import_rows_partner",
            "import_id",
            "partner_id",
            sqlite_where=text("partner_id IS NOT NULL"),
            postgresql_where=text("partner_id IS NOT NULL"),
        ),
        {"sqlite_with_rowid": False},
    )

    import_id: Mapped[int] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    line: Mapped[int]
    outcome: Mapped[str]
    identity: Mapped[str | None]
    partner_id: Mapped[int | None]
    name: Mapped[str]
    # The rule of the first reason: reasons are grouped by it.
    rule: Mapped[str | None]
    reasons: Mapped[list[dict[str, object]] | None] = mapped_column(JSON(none_as_null=True))
    changes: Mapped[dict[str, object] | None] = mapped_column(JSON(none_as_null=True))


class ImportBlock(Base):
    """Rows of a plan from `first` to `last` about people who are new and whom no other row names, packed.

    `domain.import_people` says what `data` holds. A row that is in `import_rows` too is as it is there.
    """

    __tablename__ = "import_blocks"

    import_id: Mapped[int] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    last: Mapped[int] = mapped_column(primary_key=True)
    first: Mapped[int]
    data: Mapped[bytes]


class ImportLeftover(Base):
    """A row that an undo left in place, whole or in part, and why, as `domain.import_reasons` stores it."""

    __tablename__ = "import_leftovers"
    __table_args__ = ({"sqlite_with_rowid": False},)

    import_id: Mapped[int] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    reasons: Mapped[list[dict[str, object]]] = mapped_column(JSON)
