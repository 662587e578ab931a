"""The SMTP adapter against servers that behave, refuse, vanish and lie."""

import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.adapters.smtp import Relay, SmtpMailer
from service.adapters.smtp_connection import Timeouts
from service.facts.replies import Outcome, Reason, Reply, SmtpStep, classify, words_of
from tests.adapters.conversation import FAST, PATIENT, Answers, Conversation, polite
from tests.adapters.handing import hand_over, send_once

DATA = b"Subject: Hello\r\n\r\nHello\r\n.\r\n.hidden\r\n"


def mailer_of(server: Conversation, *, timeouts: Timeouts = PATIENT, **options: int) -> SmtpMailer:
    return SmtpMailer(Relay("127.0.0.1", server.port, "none"), timeouts=timeouts, **options)


def send(server: Conversation, *, recipient: str = "p@example.com", data: bytes = DATA) -> Reply:
    return send_once(mailer_of(server), data, recipient=recipient)


# M-18: code, step, what it means for this recipient.
TABLE = [
    *((code, SmtpStep.MAIL, Outcome.ACCEPTED) for code in (250, 251)),
    *((code, SmtpStep.RCPT, Outcome.ACCEPTED) for code in (250, 251, 252, 299)),
    (354, SmtpStep.DATA, Outcome.ACCEPTED),
    (399, SmtpStep.DATA, Outcome.ACCEPTED),
    *((code, SmtpStep.CONTENT, Outcome.ACCEPTED) for code in (200, 250, 252)),
    *(
        (code, step, Outcome.TEMPORARY)
        for code in (421, 431, 441, 450, 451, 452, 471, 499)
        for step in (SmtpStep.MAIL, SmtpStep.RCPT, SmtpStep.DATA, SmtpStep.CONTENT)
    ),
    *(
        (code, step, Outcome.PERMANENT)
        for code in (500, 501, 550, 551, 553, 554, 555, 571, 599)
        for step in (SmtpStep.MAIL, SmtpStep.RCPT, SmtpStep.DATA, SmtpStep.CONTENT)
    ),
    (552, SmtpStep.RCPT, Outcome.TEMPORARY),
    (552, SmtpStep.CONTENT, Outcome.PERMANENT),
    (503, SmtpStep.RCPT, Outcome.TEMPORARY),
    *((code, SmtpStep.MAIL, Outcome.UNREACHABLE) for code in (454, 530, 534, 535, 538)),
    *((code, SmtpStep.SESSION, Outcome.UNREACHABLE) for code in (421, 450, 500, 521, 554)),
    (250, SmtpStep.DATA, Outcome.TEMPORARY),
    (354, SmtpStep.RCPT, Outcome.TEMPORARY),
]


@pytest.mark.parametrize(("code", "step", "outcome"), TABLE)
def test_replies_are_classed_by_code_and_step(code: int, step: SmtpStep, outcome: Outcome) -> None:
    """M-18."""
    assert classify(code, step) is outcome


def test_a_mail_is_handed_over_with_its_dots_doubled() -> None:
    """M-1, M-21: the conversation line by line; a lone dot in the text does not end the mail."""
    with Conversation(polite(offers=("SIZE 1000",))) as server:
        assert send(server) == Reply(Outcome.ACCEPTED, "250 Ok")
    assert server.heard == [
        [
            "EHLO localhost",
            f"MAIL FROM:<noreply@brand.example> SIZE={len(DATA)}",
            "RCPT TO:<p@example.com>",
            "DATA",
            *("Subject: Hello", "", "Hello", "..", "..hidden", "."),
            "QUIT",
        ]
    ]


@pytest.mark.parametrize(
    ("offers", "between"),
    # A server that goes on to DATA although it refused the recipient gets an empty mail for nobody.
    [((), ["RSET"]), (("PIPELINING",), ["DATA", "."])],
)
def test_after_a_refusal_the_next_mail_begins_anew(offers: tuple[str, ...], between: list[str]) -> None:
    """F-8, M-21: commands said together are answered together, and nobody gets the mail that was refused."""
    with Conversation(polite({"RCPT TO:<no@": "550 5.1.1 Unknown"}, offers=offers)) as server:
        connection = mailer_of(server).connect()
        replies = [hand_over(connection, DATA, recipient=f"{name}@example.com") for name in ("no", "yes")]
        connection.close()
    assert replies == [
        Reply(Outcome.PERMANENT, "550 5.1.1 Unknown", SmtpStep.RCPT),
        Reply(Outcome.ACCEPTED, "250 Ok"),
    ]
    assert server.heard[0][1:-7] == [
        "MAIL FROM:<noreply@brand.example>",
        "RCPT TO:<no@example.com>",
        *between,
        "MAIL FROM:<noreply@brand.example>",
        "RCPT TO:<yes@example.com>",
        "DATA",
    ]


