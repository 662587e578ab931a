"""Which answer of a server is about the address, its server, the sender or the mail."""

import pytest

from service.facts.bounces import BounceKind, Status, kind_of, reply_of, status_of
from service.facts.replies import Outcome, SmtpStep, classify

HARD, SOFT, FULL = BounceKind.HARD, BounceKind.SOFT, BounceKind.FULL
POLICY, MESSAGE = BounceKind.POLICY, BounceKind.MESSAGE
FINAL, LATER, NOT_SAID = Outcome.PERMANENT, Outcome.TEMPORARY, Outcome.UNREACHABLE
MAIL, RCPT, DATA, CONTENT = SmtpStep.MAIL, SmtpStep.RCPT, SmtpStep.DATA, SmtpStep.CONTENT

# What a server says, where, what becomes of this attempt, and what the mail comes back as once attempts end.
TABLE = [
    # The address.
    ("550 5.1.1 User unknown", RCPT, FINAL, HARD),
    ("550 5.1.1 User unknown", CONTENT, FINAL, HARD),
    ("550-5.1.1 The account does not exist", RCPT, FINAL, HARD),
    ("550 #5.1.1 no such recipient", RCPT, FINAL, HARD),
    ("553 5.1.2 We know no such domain", RCPT, FINAL, HARD),
    ("501 5.1.3 Bad recipient address syntax", RCPT, FINAL, HARD),
    ("553 5.1.4 Ambiguous", RCPT, FINAL, SOFT),
    ("551 5.1.6 Moved away", RCPT, FINAL, HARD),
    ("556 5.1.10 Recipient address has null MX", RCPT, FINAL, HARD),
    ("556 Domain does not accept mail", RCPT, FINAL, HARD),
    ("521 Host does not accept mail", RCPT, FINAL, HARD),
    ("550 5.2.1 Mailbox disabled", RCPT, FINAL, HARD),
    ("550 5.7.17 Mailbox owner has changed", RCPT, FINAL, HARD),
    ("550 5.7.18 Domain owner has changed", RCPT, FINAL, HARD),
    ("550 5.7.19 Cannot tell the owner", RCPT, FINAL, SOFT),
    ("450 4.1.1 Unknown for now", RCPT, LATER, SOFT),
    ("451 4.1.10 Null MX, says a resolver", RCPT, LATER, SOFT),
    ("450 4.2.1 Mailbox busy", RCPT, LATER, SOFT),
    # The mailbox is full, or the server.
    ("552 5.2.2 Over quota", CONTENT, FINAL, FULL),
    ("552 5.2.2 Over quota", RCPT, LATER, FULL),
    ("452 4.2.2 Over quota", RCPT, LATER, FULL),
    ("552 Storage exceeded", CONTENT, FINAL, FULL),
    ("552 Too many recipients", RCPT, LATER, FULL),
    ("452 4.3.1 System full", RCPT, LATER, SOFT),
    ("552 5.3.1 System full", CONTENT, FINAL, SOFT),
    # Nobody knows.
    ("550 No", RCPT, FINAL, SOFT),
    ("550", RCPT, FINAL, SOFT),
    ("550 5.0.0 No", RCPT, FINAL, SOFT),
    ("551 Not local", RCPT, FINAL, SOFT),
    ("553 Name not allowed", RCPT, FINAL, SOFT),
    ("554 Transaction failed", CONTENT, FINAL, SOFT),
    ("554 Transaction failed", DATA, FINAL, SOFT),
    ("599 Whatever", RCPT, FINAL, SOFT),
    ("550 5.4.1 No answer from host", RCPT, FINAL, SOFT),
    ("550 5.4.4 Host not found", RCPT, FINAL, SOFT),
    ("554 5.4.6 Routing loop", CONTENT, FINAL, SOFT),
    ("554 5.4.7 Delivery time expired", RCPT, FINAL, SOFT),
    ("550 5.5.0 Mailbox unavailable", RCPT, FINAL, SOFT),
    ("450 Greylisted", RCPT, LATER, SOFT),
    ("451 4.4.1 No answer from host", RCPT, LATER, SOFT),
    ("421 Closing", RCPT, LATER, SOFT),
    ("471 Later", CONTENT, LATER, SOFT),
    # The sender.
    ("550 5.7.1 Refused by policy", RCPT, FINAL, POLICY),
    ("554 5.7.1 Looks like spam", CONTENT, FINAL, POLICY),
    ("550 5.7.26 Not authenticated", CONTENT, FINAL, POLICY),
    ("550 5.7.23 SPF fails", RCPT, FINAL, POLICY),
    ("550 5.7.27 The sender has a null MX", RCPT, FINAL, POLICY),
    ("451 4.7.1 Greylisted", RCPT, LATER, POLICY),
    ("421 4.7.0 Deferred because of complaints", RCPT, LATER, POLICY),
    ("553 5.1.7 Bad sender syntax", RCPT, FINAL, POLICY),
    ("550 5.1.8 The sender's domain does not exist", RCPT, FINAL, POLICY),
    ("550 Sender refused", MAIL, FINAL, POLICY),
    ("550 5.1.1 Sender unknown", MAIL, FINAL, POLICY),
    ("553 5.1.7 Bad sender syntax", MAIL, FINAL, POLICY),
    ("451 4.3.0 Later", MAIL, LATER, POLICY),
    ("530 5.7.0 Authentication required", MAIL, NOT_SAID, POLICY),
    ("535 Bad credentials", RCPT, FINAL, POLICY),
    # The mail.
    ("552 Too big", MAIL, FINAL, MESSAGE),
    ("552 5.3.4 Too big for this server", MAIL, FINAL, MESSAGE),
    ("552 5.3.4 Too big for this server", CONTENT, FINAL, MESSAGE),
    ("552 5.2.3 Too big for this mailbox", CONTENT, FINAL, MESSAGE),
    ("554 5.6.0 Malformed", CONTENT, FINAL, MESSAGE),
    ("550 5.6.7 International addresses are not taken", RCPT, FINAL, MESSAGE),
    ("554 5.3.3 Not capable", CONTENT, FINAL, MESSAGE),
    ("550 5.1.9 Relayed where it cannot be", RCPT, FINAL, MESSAGE),
    ("500 Syntax", DATA, FINAL, MESSAGE),
    ("501 Syntax", RCPT, FINAL, MESSAGE),
    ("503 Bad sequence", RCPT, LATER, MESSAGE),
    ("555 Parameters not known", MAIL, FINAL, POLICY),
    ("555 Parameters not known", RCPT, FINAL, MESSAGE),
]


