"""Empty databases with all tables, on either engine; desks for imports; and a moment to live in."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from service.db import Database
from service.domain import threads
from service.domain.erased import ADDRESS_MARKS
from service.domain.signing import AddressMarks
from service.migrations import environment
from service.models import Thread
from tests import postgres
from tests.domain import factories
from tests.domain.factories import NOW
from tests.domain.import_desk import Desk
from tests.domain.undo_desk import furnish

# The installation's key and the one before it, by which erased people are recognized.
KEYS = ("first key of the installation", "the key before it")
# Cases that say something about tables, and not about the bytes of a file.
BOTH = pytest.mark.parametrize("db", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def now() -> datetime:
    """The moment that most tests happen at."""
    return datetime(2038, 1, 18, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def db(tmp_path: Path, migrated: Path, request: pytest.FixtureRequest) -> Iterator[Database]:
    """An empty database with all tables: on SQLite, or where a case says so on PostgreSQL."""
    if getattr(request, "param", "sqlite") == "sqlite":
        url = f"sqlite:///{shutil.copy(migrated, tmp_path / 'test.db')}"
    else:
        url = request.getfixturevalue("postgres_server").migrated_database()
    database = Database(url, {ADDRESS_MARKS: AddressMarks(*KEYS)})
    yield database
    database.dispose()


@pytest.fixture
def session(db: Database) -> Iterator[Session]:
    """One transaction on an empty database."""
    with db.transaction() as opened:
        yield opened


@pytest.fixture(scope="session")
def postgres_tables(postgres_server: postgres.Server) -> Iterator[Database]:
    """A database with all tables, for tests that leave nothing in it."""
    database = Database(postgres_server.new_database())
    environment.upgrade(database.engine)
    yield database
    database.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest) -> Iterator[Session]:
    """One transaction on empty tables: on SQLite, and then on PostgreSQL."""
    if request.param == "sqlite":
        yield request.getfixturevalue("session")
        return
    with Session(request.getfixturevalue("postgres_tables").engine) as opened:
        yield opened
        opened.rollback()


@pytest.fixture
def thread(session: Session) -> Thread:
    """The conversation of a program with a prospect who takes messages."""
    program = factories.program(session)
    prospect = factories.prospect(session, program, messaging_enabled=True)
    return threads.open_with(session, program.id, prospect.partner_id, now=NOW)


@pytest.fixture
def desk(db: Database) -> Desk:
    """A desk for imports where nobody is known."""
    return Desk(db)


@pytest.fixture(params=["sqlite", "postgres"])
def furnished(request: pytest.FixtureRequest) -> Iterator[Desk]:
    """A desk on either kind of database, with two people who are there before."""
    if request.param == "sqlite":
        yield furnish(request.getfixturevalue("db"))
        return
    database = Database(request.getfixturevalue("postgres_server").migrated_database())
    yield furnish(database)
    database.dispose()
