"""Keep since when a lifted address had been suppressed; of those lifted before, it is not known."""

import sqlalchemy as sa
from alembic import op

import service.db

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("suppression_lifts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("suppressed_at", service.db.Moment(timezone=True), nullable=True))
