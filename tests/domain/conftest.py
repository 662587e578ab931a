"""A migrated database, and a moment to live in."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from service.db import Database


@pytest.fixture
def now() -> datetime:
    """The moment that most tests happen at."""
    return datetime(2038, 1, 18, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def db(tmp_path: Path, migrated: Path) -> Iterator[Database]:
    """An empty SQLite database with all tables."""
    database = Database(f"sqlite:///{shutil.copy(migrated, tmp_path / 'test.db')}")
    yield database
    database.dispose()


@pytest.fixture
def session(db: Database) -> Iterator[Session]:
    """One transaction on an empty database."""
    with db.transaction() as opened:
        yield opened
