"""Where a person may be found after they were erased: in the bytes of a database, and in its tables."""

from pathlib import Path

from sqlalchemy import select

from service.db import Base, Database


def bytes_on_disk(db: Database) -> bytes:
    """Read the files of an SQLite database, in lower case, also the pages that nobody uses any more."""
    db.fold_log()
    file = Path(str(db.engine.url.database))
    return b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*")).lower()


def tables_naming(db: Database, word: str) -> set[str]:
    """Return the tables in which a word stands anywhere, in any case of letters."""
    with db.reading() as session:
        return {
            table.name
            for table in Base.metadata.sorted_tables
            if word in repr(session.execute(select(table)).all()).lower()
        }
