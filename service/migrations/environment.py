"""Running the migrations from code: no ini file, the same in a checkout and in a wheel."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

import service.models  # noqa: F401 (registers the tables)
from service.db import Base

HERE = Path(__file__).resolve().parent


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring our own tables up to date, all migrations in one transaction.

    On SQLite a changed table is made anew and the old one dropped, which its rows' children must not notice:
    foreign keys are off meanwhile, and checked before the commit. Raises IntegrityError where one fails.
    """
    with engine.connect() as connection, _keys_off(connection), connection.begin():
        command.upgrade(_config(connection), revision)
        if connection.dialect.name == "sqlite":
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
            if broken is not None:
                raise IntegrityError("PRAGMA foreign_key_check", None, ValueError(f"{broken[0]} {broken[1]}"))


@contextmanager
def _keys_off(connection: Connection) -> Iterator[None]:
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name != "sqlite":
        yield
        return
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


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
    """Leave the job engine's tables alone, and the index that each database has in its own way."""
    return name in Base.metadata.tables if kind == "table" else name != "message_grams_index"


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("version_locations", str(HERE / "versions"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
