"""A mail server that says exactly what a test tells it, line by line, and remembers what it was told."""

import socket
import ssl
import threading
from collections.abc import Callable

from service.adapters.smtp_connection import Timeouts

# Given a command line, return the answer; None closes the connection without one.
Answers = Callable[[str], str | None]
PATIENT = Timeouts(connect=20, greeting=20, command=20, data=20, block=20, content=20)
# For servers that say nothing only: others may be as slow as the machine is busy.
FAST = Timeouts(connect=2, greeting=0.5, command=0.5, data=0.5, block=0.5, content=0.5)


def polite(overrides: dict[str, str | None] | None = None, *, offers: tuple[str, ...] = ()) -> Answers:
    """Answer as a server should, but for the commands that begin like a key of `overrides`."""
    said = overrides or {}
    ehlo = "\r\n".join([*(f"250-{offer}" for offer in ("test", *offers)), "250 HELP"])

    def answer(line: str) -> str | None:
        for start, text in said.items():
            if line.startswith(start):
                return text
        if line.startswith("EHLO"):
            return ehlo
        return "354 Go on" if line == "DATA" else "250 Ok"

    return answer


class Conversation:
    """One server for as many connections as come, one after another or at once."""

    def __init__(
        self, answers: Answers, *, greeting: str = "220 test", tls: ssl.SSLContext | None = None
    ) -> None:
        self.heard: list[list[str]] = []
        self._answers = answers
        self._greeting = greeting
        self._tls = tls
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def __enter__(self) -> "Conversation":
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            heard: list[str] = []
            self.heard.append(heard)
            threading.Thread(target=self._talk, args=(connection, heard), daemon=True).start()

    def _talk(self, connection: socket.socket, heard: list[str]) -> None:
        try:
            self._lines(connection, heard)
        except OSError:
            pass
        finally:
            connection.close()

    def _lines(self, connection: socket.socket, heard: list[str]) -> None:
        connection.sendall(self._greeting.encode() + b"\r\n")
        self._hear(connection, heard)

    def _hear(self, connection: socket.socket, heard: list[str]) -> None:
        stream = connection.makefile("rb")
        in_data = False
        while line := stream.readline():
            text = line.decode().rstrip("\r\n")
            if in_data:
                if text != ".":
                    heard.append(text)
                    continue
                in_data = False
            heard.append(text)
            answer = self._answers(text)
            if answer is None:
                return
            connection.sendall(answer.encode() + b"\r\n")
            in_data = answer.startswith("354")
            if text == "STARTTLS" and answer.startswith("220"):
                assert self._tls is not None
                with self._tls.wrap_socket(connection, server_side=True) as inside:
                    self._hear(inside, heard)
                return
