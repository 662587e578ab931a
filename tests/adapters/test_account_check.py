"""A look at users' mail servers: every way it can end, told in our words."""

import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterator

import pytest

from service.adapters import account_check, resolver
from service.adapters.account_post import AccountPost
from service.adapters.resolver import NameNotFound
from service.facts.mail_checks import MailCheck
from service.facts.replies import Outcome, Reason, Reply, Unreachable
from service.mail.servers import FIRST, START, Checked, MailServer, Reach
from tests.adapters.conversation import PATIENT, Answers, Conversation, polite
from tests.adapters.handing import hand_over
from tests.ports import deaf_port
from tests.tls import Authority

LOCAL = (ipaddress.ip_network("127.0.0.0/8"),)
OFFERS = ("STARTTLS", "AUTH PLAIN LOGIN", "SIZE 1000")
GOOD = {"STARTTLS": "220 Go on", "AUTH PLAIN": "235 Welcome", "QUIT": "221 Bye"}
NAME = "mail.corp.example"
Start = Callable[..., Conversation]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


class FirstTls(Conversation):
    """A server that encrypts from the first byte."""

    def _lines(self, connection: socket.socket, heard: list[str]) -> None:
        assert self._tls is not None
        with self._tls.wrap_socket(connection, server_side=True) as inside:
            super()._lines(inside, heard)


@pytest.fixture
def start(authority: Authority) -> Iterator[Start]:
    """Start a server that answers as told, with a good certificate for NAME unless another is given."""
    opened: list[Conversation] = []

    def begin(
        answers: Answers | None = None,
        *,
        tls: ssl.SSLContext | None = None,
        kind: type[Conversation] = Conversation,
        greeting: str = "220 test",
    ) -> Conversation:
        said = answers or polite(dict(GOOD), offers=OFFERS)
        opened.append(kind(said, tls=tls or authority.context(NAME), greeting=greeting))
        return opened[-1]

    yield begin
    for server in opened:
        server.__exit__()


def post_to(port: int, authority: Authority, *, tls: str = START, **more: object) -> AccountPost:
    options: dict[str, object] = {"resolve": lambda _host, _port: ("127.0.0.1",), **more}
    reach = Reach(LOCAL, {port: tls})
    return AccountPost(reach, ca_file=str(authority.file), **options)  # type: ignore[arg-type]


def server_at(port: int, *, tls: str = START, host: str = NAME) -> MailServer:
    return MailServer("ada@corp.example", host, port, tls, "ada", "canary-password")


def look(server: Conversation, authority: Authority, *, tls: str = START) -> Checked:
    return post_to(server.port, authority, tls=tls).check(server_at(server.port, tls=tls))


def test_a_good_server_is_asked_everything_and_given_no_mail(start: Start, authority: Authority) -> None:
    """M-20, M-21: EHLO twice, the password only inside, the sender named and taken back."""
    server = start()
    assert look(server, authority) == Checked(MailCheck.OK)
    said = [line.split(" ")[0] for line in server.heard[0]]
    assert said == ["EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RSET", "QUIT"]
    assert "MAIL FROM:<ada@corp.example>" in server.heard[0]


def test_a_server_that_encrypts_from_the_first_byte(start: Start, authority: Authority) -> None:
    """M-20."""
    server = start(kind=FirstTls)
    assert look(server, authority, tls=FIRST) == Checked(MailCheck.OK)
    assert [line.split(" ")[0] for line in server.heard[0]] == ["EHLO", "AUTH", "MAIL", "RSET", "QUIT"]


@pytest.mark.parametrize(
    ("certificate", "result"),
    [
        ({"name": NAME, "self_signed": True}, MailCheck.CERTIFICATE_UNKNOWN),
        ({"name": "elsewhere.example"}, MailCheck.CERTIFICATE_NAME),
        ({"name": "127.0.0.1"}, MailCheck.CERTIFICATE_NAME),
        ({"name": NAME, "days": -1}, MailCheck.CERTIFICATE_EXPIRED),
    ],
)
@pytest.mark.parametrize("tls", [START, FIRST])
def test_a_certificate_that_is_not_good_ends_it(
    start: Start, authority: Authority, certificate: dict[str, object], result: MailCheck, tls: str
) -> None:
    """M-20, W-10: verified against the name that was entered, not the address; no password is said."""
    context = authority.context(**certificate)  # type: ignore[arg-type]
    server = start(tls=context, kind=FirstTls if tls == FIRST else Conversation)
    assert look(server, authority, tls=tls) == Checked(result)
    assert not [line for said in server.heard for line in said if line.startswith("AUTH")]


