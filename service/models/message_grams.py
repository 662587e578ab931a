"""What messages are looked up by: for each the numbers of its words, and an index over them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, DDL, Dialect, ForeignKey, Integer, String, event
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator, TypeEngine

from service.db import Base

# PostgreSQL's index knows of each message in which block of ids it is: so many bits of an id count inside.
BLOCK_BITS = 13


def terms_of(numbers: Sequence[int]) -> str:
    """Return numbers as the words that SQLite's index knows them by."""
    return " ".join([f"p{-number}" if number < 0 else f"{number:x}" for number in numbers])


class Grams(TypeDecorator[Sequence[int]]):
    """Numbers as an array of PostgreSQL's, and as words of a text in SQLite, which are only ever searched."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(Integer) if dialect.name == "postgresql" else String())

    def process_bind_param(self, value: Sequence[int] | None, dialect: Dialect) -> Any:
        return terms_of(value) if value is not None and dialect.name != "postgresql" else value


class MessageGrams(Base):
    """The numbers of a message that the brand may find, and of its program, as a negative one.

    PostgreSQL has a GIN index over them and over blocks of ids, as it hands out what it finds in no order. It
    takes in each message at once, since a list of what is still to be taken in would be read through in every
    search. SQLite has an FTS5 index, which triggers keep.
    """

    __tablename__ = "message_grams"

    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True)
    grams: Mapped[Sequence[int]] = mapped_column(Grams)


# An FTS5 index that keeps no text of its own (https://sqlite.org/fts5.html#external_content_tables): which
# message has which word, and nothing about where.
SQLITE_INDEX = (
    "CREATE VIRTUAL TABLE message_grams_index USING fts5(grams, content='message_grams',"
    " content_rowid='message_id', tokenize='ascii', detail=none, columnsize=0)",
    "CREATE TRIGGER message_grams_added AFTER INSERT ON message_grams BEGIN"
    " INSERT INTO message_grams_index (rowid, grams) VALUES (new.message_id, new.grams); END",
    "CREATE TRIGGER message_grams_removed AFTER DELETE ON message_grams BEGIN"
    " INSERT INTO message_grams_index (message_grams_index, rowid, grams)"
    " VALUES ('delete', old.message_id, old.grams); END",
    "CREATE TRIGGER message_grams_changed AFTER UPDATE ON message_grams BEGIN"
    " INSERT INTO message_grams_index (message_grams_index, rowid, grams)"
    " VALUES ('delete', old.message_id, old.grams);"
    " INSERT INTO message_grams_index (rowid, grams) VALUES (new.message_id, new.grams); END",
)
# Beside the model, which knows of no index that one database has and the other has not.
POSTGRES_INDEX = (
    "CREATE INDEX message_grams_index ON message_grams"
    f" USING gin (grams, (ARRAY[message_id >> {BLOCK_BITS}])) WITH (fastupdate = off)",
)
for dialect, statements in (("sqlite", SQLITE_INDEX), ("postgresql", POSTGRES_INDEX)):
    for statement in statements:
        made: DDL = DDL(statement)  # type: ignore[no-untyped-call]
        event.listen(MessageGrams.__table__, "after_create", made.execute_if(dialect=dialect))
