"""Keep how far an import is undone, by whom, and what stayed; and who goes through its rows now."""

import sqlalchemy as sa
from alembic import op

import service.db

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "import_leftovers",
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["imports.id"],
            name=op.f("fk_import_leftovers_import_id_imports"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("import_id", "number", name=op.f("pk_import_leftovers")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("import_rows", schema=None) as batch_op:
        batch_op.create_index(
            "ix_import_rows_partner",
            ["import_id", "partner_id"],
            unique=False,
            sqlite_where=sa.text("partner_id IS NOT NULL"),
            postgresql_where=sa.text("partner_id IS NOT NULL"),
        )
    with op.batch_alter_table("prospects", schema=None) as batch_op:
        batch_op.create_index(
            "ix_prospects_custom_email",
            ["program_id", "custom_email_key"],
            unique=False,
            sqlite_where=sa.text("custom_email_key IS NOT NULL"),
            postgresql_where=sa.text("custom_email_key IS NOT NULL"),
        )
    with op.batch_alter_table("imports", schema=None) as batch_op:
        batch_op.add_column(sa.Column("lease_token", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("lease_until", service.db.Moment(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("undone_by", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("undo_left", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("undone_rows", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("kept_rows", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("undone_at", service.db.Moment(timezone=True), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_imports_undone_by_users"), "users", ["undone_by"], ["id"])
