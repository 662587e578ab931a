"""Statements that run for every mail or row: compiled once, given to the driver, without an object a row."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter
from typing import Any, cast

from sqlalchemy import (
    ARRAY,
    BindParameter,
    ColumnElement,
    Connection,
    Dialect,
    Insert,
    Table,
    Update,
    any_,
    bindparam,
    func,
    select,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.db import PATIENCE, Base, shorten

# Seconds between two looks whether SQLite's one place for writers is free.
TURN = 0.0002


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
        text, values = self.filled(connection.dialect, rows)
        return connection.exec_driver_sql(text, values).rowcount

    def filled(self, dialect: Dialect, rows: Sequence[Sequence[object]]) -> tuple[str, list[Any]]:
        """Return the statement's text and each row's values as the driver takes them."""
        way = self._ways.get(dialect.name)
        if way is None:
            way = self._ways[dialect.name] = _Way(self._statement, self._names, dialect)
        return way.text, [way.values(row) for row in rows]


class Uneven(Exception):
    """Some rows of a straight transaction are not as expected, and nothing of it was stored."""


class Straight:
    """A kept connection whose short transactions are the driver's own, for prepared statements only.

    Measured on SQLite: two statements for four rows each and their commit take half of what they take
    through SQLAlchemy.
    """

    def __init__(self, connection: Connection, *, patience: float = PATIENCE) -> None:
        self._patience = patience
        with connection.begin():  # once by the usual way, which sets up what a transaction needs
            pass
        self._dialect = connection.dialect
        self._busy = connection.dialect.loaded_dbapi.OperationalError
        self._info = connection.info
        self._driver = cast(Any, connection.connection.dbapi_connection)
        self._cursor: Any = self._driver.cursor()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit at the end, roll back when an exception leaves; raises what the driver raises."""
        try:
            if self._dialect.name == "sqlite":
                self._begin()
            yield
            self._driver.commit()
        except BaseException as error:
            shorten(error)
            self._driver.rollback()
            raise

    def _begin(self) -> None:
        """Wait for the other writers, who are done in a moment: SQLite itself would look again too rarely."""
        if self._info.get("patience") != 0:  # the usual way, too, says there what it has set
            self._cursor.execute("PRAGMA busy_timeout=0")
            self._info["patience"] = 0
        end = time.monotonic() + self._patience
        while True:
            try:
                self._cursor.execute("BEGIN IMMEDIATE")
                return
            except self._busy:
                if time.monotonic() >= end:
                    raise
                time.sleep(TURN)

    def run(self, statement: Prepared, rows: Sequence[Sequence[object]]) -> None:
        """Run it for each row; raises Uneven unless it changed one row of the table for each."""
        if rows:
            self._cursor.executemany(*statement.filled(self._dialect, rows))
            if self._cursor.rowcount != len(rows):
                raise Uneven


class _Way:
    """How one kind of database takes a statement: its text, and the values in their form and place."""

    def __init__(self, statement: Update | Insert, names: Sequence[str], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=names if statement.is_insert else None)
        self.text = str(compiled)
        order: Sequence[str] = compiled.positiontup or list(compiled.params)
        self._keys = None if compiled.positional else order
        forms = {name: _form(bind, dialect) for name, bind in compiled.binds.items()}
        fixed = {name: forms[name](compiled.params[name]) for name in order if name not in names}
        self._fixed = tuple(fixed.values())
        self._forms = [forms[name] for name in names]
        have = [*names, *fixed]
        self._in_order = itemgetter(*(have.index(name) for name in order))

    def values(self, row: Sequence[object]) -> Any:
        formed = [form(value) for form, value in zip(self._forms, row, strict=True)]
        filled = self._in_order((*formed, *self._fixed))
        return filled if self._keys is None else dict(zip(self._keys, filled, strict=True))


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
            shorten(error)
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


def those_in(session: Session, column: Any, values: Iterable[str]) -> set[str]:
    """Return which of many values an indexed column has.

    SQLite would sort them for `among`, which takes longer than looking up each.
    """
    if session.get_bind().dialect.name != "sqlite":
        return set(session.scalars(select(column).where(among(session, column, values))))
    text = f"SELECT value FROM json_each(?) CROSS JOIN {column.table.name} ON {column.name} = value"  # noqa: S608 (names of ours)
    found = session.connection().exec_driver_sql(text, (json.dumps(list(values)),))
    return set(found.scalars())


def _form(parameter: BindParameter[Any], dialect: Dialect) -> Callable[[Any], Any]:
    return parameter.type.dialect_impl(dialect).bind_processor(dialect) or _unchanged


def _unchanged(value: Any) -> Any:
    return value
