"""Fixtures that every folder may use: an installation on a real, migrated SQLite file, and a mail sink."""

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from service import bootstrap
from service.config import Settings
from service.db import Database, make_engine
from service.i18n.catalogs import Catalogs
from service.migrations import environment
from service.paths import data_dir
from tests import postgres
from tests.clamd import Clamd, started
from tests.judged import judge_outbox
from tests.sink import Sink

# No test asserts a time, and a busy machine is no reason to fail. In CI the examples are the same each time,
# so that a change is judged by what it changed; new ones are looked for wherever else the tests are run.
hypothesis_settings.register_profile(
    "calm", deadline=None, derandomize="CI" in os.environ, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("calm")


# What mostly waits: for leases that end, for servers that are down, for silence that is long enough.
WAITING = Path(__file__).parent / "worker"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Hand out first what waits: it does so beside all other tests then, and at the end would do so alone."""
    items.sort(key=lambda item: not item.path.is_relative_to(WAITING))


def pytest_collection_finish() -> None:
    """Leave alone what stays to the end; who looks for garbage would go through all of it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def read_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], Catalogs]]:
    """Read the catalogs of a folder once, not again for every installation put together in this process."""
    copies = tmp_path_factory.mktemp("catalogs")

    @cache
    def read(directory: Path) -> Catalogs:
        return Catalogs(directory, copies)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bootstrap, "Catalogs", lambda directory, _copies: read(directory))
        yield read


@pytest.fixture(scope="session")
def catalogs(read_once: Callable[[Path], Catalogs]) -> Catalogs:
    """The product's own catalogs."""
    return read_once(data_dir("locales"))


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One migrated database file, copied for each test."""
    file = tmp_path_factory.mktemp("migrated") / "prospectus.db"
    engine = make_engine(f"sqlite:///{file}")
    environment.upgrade(engine)
    engine.dispose()  # the last connection folds the WAL back into the file
    return file


@pytest.fixture
def settings(tmp_path: Path, migrated: Path) -> Iterator[Settings]:
    """An installation of its own, its database migrated and empty; its captured mails have no fault (P9)."""
    data = tmp_path / "var"
    data.mkdir()
    shutil.copy(migrated, data / "prospectus.db")
    yield Settings(data=data, secret_key="tests" * 8, base_url="https://prospectus.example")
    judge_outbox(data)


@pytest.fixture
def services(settings: Settings) -> Iterator[bootstrap.Services]:
    """The parts of that installation; jobs wait in the ledger, as no engine runs."""
    made = bootstrap.build(settings, jobs=False)
    yield made
    made.db.dispose()


@pytest.fixture
def db(services: bootstrap.Services) -> Database:
    """The installation's database."""
    return services.db


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[Sink]:
    """A mail server that writes every transaction down before it answers."""
    with Sink(tmp_path / "journal.jsonl") as server:
        yield server


@pytest.fixture(scope="session")
def clamd() -> Iterator[Clamd]:
    """A virus scanner that knows the test threat of `tests/clamd.py` and no other."""
    with started() as running:
        yield running


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """A PostgreSQL server for all tests that do not stop it; each takes a database of its own."""
    with postgres.started() as running:
        yield running


@pytest.fixture(scope="session")
def need() -> Callable[[str], str]:
    """Return the path of a program, or skip; with CI its absence is a failure."""

    def find(program: str) -> str:
        path = shutil.which(program)
        if path is not None:
            return path
        if os.environ.get("CI"):
            pytest.fail(f"{program} is not installed")
        pytest.skip(f"{program} is not installed")

    return find
