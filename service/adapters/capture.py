"""The captured outbox: a mailer that keeps every mail in one small file instead of sending it."""

import re
import sqlite3
from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.parser import BytesHeaderParser, BytesParser
from html import unescape
from pathlib import Path

from service.facts.replies import Outcome, Reply
from service.i18n import naming

_TABLE = """
CREATE TABLE IF NOT EXISTS mails (
  id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, sender TEXT NOT NULL, recipient TEXT NOT NULL,
  message_id TEXT NOT NULL, subject TEXT NOT NULL, raw BLOB NOT NULL
)
"""
# Headers in which people have names.
_READ = ("Subject", "From", "Sender", "Reply-To", "To", "Cc")
_MARKUP = re.compile(r"<style.*?</style>|<!--.*?-->|<[^>]*>", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CapturedLine:
    """One mail as a list shows it."""

    id: int
    at: datetime
    sender: str
    recipient: str
    message_id: str
    subject: str


@dataclass(frozen=True, slots=True)
class CapturedMail(CapturedLine):
    """One mail with its bytes as they would have been sent."""

    raw: bytes


class CapturedOutbox:
    """Mails in one SQLite file; safe to use from several threads and processes at once."""

    def __init__(self, file: Path, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._file = file
        self._clock = clock
        file.parent.mkdir(parents=True, exist_ok=True)
        with closing(self._open()) as connection:
            connection.execute(_TABLE)

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._file, timeout=30, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA secure_delete=ON")
        return connection

    def connect(self) -> "CaptureConnection":
        """Open what stands for a kept connection to a server."""
        return CaptureConnection(self._open(), self._clock)

    def mails(
        self, *, before: int | None = None, limit: int = 50, recipient: str | None = None
    ) -> tuple[CapturedLine, ...]:
        """Return the newest mails first; `before` is the id of the last one already seen."""
        sql = (
            "SELECT id, at, sender, recipient, message_id, subject FROM mails"
            " WHERE id < ? AND (? IS NULL OR recipient = ?) ORDER BY id DESC LIMIT ?"
        )
        with closing(self._open()) as connection:
            end = before if before is not None else 2**62
            rows = connection.execute(sql, (end, recipient, recipient, limit)).fetchall()
        return tuple(CapturedLine(row[0], datetime.fromisoformat(row[1]), *row[2:]) for row in rows)

    def find(self, mail_id: int) -> CapturedMail | None:
        """Return one mail with its bytes, or None."""
        sql = "SELECT id, at, sender, recipient, message_id, subject, raw FROM mails WHERE id = ?"
        with closing(self._open()) as connection:
            row = connection.execute(sql, (mail_id,)).fetchone()
        return CapturedMail(row[0], datetime.fromisoformat(row[1]), *row[2:]) if row else None

    def count(self) -> int:
        """Return how many mails are kept."""
        with closing(self._open()) as connection:
            return int(connection.execute("SELECT count(*) FROM mails").fetchone()[0])

    def forget_before(self, moment: datetime) -> int:
        """Delete mails that were captured before a moment; return how many."""
        with closing(self._open()) as connection:
            done = connection.execute("DELETE FROM mails WHERE at < ?", (moment.astimezone(UTC).isoformat(),))
            return done.rowcount

    def forget(self, addresses: Collection[str], names: Collection[str] = ()) -> int:
        """Delete mails to one of these addresses, or with one of them or of these names in it as whole words.

        Return how many.
        """
        with closing(self._open()) as connection:
            rows = connection.execute("SELECT id, recipient, raw FROM mails")
            gone = [
                (number,)
                for number, recipient, raw in rows
                if naming.has_address(recipient, addresses) or _is_about(raw, addresses, names)
            ]
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("DELETE FROM mails WHERE id = ?", gone)
            connection.execute("COMMIT")
        return len(gone)


def _is_about(raw: bytes, addresses: Collection[str], names: Collection[str]) -> bool:
    """Look into a mail as a reader sees it: Jan is not in a date, nor Max in the style of a page."""
    mail = BytesParser(policy=policy.default).parsebytes(raw)
    texts = [part for part in mail.walk() if part.get_content_maintype() == "text"]
    written = [str(value) for value in mail.values()] + [part.get_content() for part in texts]
    read = [str(value) for name in _READ for value in mail.get_all(name, [])]
    read += [
        unescape(_MARKUP.sub(" ", part.get_content()))
        if part.get_content_subtype() == "html"
        else part.get_content()
        for part in texts
    ]
    return any(naming.has_address(text, addresses) for text in written) or any(
        naming.names(text, name) for text in read for name in names
    )


class CaptureConnection:
    """One handle on the outbox; fits `domain.outbox.MailConnection` and knows each reply at once."""

    socket = None
    deadline = float("inf")
    waits_to_write = False
    spent = False

    def __init__(self, connection: sqlite3.Connection, clock: Callable[[], datetime]) -> None:
        self._connection = connection
        self._clock = clock

    def begin(self, *, sender: str, recipient: str, data: bytes) -> Reply:
        """Keep one mail."""
        headers = BytesHeaderParser(policy=policy.default).parsebytes(data)
        message_id, subject = str(headers["Message-ID"] or ""), str(headers["Subject"] or "")
        try:
            self._connection.execute(
                "INSERT INTO mails (at, sender, recipient, message_id, subject, raw)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (self._clock().isoformat(), sender, recipient, message_id, subject, data),
            )
        except sqlite3.OperationalError as error:
            # A full disk or a lock that does not end leaves no row; any other trouble may have left one.
            surely_not = error.sqlite_errorname in {"SQLITE_FULL", "SQLITE_BUSY", "SQLITE_READONLY"}
            return Reply(Outcome.TEMPORARY if surely_not else Outcome.UNKNOWN, str(error))
        return Reply(Outcome.ACCEPTED, "250 2.0.0 Captured")

    def proceed(self) -> Reply | None:
        """There is nothing to wait for."""
        return None

    def give_up(self) -> Reply:
        """There is no answer to wait for, so none that could fail to come."""
        raise AssertionError("a captured mail is never awaited")

    def close(self) -> None:
        """Close the handle."""
        self._connection.close()
