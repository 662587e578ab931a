"""Invite users, keep an audit trail, and notice when two people change one role."""

import sqlalchemy as sa
from alembic import op

from service.db import Moment

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", Moment(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("subject_kind", sa.String(), nullable=True),
        sa.Column("subject_id", sa.Integer(), nullable=True),
        sa.Column("program_id", sa.Integer(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["program_id"],
            ["programs.id"],
            name=op.f("fk_audit_entries_program_id_programs"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_audit_entries_user_id_users"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.create_index(op.f("ix_audit_entries_at"), ["at"], unique=False)
        batch_op.create_index(op.f("ix_audit_entries_user_id"), ["user_id"], unique=False)
        batch_op.create_index("ix_audit_entries_program_id_id", ["program_id", "id"], unique=False)
    with op.batch_alter_table("roles", schema=None) as batch_op:
        batch_op.add_column(sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.add_column(sa.Column("invitation", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("invited_at", Moment(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("seen_at", Moment(timezone=True), nullable=True))
