"""Mail through users' own servers: connections go only to an address that was judged."""

from collections.abc import Callable

from service.adapters.account_check import Check
from service.adapters.resolver import NameNotFound, addresses_of
from service.adapters.smtp import Relay, SmtpMailer
from service.adapters.smtp_connection import SmtpConnection, Timeouts
from service.facts.mail_checks import MailCheck
from service.facts.replies import Reason, Unreachable, words_of
from service.mail.servers import Checked, MailServer, Reach

LOOK_UP_SECONDS = 5.0
Resolve = Callable[[str, int], tuple[str, ...]]


def look_up(host: str, port: int) -> tuple[str, ...]:
    """Return the addresses of a host; raises NameNotFound."""
    return addresses_of(host, port, seconds=LOOK_UP_SECONDS)


class AddressRefused(Exception):
    """The name leads where no connection may go."""


class AccountPost:
    """Checks users' mail servers and sends through them, as far as `reach` lets it.

    `ca_file` holds further authorities to trust, for servers inside a company.
    """

    def __init__(
        self,
        reach: Reach,
        *,
        helo: str = "localhost",
        ca_file: str | None = None,
        timeouts: Timeouts | None = None,
        resolve: Resolve = look_up,
    ) -> None:
        self.reach = reach
        self._helo = helo
        self._ca_file = ca_file
        self._timeouts = timeouts
        self._resolve = resolve

    def check(self, server: MailServer) -> Checked:
        """Connect, encrypt, sign in, name the sender: no mail is sent, no word of the server is kept."""
        try:
            address = self.place_of(server)
        except NameNotFound:
            return Checked(MailCheck.NAME_NOT_FOUND)
        except AddressRefused:
            return Checked(MailCheck.ADDRESS_REFUSED)
        return Check(server, address, helo=self._helo, ca_file=self._ca_file).run()

    def mailer(self, server: MailServer) -> "AccountMailer":
        """Return what takes mail for this server."""
        return AccountMailer(self, server)

    def place_of(self, server: MailServer) -> str:
        """Return the address to connect to; raises NameNotFound or AddressRefused."""
        if self.reach.ports.get(server.port) != server.tls:
            raise AddressRefused(server.host)
        found = self._resolve(server.host, server.port)
        if not self.reach.allows_all(found):
            raise AddressRefused(server.host)
        return found[0]

    def open(self, server: MailServer) -> SmtpConnection:
        """Return a connection pinned to an address that was judged just now."""
        relay = Relay(
            server.host,
            server.port,
            server.tls,
            server.user,
            server.password,
            self._ca_file,
            connect_to=self.place_of(server),
        )
        return SmtpMailer(relay, helo=self._helo, timeouts=self._timeouts).connect()


class AccountMailer:
    """The Mailer of one user's own server."""

    def __init__(self, post: AccountPost, server: MailServer) -> None:
        self._post = post
        self._server = server

    def connect(self) -> SmtpConnection:
        """Look the name up, judge where it leads and open a conversation there; this waits.

        Raises Unreachable in our own words: what the server says reaches nobody.
        """
        try:
            return self._post.open(self._server)
        except (NameNotFound, AddressRefused, Unreachable) as error:
            raise Unreachable(words_of(Reason.ACCOUNT_UNREACHABLE)) from error
