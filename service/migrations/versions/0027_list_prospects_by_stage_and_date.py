"""Keep the prospects of each program in the order of their stages and of their dates, too."""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_index(
        "ix_prospects_program_added", "prospects", ["program_id", "created_at", "id"], unique=False
    )
    op.drop_index("ix_prospects_program_stage", table_name="prospects")
    op.create_index(
        "ix_prospects_program_stage", "prospects", ["program_id", "stage", "archived_at", "id"], unique=False
    )
