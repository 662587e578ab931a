"""The answers of a mail server, read out of bytes as they come, and a socket that waits for each of them."""

import re
import socket
import time
from collections import deque
from dataclasses import dataclass

_LINE_BYTES = 4096
_ANSWER_LINES = 200
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


class LostConnection(Exception):
    """The other side closed, fell silent past the time, or does not speak SMTP."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply code with the lines that came with it."""

    code: int
    lines: tuple[str, ...]

    def __str__(self) -> str:
        text = _CONTROLS.sub(" ", " ".join(self.lines)).strip()
        return f"{self.code} {text}"[:500]


class Answers:
    """The replies of one conversation, put together from whatever pieces arrive (RFC 5321 section 4.2.1)."""

    def __init__(self) -> None:
        self._rest = b""
        self._lines: list[str] = []

    def feed(self, received: bytes) -> list[Answer]:
        """Take in bytes and return the answers they complete; LostConnection for what is not SMTP."""
        found = []
        *lines, self._rest = (self._rest + received).split(b"\n")
        for line in lines:
            answer = self._line(line.removesuffix(b"\r"))
            if answer is not None:
                found.append(answer)
        if len(self._rest) > _LINE_BYTES:
            raise LostConnection("the answer has too long a line")
        return found

    def _line(self, line: bytes) -> Answer | None:
        code, mark = line[:3], line[3:4]
        if not (code.isascii() and code.isdigit()) or mark not in {b"", b" ", b"-"}:
            raise LostConnection("the server does not speak SMTP")
        if len(line) > _LINE_BYTES:
            raise LostConnection("the answer has too long a line")
        self._lines.append(line[4:].decode("utf-8", "backslashreplace"))
        if mark == b"-":
            if len(self._lines) >= _ANSWER_LINES:
                raise LostConnection("the answer has too many lines")
            return None
        answer = Answer(int(code), tuple(self._lines))
        self._lines.clear()
        return answer


class Lines:
    """A socket that waits for each answer; a limit is for the whole of it, and a trickle extends nothing."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._answers = Answers()
        self._heard: deque[Answer] = deque()

    def write(self, data: bytes, seconds: float) -> None:
        """Send bytes; LostConnection if that is not possible within the time."""
        try:
            self._socket.settimeout(seconds)
            self._socket.sendall(data)
        except OSError as error:
            raise LostConnection(plain(error)) from error

    def answer(self, seconds: float) -> Answer:
        """Read one reply, which may have several lines; LostConnection if none comes within the time."""
        deadline = time.monotonic() + seconds
        while not self._heard:
            self._heard += self._answers.feed(self._receive(deadline - time.monotonic()))
        return self._heard.popleft()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _receive(self, seconds: float) -> bytes:
        if seconds <= 0:
            raise LostConnection(SILENT)
        try:
            self._socket.settimeout(seconds)
            received = self._socket.recv(_LINE_BYTES)
        except TimeoutError as error:
            raise LostConnection(SILENT) from error
        except OSError as error:
            raise LostConnection(plain(error)) from error
        if not received:
            raise LostConnection(CLOSED)
        return received


SILENT = "no answer in time"
CLOSED = "the server closed the connection"
OUT_OF_TURN = "the server speaks out of turn"


def plain(error: Exception) -> str:
    """Return the words of an error, or its name where it has none."""
    return str(error) or type(error).__name__