def test_an_authority_that_is_not_trusted(start: Start) -> None:
    """M-20: without the authority's file the very same server is refused."""
    server = start()
    post = AccountPost(Reach(LOCAL, {server.port: START}), resolve=lambda _host, _port: ("127.0.0.1",))
    assert post.check(server_at(server.port)) == Checked(MailCheck.CERTIFICATE_UNKNOWN)


def test_stripped_encryption_is_no_way_on(start: Start, authority: Authority) -> None:
    """M-20, M-21: without STARTTLS, or with it refused, no password leaves."""
    stripped = start(polite(dict(GOOD), offers=("AUTH PLAIN",)))
    assert look(stripped, authority) == Checked(MailCheck.NO_ENCRYPTION)
    refusing = start(polite({**GOOD, "STARTTLS": "454 Not now"}, offers=OFFERS))
    assert look(refusing, authority) == Checked(MailCheck.NO_ENCRYPTION, 454)
    for server in (stripped, refusing):
        assert not [line for said in server.heard for line in said if line.startswith("AUTH")]


@pytest.mark.parametrize(
    ("overrides", "found"),
    [
        ({"AUTH": "535 5.7.8 canary-banner"}, Checked(MailCheck.SIGN_IN_REFUSED, 535)),
        ({"AUTH": "454 4.7.0 Busy"}, Checked(MailCheck.SERVER_REFUSED, 454)),
        ({"MAIL": "550 canary-banner"}, Checked(MailCheck.SENDER_REFUSED, 550)),
        ({"MAIL": "451 Later"}, Checked(MailCheck.SERVER_REFUSED, 451)),
        ({"EHLO": "554 canary-banner"}, Checked(MailCheck.SERVER_REFUSED, 554)),
        ({"AUTH": None}, Checked(MailCheck.LOST)),
        ({"MAIL": "nonsense"}, Checked(MailCheck.NOT_SMTP)),
        ({"RSET": None}, Checked(MailCheck.OK)),
        ({"QUIT": "500 What"}, Checked(MailCheck.OK)),
    ],
)
def test_each_refusal_has_its_word_and_code(
    start: Start, authority: Authority, overrides: dict[str, str | None], found: Checked
) -> None:
    """W-10: of what the server says only the code is kept."""
    said = {key: text for key, text in GOOD.items() if not key.startswith(tuple(overrides))}
    server = start(polite({**overrides, **said}, offers=OFFERS))
    assert look(server, authority) == found


