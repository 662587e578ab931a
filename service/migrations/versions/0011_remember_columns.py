"""Keep which column of a file is which, as a person said: with the import, and for the program."""

import sqlalchemy as sa
from alembic import op

import service.db

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "import_columns",
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("column", sa.String(), nullable=False),
        sa.Column("chosen_at", service.db.Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["program_id"],
            ["programs.id"],
            name=op.f("fk_import_columns_program_id_programs"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("program_id", "name_key", name=op.f("pk_import_columns")),
    )
    with op.batch_alter_table("imports", schema=None) as batch_op:
        batch_op.add_column(sa.Column("mapping", sa.JSON(none_as_null=True), nullable=True))
