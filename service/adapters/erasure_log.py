"""The log of erasures beside the database: what a restored backup must forget again."""

import json
import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path


class ErasureLog:
    """Marks of erased addresses and when, a line each, in a file that backups of the database leave out.

    A mark is a keyed hash: the file says nothing about anybody.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def note(self, marks: Iterable[str], *, at: datetime) -> None:
        """Write marks down for good before returning; do it before the erasure is committed."""
        lines = "".join(json.dumps({"mark": mark, "at": at.isoformat()}) + "\n" for mark in marks)
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a", encoding="ascii") as file:
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())

    def read(self) -> dict[str, datetime]:
        """Return the marks with the latest moment of each; a line that is not whole counts for nothing."""
        found: dict[str, datetime] = {}
        if not self._file.exists():
            return found
        for line in self._file.read_text("ascii").splitlines():
            try:
                entry = json.loads(line)
                found[str(entry["mark"])] = datetime.fromisoformat(entry["at"])
            except (ValueError, KeyError, TypeError):
                continue
        return found