def test_login_where_plain_is_not_offered(start: Start, authority: Authority) -> None:
    """M-21."""
    replies = iter(["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "235 Welcome"])
    polite_one = polite(dict(GOOD), offers=("STARTTLS", "AUTH LOGIN"))
    asked = ("AUTH", "YWRh", "Y2FuYXJ5")

    def answer(line: str) -> str | None:
        return next(replies) if line.startswith(asked) else polite_one(line)

    assert look(start(answer), authority) == Checked(MailCheck.OK)
    none = start(polite(dict(GOOD), offers=("STARTTLS", "AUTH XOAUTH2")))
    assert look(none, authority) == Checked(MailCheck.SIGN_IN_UNKNOWN)


def test_silence_ends_in_time(start: Start, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """M-19: the whole look has one time limit, whatever the server trickles."""
    with monkeypatch.context() as hurry:
        hurry.setattr(account_check, "ALL_SECONDS", 0.3)
        silent = start(polite({"EHLO": "250-still thinking"}))
        assert look(silent, authority) == Checked(MailCheck.TIMEOUT)
    other = start(greeting="HTTP/1.1 400 Bad Request")
    assert look(other, authority) == Checked(MailCheck.NOT_SMTP)


def test_nobody_listens(authority: Authority) -> None:
    with deaf_port() as port:
        assert post_to(port, authority).check(server_at(port)) == Checked(MailCheck.CONNECTION_REFUSED)


def nowhere(host: str, _port: int) -> tuple[str, ...]:
    raise NameNotFound(host)


@pytest.mark.parametrize(
    "found",
    [("10.0.0.1",), ("127.0.0.2", "8.8.8.8"), ("::1",), ("::ffff:127.0.0.1",), ("64:ff9b::7f00:1",)],
)
def test_a_name_that_leads_inside_is_not_connected_to(
    start: Start, authority: Authority, found: tuple[str, ...]
) -> None:
    """W-10: judged by every address it has, before a single packet."""
    server = start()
    post = AccountPost(Reach((), {server.port: START}), ca_file=str(authority.file), resolve=lambda *_: found)
    told = server_at(server.port)
    assert post.check(told) == Checked(MailCheck.ADDRESS_REFUSED)
    assert send(post, told) == Reply.because(Outcome.UNREACHABLE, Reason.ACCOUNT_UNREACHABLE)
    assert server.heard == []


def test_a_port_that_is_not_for_mail_is_not_connected_to(start: Start, authority: Authority) -> None:
    """W-10: whatever the database says, the port and its encryption are judged again."""
    server = start()
    usual = AccountPost(Reach(LOCAL), resolve=lambda *_: ("127.0.0.1",))
    assert usual.check(server_at(server.port)) == Checked(MailCheck.ADDRESS_REFUSED)
    plain = MailServer("ada@corp.example", NAME, server.port, "none", "ada", "x")
    assert post_to(server.port, authority).check(plain) == Checked(MailCheck.ADDRESS_REFUSED)
    assert server.heard == []


def test_a_name_nobody_knows(authority: Authority) -> None:
    post = post_to(587, authority, resolve=nowhere)
    assert post.check(server_at(587)) == Checked(MailCheck.NAME_NOT_FOUND)


def test_the_systems_resolver_is_asked_within_a_time() -> None:
    """W-10: what the system makes of a name is what is judged, `localhost` among them."""
    assert resolver.addresses_of("127.0.0.1", 587, seconds=60) == ("127.0.0.1",)
    assert not Reach().allows_all(resolver.addresses_of("localhost", 587, seconds=60))
    with pytest.raises(NameNotFound):
        resolver.addresses_of("no..name", 587, seconds=60)


DATA = b"Subject: Hello\r\n\r\nHello\r\n"


def send(post: AccountPost, server: MailServer, times: int = 1) -> Reply:
    """Send over one connection; where none comes about, ask for one each time, and return the last reply."""
    mailer = post.mailer(server)
    connection = None
    reply = Reply(Outcome.WITHHELD, "")
    for number in range(times):
        try:
            connection = connection or mailer.connect()
        except Unreachable as error:
            reply = Reply(Outcome.UNREACHABLE, str(error))
        else:
            recipient = f"p{number}@example.com"
            reply = hand_over(connection, DATA, recipient=recipient, sender="ada@corp.example")
    if connection is not None:
        connection.close()
    return reply


def test_the_name_is_looked_up_once_and_the_answer_kept(start: Start, authority: Authority) -> None:
    """W-10, DNS rebinding: the second answer would lead elsewhere, and is never asked for."""
    server, asked = start(), []

    def rebinding(host: str, _port: int) -> tuple[str, ...]:
        asked.append(host)
        return ("127.0.0.1",) if len(asked) == 1 else ("127.0.0.99",)

    post = post_to(server.port, authority, resolve=rebinding, timeouts=PATIENT)
    assert send(post, server_at(server.port), times=3).outcome is Outcome.ACCEPTED
    assert asked == [NAME]
    assert [line for line in server.heard[0] if line.startswith("RCPT")] == [
        f"RCPT TO:<p{number}@example.com>" for number in range(3)
    ]


def test_after_a_failure_the_name_is_looked_up_and_judged_again(start: Start, authority: Authority) -> None:
    """W-10: a server may move, but only to where it may be reached."""
    server = start(polite({**GOOD, "AUTH PLAIN": "535 canary-banner"}, offers=OFFERS))
    answers = iter([("127.0.0.1",), ("10.0.0.1",)])
    post = post_to(server.port, authority, resolve=lambda *_: next(answers), timeouts=PATIENT)
    waits = Reply.because(Outcome.UNREACHABLE, Reason.ACCOUNT_UNREACHABLE)
    assert send(post, server_at(server.port), times=2) == waits
    assert len(server.heard) == 1
