"""L-4, C-13: a file of Japanese people planned and applied, against the barest way to do each.

IMPORT_ROWS sets how many rows (the real figure is for 1,000,000), DJANGO_ROWS those of django-import-export.
Against SQLite and the standard reader the processor time counts, since other programs only ever add to wall
time; PostgreSQL works in processes of its own, so there wall time does.
"""

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from service.adapters.ledger_only import LedgerOnly
from service.db import Database, make_engine
from service.domain import imports
from service.migrations import environment
from service.models import Import
from tests import postgres
from tests.bench import import_run
from tests.bench.figures import tell

ROWS = int(os.environ.get("IMPORT_ROWS") or 20_000)
DJANGO_ROWS = int(os.environ.get("DJANGO_ROWS") or 2_000)
MOST_MEGABYTES = 300
HEADER = (
    "パートナー名,連絡先メールアドレス,メディアプロパティ,グループ名,連絡先の名,連絡先の姓,説明,パートナーID"
)
# What applying writes; nothing is written for the undo, which reads the plan.
WRITTEN = ("partners", "media_properties", "prospects", "stage_changes")
BEFORE = ("programs", "roles", "users", "imports")
CHUNK = 20_000


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("file") / "people.csv", ROWS)


def write(path: Path, rows: int) -> Path:
    with path.open("w", encoding="cp932", newline="") as out:
        out.write(HEADER + "\r\n")
        for number in range(rows):
            address = f"p{number}@minato.example,https://minato.example/{number}"
            out.write(f"株式会社みなと出版{number},{address},,健太,髙橋,旅と写真,\r\n")
    return path


@dataclass(frozen=True)
class Took:
    wall: float
    processor: float
    megabytes: float


def run(url: str, import_id: int) -> Took:
    command = [sys.executable, "-m", "tests.bench.import_run", url, str(import_id)]
    done = subprocess.run(command, capture_output=True, check=True)
    return Took(**json.loads(done.stdout))


def planned_and_applied(url: str, file: Path) -> tuple[Took, Took]:
    """A new database, the file in it, and what its dry run and its import took."""
    database = Database(url)
    environment.upgrade(database.engine)
    import_id, program_id, actor_id = import_run.upload(database, file, dry_run=True)
    dry = run(url, import_id)
    with database.transaction() as session:
        digest = session.get_one(Import, import_id).digest
        imports.apply(session, LedgerOnly(), [program_id], import_id, digest=digest, actor_id=actor_id)
    applied = run(url, import_id)
    with database.reading() as session:
        stored = session.get_one(Import, import_id)
        assert stored.state == "done"
        assert stored.created_rows == stored.applied_rows > 0
    database.dispose()
    return dry, applied


def processor_of(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def bare_reading(file: Path) -> int:
    with file.open(encoding="cp932", errors="strict", newline="") as text:
        return sum(1 for _ in csv.reader(text))


def test_on_sqlite(tmp_path: Path, file: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ours.db'}"
    dry, applied = planned_and_applied(url, file)
    reading = min(processor_of(lambda: bare_reading(file)) for _ in range(3))
    tell(
        "dry run, plan stored, CP932",
        ROWS / dry.processor,
        "csv.reader + strict decode",
        ROWS / reading,
        "≥ 0.15",
    )
    bare = bare_executemany(tmp_path / "ours.db", tmp_path / "bare.db")
    tell("import applied, SQLite", ROWS / applied.processor, "bare executemany", ROWS / bare, "≥ 0.50")
    print(
        f"{ROWS:,} rows: dry run {dry.wall:.1f} s, applied {applied.wall:.1f} s of wall time; resident "
        f"{max(dry.megabytes, applied.megabytes):.0f} MB (target ≤ {MOST_MEGABYTES} MB)"
    )


def bare_executemany(ours: Path, bare: Path) -> float:
    """The same rows, read before the clock runs, into the same tables and keys, in one transaction."""
    engine = make_engine(f"sqlite:///{bare}")
    environment.upgrade(engine)
    connection: Any = engine.raw_connection()
    driver = connection.driver_connection
    driver.execute("ATTACH DATABASE ? AS ours", (str(ours),))
    for table in BEFORE:
        columns = [row[1] for row in driver.execute(f"PRAGMA table_info({table})")]
        driver.execute(
            f"INSERT INTO {table} ({','.join(columns)}) SELECT {','.join(columns)} FROM ours.{table}"
        )
    took = 0.0
    driver.execute("BEGIN IMMEDIATE")
    for table in WRITTEN:
        source = driver.execute(f"SELECT * FROM ours.{table} ORDER BY id")
        names = ",".join(f'"{column[0]}"' for column in source.description)
        marks = ",".join("?" * len(source.description))
        statement = f"INSERT INTO main.{table} ({names}) VALUES ({marks})"
        while rows := source.fetchmany(CHUNK):
            took += processor_of(partial(driver.executemany, statement, rows))
    took += processor_of(partial(driver.execute, "COMMIT"))
    connection.close()
    engine.dispose()
    return took


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    with postgres.started() as running:
        yield running


def test_on_postgresql(server: postgres.Server, file: Path) -> None:
    url = server.new_database()
    dry, applied = planned_and_applied(url, file)
    bare = bare_copy(url, server.new_database())
    tell("import applied, PostgreSQL", ROWS / applied.wall, "bare COPY", ROWS / bare, "≥ 0.30")
    print(
        f"{ROWS:,} rows: dry run {dry.wall:.1f} s of wall time; resident "
        f"{max(dry.megabytes, applied.megabytes):.0f} MB (target ≤ {MOST_MEGABYTES} MB)"
    )


def bare_copy(ours: str, bare: str) -> float:
    engine = make_engine(bare)
    environment.upgrade(engine)
    engine.dispose()
    took = 0.0
    with plain(ours) as source, plain(bare) as target:
        for table in (*BEFORE, *WRITTEN):
            with source.cursor().copy(f"COPY {table} TO STDOUT") as copy:
                data = b"".join(bytes(part) for part in copy)
            start = time.perf_counter()
            with target.cursor().copy(f"COPY {table} FROM STDIN") as copy:
                for at in range(0, len(data), 1 << 20):
                    copy.write(data[at : at + (1 << 20)])
            took += time.perf_counter() - start if table in WRITTEN else 0.0
        start = time.perf_counter()
        target.commit()
        took += time.perf_counter() - start
    return took


def plain(url: str) -> "psycopg.Connection[Any]":
    return psycopg.connect(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False))


@pytest.mark.parametrize("mode", ["as it comes", "bulk"])
def test_against_django_import_export(tmp_path: Path, mode: str) -> None:
    """At least 30 times, dry run and import together, with the same validation."""
    pytest.importorskip("import_export", reason="django-import-export is not installed here; make bench does")
    people = write(tmp_path / "people.csv", DJANGO_ROWS)
    dry, applied = planned_and_applied(f"sqlite:///{tmp_path / 'ours.db'}", people)
    script = Path(__file__).with_name("import_export_peer.py")
    arguments = [str(people), str(tmp_path / "django.db"), *(["bulk"] if mode == "bulk" else [])]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, str(script), *arguments], capture_output=True, check=True, env=environ
    )
    peer = json.loads(done.stdout)
    assert peer["stored"] == DJANGO_ROWS
    ours = DJANGO_ROWS / (dry.processor + applied.processor)
    tell("dry run and import", ours, f"django-import-export, {mode}", DJANGO_ROWS / peer["processor"], "≥ 30")
