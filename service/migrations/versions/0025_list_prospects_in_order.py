"""Keep the prospects of each program in the order of their names, and count them within an index."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("prospects", sa.Column("sort_key", sa.String(), server_default="", nullable=False))
    op.execute(
        "UPDATE prospects SET sort_key ="
        " (SELECT substr(search_text, 1, 60) FROM partners WHERE partners.id = prospects.partner_id)"
    )
    op.create_index("ix_prospects_program_name", "prospects", ["program_id", "sort_key", "id"], unique=False)
    op.drop_index("ix_prospects_program_stage", table_name="prospects")
    op.create_index(
        "ix_prospects_program_stage", "prospects", ["program_id", "stage", "archived_at"], unique=False
    )
