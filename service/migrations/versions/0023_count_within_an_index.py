"""Have the few threads that are unread, or of priority, counted within their index."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

FLAGS = ("unread", "priority")


def upgrade() -> None:
    """Apply."""
    for flag in FLAGS:
        name = op.f(f"ix_threads_{flag}")
        op.drop_index(name, table_name="threads")
        op.create_index(
            name,
            "threads",
            ["program_id", flag, "last_at", "id", "archived_at"],
            unique=False,
            sqlite_where=sa.text(f"{flag} = 1"),
            postgresql_where=sa.text(flag),
        )
