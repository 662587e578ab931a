"""The database: durable settings, UTC moments, reads that do not wait, errors that tell no values."""

import sqlite3
import threading
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import bindparam, select, text, update
from sqlalchemy.exc import IntegrityError, StatementError

from service import models
from service.db import Base, Database, Moment
from service.models import Program, Suppression
from service.statements import Bulk, Prepared, Straight, Uneven, among, next_ids, those_in
from tests import postgres

CANARY = "Canary Name"
MOMENT = datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    assert models
    made = Database(f"sqlite:///{tmp_path / 'x.db'}")
    Base.metadata.create_all(made.engine)
    return made


def program(name: str, at: datetime) -> Program:
    return Program(name=name, name_key=name, default_locale="en", time_zone="UTC", created_at=at)


def test_it_works(database: Database) -> None:
    tokyo = datetime(2038, 1, 19, 12, 14, 8, tzinfo=timezone(timedelta(hours=9)))
    with database.transaction() as session:
        session.add(program("A", tokyo))
    with database.reading() as session:
        kept = session.query(Program).one()
    assert kept.created_at == datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC)
    assert kept.created_at.tzinfo is UTC


def test_settings_survive_a_power_cut(database: Database) -> None:
    with database.reading() as session:
        settings = [
            session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert settings == ["wal", 2, 1]


def test_reading_does_not_wait_for_the_writer(database: Database) -> None:
    """F-4: pages can be read while somebody writes."""
    with database.transaction() as writer:
        writer.add(program("A", datetime.now(UTC)))
        writer.flush()
        with database.reading() as reader:
            assert reader.query(Program).count() == 0


def test_a_moment_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError), database.transaction() as session:
        session.add(program("A", datetime(2038, 1, 19)))  # noqa: DTZ001 (the very thing to refuse)


def test_errors_do_not_show_the_values(database: Database) -> None:
    """D-3: what people are called does not reach a log by way of an error."""
    with pytest.raises(IntegrityError) as failed, database.transaction() as session:
        session.add_all([program("Canary Name", datetime.now(UTC)) for _ in range(2)])
    assert "Canary" not in str(failed.value)


def test_errors_of_postgresql_do_not_show_them_either() -> None:
    """D-3: its server quotes the row behind its message, whichever way a statement took."""
    at = datetime.now(UTC)
    with postgres.server() as url:
        database = Database(url)
        Base.metadata.create_all(database.engine, tables=[Base.metadata.tables["programs"]])
        with database.transaction() as session:
            session.add_all([program(name, at) for name in (CANARY, "other")])
        with pytest.raises(IntegrityError) as failed, database.transaction() as session:
            session.add(program(CANARY, at))
        with database.engine.connect() as connection:
            straight = Straight(connection)
            with pytest.raises(psycopg.errors.UniqueViolation) as refused, straight.transaction():
                straight.run(RENAME_KEY, [("other", CANARY)])
        database.dispose()
    logged = ["".join(traceback.format_exception(error)) for error in (failed.value, refused.value)]
    assert [("UniqueViolation" in text, CANARY in text) for text in logged] == [(True, False)] * 2


RENAME_KEY = Prepared(
    update(Program.__table__).where(Program.name_key == bindparam("key")).values(name_key=bindparam("new")),  # type: ignore[arg-type]
    "key",
    "new",
)
RENAME = Prepared(update(Program.__table__).where(Program.name_key == bindparam("key")).values(  # type: ignore[arg-type]
    name=bindparam("new"), created_at=bindparam("at", type_=Moment)), "new", "key", "at")  # fmt: skip


def names(database: Database) -> list[tuple[str, datetime]]:
    with database.reading() as session:
        return [(one.name, one.created_at) for one in session.query(Program).order_by(Program.name_key)]


def rename_somebody_who_is_not_there(straight: Straight, at: datetime) -> None:
    with straight.transaction():
        straight.run(RENAME, [("x", "a", at)])
        straight.run(RENAME, [("y", "b", at), ("z", "nobody", at)])