@pytest.mark.parametrize("offers", [(), ("PIPELINING",)])
@pytest.mark.parametrize(
    ("overrides", "reply"),
    [
        ({"MAIL": "451 4.3.0 Later"}, Reply(Outcome.TEMPORARY, "451 4.3.0 Later", SmtpStep.MAIL)),
        ({"RCPT": "550 5.1.1 Unknown"}, Reply(Outcome.PERMANENT, "550 5.1.1 Unknown", SmtpStep.RCPT)),
        (
            {"RCPT": "550-5.1.1 Un\r\n550 known"},
            Reply(Outcome.PERMANENT, "550 5.1.1 Un known", SmtpStep.RCPT),
        ),
        ({"DATA": "550 No"}, Reply(Outcome.PERMANENT, "550 No", SmtpStep.DATA)),
        ({".": "452 Full"}, Reply(Outcome.TEMPORARY, "452 Full", SmtpStep.CONTENT)),
        ({".": None}, Reply(Outcome.UNKNOWN, "the server closed the connection")),
        ({"DATA": None}, Reply(Outcome.TEMPORARY, "the server closed the connection")),
        ({"EHLO": "554 Go away"}, Reply(Outcome.UNREACHABLE, "554 Go away")),
        ({"MAIL": "530 Sign in first"}, Reply(Outcome.UNREACHABLE, "530 Sign in first", SmtpStep.MAIL)),
        ({".": "nonsense"}, Reply(Outcome.UNKNOWN, "the server does not speak SMTP")),
    ],
)
def test_what_a_server_says_or_does_not_say(
    offers: tuple[str, ...], overrides: dict[str, str | None], reply: Reply
) -> None:
    """F-7, F-8, M-18: refusals at each step, and closing at each step, with and without pipelining."""
    with Conversation(polite(overrides, offers=offers)) as server:
        assert send(server) == reply


@pytest.mark.parametrize("host", ["relay..example.com", f"{'x' * 70}.example.com"])
@pytest.mark.parametrize("tls", ["none", "first"])
def test_a_relay_whose_name_cannot_be_encoded_is_not_reached(host: str, tls: str) -> None:
    """F-9: a fault of the settings is never held against a recipient."""
    assert send_once(SmtpMailer(Relay(host, 25, tls), timeouts=PATIENT), DATA).outcome is Outcome.UNREACHABLE


def test_a_greeting_name_that_cannot_be_said_is_our_own_fault() -> None:
    """F-9."""
    with Conversation(polite()) as server:
        mailer = SmtpMailer(Relay("127.0.0.1", server.port, "none"), helo="例え.jp", timeouts=PATIENT)
        reply = send_once(mailer, DATA)
    assert reply.outcome is Outcome.UNREACHABLE


@pytest.mark.parametrize(("step", "outcome"), [("DATA", Outcome.TEMPORARY), (".", Outcome.UNKNOWN)])
def test_silence_ends_after_its_time(step: str, outcome: Outcome) -> None:
    """M-19: a server that hangs costs one connection for the time of one command."""
    never = polite({step: "250-still thinking"})
    with Conversation(never) as server:
        assert send_once(mailer_of(server, timeouts=FAST), DATA) == Reply(outcome, "no answer in time")


def test_a_connection_is_kept_and_renewed_after_421() -> None:
    """M-17: mails share a connection until the server says goodbye."""
    answers = polite()
    count = 0

    def answer(line: str) -> str | None:
        nonlocal count
        count += line.startswith("RCPT")
        return "421 4.7.0 Too many" if line.startswith("RCPT") and count == 3 else answers(line)

    with Conversation(answer) as server:
        mailer = mailer_of(server)
        connection = mailer.connect()
        spent = []
        for number in range(3):
            reply = hand_over(connection, DATA, recipient=f"p{number}@example.com")
            spent.append((reply.outcome, connection.spent))
        connection.close()
    assert spent == [(Outcome.ACCEPTED, False), (Outcome.ACCEPTED, False), (Outcome.TEMPORARY, True)]
    assert len(server.heard) == 1


def test_a_connection_is_spent_after_its_number_of_mails() -> None:
    """M-17: the server is told goodbye, and the next mail needs another connection."""
    with Conversation(polite()) as server:
        connection = mailer_of(server, per_connection=2).connect()
        spent = []
        for _ in range(2):
            hand_over(connection, DATA)
            spent.append(connection.spent)
        connection.close()
    assert spent == [False, True]
    assert server.heard[0][-1] == "QUIT"


