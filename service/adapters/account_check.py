"""One look at a user's own mail server: how far a conversation comes, told in results of ours.

What the server says is read for its reply codes only. It reaches neither the user nor a log: a name can be
made to lead anywhere, and what answers there is not for everybody's eyes.
"""

import base64
import socket
import ssl
import time

from service.adapters.smtp_lines import Answer, Lines, LostConnection
from service.facts.mail_checks import MailCheck
from service.mail.addresses import parse
from service.mail.servers import FIRST, Checked, MailServer

CONNECT_SECONDS = 6.0
ALL_SECONDS = 20.0
# OpenSSL's X509_V_ERR_*: expired, not yet valid; host name or address that does not fit.
_OUT_OF_DATE = frozenset({9, 10})
_OTHER_NAME = frozenset({62, 64})


class _Ended(Exception):
    def __init__(self, result: MailCheck, code: int | None = None) -> None:
        super().__init__(result.value)
        self.checked = Checked(result, code)


class Check:
    """A conversation with one server at one address, from the greeting to the name of the sender."""

    def __init__(
        self, server: MailServer, address: str, *, helo: str = "localhost", ca_file: str | None = None
    ) -> None:
        self._server = server
        self._address = address
        self._helo = helo
        self._context = ssl.create_default_context()
        if ca_file is not None:
            self._context.load_verify_locations(ca_file)
        self._lines: Lines
        self._offers: dict[str, str] = {}
        self._deadline = 0.0

    def run(self) -> Checked:
        """Return how far it came; takes at most ALL_SECONDS and sends no mail."""
        self._deadline = time.monotonic() + ALL_SECONDS
        try:
            connection = socket.create_connection((self._address, self._server.port), CONNECT_SECONDS)
        except TimeoutError:
            return Checked(MailCheck.TIMEOUT)
        except OSError:
            return Checked(MailCheck.CONNECTION_REFUSED)
        self._lines = Lines(connection)
        try:
            if self._server.tls == FIRST:
                self._lines = Lines(self._encrypt(connection))
            self._converse(connection)
        except _Ended as ended:
            return ended.checked
        except LostConnection as error:
            return Checked(self._lost(error))
        finally:
            self._lines.close()
        return Checked(MailCheck.OK)

    def _converse(self, connection: socket.socket) -> None:
        self._wanted(self._lines.answer(self._left()), 220, MailCheck.SERVER_REFUSED)
        self._hello()
        if self._server.tls != FIRST:
            if "STARTTLS" not in self._offers:
                raise _Ended(MailCheck.NO_ENCRYPTION)
            self._say(b"STARTTLS", 220, MailCheck.NO_ENCRYPTION)
            # What came in clear after the answer, and what was offered in clear, is thrown away.
            self._lines = Lines(self._encrypt(connection))
            self._hello()
        self._sign_in()
        sender = parse(self._server.address).spec.encode()
        option = b"" if sender.isascii() else b" SMTPUTF8"
        self._say(b"MAIL FROM:<%s>%s" % (sender, option), 250, MailCheck.SENDER_REFUSED)
        try:
            self._say(b"RSET", 250, MailCheck.OK)
            self._say(b"QUIT", 221, MailCheck.OK)
        except (LostConnection, _Ended):
            pass  # everything that was asked has been answered

    def _hello(self) -> None:
        answer = self._say(b"EHLO %s" % self._helo.encode("ascii"), 250, MailCheck.SERVER_REFUSED)
        pairs = (line.partition(" ") for line in answer.lines[1:])
        self._offers = {keyword.upper(): value for keyword, _, value in pairs}

    def _sign_in(self) -> None:
        user, password = self._server.user.encode(), self._server.password.encode()
        methods = self._offers.get("AUTH", "").upper().split()
        refused = MailCheck.SIGN_IN_REFUSED
        if "PLAIN" in methods:
            token = base64.b64encode(b"\0" + user + b"\0" + password)
            self._say(b"AUTH PLAIN " + token, 235, refused)
        elif "LOGIN" in methods:
            self._say(b"AUTH LOGIN", 334, refused)
            self._say(base64.b64encode(user), 334, refused)
            self._say(base64.b64encode(password), 235, refused)
        else:
            raise _Ended(MailCheck.SIGN_IN_UNKNOWN)

    def _encrypt(self, connection: socket.socket) -> socket.socket:
        try:
            connection.settimeout(self._left())
            return self._context.wrap_socket(connection, server_hostname=self._server.host)
        except ssl.SSLCertVerificationError as error:
            raise _Ended(_of_certificate(error.verify_code)) from None
        except TimeoutError:
            raise _Ended(MailCheck.TIMEOUT) from None
        except (OSError, ValueError):
            raise _Ended(MailCheck.ENCRYPTION_FAILED) from None

    def _say(self, command: bytes, code: int, otherwise: MailCheck) -> Answer:
        self._lines.write(command + b"\r\n", self._left())
        return self._wanted(self._lines.answer(self._left()), code, otherwise)

    @staticmethod
    def _wanted(answer: Answer, code: int, otherwise: MailCheck) -> Answer:
        if answer.code != code:
            # 4xx to a password or a sender is a server that is busy (RFC 4954 section 6), not a wrong one.
            busy = answer.code // 100 == 4 and otherwise is not MailCheck.NO_ENCRYPTION
            raise _Ended(MailCheck.SERVER_REFUSED if busy else otherwise, answer.code)
        return answer

    def _left(self) -> float:
        return max(self._deadline - time.monotonic(), 0.1)

    def _lost(self, error: LostConnection) -> MailCheck:
        if "in time" in str(error) or isinstance(error.__cause__, TimeoutError):
            return MailCheck.TIMEOUT
        return MailCheck.NOT_SMTP if "SMTP" in str(error) else MailCheck.LOST


def _of_certificate(code: int) -> MailCheck:
    if code in _OUT_OF_DATE:
        return MailCheck.CERTIFICATE_EXPIRED
    return MailCheck.CERTIFICATE_NAME if code in _OTHER_NAME else MailCheck.CERTIFICATE_UNKNOWN
