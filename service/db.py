"""The database: declarative base, UTC moments, engines with the durable settings, and the transaction."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from sqlalchemy import (
    DateTime,
    Dialect,
    Engine,
    MetaData,
    create_engine,
    event,
    func,
    select,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# Seconds a transaction waits for SQLite's single writer.
PATIENCE = 5.0
# Connections kept open: as many as the threads of a web process, and two more.
POOL = 10
# For PostgreSQL: a machine that is gone without a word is noticed within ten seconds or so, not within hours.
NOTICE_SOON = {
    "connect_timeout": round(PATIENCE),
    "keepalives_idle": 4,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
# Our space among PostgreSQL's advisory locks ("PROS"), and what is locked there.
LOCKS = 0x50524F53
SWEEPING, RESCUING = 1, 2


class Base(DeclarativeBase):
    """Every table's parent: one metadata, one naming convention."""

    metadata = MetaData(naming_convention=NAMING)


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime; naive ones are refused, SQLite's naive answers are made aware again."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def make_engine(url: str) -> Engine:
    """Return an engine for our own tables.

    On SQLite: WAL, `synchronous=FULL` (a power cut must not forget that a mail is in flight), foreign keys,
    5 s of patience for the single writer, and transactions that begin as IMMEDIATE when they are to write.
    On PostgreSQL nothing waits longer than that for a lock or a connection, and statements are not compiled.
    An error never shows the values of its statement: they are people's data, and errors go to the log.
    """
    if not url.startswith("sqlite"):
        engine = create_engine(
            url, pool_size=POOL, pool_pre_ping=True, hide_parameters=True, connect_args=NOTICE_SOON
        )
        event.listen(engine, "connect", _prepare_postgres)
        event.listen(engine, "handle_error", _tell_no_values)
        return engine
    connecting = {"timeout": 5, "check_same_thread": False}
    engine = create_engine(url, pool_size=POOL, connect_args=connecting, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    event.listen(engine, "handle_error", _distrust)
    return engine


def _prepare_postgres(connection: Any, _record: Any) -> None:
    before, connection.autocommit = connection.autocommit, True
    # To compile a statement takes longer than to do it, as far as we ask for few rows of many.
    connection.execute(f"SET lock_timeout = {round(1000 * PATIENCE)}; SET jit = off")
    connection.autocommit = before


def _tell_no_values(context: Any) -> None:
    for error in (context.original_exception, context.sqlalchemy_exception):
        if error is not None:
            shorten(error)


def shorten(error: BaseException) -> None:
    """Leave of what a server said its first line: behind it PostgreSQL quotes the row that it refused."""
    said_by_server = getattr(getattr(error, "orig", error), "sqlstate", None) is not None
    if said_by_server and error.args and isinstance(error.args[0], str):
        error.args = (error.args[0].partition("\n")[0], *error.args[1:])


def _distrust(context: Any) -> None:
    # After a failed fsync nobody knows what the file holds: no open connection is believed any more.
    if any(words in str(context.original_exception) for words in ("disk I/O error", "malformed")):
        context.is_disconnect = True


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself; `_begin_sqlite` does
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "cache_size=-4000",
        "secure_delete=ON",  # what was replaced, such as a secret in clear, does not stay in the file
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    # A deferred transaction that reads first cannot wait for the write lock later (SQLITE_BUSY at once).
    options = connection.get_execution_options()
    patience = options.get("patience", PATIENCE)
    if connection.info.get("patience") != patience:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={round(1000 * patience)}")
        connection.info["patience"] = patience
    connection.exec_driver_sql("BEGIN" if options.get("reading") else "BEGIN IMMEDIATE")


class Database:
    """An engine with the two ways to use it: a transaction that commits, and a read that does not lock.

    `info` is what every session of it carries: the installation's keys that rules on data need.
    """

    def __init__(self, url: str, info: Mapping[str, object] | None = None) -> None:
        self.engine = make_engine(url)
        self._info = dict(info or {})
        self._reading = sessionmaker(
            self.engine.execution_options(reading=True),
            expire_on_commit=False,
            autoflush=False,
            info=self._info,
        )

    @contextmanager
    def transaction(self, *, patience: float = PATIENCE) -> Iterator[Session]:
        """Yield a session, commit it at the end, roll it back when an exception leaves.

        On SQLite OperationalError says that another writer took longer than `patience` seconds.
        """
        engine = self.engine.execution_options(patience=patience)
        with Session(engine, expire_on_commit=False, info=self._info) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session for looking only; what it changed is thrown away."""
        with self._reading() as session:
            yield session  # closing rolls back, and leaves what was read readable

    def fold_log(self) -> None:
        """Empty SQLite's log into its file: the log would keep what was deleted until it is written over.

        Where somebody reads at this moment, that is left to the last one to close.
        """
        if self.engine.dialect.name == "sqlite":
            # Past SQLAlchemy, which would begin a transaction.
            connection = self.engine.raw_connection()
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.close()

    def now(self) -> datetime:
        """Return the database's time; a file has none but its machine's."""
        if self.engine.dialect.name == "sqlite":
            return datetime.now(UTC)
        with self.engine.connect() as connection:
            seen: datetime = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
        return seen.astimezone(UTC)

    def dispose(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def first_at(session: Session, task: int) -> bool:
    """Tell whether no other transaction is at a task now; it is this one's until it ends.

    SQLite has one writer anyway.
    """
    if session.get_bind().dialect.name == "sqlite":
        return True
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(LOCKS, task))))


class Trouble(Enum):
    """What keeps the database from doing its work: others at it, no room or no disk, no connection."""

    BUSY = "busy"
    STORAGE = "storage"
    AWAY = "away"
    OTHER = "other"


# SQLite says it in words, PostgreSQL in SQLSTATE classes.
_WORDS = {
    "locked": Trouble.BUSY,
    "disk is full": Trouble.STORAGE,
    "disk I/O error": Trouble.STORAGE,
    "readonly database": Trouble.STORAGE,
    "unable to open database file": Trouble.STORAGE,
}
_STATES = {
    "55P03": Trouble.BUSY,
    "40P01": Trouble.BUSY,
    "53": Trouble.STORAGE,
    "25006": Trouble.STORAGE,
    "58": Trouble.STORAGE,
    "08": Trouble.AWAY,
    "57P": Trouble.AWAY,
}


def trouble_of(error: DBAPIError) -> Trouble:
    """Tell whether an error is the database's trouble of the moment, or OTHER: a fault of ours."""
    state = getattr(error.orig, "sqlstate", "")
    if state is None:  # the connection failed before the server said anything
        return Trouble.AWAY
    known = (
        [trouble for start, trouble in _STATES.items() if state.startswith(start)]
        if state
        else [trouble for words, trouble in _WORDS.items() if words in str(error.orig)]
    )
    return known[0] if known else Trouble.OTHER