def test_a_connection_that_died_while_idle_has_heard_nothing_of_the_mail() -> None:
    """F-8: the mail may go over another connection, and nobody is sent twice."""
    with Conversation(polite({"MAIL FROM:<again@": None})) as server:
        connection = mailer_of(server).connect()
        assert hand_over(connection, DATA).outcome is Outcome.ACCEPTED
        reply = hand_over(connection, DATA, sender="again@brand.example")
        assert (reply.outcome, connection.spent) == (Outcome.UNHEARD, True)
        connection.close()
        # On a connection of its own it is this mail that the server has trouble with.
        assert send_once(mailer_of(server), DATA, sender="again@brand.example") == Reply(
            Outcome.TEMPORARY, "the server closed the connection"
        )


@pytest.mark.parametrize("step", ["RSET", "MAIL FROM:<again@"])
def test_a_server_that_is_tired_of_a_kept_connection_has_not_refused_the_mail(step: str) -> None:
    """M-17: many close after a number of mails, or a time, with these words; another connection may do."""
    tired = "421 4.7.0 Too many messages in this session"
    with Conversation(polite({step: tired, "RCPT TO:<full@": "452 4.2.2 Full"})) as server:
        connection = mailer_of(server).connect()
        # After a refusal the next mail begins with RSET, and here that is where the server has enough.
        first = "full@example.com" if step == "RSET" else "p@example.com"
        assert hand_over(connection, DATA, recipient=first).outcome is not Outcome.UNHEARD
        reply = hand_over(connection, DATA, sender="again@brand.example")
        assert (reply.outcome, connection.spent) == (Outcome.UNHEARD, True)
        connection.close()
    with Conversation(polite({"MAIL": tired})) as server:
        assert send(server) == Reply(Outcome.TEMPORARY, tired, SmtpStep.MAIL)


@pytest.mark.parametrize("offers", [(), ("PIPELINING",)])
@pytest.mark.parametrize("answer", ["354 Go on", "150 Wait", "354 Go on\r\n250 Ok", "000"])
def test_an_answer_that_ends_nothing_leaves_the_mail_unknown(offers: tuple[str, ...], answer: str) -> None:
    """P2, F-7: a server that asks twice for the content may have it the first time."""
    with Conversation(polite({".": answer}, offers=offers)) as server:
        connection = mailer_of(server).connect()
        reply = hand_over(connection, DATA)
        assert (reply.outcome, connection.spent) == (Outcome.UNKNOWN, True)
        connection.close()


@pytest.mark.parametrize("more", ["250 Ok", "421 4.3.2 Closing", "550 5.1.1 No such user"])
def test_what_a_server_says_besides_the_answer_is_not_said_of_the_next_mail(more: str) -> None:
    """F-8: the mail is sent; the connection, on which answers would be one behind, is not used again."""
    with Conversation(polite({".": f"250 Ok\r\n{more}"})) as server:
        connection = mailer_of(server).connect()
        assert hand_over(connection, DATA).outcome is Outcome.ACCEPTED
        assert connection.spent
        connection.close()


def test_an_international_name_needs_a_server_that_takes_it() -> None:
    """H-10: refused for this recipient where SMTPUTF8 is not offered, sent as it is where it is."""
    address = "用户@例子.example"
    with Conversation(polite()) as server:
        assert send(server, recipient=address) == Reply(Outcome.PERMANENT, words_of(Reason.NO_SMTPUTF8))
    with Conversation(polite(offers=("SMTPUTF8", "8BITMIME"))) as server:
        assert send(server, recipient=address).outcome is Outcome.ACCEPTED
    assert server.heard[0][1] == "MAIL FROM:<noreply@brand.example> SMTPUTF8 BODY=8BITMIME"
    assert server.heard[0][2] == "RCPT TO:<用户@xn--fsqu00a.example>"


@pytest.mark.parametrize(
    "address",
    ["-oQ@example.com", "a b@example.com", "a>@example.com", "a@b.example\r\nRCPT TO:<c@d.example>", "x"],
)
def test_an_address_that_could_break_the_conversation_never_reaches_it(address: str) -> None:
    """H-5."""
    with Conversation(polite()) as server, pytest.raises(ValueError):  # noqa: PT011 (each has its own words)
        send(server, recipient=address)
    assert server.heard == [["EHLO localhost", "QUIT"]]


@pytest.mark.parametrize("data", [b"a\nb\r\n", b"a\rb\r\n", b"a\0b\r\n"])
def test_bytes_that_could_smuggle_a_second_mail_are_refused(data: bytes) -> None:
    """M-1."""
    with Conversation(polite()) as server:
        connection = mailer_of(server).connect()
        with pytest.raises(ValueError, match="CRLF"):
            connection.begin(sender="a@b.example", recipient="c@d.example", data=data)
        connection.close()
    assert server.heard == [["EHLO localhost", "QUIT"]]


# M-20


