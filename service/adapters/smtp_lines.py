"""The two things one does on an SMTP socket: write bytes, and read one answer, each within a time."""

import re
import socket
import time
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


class Lines:
    """A socket read line by line; a time limit is for the whole answer, so a trickle does not prolong it."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._buffer = b""

    def write(self, data: bytes, seconds: float) -> None:
        """Send bytes; LostConnection if that is not possible within the time."""
        try:
            self._socket.settimeout(seconds)
            self._socket.sendall(data)
        except OSError as error:
            raise LostConnection(str(error) or type(error).__name__) from error

    def answer(self, seconds: float) -> Answer:
        """Read one reply, which may have several lines; LostConnection if none comes within the time."""
        deadline = time.monotonic() + seconds
        lines: list[str] = []
        while len(lines) < _ANSWER_LINES:
            line = self._line(deadline)
            code, mark = line[:3], line[3:4]
            if not (code.isascii() and code.isdigit()) or mark not in {b"", b" ", b"-"}:
                raise LostConnection("the server does not speak SMTP")
            lines.append(line[4:].decode("utf-8", "backslashreplace"))
            if mark != b"-":
                return Answer(int(code), tuple(lines))
        raise LostConnection("the answer has too many lines")

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _line(self, deadline: float) -> bytes:
        while b"\n" not in self._buffer:
            if len(self._buffer) > _LINE_BYTES:
                raise LostConnection("the answer has too long a line")
            left = deadline - time.monotonic()
            if left <= 0:
                raise LostConnection("no answer in time")
            try:
                self._socket.settimeout(left)
                received = self._socket.recv(_LINE_BYTES)
            except TimeoutError as error:
                raise LostConnection("no answer in time") from error
            except OSError as error:
                raise LostConnection(str(error) or type(error).__name__) from error
            if not received:
                raise LostConnection("the server closed the connection")
            self._buffer += received
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.removesuffix(b"\r")
