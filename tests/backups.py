"""A copy of an installation's SQLite database while it is in use, as operators make one."""

import sqlite3
from pathlib import Path

from service.config import Settings


def back_up(settings: Settings, to: Path) -> None:
    """Copy the database to a file, with what is only in its log so far."""
    with sqlite3.connect(settings.database.removeprefix("sqlite:///")) as live, sqlite3.connect(to) as copy:
        live.backup(copy)
    live.close()
    copy.close()
