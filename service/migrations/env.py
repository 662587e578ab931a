"""What Alembic runs; it is given its connection by `environment.py`."""

from alembic import context

from service.db import Base
from service.migrations.environment import ours

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    include_name=ours,
    compare_type=True,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
