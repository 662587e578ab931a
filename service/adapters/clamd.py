"""ClamAV's daemon as the scanner: one conversation for each question; only the exact answer is clean."""

import re
import select
import socket
import struct
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from service.facts.verdicts import (
    CLEAN,
    ScannerUnavailable,
    ScannerVersion,
    Unscannable,
    Verdict,
    infected,
    not_scanned,
    unavailable,
)

PORT = 3310
_PIECE = 64 * 1024
_MOST_REPLY = 4096
# What a page or a health check waits for the scanner to say what it is.
_VERSION_SECONDS = 3.0
_FOUND = re.compile(r"stream: ([!-~]{1,200}) FOUND\0")
_TOO_LARGE = "INSTREAM size limit exceeded. ERROR\0"
# With AlertExceedsMax and AlertEncrypted: named like threats, and none.
_NOT_SCANNED = {
    "Heuristics.Limits.Exceeded": Unscannable.LIMITS,
    "Heuristics.Encrypted.": Unscannable.ENCRYPTED,
}
_VERSION = re.compile(r"(ClamAV [^/\s]+)(?:/(\d+)/([^/\0]+))?\0")

Address = tuple[str, int] | str


class Clamd:
    """A daemon at a host and port, or at the path of a socket; `seconds` are for one scan in all."""

    def __init__(self, address: Address, *, seconds: float) -> None:
        self._address = address
        self._seconds = seconds

    @classmethod
    def from_url(cls, url: str, *, seconds: float) -> "Clamd":
        """Read `clamd://host:port` or `clamd+unix:///path`; raises ValueError for anything else."""
        parts = urlsplit(url)
        if parts.scheme == "clamd+unix" and not parts.netloc and Path(parts.path).is_absolute():
            return cls(parts.path, seconds=seconds)
        if parts.scheme == "clamd" and parts.hostname and parts.path in ("", "/"):
            return cls((parts.hostname, parts.port or PORT), seconds=seconds)
        raise ValueError(f"must look like clamd://host:{PORT} or clamd+unix:///path, not {url!r}")

    def scan(self, content: BinaryIO) -> Verdict:
        """Read a file from where it stands and return the verdict; raises OSError if it cannot be read."""
        try:
            with _Conversation(self._address, self._seconds) as talk:
                is_whole = talk.send(b"zINSTREAM\0") and all(
                    talk.send(struct.pack("!I", len(piece)) + piece)
                    for piece in iter(lambda: content.read(_PIECE), b"")
                )
                # Whoever answers before the end has not seen the file.
                is_whole = is_whole and not talk.is_answered() and talk.send(struct.pack("!I", 0))
                if not is_whole:
                    talk.end()
                return _verdict(talk.reply(), is_whole=is_whole)
        except _Trouble as trouble:
            return unavailable(str(trouble))

    def version(self) -> ScannerVersion:
        """Ask what the scanner is, within seconds; raises ScannerUnavailable."""
        try:
            with _Conversation(self._address, min(self._seconds, _VERSION_SECONDS)) as talk:
                talk.send(b"zVERSION\0")
                reply = talk.reply()
        except _Trouble as trouble:
            raise ScannerUnavailable(str(trouble)) from trouble
        found = _VERSION.fullmatch(reply)
        if found is None:
            raise ScannerUnavailable(f"not an answer to VERSION: {_shown(reply)}")
        database, built = found[2], found[3]
        return ScannerVersion(found[1], int(database) if database else None, _moment(built))


class _Trouble(Exception):
    """The conversation failed; the text says how."""


class _Conversation:
    """A connection for one question, with one moment at which everything must be over."""

    def __init__(self, address: Address, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        try:
            self._socket = self._connected(address)
        except OSError as error:
            raise _Trouble(f"no connection: {_named(error)}") from error

    def _connected(self, address: Address) -> socket.socket:
        if isinstance(address, str):
            return self._opened(socket.AF_UNIX, address)
        found = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)
        for place, (family, *_, where) in enumerate(found, 1):
            try:
                return self._opened(family, where)
            except OSError:
                if place == len(found):
                    raise
        raise OSError("the host has no address")

    def _opened(self, family: int, where: Any) -> socket.socket:
        opened = socket.socket(family)
        try:
            opened.settimeout(self._left())
            opened.connect(where)
        except OSError:
            opened.close()
            raise
        return opened

    def __enter__(self) -> "_Conversation":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def _left(self) -> float:
        """Return how many seconds are left; raises TimeoutError where there are none."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("no answer in time")
        return left

    def send(self, data: bytes) -> bool:
        """Send all of it; False where the other side takes no more, perhaps because it has answered."""
        try:
            self._socket.settimeout(self._left())
            self._socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            return False
        except OSError as error:
            raise _Trouble(f"not sent: {_named(error)}") from error
        return True

    def is_answered(self) -> bool:
        """Whether something has come already."""
        return bool(select.select([self._socket], [], [], 0)[0])

    def end(self) -> None:
        """Say that nothing more comes."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def reply(self) -> str:
        """Return all that is said until the other side closes."""
        heard = b""
        try:
            while len(heard) <= _MOST_REPLY:
                self._socket.settimeout(self._left())
                if not (part := self._socket.recv(_MOST_REPLY)):
                    break
                heard += part
        except ConnectionResetError:
            # After a broken pipe this is how it ends; what was said before it counts.
            pass
        except OSError as error:
            raise _Trouble(f"no whole answer: {_named(error)}") from error
        return heard.decode("utf-8", "replace")


def _verdict(reply: str, *, is_whole: bool) -> Verdict:
    if reply == "stream: OK\0" and is_whole:
        return CLEAN
    if reply == _TOO_LARGE:
        return not_scanned(Unscannable.LIMITS)
    if found := _FOUND.fullmatch(reply):
        for beginning, why in _NOT_SCANNED.items():
            if found[1].startswith(beginning):
                return not_scanned(why)
        return infected(found[1])
    return unavailable(f"not an answer to INSTREAM: {_shown(reply)}" if reply else "no answer")


def _moment(text: str | None) -> datetime | None:
    """Read `Mon Nov 30 08:14:10 2026`, in a zone that is not told: hours hardly count."""
    if text is None:
        return None
    try:
        return datetime.strptime(text.strip(), "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)
    except ValueError:
        return None


def _named(error: OSError) -> str:
    return f"{type(error).__name__}: {error.strerror or error}"


def _shown(reply: str) -> str:
    return repr(reply[:200])
