"""Connect mail accounts of users; there is no way back but a backup."""

import sqlalchemy as sa
from alembic import op

import service.db

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "mail_accounts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("address_key", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("tls", sa.String(), nullable=False),
        sa.Column("user_name", sa.String(), nullable=False),
        sa.Column("secret", sa.String(), nullable=True),
        sa.Column("verified_at", service.db.Moment(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("last_code", sa.Integer(), nullable=True),
        sa.Column("disconnected_at", service.db.Moment(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", service.db.Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_mail_accounts_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_accounts")),
        sa.UniqueConstraint("user_id", "address_key", name=op.f("uq_mail_accounts_user_id_address_key")),
    )
    with op.batch_alter_table("campaigns", schema=None) as batch_op:
        batch_op.add_column(sa.Column("mail_account_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("from_address", sa.String(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_campaigns_mail_account_id_mail_accounts"),
            "mail_accounts",
            ["mail_account_id"],
            ["id"],
        )
        batch_op.create_index(batch_op.f("ix_campaigns_mail_account_id"), ["mail_account_id"], unique=False)
