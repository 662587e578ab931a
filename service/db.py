"""The database: declarative base, UTC moments, engines with the durable settings, and the transaction."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import Enum
from typing import Any, cast

from sqlalchemy import (
    ARRAY,
    BindParameter,
    ColumnElement,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Insert,
    MetaData,
    Table,
    Update,
    any_,
    bindparam,
    create_engine,
    event,
    func,
    select,
)
from sqlalchemy.exc import DBAPIError, IntegrityError
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
    On PostgreSQL nothing waits longer than that for a lock or a connection.
    An error never shows the values of its statement: they are people's data, and errors go to the log.
    """
    if not url.startswith("sqlite"):
        engine = create_engine(
            url, pool_pre_ping=True, hide_parameters=True, connect_args={"connect_timeout": round(PATIENCE)}
        )
        event.listen(engine, "connect", _prepare_postgres)
        return engine
    connecting = {"timeout": 5, "check_same_thread": False}
    engine = create_engine(url, connect_args=connecting, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    event.listen(engine, "handle_error", _distrust)
    return engine


def _prepare_postgres(connection: Any, _record: Any) -> None:
    before, connection.autocommit = connection.autocommit, True
    connection.execute(f"SET lock_timeout = {round(1000 * PATIENCE)}")
    connection.autocommit = before


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
        "cache_size=-32000",
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


class Prepared:
    """A statement that runs for every mail: compiled once for each kind of database, sent by the driver.

    `names` are its bind parameters, in the order in which the rows give their values. Measured on SQLite:
    a third of what `Connection.execute` takes for four rows.
    """

    def __init__(self, statement: Update | Insert, *names: str) -> None:
        self.table = cast(Table, statement.table)
        self._statement = statement
        self._names = names
        self._ways: dict[str, _Way] = {}

    def run(self, connection: Connection, rows: Sequence[Sequence[object]]) -> int:
        """Run it for each row and return how many rows of the table that changed."""
        way = self._ways.get(connection.dialect.name)
        if way is None:
            way = self._ways[connection.dialect.name] = _Way(self._statement, self._names, connection.dialect)
        return connection.exec_driver_sql(way.text, [way.values(row) for row in rows]).rowcount


class _Way:
    """How one kind of database takes a statement: its text, and the values in their form and place."""

    def __init__(self, statement: Update | Insert, names: Sequence[str], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=names if statement.is_insert else None)
        self.text = str(compiled)
        order: Sequence[str] = compiled.positiontup or list(compiled.params)
        self._keys = None if compiled.positional else order
        forms = {name: _form(bind, dialect) for name, bind in compiled.binds.items()}
        self._fixed = [None if name in names else forms[name](compiled.params[name]) for name in order]
        self._given = [
            ([place for place, known in enumerate(order) if known == name], forms[name]) for name in names
        ]

    def values(self, row: Sequence[object]) -> Any:
        filled = self._fixed.copy()
        for (places, form), value in zip(self._given, row, strict=True):
            formed = form(value)
            for place in places:
                filled[place] = formed
        return tuple(filled) if self._keys is None else dict(zip(self._keys, filled, strict=True))


class Bulk:
    """Many rows into one table: COPY on PostgreSQL, one prepared statement on SQLite.

    `names` are the columns in the order in which the rows give their values, in the form of the driver: a
    JSON column takes its text. Measured on SQLite: a quarter of what an ORM insert takes.
    """

    def __init__(self, table: type[Base], *names: str) -> None:
        self._table = cast(Table, table.__table__)
        self._names = names

    def insert(self, connection: Connection, rows: Sequence[tuple[object, ...]], **same: object) -> None:
        """Insert the rows; `same` are columns with one value in all of them, in Python's form.

        Raises IntegrityError where a unique key refuses one of them.
        """
        if not rows:
            return
        dialect = connection.dialect
        quote = dialect.identifier_preparer.quote
        columns = ", ".join(quote(name) for name in (*self._names, *same))
        fixed = tuple(self._formed(name, value, dialect) for name, value in same.items())
        if dialect.name == "sqlite":
            marks = ", ".join("?" * (len(self._names) + len(same)))
            text = f"INSERT INTO {quote(self._table.name)} ({columns}) VALUES ({marks})"  # noqa: S608 (names of ours)
            connection.exec_driver_sql(text, [row + fixed for row in rows])
            return
        driver: Any = connection.connection.driver_connection
        try:
            text = f"COPY {quote(self._table.name)} ({columns}) FROM STDIN"
            with driver.cursor() as cursor, cursor.copy(text) as copy:
                for row in rows:
                    copy.write_row(row + fixed)
        except cast(Any, dialect).dbapi.IntegrityError as error:
            raise IntegrityError("COPY", None, error, hide_parameters=True) from error

    def _formed(self, name: str, value: object, dialect: Dialect) -> object:
        # PostgreSQL's COPY takes moments and the like as they are.
        if dialect.name != "sqlite":
            return value
        form = self._table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
        return value if form is None else form(value)


def next_ids(connection: Connection, table: type[Base], count: int) -> Sequence[int]:
    """Return ids for new rows of a table, which nobody else gets.

    On SQLite the transaction must have begun to write, as `Database.transaction` does.
    """
    name = cast(Table, table.__table__).name
    if connection.dialect.name == "sqlite":
        last = connection.exec_driver_sql(f'SELECT max(id) FROM "{name}"').scalar() or 0  # noqa: S608 (a name of ours)
        return range(last + 1, last + 1 + count)
    sequence = func.nextval(func.pg_get_serial_sequence(name, "id"))
    return connection.scalars(select(sequence).select_from(func.generate_series(1, count))).all()


def among(session: Session, column: Any, values: Iterable[object]) -> ColumnElement[bool]:
    """Tell whether a column's value is one of many, which are given as one parameter.

    `in_` writes a mark for each: with a thousand of them that takes longer than finding the rows.
    """
    if session.get_bind().dialect.name == "sqlite":
        each = func.json_each(json.dumps(list(values))).table_valued("value")
        return cast(ColumnElement[bool], column.in_(select(each.c.value)))
    given = bindparam(None, list(values), type_=ARRAY(column.type), unique=True)
    return cast(ColumnElement[bool], column == any_(given))


def _form(parameter: BindParameter[Any], dialect: Dialect) -> Callable[[Any], Any]:
    return parameter.type.dialect_impl(dialect).bind_processor(dialect) or _unchanged


def _unchanged(value: Any) -> Any:
    return value


class Database:
    """An engine with the two ways to use it: a transaction that commits, and a read that does not lock."""

    def __init__(self, url: str) -> None:
        self.engine = make_engine(url)
        self._reading = sessionmaker(
            self.engine.execution_options(reading=True), expire_on_commit=False, autoflush=False
        )

    @contextmanager
    def transaction(self, *, patience: float = PATIENCE) -> Iterator[Session]:
        """Yield a session, commit it at the end, roll it back when an exception leaves.

        On SQLite OperationalError says that another writer took longer than `patience` seconds.
        """
        engine = self.engine.execution_options(patience=patience)
        with Session(engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session for looking only; what it changed is thrown away."""
        with self._reading() as session:
            yield session  # closing rolls back, and leaves what was read readable

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
