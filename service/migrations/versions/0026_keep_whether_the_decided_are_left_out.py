"""Keep with a draft whether who joined or declined is left out; there is no way back but a backup."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "campaigns", sa.Column("leave_out_decided", sa.Boolean(), nullable=False, server_default=sa.false())
    )
