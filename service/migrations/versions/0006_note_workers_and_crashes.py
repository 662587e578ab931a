"""Note who is at work, where the database stands, and how often a row brought a worker down."""

import sqlalchemy as sa
from alembic import op

import service.db

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "worker_beats",
        sa.Column("executor_id", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("started_at", service.db.Moment(timezone=True), nullable=False),
        sa.Column("beat_at", service.db.Moment(timezone=True), nullable=False),
        sa.Column("trouble", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("executor_id", name=op.f("pk_worker_beats")),
    )
    op.create_table(
        "installations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("stamp", sa.String(), nullable=False),
        sa.Column("held_back_at", service.db.Moment(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installations")),
    )
    for table, column in (("deliveries", "crashes"), ("system_mails", "crashes"), ("imports", "tries")):
        op.add_column(table, sa.Column(column, sa.Integer(), nullable=False, server_default="0"))
