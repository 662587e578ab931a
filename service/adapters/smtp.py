"""Sending over SMTP: kept connections, pipelining, verified TLS, one recipient a transaction."""

import base64
import re
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qs, unquote, urlsplit

from service.adapters.smtp_lines import Answer, Lines, LostConnection
from service.facts.replies import Outcome, Reason, Reply, SmtpStep, classify
from service.mail.addresses import parse

_LONE_BREAK = re.compile(rb"(?<!\r)\n|\r(?!\n)")


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait for each answer (RFC 5321 section 4.5.3.2)."""

    connect: float = 30
    greeting: float = 300
    command: float = 300
    data: float = 120
    block: float = 180
    content: float = 600


@dataclass(frozen=True, slots=True)
class Relay:
    """Where mail goes and how; `tls` is `start` (STARTTLS required), `first` (TLS at once) or `none`."""

    host: str
    port: int
    tls: str = "start"
    user: str | None = None
    password: str | None = None
    ca_file: str | None = None

    @classmethod
    def from_url(cls, url: str) -> "Relay":
        """Read `smtp://user:password@host:port?tls=none&ca=FILE` or `smtps://…`.

        Raises ValueError for an unusable address, and for credentials that would travel in clear.
        """
        parts = urlsplit(url)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if (
            parts.scheme not in {"smtp", "smtps"}
            or not parts.hostname
            or query.get("tls", "start") not in _TLS
        ):
            raise ValueError(
                "MAIL_URL must look like smtp://host:port, smtps://host:port or smtp://host?tls=none"
            )
        tls = "first" if parts.scheme == "smtps" else query.get("tls", "start")
        if tls == "none" and parts.username:
            raise ValueError("MAIL_URL has a password and no encryption; remove ?tls=none or the password")
        return cls(
            parts.hostname,
            parts.port or (465 if tls == "first" else 587 if parts.username else 25),
            tls,
            unquote(parts.username) if parts.username else None,
            unquote(parts.password) if parts.password else None,
            query.get("ca"),
        )

    def __repr__(self) -> str:
        return f"Relay({self.host!r}, {self.port}, tls={self.tls!r})"


_TLS = frozenset({"start", "none"})


class SmtpMailer:
    """Opens connections to one relay; the mailer of an installation with `MAIL_URL=smtp://…`."""

    def __init__(
        self,
        relay: Relay,
        *,
        helo: str = "localhost",
        timeouts: Timeouts | None = None,
        per_connection: int = 100,
    ) -> None:
        self.relay = relay
        self._helo = helo
        self._timeouts = timeouts or Timeouts()
        self._per_connection = per_connection

    def connect(self) -> "SmtpConnection":
        """Return a kept connection for one thread; the socket is opened when the first mail is sent."""
        return SmtpConnection(self.relay, self._helo, self._timeouts, self._per_connection)


class SmtpConnection:
    """One kept conversation with a relay, for one thread; it opens itself again when it has to."""

    def __init__(self, relay: Relay, helo: str, timeouts: Timeouts, per_connection: int) -> None:
        self._relay = relay
        self._helo = helo
        self._timeouts = timeouts
        self._per_connection = per_connection
        self._lines: Lines | None = None
        self._offers: dict[str, str] = {}
        self._sent = 0

    def send(self, *, sender: str, recipient: str, data: bytes, ready: Callable[[], bool]) -> Reply:
        """Send one mail to one recipient.

        `ready` is called once the recipient is accepted and before DATA: what must be stored before the mail
        can possibly arrive is stored there; when it answers no, the mail is withheld.
        Raises ValueError for addresses or bytes that could break the conversation.
        """
        if _LONE_BREAK.search(data) or b"\0" in data:
            raise ValueError("a mail must have CRLF line ends and no NUL")
        commands_for = (_wire(sender), _wire(recipient))
        was_open = self._lines is not None
        try:
            return self._transaction(*commands_for, data, ready)
        except _Stale:
            # An idle connection that the server had closed meanwhile: nothing was said about this mail yet.
            self._drop()
            if not was_open:
                return Reply(Outcome.UNREACHABLE, "The connection was closed by the server.")
        try:
            return self._transaction(*commands_for, data, ready)
        except _Stale as error:
            self._drop()
            return Reply(Outcome.UNREACHABLE, str(error))

    def close(self) -> None:
        """Say goodbye if possible and close; a trouble at QUIT concerns no mail."""
        if self._lines is not None:
            try:
                self._lines.write(b"QUIT\r\n", 2)
                self._lines.answer(2)
            except LostConnection:
                pass
        self._drop()

    def _drop(self) -> None:
        if self._lines is not None:
            self._lines.close()
        self._lines = None
        self._offers = {}
        self._sent = 0

    def _transaction(self, sender: bytes, recipient: bytes, data: bytes, ready: Callable[[], bool]) -> Reply:
        try:
            lines = self._open()
        except _Refused as error:
            self._drop()
            return Reply(Outcome.UNREACHABLE, str(error))
        refusal = self._announce(lines, sender, recipient, data)
        if refusal is not None:
            return refusal
        if not ready():
            self._reset(lines)
            return Reply(Outcome.WITHHELD, "")
        return self._hand_over(lines, data)

    def _open(self) -> Lines:
        if self._lines is not None and self._sent >= self._per_connection:
            self.close()
        if self._lines is None:
            self._lines = self._greet()
        return self._lines

    def _announce(self, lines: Lines, sender: bytes, recipient: bytes, data: bytes) -> Reply | None:
        """Say MAIL and RCPT; return the reply if one was refused."""
        # A header in other letters, such as Reply-To, needs it as much as the envelope (RFC 6531).
        international = not (sender + recipient).isascii() or not _header_is_ascii(data)
        if international and "SMTPUTF8" not in self._offers:
            return Reply.because(Outcome.PERMANENT, Reason.NO_SMTPUTF8)
        options = b" SMTPUTF8" if international else b""
        if "8BITMIME" in self._offers and (international or not data.isascii()):
            options += b" BODY=8BITMIME"
        if "SIZE" in self._offers:
            options += b" SIZE=%d" % len(data)
        mail = b"MAIL FROM:<%s>%s\r\n" % (sender, options)
        rcpt = b"RCPT TO:<%s>\r\n" % recipient
        limit = self._timeouts.command
        try:
            if "PIPELINING" in self._offers:
                lines.write(mail + rcpt, limit)
                first, second = lines.answer(limit), lines.answer(limit)
            else:
                lines.write(mail, limit)
                first = lines.answer(limit)
                second = first
                if first.code // 100 == 2:
                    lines.write(rcpt, limit)
                    second = lines.answer(limit)
        except LostConnection as error:
            raise _Stale(str(error)) from error
        for answer, step in ((first, SmtpStep.MAIL), (second, SmtpStep.RCPT)):
            outcome = classify(answer.code, step)
            if outcome is not Outcome.ACCEPTED:
                self._after(lines, answer)
                return Reply(outcome, str(answer))
        return None

    def _hand_over(self, lines: Lines, data: bytes) -> Reply:
        """Say DATA and send the mail; from the final dot on, a lost answer means that nobody knows."""
        try:
            lines.write(b"DATA\r\n", self._timeouts.data)
            answer = lines.answer(self._timeouts.data)
        except LostConnection as error:
            self._drop()
            return Reply(Outcome.TEMPORARY, str(error))
        outcome = classify(answer.code, SmtpStep.DATA)
        if outcome is not Outcome.ACCEPTED:
            self._after(lines, answer)
            return Reply(outcome, str(answer))
        try:
            lines.write(_stuffed(data), self._timeouts.block)
            answer = lines.answer(self._timeouts.content)
        except LostConnection as error:
            self._drop()
            # Even an error while writing may come after the server has seen the final dot.
            return Reply(Outcome.UNKNOWN, f"{error}")
        self._sent += 1
        outcome = classify(answer.code, SmtpStep.CONTENT)
        if outcome is not Outcome.ACCEPTED:
            self._after(lines, answer)
        return Reply(outcome, str(answer))

    def _after(self, lines: Lines, answer: Answer) -> None:
        """Leave the conversation in a state for the next mail, or end it when the server said 421."""
        if answer.code == 421 or answer.code // 100 not in {4, 5}:
            self._drop()
        else:
            self._reset(lines)

    def _reset(self, lines: Lines) -> None:
        try:
            lines.write(b"RSET\r\n", self._timeouts.command)
            if lines.answer(self._timeouts.command).code // 100 == 2:
                return
        except LostConnection:
            pass
        self._drop()

    def _greet(self) -> Lines:
        relay = self._relay
        try:
            connection = socket.create_connection((relay.host, relay.port), self._timeouts.connect)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if relay.tls == "first":
                connection = self._encrypt(connection)
        except (OSError, ValueError) as error:
            # A name that cannot be encoded is a ValueError: a fault of the settings, not of any recipient.
            raise _Refused(_plain(error)) from error
        lines = Lines(connection)
        try:
            self._expect(lines.answer(self._timeouts.greeting), 220)
            self._hello(lines)
            if relay.tls == "start":
                if "STARTTLS" not in self._offers:
                    raise _Refused("The server does not offer encryption (STARTTLS).")
                self._say(lines, b"STARTTLS\r\n", 220)
                # A new reader: whatever came in clear after the answer is thrown away.
                lines = Lines(self._encrypt(connection))
                self._hello(lines)
            if relay.user is not None:
                self._sign_in(lines, relay.user, relay.password or "")
        except (LostConnection, OSError, ValueError) as error:
            lines.close()
            raise _Refused(_plain(error)) from error
        except _Refused:
            lines.close()
            raise
        return lines

    def _encrypt(self, connection: socket.socket) -> socket.socket:
        context = ssl.create_default_context(cafile=self._relay.ca_file)
        return context.wrap_socket(connection, server_hostname=self._relay.host)

    def _hello(self, lines: Lines) -> None:
        answer = self._say(lines, b"EHLO %s\r\n" % self._helo.encode("ascii"), 250)
        self._offers = {}
        for line in answer.lines[1:]:
            keyword, _, value = line.partition(" ")
            self._offers[keyword.upper()] = value

    def _sign_in(self, lines: Lines, user: str, password: str) -> None:
        methods = self._offers.get("AUTH", "").upper().split()
        if "PLAIN" in methods:
            token = base64.b64encode(f"\0{user}\0{password}".encode())
            self._say(lines, b"AUTH PLAIN %s\r\n" % token, 235)
        elif "LOGIN" in methods:
            self._say(lines, b"AUTH LOGIN\r\n", 334)
            self._say(lines, base64.b64encode(user.encode()) + b"\r\n", 334)
            self._say(lines, base64.b64encode(password.encode()) + b"\r\n", 235)
        else:
            raise _Refused("The server offers no way to sign in that is known here (PLAIN, LOGIN).")

    def _say(self, lines: Lines, command: bytes, wanted: int) -> Answer:
        lines.write(command, self._timeouts.command)
        answer = lines.answer(self._timeouts.command)
        self._expect(answer, wanted)
        return answer

    @staticmethod
    def _expect(answer: Answer, wanted: int) -> None:
        if answer.code != wanted:
            raise _Refused(str(answer))


class _Refused(Exception):
    """No conversation came about."""


class _Stale(Exception):
    """The connection ended before DATA."""


def _plain(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The certificate of the server was refused: {error.verify_message}"
    return str(error) or type(error).__name__


@lru_cache(maxsize=256)
def _wire(address: str) -> bytes:
    """Return an address as it goes into a command; ValueError for what is not exactly one address."""
    return parse(address).spec.encode()


def _header_is_ascii(data: bytes) -> bool:
    return data.isascii() or data.partition(b"\r\n\r\n")[0].isascii()


def _stuffed(data: bytes) -> bytes:
    body = data.replace(b"\r\n.", b"\r\n..")
    if body.startswith(b"."):
        body = b"." + body
    return body + (b".\r\n" if body.endswith(b"\r\n") else b"\r\n.\r\n")
