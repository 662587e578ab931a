"""Index only the deliveries that somebody holds, and let a mail move its prospect once.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    held = sa.text("lease_until IS NOT NULL")
    with op.batch_alter_table("deliveries") as batch_op:
        batch_op.drop_index("ix_deliveries_state_lease")
        batch_op.create_index(
            "ix_deliveries_lease", ["lease_until"], sqlite_where=held, postgresql_where=held
        )
    with op.batch_alter_table("stage_changes") as batch_op:
        batch_op.create_unique_constraint("uq_stage_changes_delivery_id_event", ["delivery_id", "event"])


def downgrade() -> None:
    with op.batch_alter_table("stage_changes") as batch_op:
        batch_op.drop_constraint("uq_stage_changes_delivery_id_event", type_="unique")
    with op.batch_alter_table("deliveries") as batch_op:
        batch_op.drop_index("ix_deliveries_lease")
        batch_op.create_index("ix_deliveries_state_lease", ["state", "lease_until"])
