# ruff: noqa: PLR0915
"""${message}; there is no way back but a backup."""

import sqlalchemy as sa
from alembic import op

import service.db
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    ${upgrades if upgrades else "pass"}
