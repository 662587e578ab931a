"""Where the database stands, and what was written beside it: what an old copy of it cannot know."""

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, make_url

# The table that every backup holds and no migration builds anew.
_TABLE = "deliveries"
_POSTGRES = """
SELECT (SELECT system_identifier FROM pg_control_system())::text || '-' ||
       (SELECT oid FROM pg_database WHERE datname = current_database())::text || '-' ||
       to_regclass(:name)::oid::text
"""


def place_of(engine: Engine) -> str:
    """Name the very database behind an engine: a copy of it, wherever it is restored, has another name.

    SQLite: the number of the file on its disk. PostgreSQL: the cluster, the database and the table in it,
    which a restored dump creates anew. A file written over in place, or a restored disk, keeps the name.
    """
    if engine.dialect.name == "sqlite":
        file = make_url(str(engine.url)).database
        return f"file-{os.stat(file).st_ino}" if file and file != ":memory:" else "memory"
    with engine.connect() as connection:
        statement = _POSTGRES.replace(":name", f"'{_TABLE}'")
        return f"postgres-{connection.exec_driver_sql(statement).scalar_one()}"


@dataclass(frozen=True, slots=True)
class Stamps:
    """The stamp that the database should have, and the one that it may have if we died while changing it."""

    now: str
    next: str

    def fit(self, stamp: str) -> bool:
        """Tell whether the database is as it was left."""
        return stamp in {self.now, self.next}


class StampFile:
    """The stamps in a file beside the database; it appears whole or not at all, and is on the disk."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def read(self) -> Stamps | None:
        """Return the stamps; None where there is no such file, or none that can be read."""
        try:
            found = json.loads(self._file.read_text(encoding="ascii"))
            return Stamps(str(found["now"]), str(found["next"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, stamps: Stamps) -> None:
        """Replace the stamps."""
        handle, name = tempfile.mkstemp(prefix=self._file.name, dir=self._file.parent)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                json.dump({"now": stamps.now, "next": stamps.next}, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, self._file)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
