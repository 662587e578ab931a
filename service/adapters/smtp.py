"""Opening a conversation with a mail server: greeting, verified TLS, signing in."""

import base64
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from service.adapters.smtp_connection import SmtpConnection, Timeouts
from service.adapters.smtp_lines import Answer, Lines, LostConnection, plain
from service.facts.replies import Unreachable


@dataclass(frozen=True, slots=True)
class Relay:
    """Where mail goes and how; `tls` is `start` (STARTTLS required), `first` (TLS at once) or `none`.

    `connect_to` is the address to open the socket to, where `host` must not be looked up again; certificates
    are held against `host` all the same.
    """

    host: str
    port: int
    tls: str = "start"
    user: str | None = None
    password: str | None = None
    ca_file: str | None = None
    connect_to: str | None = None

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

    def connect(self) -> SmtpConnection:
        """Open a conversation that is ready for mails; this waits. Raises Unreachable with the reason."""
        opening = _Opening(self.relay, self._helo, self._timeouts)
        try:
            connection, offers = opening.through()
        except (LostConnection, OSError, ValueError) as error:
            # A name that cannot be encoded is a ValueError: a fault of the settings, not of any recipient.
            opening.abandon()
            raise Unreachable(_plain(error)) from error
        except Unreachable:
            opening.abandon()
            raise
        return SmtpConnection(
            connection, offers, timeouts=self._timeouts, per_connection=self._per_connection
        )


class _Opening:
    """The first words of a conversation, up to where a mail can be sent."""

    def __init__(self, relay: Relay, helo: str, timeouts: Timeouts) -> None:
        self._relay = relay
        self._helo = helo
        self._timeouts = timeouts
        self._socket: socket.socket | None = None

    def through(self) -> tuple[socket.socket, Mapping[str, str]]:
        """Return the socket and what the server offers on it; raises what can go wrong on the way."""
        relay = self._relay
        place = (relay.connect_to or relay.host, relay.port)
        connection = socket.create_connection(place, self._timeouts.connect)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = connection
        if relay.tls == "first":
            connection = self._encrypt(connection)
        lines = Lines(connection)
        _expect(lines.answer(self._timeouts.greeting), 220)
        offers = self._hello(lines)
        if relay.tls == "start":
            if "STARTTLS" not in offers:
                raise Unreachable("The server does not offer encryption (STARTTLS).")
            self._say(lines, b"STARTTLS\r\n", 220)
            # A new reader: whatever came in clear after the answer is thrown away.
            connection = self._encrypt(connection)
            lines = Lines(connection)
            offers = self._hello(lines)
        if relay.user is not None:
            self._sign_in(lines, offers, relay.user, relay.password or "")
        return connection, offers

    def abandon(self) -> None:
        """Close what was opened."""
        if self._socket is not None:
            self._socket.close()

    def _encrypt(self, connection: socket.socket) -> socket.socket:
        context = ssl.create_default_context(cafile=self._relay.ca_file)
        self._socket = context.wrap_socket(connection, server_hostname=self._relay.host)
        return self._socket

    def _hello(self, lines: Lines) -> Mapping[str, str]:
        answer = self._say(lines, b"EHLO %s\r\n" % self._helo.encode("ascii"), 250)
        pairs = (line.partition(" ") for line in answer.lines[1:])
        return {keyword.upper(): value for keyword, _, value in pairs}

    def _sign_in(self, lines: Lines, offers: Mapping[str, str], user: str, password: str) -> None:
        methods = offers.get("AUTH", "").upper().split()
        if "PLAIN" in methods:
            token = base64.b64encode(f"\0{user}\0{password}".encode())
            self._say(lines, b"AUTH PLAIN %s\r\n" % token, 235)
        elif "LOGIN" in methods:
            self._say(lines, b"AUTH LOGIN\r\n", 334)
            self._say(lines, base64.b64encode(user.encode()) + b"\r\n", 334)
            self._say(lines, base64.b64encode(password.encode()) + b"\r\n", 235)
        else:
            raise Unreachable("The server offers no way to sign in that is known here (PLAIN, LOGIN).")

    def _say(self, lines: Lines, command: bytes, wanted: int) -> Answer:
        lines.write(command, self._timeouts.command)
        answer = lines.answer(self._timeouts.command)
        _expect(answer, wanted)
        return answer


def _expect(answer: Answer, wanted: int) -> None:
    if answer.code != wanted:
        raise Unreachable(str(answer))


def _plain(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The certificate of the server was refused: {error.verify_message}"
    return plain(error)
