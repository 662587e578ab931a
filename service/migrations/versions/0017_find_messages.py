"""Find messages by their words, and list threads that are archived, unread or of priority by an index."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_SQLITE = (
    "CREATE VIRTUAL TABLE message_grams_index USING fts5(grams, content='message_grams',"
    " content_rowid='message_id', tokenize='ascii', detail=none, columnsize=0)",
    "CREATE TRIGGER message_grams_added AFTER INSERT ON message_grams BEGIN"
    " INSERT INTO message_grams_index (rowid, grams) VALUES (new.message_id, new.grams); END",
    "CREATE TRIGGER message_grams_removed AFTER DELETE ON message_grams BEGIN"
    " INSERT INTO message_grams_index (message_grams_index, rowid, grams)"
    " VALUES ('delete', old.message_id, old.grams); END",
    "CREATE TRIGGER message_grams_changed AFTER UPDATE ON message_grams BEGIN"
    " INSERT INTO message_grams_index (message_grams_index, rowid, grams)"
    " VALUES ('delete', old.message_id, old.grams);"
    " INSERT INTO message_grams_index (rowid, grams) VALUES (new.message_id, new.grams); END",
)
_POSTGRES = ("CREATE INDEX message_grams_index ON message_grams USING gin (grams) WITH (fastupdate = off)",)


def upgrade() -> None:
    """Apply."""
    op.drop_index(op.f("ix_threads_program_last"), table_name="threads")
    op.create_index(
        op.f("ix_threads_program_last"),
        "threads",
        ["program_id", "last_at", "id", "archived_at"],
        unique=False,
    )
    op.drop_index(op.f("ix_threads_unread"), table_name="threads")
    for flag in ("unread", "priority"):
        op.create_index(
            op.f(f"ix_threads_{flag}"),
            "threads",
            ["program_id", flag, "last_at", "id"],
            unique=False,
            sqlite_where=sa.text(f"{flag} = 1"),
            postgresql_where=sa.text(flag),
        )
    is_postgres = op.get_bind().dialect.name == "postgresql"
    op.create_table(
        "message_grams",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("grams", ARRAY(sa.Integer()) if is_postgres else sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["messages.id"],
            name=op.f("fk_message_grams_message_id_messages"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_message_grams")),
    )
    op.create_index(
        op.f("ix_message_grams_program"), "message_grams", ["program_id", "message_id"], unique=False
    )
    for statement in _POSTGRES if is_postgres else _SQLITE:
        op.execute(statement)
