"""Keep with a draft which recipients its author leaves out; there is no way back but a backup."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    for column in ("leave_out", "leave_out_roles"):
        op.add_column("campaigns", sa.Column(column, sa.Boolean(), nullable=False, server_default=sa.false()))
