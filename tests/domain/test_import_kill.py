"""F-1, C-13: SIGKILL at any statement of an import or its undo; whoever goes on comes to the same."""

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import psycopg
import pytest
from sqlalchemy import event

from service.db import Database
from service.domain import import_runs, import_undo
from tests import postgres
from tests.domain import undo_desk
from tests.domain.factories import NOW, AskedJobs
from tests.domain.import_desk import DATA, Desk
from tests.domain.undo_desk import ACCOUNT, furnish

FILE = undo_desk.FILE + "Red Harbor,red@x.example,https://red.example,夏,Rhea,Boats,,fr\n" + ACCOUNT
Result = tuple[list[list[tuple[object, ...]]], tuple[int, ...], tuple[int, int], str]


def go_on(url: str, import_id: int, kill_at: int | None) -> None:
    """Be a worker, a row in each transaction, that is killed before its nth statement or commit."""
    db = Database(url)
    left = [kill_at or 0]

    def count(*_: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(db.engine, "before_cursor_execute", count)
    event.listen(db.engine, "commit", count)
    runner = import_runs.Runner(import_id, base_url="https://p.example", batch=1)
    more = 1
    while more:
        with db.transaction() as session:
            more = runner.step(session, AskedJobs(), now=NOW)
    db.dispose()


def killed(url: str, import_id: int, kill_at: int | None) -> bool:
    """Have another process do it; tell whether it was killed before its end."""
    child = os.fork()
    if child == 0:
        try:
            go_on(url, import_id, kill_at)
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


class Place(Protocol):
    """Where a database is of which copies can be made."""

    def copied(self, name: str) -> str:
        """Copy it, over a copy of this name; return the address."""


class OnDisk(NamedTuple):
    """A file of SQLite."""

    file: Path

    def copied(self, name: str) -> str:
        """Copy it without what its last life left beside it."""
        to = self.file.with_name(f"{name}.db")
        for end in ("", "-wal", "-shm"):
            Path(f"{to}{end}").unlink(missing_ok=True)
        shutil.copy(self.file, to)
        return f"sqlite:///{to}"


class OnServer(NamedTuple):
    """A database of PostgreSQL."""

    server: postgres.Server
    database: str

    def copied(self, name: str) -> str:
        """Copy it; whoever was killed may still be connected to the copy before."""
        with psycopg.connect(self.server.url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {self.database}")
        return self.server.url_of(name)


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Place, Database]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return OnDisk(tmp_path / "test.db"), request.getfixturevalue("db")
    running: postgres.Server = request.getfixturevalue("postgres_server")
    db = Database(running.migrated_database())
    return OnServer(running, str(db.engine.url.database)), db


def result(url: str, import_id: int) -> Result:
    db = Database(url)
    desk = Desk.__new__(Desk)
    desk.db = db
    data = numbered(desk.data())
    found = data, desk.counts(import_id), desk.undo_counts(import_id), desk.state(import_id)
    db.dispose()
    return found


def numbered(data: list[list[tuple[object, ...]]]) -> list[list[tuple[object, ...]]]:
    """Rows with their places for ids: a sequence of PostgreSQL goes on after a transaction that was lost."""
    tables = [table.__table__ for table in DATA]
    places: dict[str, dict[object, int]] = {
        str(table.name): {row[0]: at for at, row in enumerate(rows)}
        for table, rows in zip(tables, data, strict=True)
        if "id" in table.columns
    }

    def told(column: Any, value: object) -> object:
        target = next((key.column.table.name for key in column.foreign_keys), column.table.name)
        is_id = column.name == "id" or column.foreign_keys
        return places[target][value] if is_id and target in places and value is not None else value

    return [
        sorted(
            (tuple(told(*pair) for pair in zip(table.columns, row, strict=True)) for row in rows), key=repr
        )
        for table, rows in zip(tables, data, strict=True)
    ]


@pytest.fixture
def importing(place: tuple[Place, Database]) -> tuple[Place, int]:
    """A database in which an import was asked for."""
    kept, db = place
    import_id = furnish(db).upload(FILE, overwrite=True)
    db.dispose()
    return kept, import_id


@pytest.fixture
def undoing(place: tuple[Place, Database]) -> tuple[Place, int]:
    """A database in which the undo of an import was asked for."""
    kept, db = place
    desk = furnish(db)
    import_id = desk.import_file(FILE, overwrite=True)
    with db.transaction() as session:
        import_undo.request(session, desk.jobs, [desk.program_id], import_id, actor_id=desk.user_id, now=NOW)
    db.dispose()
    return kept, import_id


def sweep(place: tuple[Place, int], points: Callable[[int], bool]) -> int:
    """Kill at every point that is asked for, go on, and compare with a run that nobody killed."""
    kept, import_id = place
    whole = kept.copied("whole")
    assert not killed(whole, import_id, None)
    expected = result(whole, import_id)
    tried = at = 0
    while True:
        at += 1
        if not points(at):
            continue
        broken = kept.copied("broken")
        if not killed(broken, import_id, at):
            return tried
        assert not killed(broken, import_id, None)
        assert result(broken, import_id) == expected, f"killed at statement {at}"
        tried += 1


def test_a_killed_import_is_gone_on_with(importing: tuple[Place, int]) -> None:
    assert sweep(importing, lambda at: at % 29 == 3) > 3


def test_a_killed_undo_is_gone_on_with(undoing: tuple[Place, int]) -> None:
    assert sweep(undoing, lambda at: at % 29 == 3) > 1


@pytest.mark.sweep
def test_an_import_killed_at_any_statement_is_gone_on_with(importing: tuple[Place, int]) -> None:
    assert sweep(importing, lambda at: True) > 100


@pytest.mark.sweep
def test_an_undo_killed_at_any_statement_is_gone_on_with(undoing: tuple[Place, int]) -> None:
    assert sweep(undoing, lambda at: True) > 50
