"""The database: durable settings, UTC moments, reads that do not wait, errors that tell no values."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, StatementError

from service import models
from service.db import Base, Bulk, Database, among, next_ids
from service.models import Program, Suppression
from tests import postgres

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


@pytest.fixture(params=["sqlite", "postgres"])
def either(request: pytest.FixtureRequest) -> Iterator[Database]:
    if request.param == "sqlite":
        yield request.getfixturevalue("database")
        return
    with postgres.server() as url:
        made = Database(url)
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
