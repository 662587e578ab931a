"""A scripted mail server for tests: it writes each transaction to a journal, durably, before it answers."""

import asyncio
import hashlib
import json
import os
import re
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.judged import faults

ACCEPT = "250 2.0.0 Ok"
# An answer of this kind is not given: the connection is closed instead, the mail being stored.
DROP = "drop"
# None is given at all, and the connection stays open.
HANG = "hang"
# In the middle of the content: bytes that are no TLS record.
GARBLE = "garble"
TORN_AFTER = 1000
FOR_EVER = 3600.0
_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(<[^>]+>)", re.IGNORECASE | re.MULTILINE)
Script = Callable[[str, str], str]


@dataclass(frozen=True, slots=True)
class Taken:
    """One journal line: what was given in, and what was answered."""

    recipient: str
    message_id: str
    digest: str
    answer: str
    connection: int

    @property
    def accepted(self) -> bool:
        """Whether the mail is with the server, answered or not."""
        return self.answer.startswith("2") or self.answer == DROP


class Sink:
    """Runs in its own thread; `script(step, recipient)` gives the answer to RCPT and to the final dot.

    Each mail goes through the check (P9), and leaving the `with` fails if it found anything, unless the mails
    are meant to be bad: `is_judging=False`.
    With `users` (name -> password) it takes mail only from who has signed in over TLS.
    """

    def __init__(
        self,
        journal: Path,
        *,
        script: Script | None = None,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        is_judging: bool = True,
        users: dict[str, str] | None = None,
    ) -> None:
        self.journal = journal
        self.script: Script = script or (lambda _step, _recipient: ACCEPT)
        self.is_judging = is_judging
        self._faults: dict[str, list[str]] = {}
        # Told of each step before its answer: mail, rcpt, data, dot; and of replied, after that to the dot.
        self.watch: Callable[[str, str], None] = lambda _step, _recipient: None
        # Connections, by their number, on which each byte of an answer takes a second.
        self.slow: frozenset[int] = frozenset()
        # Recipients whose content is broken off after its first bytes: DROP, GARBLE or a last answer.
        self.torn: dict[str, str] = {}
        self.heard = threading.Event()
        # While true no recipient is answered; connections, by their number, on which nothing is said at all.
        self.holding = False
        self.mute: frozenset[int] = frozenset()
        # Seconds that each mail takes here; other connections go on meanwhile.
        self.pause = 0.0
        self._tls = tls
        self.users = users
        self._connections = 0
        self._servers: list[SMTP] = []
        self._lock = threading.Lock()
        self._socket = socket.create_server(("127.0.0.1", port))
        self.port: int = self._socket.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def connections(self) -> int:
        """How many connections have come so far."""
        return self._connections

    @property
    def url(self) -> str:
        """What MAIL_URL is for this server."""
        return f"smtp://127.0.0.1:{self.port}?tls=none"

    def __enter__(self) -> "Sink":
        self._file = self.journal.open("ab")
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)
        assert not self._thread.is_alive(), "the sink does not stop"
        self._loop.close()
        self._socket.close()
        self._file.close()
        if kind is None:
            assert self._faults == {}

    def taken(self) -> list[Taken]:
        """Read the journal: its whole lines, for one may just be being written."""
        return [Taken(**json.loads(line)) for line in self.journal.read_text().split("\n")[:-1]]

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(self._loop.create_server(self._protocol, sock=self._socket))
        try:
            self._loop.run_forever()
        finally:
            server.close()
            for one in self._servers:
                if one.transport is not None:
                    one.transport.abort()
            tasks = asyncio.all_tasks(self._loop)
            for task in tasks:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())

    def _protocol(self) -> SMTP:
        self._connections += 1
        server = _Server(
            _Handler(self, self._connections),
            enable_SMTPUTF8=True,
            tls_context=self._tls,
            loop=self._loop,
            ident="sink",
            authenticator=self._authenticate if self.users is not None else None,
            auth_required=self.users is not None,
        )
        self._servers.append(server)
        return server

    def judge(self, recipient: str, content: bytes) -> None:
        """Keep what the check finds in a mail."""
        if self.is_judging and (found := faults(content)):
            self._faults[recipient] = found

    def _authenticate(self, _server: SMTP, _session: Session, _envelope: Envelope, *asked: Any) -> AuthResult:
        login: LoginPassword = asked[1]
        known = (self.users or {}).get(login.login.decode())
        return AuthResult(success=known == login.password.decode(), handled=False)

    def write(self, taken: Taken) -> None:
        """Add a journal line and have it on the disk."""
        line = {name: getattr(taken, name) for name in Taken.__slots__}
        with self._lock:
            self._file.write(json.dumps(line).encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())


class _Server(SMTP):
    async def push(self, status: str | bytes) -> None:
        handler: _Handler = self.event_handler
        while handler.connection in handler.sink.mute:
            await asyncio.sleep(0.02)
        if handler.connection not in handler.sink.slow:
            await super().push(status)
            return
        for byte in (status if isinstance(status, bytes) else status.encode()) + b"\r\n":
            self._writer.write(bytes([byte]))
            await asyncio.sleep(1)

    async def smtp_DATA(self, arg: str) -> None:
        handler: _Handler = self.event_handler
        recipients = (self.envelope or Envelope()).rcpt_tos[:1]
        handler.sink.watch("data", str(recipients))
        torn = handler.sink.torn.get("".join(recipients))
        if torn is None:
            await super().smtp_DATA(arg)
        else:
            await self._tear(torn)

    async def _tear(self, how: str) -> None:
        await self.push("354 Go on")
        await self._reader.readexactly(TORN_AFTER)
        assert self.transport is not None
        if how == GARBLE:
            os.write(self.transport.get_extra_info("socket").fileno(), b"this is no record\r\n")
        elif how != DROP:
            await self.push(how)
            if self.transport.get_extra_info("ssl_object") is not None:
                # What was said is lost when encryption ends before it is read.
                await asyncio.to_thread(self.event_handler.sink.heard.wait, 20)
        _cut(self)


class _Handler:
    def __init__(self, sink: Sink, connection: int) -> None:
        self.sink = sink
        self.connection = connection

    async def handle_MAIL(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.sink.watch("mail", address)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return ACCEPT

    async def handle_RCPT(
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        self.sink.watch("rcpt", address)
        while self.sink.holding:
            await asyncio.sleep(0.02)
        answer = self.sink.script("rcpt", address)
        if answer == HANG:
            await asyncio.sleep(FOR_EVER)
        if answer == DROP:
            _cut(server)
        elif answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        content: Any = envelope.original_content or b""
        recipient = str(envelope.rcpt_tos[0])
        self.sink.judge(recipient, content)
        if self.sink.pause:
            await asyncio.sleep(self.sink.pause)
        answer = self.sink.script("data", recipient)
        found = _MESSAGE_ID.search(content)
        self.sink.write(
            Taken(
                recipient,
                found.group(1).decode() if found else "",
                hashlib.sha256(content).hexdigest(),
                answer,
                self.connection,
            )
        )
        self.sink.watch("dot", recipient)
        if answer == HANG:
            await asyncio.sleep(FOR_EVER)
        asyncio.get_running_loop().call_soon(self.sink.watch, "replied", recipient)
        if answer == DROP:
            _cut(server)
        return answer


def _cut(server: SMTP) -> None:
    assert server.transport is not None
    server.transport.abort()
