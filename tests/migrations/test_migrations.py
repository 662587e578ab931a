"""The migrations make what the models say, and leave the job engine's tables alone."""

from service.adapters.jobs import migrate_engine
from service.config import Settings
from service.db import Database
from service.migrations import environment


def test_migrations_and_models_agree(db: Database) -> None:
    """A changed column without a migration is found here."""
    with db.engine.connect() as connection:
        assert environment.differences(connection) == []


def test_the_engines_tables_are_no_concern_of_ours(settings: Settings, db: Database) -> None:
    """Both live in one database; neither migration sees the other's tables, in any order, twice."""
    migrate_engine(settings.database)
    environment.upgrade(db.engine)
    migrate_engine(settings.database)
    with db.engine.connect() as connection:
        assert environment.differences(connection) == []
        found = connection.exec_driver_sql("SELECT count(*) FROM workflow_status").scalar()
    assert found == 0