@pytest.mark.parametrize(("answer", "step", "outcome", "kind"), TABLE)
def test_an_answer_says_whom_it_is_about(
    answer: str, step: SmtpStep, outcome: Outcome, kind: BounceKind
) -> None:
    """M-15, M-18: by code, enhanced status and step; prose is not read."""
    code, status = reply_of(answer)
    assert code is not None
    assert (classify(code, step), kind_of(code, status, step)) == (outcome, kind)


def test_the_table_is_as_long_as_promised() -> None:
    """M-18: at least 60 answers at their steps, none twice."""
    assert len({(answer, step) for answer, step, _, _ in TABLE}) == len(TABLE) >= 60


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("550 5.1.1 No", (550, Status(5, 1, 1))),
        ("550-5.1.1 No", (550, Status(5, 1, 1))),
        ("550 #5.1.10 No", (550, Status(5, 1, 10))),
        ("  550 5.1.1", (550, Status(5, 1, 1))),
        ("550 192.0.2.1 is listed", (550, None)),
        ("550 5.1.1.1 is no status", (550, None)),
        ("550 <a@b.example> 5.1.1", (550, None)),
        ("550", (550, None)),
        ("5.1.1 (bad)", (None, Status(5, 1, 1))),
        ("5.1.1", (None, Status(5, 1, 1))),
        ("3.1.1", (None, None)),
        ("5.1.1234", (None, None)),
        ("5501 No", (None, None)),
        ("the server closed the connection", (None, None)),
        ("", (None, None)),
    ],
)
def test_code_and_status_stand_at_the_beginning(text: str, read: tuple[int | None, Status | None]) -> None:
    """M-14: a number further on in an answer is prose."""
    assert reply_of(text) == read


def test_a_status_is_written_as_it_was_read() -> None:
    assert str(status_of("5.7.26 not authenticated")) == "5.7.26"