def make_certificate(folder: Path, name: str, *extra: str) -> tuple[Path, Path]:
    """Make a self-signed certificate for a host name."""
    key, certificate = folder / f"{name}.key", folder / f"{name}.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
         "-addext", f"subjectAltName={extra[0] if extra else 'DNS:' + name}",
         "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    return key, certificate


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Path]]:
    folder = tmp_path_factory.mktemp("tls")
    return {
        "good": make_certificate(folder, "good", "IP:127.0.0.1"),
        "other": make_certificate(folder, "other", "DNS:elsewhere.example"),
    }


@pytest.fixture
def server_of(certificates: dict[str, tuple[Path, Path]]) -> Iterator[object]:
    opened: list[Conversation] = []

    def start(name: str, answers: Answers) -> Conversation:
        key, certificate = certificates[name]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        opened.append(Conversation(answers, tls=context))
        return opened[-1]

    yield start
    for server in opened:
        server.__exit__()


ENCRYPTED = polite({"STARTTLS": "220 Go on", "AUTH": "235 Welcome"}, offers=("STARTTLS", "AUTH PLAIN LOGIN"))


def over_tls(server: Conversation, ca: Path | None, **options: str) -> Reply:
    relay = Relay("127.0.0.1", server.port, "start", ca_file=str(ca) if ca else None, **options)  # type: ignore[arg-type]
    return send_once(SmtpMailer(relay, timeouts=PATIENT), DATA)


def test_encryption_is_verified_and_everything_is_said_again_inside(server_of, certificates) -> None:  # type: ignore[no-untyped-def]
    """M-20, M-21: EHLO twice, AUTH only inside, and the password not in clear anywhere."""
    server = server_of("good", ENCRYPTED)
    reply = over_tls(server, certificates["good"][1], user="ada", password="secret")
    assert reply.outcome is Outcome.ACCEPTED
    assert [line.split(" ")[0] for line in server.heard[0][:5]] == [
        "EHLO",
        "STARTTLS",
        "EHLO",
        "AUTH",
        "MAIL",
    ]
    assert "secret" not in repr(Relay("h", 25, user="ada", password="secret"))


def test_a_certificate_that_does_not_fit_ends_the_conversation(server_of, certificates) -> None:  # type: ignore[no-untyped-def]
    """M-20: unknown issuer, wrong name, STARTTLS stripped: no mail, and no recipient is blamed."""
    strangers = server_of("good", ENCRYPTED)
    assert over_tls(strangers, None).outcome is Outcome.UNREACHABLE
    elsewhere = server_of("other", ENCRYPTED)
    reply = over_tls(elsewhere, certificates["other"][1])
    assert reply.outcome is Outcome.UNREACHABLE
    assert reply.text.startswith("The certificate of the server was refused")
    with Conversation(polite()) as stripped:
        reply = over_tls(stripped, None)
    assert reply == Reply(Outcome.UNREACHABLE, "The server does not offer encryption (STARTTLS).")


@pytest.mark.parametrize(
    ("url", "relay"),
    [
        ("smtp://mx.example", Relay("mx.example", 25, "start")),
        ("smtp://mx.example:2525?tls=none", Relay("mx.example", 2525, "none")),
        ("smtp://a%40b:p%2Fw@mx.example", Relay("mx.example", 587, "start", "a@b", "p/w")),
        ("smtps://ada:pw@mx.example", Relay("mx.example", 465, "first", "ada", "pw")),
    ],
)
def test_an_address_of_a_relay_is_read(url: str, relay: Relay) -> None:
    """MAIL_URL in its four forms."""
    assert Relay.from_url(url) == relay


@pytest.mark.parametrize(
    "url", ["smtp://", "http://mx.example", "smtp://mx?tls=maybe", "smtp://a:b@mx?tls=none"]
)
def test_an_address_that_makes_no_sense_or_shows_a_password_is_refused(url: str) -> None:
    """M-21: no password over an unencrypted connection."""
    with pytest.raises(ValueError, match="MAIL_URL"):
        Relay.from_url(url)


def test_an_international_header_asks_for_the_same() -> None:
    """H-10: a Reply-To in other letters is not slipped past a server that cannot pass it on."""
    data = "Reply-To: 用户@例子.example\r\n".encode() + DATA
    with Conversation(polite()) as server:
        assert send(server, data=data) == Reply(Outcome.PERMANENT, words_of(Reason.NO_SMTPUTF8))
    assert not any(line.startswith(("MAIL", "RCPT", "DATA")) for line in server.heard[0])
    with Conversation(polite(offers=("SMTPUTF8", "8BITMIME"))) as server:
        assert send(server, data=data).outcome is Outcome.ACCEPTED
    assert server.heard[0][1] == "MAIL FROM:<noreply@brand.example> SMTPUTF8 BODY=8BITMIME"
    with Conversation(polite(offers=("8BITMIME",))) as server:
        assert send(server, data=DATA + "é\r\n".encode()).outcome is Outcome.ACCEPTED