def test_a_straight_transaction_stores_all_or_nothing(database: Database) -> None:
    then, now = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    with database.transaction() as session:
        session.add_all([program("a", then), program("b", then)])
    with database.engine.connect() as connection:
        straight = Straight(connection)
        with straight.transaction():
            straight.run(RENAME, [("A", "a", now), ("B", "b", now)])
            straight.run(RENAME, [])
        assert names(database) == [("A", now), ("B", now)]
        with pytest.raises(Uneven):
            rename_somebody_who_is_not_there(straight, then)
        assert names(database) == [("A", now), ("B", now)]
        with straight.transaction():
            straight.run(RENAME, [("again", "a", now)])
    assert names(database) == [("again", now), ("B", now)]


def test_a_straight_transaction_of_the_usual_kind_of_statement(database: Database) -> None:
    """The same statement does the same through SQLAlchemy."""
    then = datetime(2026, 1, 1, tzinfo=UTC)
    with database.transaction() as session:
        session.add(program("a", then))
    with database.engine.begin() as connection:
        assert RENAME.run(connection, [("A", "a", then), ("B", "b", then)]) == 1
    assert names(database) == [("A", then)]


def test_a_straight_transaction_waits_for_its_turn(database: Database) -> None:
    """F-4: for as long as is given, and then it says that somebody else is at it."""
    then = datetime(2026, 1, 1, tzinfo=UTC)
    with database.transaction() as session:
        session.add(program("a", then))
    written = threading.Event()

    def rename() -> None:
        with database.engine.connect() as connection:
            straight = Straight(connection)
            ready.set()
            assert held.wait(60)
            with straight.transaction():
                straight.run(RENAME, [("late", "a", then)])
            written.set()

    ready, held = threading.Event(), threading.Event()
    with ThreadPoolExecutor(1) as thread, database.engine.connect() as impatient:
        quick = Straight(impatient, patience=0.05)
        waiting = thread.submit(rename)
        assert ready.wait(60)
        with database.transaction() as writer:
            writer.execute(text("UPDATE programs SET name = 'early'"))
            held.set()
            with pytest.raises(sqlite3.OperationalError, match="locked"), quick.transaction():
                pass
            assert not written.is_set()
        waiting.result(60)
    assert names(database) == [("late", then)]


@pytest.fixture(params=["sqlite", "postgres"])
def either(request: pytest.FixtureRequest) -> Iterator[Database]:
    if request.param == "sqlite":
        yield request.getfixturevalue("database")
        return
    server: postgres.Server = request.getfixturevalue("postgres_server")
    made = Database(server.new_database())
    Base.metadata.create_all(made.engine)
    yield made
    made.dispose()


def test_many_rows_at_once(either: Database) -> None:
    """As the ORM would write them: moments, other scripts; a taken key refuses all, and names no value."""
    rows = Bulk(Suppression, "id", "program_id", "address_key", "reason")
    with either.transaction() as session:
        made = program("A", MOMENT)
        session.add(made)
        session.flush()
        program_id = made.id
        connection = session.connection()
        ids = next_ids(connection, Suppression, 3)
        assert len(set(ids)) == 3
        rows.insert(connection, [], at=MOMENT)
        rows.insert(connection, [(one, program_id, f"夏\t{one}\\", "x") for one in ids], at=MOMENT)
    with either.reading() as session:
        found = session.scalars(select(Suppression).order_by(Suppression.id)).all()
        assert [(one.address_key, one.at) for one in found] == [(f"夏\t{one}\\", MOMENT) for one in ids]
        some = select(Suppression.id).where(among(session, Suppression.address_key, [f"夏\t{ids[1]}\\", "?"]))
        assert session.scalars(some).all() == [ids[1]]
        none = select(Suppression.id).where(among(session, Suppression.id, []))
        assert session.scalars(none).all() == []
        asked = [f"夏\t{ids[1]}\\", f"夏\t{ids[1]}\\", "?"]
        assert those_in(session, Suppression.address_key, asked) == {asked[0]}
        assert those_in(session, Suppression.address_key, []) == set()
    with either.transaction() as session:
        connection = session.connection()
        (new,) = next_ids(connection, Suppression, 1)
        assert new not in ids
        with pytest.raises(IntegrityError) as refused, session.begin_nested():
            rows.insert(session.connection(), [(new, program_id, f"夏\t{ids[0]}\\", "x")], at=MOMENT)
        assert either.engine.dialect.name == "postgresql" or "夏" not in str(refused.value)
        rows.insert(connection, [(new, program_id, "other", "x")], at=MOMENT)
    with either.reading() as session:
        assert len(session.scalars(select(Suppression.id)).all()) == 4
