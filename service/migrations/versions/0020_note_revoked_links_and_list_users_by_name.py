"""Note who revoked the links of a conversation and when, and keep the text by which users are listed."""

import sqlalchemy as sa
from alembic import op

from service.db import Moment
from service.i18n.folding import fold

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("threads", schema=None) as batch_op:
        batch_op.add_column(sa.Column("links_revoked_at", Moment(), nullable=True))
        batch_op.add_column(sa.Column("links_revoked_by_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_threads_links_revoked_by_id_users"), "users", ["links_revoked_by_id"], ["id"]
        )
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.add_column(sa.Column("search_text", sa.String(), server_default="", nullable=False))
        batch_op.create_index("ix_users_search_text", ["search_text", "id"], unique=False)
    users = sa.table(
        "users",
        sa.column("id", sa.Integer),
        sa.column("name", sa.String),
        sa.column("email", sa.String),
        sa.column("search_text", sa.String),
    )
    connection = op.get_bind()
    for user in connection.execute(sa.select(users.c.id, users.c.name, users.c.email)).all():
        text = fold(f"{user.name}\n{user.email}")
        connection.execute(users.update().where(users.c.id == user.id).values(search_text=text))
