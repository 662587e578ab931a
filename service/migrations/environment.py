"""Running the migrations from code: no ini file, the same in a checkout and in a wheel."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine

import service.models  # noqa: F401 (registers the tables)
from service.db import Base

HERE = Path(__file__).resolve().parent


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring our own tables up to date, all migrations in one transaction."""
    with engine.begin() as connection:
        command.upgrade(_config(connection), revision)


def revise(engine: Engine, message: str, revision: str) -> None:
    """Write a new migration from what the models have and the database has not."""
    with engine.begin() as connection:
        command.revision(_config(connection), message, autogenerate=True, rev_id=revision)


def differences(connection: Connection) -> list[object]:
    """Return what the migrated database and the models do not agree on."""
    context = MigrationContext.configure(
        connection, opts={"include_name": ours, "compare_type": True, "render_as_batch": True}
    )
    return list(compare_metadata(context, Base.metadata))


def ours(name: str | None, kind: str, _parents: object) -> bool:
    """Leave the tables of the job engine alone."""
    return kind != "table" or name in Base.metadata.tables


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("version_locations", str(HERE / "versions"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
