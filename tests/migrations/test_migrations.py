"""The migrations make what the models say, and leave the job engine's tables alone."""

from pathlib import Path

from service.adapters.jobs import migrate_engine
from service.config import Settings
from service.db import Database, make_engine
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


def test_an_old_database_keeps_its_rows(tmp_path: Path) -> None:
    """Tables that are made anew take their rows, and the rows that belong to those, along."""
    engine = make_engine(f"sqlite:///{tmp_path / 'old.db'}")
    environment.upgrade(engine, "0001")
    with engine.begin() as connection:
        for statement in OLD_ROWS:
            connection.exec_driver_sql(statement)
    environment.upgrade(engine)
    with engine.connect() as connection:
        count = {
            table: connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar()
            for table in ("programs", "users", "campaigns", "variants", "deliveries", "stage_changes")
        }
        assert count == {
            "programs": 1, "users": 1, "campaigns": 1, "variants": 1, "deliveries": 1, "stage_changes": 2,
        }  # fmt: skip
        listed = connection.exec_driver_sql("SELECT search_text FROM users").scalar()
        assert listed == "u\nu@example.com"
        assert connection.exec_driver_sql("SELECT sort_key FROM prospects").scalar() == "p\n" + 58 * "x"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert environment.differences(connection) == []
    engine.dispose()


def test_what_was_indexed_is_still_found(tmp_path: Path) -> None:
    """SQLite's index of messages and the triggers that keep it outlive the column that is dropped."""
    engine = make_engine(f"sqlite:///{tmp_path / 'old.db'}")
    environment.upgrade(engine, "0019")
    with engine.begin() as connection:
        for statement in OLD_MESSAGE:
            connection.exec_driver_sql(statement)
    environment.upgrade(engine)
    found = "SELECT rowid FROM message_grams_index WHERE message_grams_index MATCH 'p1 AND abc'"
    with engine.begin() as connection:
        assert connection.exec_driver_sql(found).scalars().all() == [1]
        connection.exec_driver_sql("DELETE FROM message_grams")
        assert connection.exec_driver_sql(found).scalars().all() == []
    engine.dispose()


# One row of everything that later migrations touch; the second of two equal events is dropped on the way.
_AT = "'2026-11-01 00:00:00'"
_PARTNER = (
    "id, name, email, email_key, kind, messaging_enabled, search_text, created_at",
    f"1, 'P', 'p@example.com', 'p@example.com', 'creator', 0, 'p\n{99 * 'x'}', {_AT}",
)
_EVENT = "INSERT INTO stage_changes (id, prospect_id, event, stage, delivery_id, at) VALUES"
OLD_ROWS = (
    "INSERT INTO programs (id, name, name_key, default_locale, time_zone, invitation_days, version,"
    f" created_at) VALUES (1, 'A', 'a', 'en', 'UTC', 60, 1, {_AT})",
    "INSERT INTO roles (id, name, permissions) VALUES (1, 'R', '[]')",
    "INSERT INTO users (id, email, email_key, name, role_id, locale, time_zone, all_programs, created_at)"
    f" VALUES (1, 'u@example.com', 'u@example.com', 'U', 1, 'en', 'UTC', 1, {_AT})",
    f"INSERT INTO partners ({_PARTNER[0]}) VALUES ({_PARTNER[1]})",
    "INSERT INTO prospects (id, program_id, partner_id, stage, source, created_at)"
    f" VALUES (1, 1, 1, 'outreach', 'manual', {_AT})",
    "INSERT INTO campaigns (id, program_id, author_id, form_key, state, from_name, source_locale,"
    " unknown_policy, selection, ads, version, created_at)"
    f" VALUES (1, 1, 1, 'k', 'draft', 'F', 'en', 'ask', '{{}}', '{{}}', 1, {_AT})",
    "INSERT INTO variants (id, campaign_id, locale, subject, content) VALUES (1, 1, 'en', 'S', 'C')",
    'INSERT INTO deliveries (id, campaign_id, prospect_id, address, address_key, locale, time_zone, "values",'
    " message_id, state, attempts)"
    " VALUES (1, 1, 1, 'p@example.com', 'p@example.com', 'en', 'UTC', '{}', 'm@x', 'sent', 1)",
    f"{_EVENT} (1, 1, 'marked', 'new', NULL, {_AT})",
    f"{_EVENT} (2, 1, 'email_accepted', 'outreach', 1, {_AT})",
    f"{_EVENT} (3, 1, 'email_accepted', 'outreach', 1, {_AT})",
)
OLD_MESSAGE = (
    *OLD_ROWS[:1],
    f"INSERT INTO partners ({_PARTNER[0]}) VALUES ({_PARTNER[1]})",
    f"INSERT INTO threads (id, program_id, partner_id, created_at) VALUES (1, 1, 1, {_AT})",
    "INSERT INTO messages (id, thread_id, side, channel, state, body, form_key, created_at)"
    f" VALUES (1, 1, 'brand', 'web', 'sent', 'B', 'k', {_AT})",
    "INSERT INTO message_grams (message_id, program_id, grams) VALUES (1, 1, 'p1 abc')",
)
