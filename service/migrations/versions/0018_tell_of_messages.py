"""Tell partners and users of messages: mails of a conversation, notices to be mailed, the mail of a day."""

import sqlalchemy as sa
from alembic import op

from service.db import Moment

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "digests",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_digests_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "day", name=op.f("pk_digests")),
    )
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.add_column(sa.Column("files_left_out", sa.Integer(), server_default="0", nullable=False))
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.add_column(sa.Column("mail", sa.String(), nullable=True))
        batch_op.create_index(
            "ix_notices_mail",
            ["mail", "user_id"],
            unique=False,
            sqlite_where=sa.text("mail IS NOT NULL"),
            postgresql_where=sa.text("mail IS NOT NULL"),
        )
    with op.batch_alter_table("system_mails", schema=None) as batch_op:
        batch_op.add_column(sa.Column("thread_id", sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f("ix_system_mails_thread_id"), ["thread_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_system_mails_thread_id_threads"),
            "threads",
            ["thread_id"],
            ["id"],
            ondelete="CASCADE",
        )
