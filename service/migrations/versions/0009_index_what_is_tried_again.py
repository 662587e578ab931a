"""Index the deliveries that wait for another try, by when that is."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    waiting = sa.text("state = 'deferred'")
    op.create_index(
        "ix_deliveries_retries",
        "deliveries",
        ["campaign_id", "next_attempt_at"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_deliveries_retries", "deliveries")
