"""Index only the deliveries that are held, let a mail move its prospect once, and limit a program's rate.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

import service.db

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
    op.execute(
        "DELETE FROM stage_changes WHERE delivery_id IS NOT NULL AND id NOT IN"
        " (SELECT min(id) FROM stage_changes WHERE delivery_id IS NOT NULL GROUP BY delivery_id, event)"
    )
    with op.batch_alter_table("stage_changes") as batch_op:
        batch_op.create_unique_constraint("uq_stage_changes_delivery_id_event", ["delivery_id", "event"])
    op.add_column("programs", sa.Column("hourly_limit", sa.Integer(), nullable=True))
    op.create_table(
        "program_minutes",
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("minute", service.db.Moment(timezone=True), nullable=False),
        sa.Column("mails", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["program_id"],
            ["programs.id"],
            name=op.f("fk_program_minutes_program_id_programs"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("program_id", "minute", name=op.f("pk_program_minutes")),
    )


def downgrade() -> None:
    op.drop_table("program_minutes")
    op.drop_column("programs", "hourly_limit")
    with op.batch_alter_table("stage_changes") as batch_op:
        batch_op.drop_constraint("uq_stage_changes_delivery_id_event", type_="unique")
    with op.batch_alter_table("deliveries") as batch_op:
        batch_op.drop_index("ix_deliveries_lease")
        batch_op.create_index("ix_deliveries_state_lease", ["state", "lease_until"])
