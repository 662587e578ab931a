"""Find the latest messages first on PostgreSQL: its index also knows in which block of ids each is."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.drop_index(op.f("ix_message_grams_program"), table_name="message_grams")
    # Not as a batch, which would make SQLite's table anew, without its triggers.
    op.drop_column("message_grams", "program_id")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP INDEX message_grams_index")
        op.execute(
            "CREATE INDEX message_grams_index ON message_grams"
            " USING gin (grams, (ARRAY[message_id >> 13])) WITH (fastupdate = off)"
        )
