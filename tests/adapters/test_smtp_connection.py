"""Connections that end in the middle of a mail: what certainly did not arrive is told from what may have."""

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from service.adapters.smtp import Relay, SmtpMailer
from service.adapters.smtp_connection import SmtpConnection
from service.facts.replies import Outcome, Reply, SmtpStep
from tests.adapters.conversation import FAST, PATIENT
from tests.adapters.handing import hand_over
from tests.sink import DROP, GARBLE, Sink
from tests.tls import Authority

# More than the sockets of both sides take on a machine with wide buffers.
BIG = b"Subject: Hello\r\n\r\n" + b"More than any buffer holds.\r\n" * 1_000_000
SHORT = BIG[: len(b"Subject: Hello\r\n\r\n") + 100 * 28]
SMALL = b"Subject: Hello\r\n\r\nHello\r\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def torn(
    tmp_path: Path, how: str, data: bytes, authority: Authority | None = None
) -> tuple[Reply, SmtpConnection, Sink]:
    """Hand a mail to a server that breaks it off after its first bytes."""
    tls = authority.context("127.0.0.1") if authority else None
    with Sink(tmp_path / "torn.jsonl", tls=tls, is_judging=False) as sink:
        sink.torn = {"p@example.com": how}
        relay = Relay("127.0.0.1", sink.port, "start" if authority else "none")
        if authority:
            relay = replace(relay, ca_file=str(authority.file))
        connection = SmtpMailer(relay, timeouts=PATIENT).connect()
        reply = hand_over(connection, data)
        sink.heard.set()
        connection.close()
    return reply, connection, sink


@pytest.mark.parametrize("how", [DROP, GARBLE])
@pytest.mark.parametrize("encrypted", [False, True])
def test_a_mail_whose_end_never_left_is_tried_again(
    tmp_path: Path, authority: Authority, encrypted: bool, how: str
) -> None:
    """P2, F-8: closed, or encryption broken in mid-content: nobody has what has no final dot."""
    reply, connection, sink = torn(tmp_path, how, BIG, authority if encrypted else None)
    assert (reply.outcome, connection.spent) == (Outcome.TEMPORARY, True)
    assert sink.taken() == []


@pytest.mark.parametrize("how", [DROP, GARBLE])
@pytest.mark.parametrize("encrypted", [False, True])
def test_a_mail_whose_end_may_have_left_is_unknown(
    tmp_path: Path, authority: Authority, encrypted: bool, how: str
) -> None:
    """P2, F-7: the same where our side was done: what the server did with it nobody can tell."""
    reply, connection, _ = torn(tmp_path, how, SHORT, authority if encrypted else None)
    assert (reply.outcome, connection.spent) == (Outcome.UNKNOWN, True)


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_refusal_in_the_middle_of_the_content_is_heard(
    tmp_path: Path, authority: Authority, encrypted: bool
) -> None:
    """M-18: what the server said before it closed counts, not that it closed; nothing follows on that."""
    refusal = "552 5.3.4 Message too big"
    reply, connection, _ = torn(tmp_path, refusal, BIG, authority if encrypted else None)
    assert reply == Reply(Outcome.PERMANENT, refusal, SmtpStep.CONTENT)
    assert connection.spent


def test_an_acceptance_before_the_end_is_none(tmp_path: Path) -> None:
    """P2: a server that says yes to half a mail has not taken it."""
    reply, connection, _ = torn(tmp_path, "250 Ok", BIG)
    assert (reply.outcome, connection.spent) == (Outcome.TEMPORARY, True)


class Narrow(socket.socket):
    """A socket that breaks after a number of bytes, to the byte."""

    room: int

    def send(self, data: "memoryview | bytes", flags: int = 0) -> int:  # type: ignore[override]
        if not self.room:
            raise BrokenPipeError(32, "Broken pipe")
        sent = super().send(data[: self.room], flags)
        self.room -= sent
        return sent


@pytest.mark.parametrize(
    ("left", "outcome"),
    [
        (len(SMALL) + 3, Outcome.TEMPORARY),
        (4, Outcome.TEMPORARY),
        (3, Outcome.TEMPORARY),
        (2, Outcome.UNKNOWN),  # the dot is gone, and there are servers that a bare one is enough for
        (1, Outcome.UNKNOWN),
    ],
)
def test_the_final_dot_decides(left: int, outcome: Outcome) -> None:
    """P2, F-7: to the byte."""
    ours, theirs = socket.socketpair()
    narrow = Narrow(fileno=ours.detach())
    narrow.room = 10_000
    with theirs:
        connection = SmtpConnection(narrow, {"PIPELINING": ""}, timeouts=FAST, per_connection=9)
        assert connection.begin(sender="a@b.example", recipient="c@d.example", data=SMALL) is None
        theirs.sendall(b"250 Ok\r\n250 Ok\r\n354 Go on\r\n")
        narrow.room = len(SMALL) + len(b".\r\n") - left
        reply = connection.proceed()
    assert reply is not None
    assert (reply.outcome, connection.spent) == (outcome, True)


def test_silence_in_the_middle_of_the_content_is_no_doubt() -> None:
    """M-19, P2: a server that reads no more; and one that falls silent after the whole mail, which is one."""
    for data, outcome in ((BIG, Outcome.TEMPORARY), (SMALL, Outcome.UNKNOWN)):
        ours, theirs = socket.socketpair()
        with theirs:
            connection = SmtpConnection(ours, {"PIPELINING": ""}, timeouts=FAST, per_connection=9)
            connection.begin(sender="a@b.example", recipient="c@d.example", data=data)
            theirs.sendall(b"250 Ok\r\n250 Ok\r\n354 Go on\r\n")
            connection.proceed()
            assert connection.give_up().outcome is outcome
