"""P9: every mail the tests send goes through the check, whichever way it left."""

import sqlite3
from contextlib import closing
from pathlib import Path

from service.mail.check import check


def faults(raw: bytes) -> list[str]:
    """Return what the check finds in a mail, with the line it stands in."""
    lines = raw.split(b"\r\n")
    return [f"{one.rule} at {one.line}: {lines[one.line - 1][:120]!r}" for one in check(raw)]


def judge_outbox(data: Path) -> None:
    """Fail if a mail in the captured outbox of an installation has a fault."""
    file = data / "outbox.db"
    if not file.exists():
        return
    with closing(sqlite3.connect(file)) as connection:
        rows = connection.execute("SELECT recipient, raw FROM mails ORDER BY id").fetchall()
    found = {recipient: faults(raw) for recipient, raw in rows}
    assert {recipient: what for recipient, what in found.items() if what} == {}
