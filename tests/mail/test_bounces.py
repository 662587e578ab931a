"""What a received mail is: reports, complaints, automatic answers and letters, in all their shapes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.facts.bounces import Status
from service.mail.bounces import (
    Action,
    Automatic,
    Bounce,
    Complaint,
    Letter,
    NoMail,
    NotUnderstood,
    Recipient,
    shown,
    understand,
)
from tests.mail.reports import SIGNED, arf, dsn, letter

UNKNOWN = "550 5.1.1 <lin@people.example>: Recipient address rejected: User unknown"


def failed(data: bytes) -> Recipient:
    found = understand(data)
    assert isinstance(found, Bounce)
    assert found.failed is not None
    return found.failed


def test_a_delivery_report_is_understood() -> None:
    """M-14: by Action and Status, with the server's own words to keep."""
    assert understand(dsn()) == Bounce(
        (SIGNED,),
        (Recipient("lin@people.example", Action.FAILED, 550, Status(5, 1, 1), UNKNOWN),),
    )


@pytest.mark.parametrize(
    ("action", "status", "expected"),
    [
        ("failed", "5.1.1", Action.FAILED),
        ("Failed (permanently)", "5.1.1", Action.FAILED),
        ("failed", "4.4.7", Action.FAILED),
        ("failure", "5.0.0", Action.FAILED),
        ("delayed", "4.4.1", Action.DELAYED),
        ("delivered", "2.0.0", Action.DELIVERED),
        ("relayed", "2.1.9", Action.DELIVERED),
        ("expanded", "2.0.0", Action.DELIVERED),
        ("error", "5.0.0", Action.FAILED),
        ("", "5.1.1", Action.FAILED),
        ("", "4.4.1", Action.DELAYED),
    ],
)
def test_the_action_decides(action: str, status: str, expected: Action) -> None:
    """M-14: a delay is no failure whatever the text says."""
    found = understand(dsn(action=action, status=status))
    assert isinstance(found, Bounce)
    assert [one.action for one in found.recipients] == [expected]


@pytest.mark.parametrize(
    ("status", "diagnostic", "code", "read"),
    [
        ("5.0.0", "smtp; 550 5.1.1 No", 550, Status(5, 1, 1)),
        ("5.0.0", "smtp;550-5.7.26 Not authenticated", 550, Status(5, 7, 26)),
        ("5.2.2", "smtp; 550 5.1.1 No", 550, Status(5, 2, 2)),
        ("5.1.1", "X-Postfix; unknown user: lin", None, Status(5, 1, 1)),
        ("5.0.0", "X-Postfix; host mx.example[192.0.2.1] said: 550 5.1.1 No", 550, Status(5, 1, 1)),
        ("5.4.4", "smtp; unable to route: no mail hosts for domain", None, Status(5, 4, 4)),
        ("5.1.1 (bad destination mailbox address)", "", None, Status(5, 1, 1)),
        ("553 Too much", "", 553, None),
        ("5.0.0", "smtp; 550 not 5.1.1 but prose", 550, Status(5, 0, 0)),
        ("5.1.0", "smtp; 550 5.1.1 No", 550, Status(5, 1, 1)),
        ("5.7.0", "smtp; 550 5.0.0 No", 550, Status(5, 7, 0)),
        ("5.1.0", "X-Postfix; Domain example.com does not accept mail (nullMX)", None, Status(5, 1, 10)),
        ("5.1.0", "smtp; 550 mail from a domain without mail (nullMX)", 550, Status(5, 1, 0)),
    ],
)
def test_the_status_is_the_most_telling_one(
    status: str, diagnostic: str, code: int | None, read: Status | None
) -> None:
    """M-14: the answer's own status stands in for one that says nothing."""
    one = failed(dsn(status=status, diagnostic=diagnostic))
    assert (one.code, one.status) == (code, read)


@pytest.mark.parametrize(
    ("final", "address"),
    [
        ("rfc822; lin@people.example", "lin@people.example"),
        ("RFC822;<lin@people.example>", "lin@people.example"),
        ("utf-8; 林@例子.广告", "林@例子.广告"),
        (r"utf-8; \x{6797}@\x{4F8B}\x{5B50}.example", "林@例子.example"),
        (r"utf-8; \x{110000}\x{FFFFFF}@people.example", "@people.example"),
        ("x-unknown-type; lin", "lin"),
        ("lin@people.example", "lin@people.example"),
    ],
)
def test_addresses_of_every_type_are_read(final: str, address: str) -> None:
    """M-14, H-10: RFC 3464 section 2.3.2, and RFC 6533 for international ones."""
    assert failed(dsn(final=final)).address == address


def test_an_international_report_may_be_encoded() -> None:
    """H-10: message/global-delivery-status in base64."""
    data = (
        dsn()
        .replace(
            b"message/delivery-status", b"message/global-delivery-status\nContent-Transfer-Encoding: base64"
        )
        .replace(
            dsn().partition(b"delivery-status\n\n")[2].partition(b"\n--")[0],
            b"RmluYWwtUmVjaXBpZW50OiB1dGYtODsg5p6XQGV4YW1wbGUuanAKQWN0aW9uOiBmYWlsZWQK\n"
            b"U3RhdHVzOiA1LjEuMQo=\n",
        )
    )
    assert failed(data) == Recipient("林@example.jp", Action.FAILED, None, Status(5, 1, 1), "5.1.1")


def test_of_several_recipients_the_first_who_failed_counts() -> None:
    block = b"Final-Recipient: rfc822; first@people.example\nAction: delivered\nStatus: 2.0.0\n\n"
    found = understand(dsn().replace(b"Final-Recipient:", block + b"Final-Recipient:", 1))
    assert isinstance(found, Bounce)
    assert [one.action for one in found.recipients] == [Action.DELIVERED, Action.FAILED]
    assert found.failed == found.recipients[1]


def test_the_envelope_of_the_returned_mail_may_name_the_delivery_too() -> None:
    """M-14: some servers report to the address in From."""
    found = understand(dsn("news@brand.example", original=f"Return-Path: <{SIGNED}>\nMessage-ID: <a@b>"))
    assert isinstance(found, Bounce)
    assert found.to == ("news@brand.example", SIGNED)


@pytest.mark.parametrize("wrong", ["multipart/mixed", "multipart/report", "multipart/alternative"])
def test_the_report_is_found_in_a_multipart_of_any_kind(wrong: str) -> None:
    for comment in ("", " (see RFC 6522)"):
        data = dsn().replace(b"multipart/report; report-type=delivery-status", (wrong + comment).encode())
        assert failed(data).status == Status(5, 1, 1)


def test_line_ends_of_every_kind_are_read() -> None:
    assert understand(dsn().replace(b"\n", b"\r\n")) == understand(dsn())
    assert understand(b"From MAILER-DAEMON Mon Jan 18 12:00:00 2038\n" + dsn()) == understand(dsn())


def test_a_report_without_recipients_is_not_understood() -> None:
    empty = dsn().replace(b"Final-Recipient", b"X-A").replace(b"Original-Recipient", b"X-B")
    assert understand(empty.replace(b"Action:", b"X-C:")) == NotUnderstood()


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\0" * 100, b"no mail at all", b"\xff\xfe\n\n\xff"])
def test_what_has_no_header_is_no_mail(data: bytes) -> None:
    assert understand(data) == NoMail()


# Complaints


def test_a_complaint_is_understood() -> None:
    """M-14: RFC 5965; the envelope sender first, the Message-ID for loops that hide it."""
    assert understand(arf()) == Complaint((SIGNED, "abuse@brand.example"), ("original@brand.example",))


@pytest.mark.parametrize("kind", ["abuse", "Abuse (really)", "fraud", "opt-out", "other", "virus"])
def test_what_is_unwanted_is_a_complaint(kind: str) -> None:
    assert isinstance(understand(arf(kind=kind)), Complaint)


MICROSOFT = f"""\
From: {{sender}}
To: complaints@brand.example
Subject: complaint about message from 192.0.2.1
Content-Type: multipart/mixed; boundary="w"

--w
Content-Type: message/rfc822

{{mark}}: <lin@outlook.example>
Return-Path: {SIGNED}
Message-ID: <original@brand.example>

Hello
--w--
"""
MARK = "X-HmXmrOriginalRecipient"


def test_a_complaint_as_microsoft_sends_it_is_understood() -> None:
    """M-14: no report, but the mail with a field on top; what others forward with that field is a letter."""
    sent = MICROSOFT.format(sender="<staff@hotmail.com>", mark=MARK).encode()
    assert understand(sent) == Complaint(("complaints@brand.example", SIGNED), ("original@brand.example",))
    for sender, mark in (("lin@outlook.example", MARK), ("staff@hotmail.com", "X-Other")):
        assert isinstance(understand(MICROSOFT.format(sender=sender, mark=mark).encode()), Letter)


@pytest.mark.parametrize("line", [b"\n", b"\r\n\r\n"])
def test_an_empty_line_before_the_fields_of_a_complaint_is_passed_by(line: bytes) -> None:
    """M-14."""
    assert understand(arf().replace(b"Feedback-Type:", line + b"Feedback-Type:")) == understand(arf())


@pytest.mark.parametrize("kind", ["not-spam", "auth-failure", "dkim", "x-something"])
def test_what_is_no_complaint_changes_nothing(kind: str) -> None:
    """M-14: somebody who says that it is *not* spam does not complain (RFC 6430)."""
    assert understand(arf(kind=kind)) == Automatic()


def test_a_complaint_without_a_type_is_not_understood() -> None:
    assert understand(arf().replace(b"Feedback-Type", b"X-Type")) == NotUnderstood()


# Automatic answers and letters


def test_an_answer_names_what_it_answers() -> None:
    assert understand(letter()) == Letter(
        ("news@brand.example",), ("original@brand.example", "first@people.example")
    )


@pytest.mark.parametrize(
    "line",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated (vacation)",
        "auto-submitted: AUTO-NOTIFIED; x=y",
        "Precedence: auto_reply",
        "Precedence: bulk",
        "Precedence: junk",
        "X-Autoreply: yes",
        "X-Autorespond:",
        "X-Auto-Response-Suppress: All",
        "Sender: MAILER-DAEMON@people.example",
    ],
)
def test_an_automatic_answer_is_told_by_its_headers(line: str) -> None:
    """M-13: RFC 3834, and what systems wrote before it."""
    assert understand(letter("original@brand.example", line)) == Automatic()


@pytest.mark.parametrize(
    "line", ["Auto-Submitted: no", "Precedence: list", "Precedence: normal", "List-Id: <a.b>"]
)
def test_a_person_may_write_through_a_list(line: str) -> None:
    """M-13: a shared mailbox is often a list."""
    assert isinstance(understand(letter("original@brand.example", line)), Letter)


def test_a_null_sender_is_a_machine() -> None:
    """M-13: Return-Path: <>."""
    assert understand(letter().replace(b"<lin@people.example>\nFrom", b"<>\nFrom")) == Automatic()


def test_a_read_receipt_is_automatic() -> None:
    receipt = dsn().replace(b"message/delivery-status", b"message/disposition-notification")
    assert understand(receipt) == Automatic()


# Bounces of other kinds


def plain(text: str, *lines: str) -> bytes:
    more = "".join(f"{line}\n" for line in lines)
    return f"Return-Path: <>\nFrom: MAILER-DAEMON@mx.people.example\nTo: {SIGNED}\n{more}\n{text}".encode()


QMAIL = """\
Hi. This is the qmail-send program at mx.people.example.
I'm afraid I wasn't able to deliver your message to the following addresses.

<lin@people.example>:
{words}

--- Below this line is a copy of the message.

Return-Path: <news@brand.example>
<other@people.example>:
550 5.1.1 this is the copy
"""


@pytest.mark.parametrize(
    ("words", "code", "status"),
    [
        ("Sorry, no mailbox here by that name. (#5.1.1)", None, Status(5, 1, 1)),
        ("192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 No", 550, Status(5, 1, 1)),
        ("192.0.2.1 does not like recipient.\nRemote host said: 550 No such user", 550, None),
        ("I waited long enough. (#4.4.1)", None, Status(4, 4, 1)),
        ("The mailbox is full.", None, Status(5, 0, 0)),
    ],
)
def test_the_format_of_qmail_is_read(words: str, code: int | None, status: Status | None) -> None:
    """M-14: QSBMF is a format, not prose; the copy below it is not read."""
    one = failed(plain(QMAIL.format(words=words)))
    assert (one.address, one.code, one.status) == ("lin@people.example", code, status)


def test_what_a_server_quotes_behind_the_address_is_read() -> None:
    """M-14: as Postfix of old, Exim and Outlook write without a report."""
    text = "It could not be delivered.\n\n  lin@people.example:\n    host mx said:\n    550 5.7.1 Refused\n"
    assert failed(plain(text)).status == Status(5, 7, 1)
    text = "Undeliverable:\n\n<lin@people.example>: host mx[192.0.2.1] said: 552 5.2.2 Over quota\n"
    assert failed(plain(text)).status == Status(5, 2, 2)


def test_the_refusal_may_follow_the_address_at_once() -> None:
    """M-14: as the servers of au write it, in a text that begins with prose."""
    text = (
        "The user(s) account is disabled.\n\n<lin@people.example>: 550 user unknown (in reply to RCPT TO)\n"
    )
    assert failed(plain(text)) == Recipient(
        "lin@people.example", Action.FAILED, 550, None, "550 user unknown (in reply to RCPT TO)"
    )
    assert understand(plain(text.replace("550", "450"))) == Automatic()


def test_exim_names_the_failed_in_a_header() -> None:
    named = "X-Failed-Recipients: lin@people.example"
    assert failed(plain("Unknown user.\n", named)) == Recipient(
        "lin@people.example", Action.FAILED, None, Status(5, 0, 0), "5.0.0"
    )
    one = failed(plain("SMTP error from remote mail server: 550 5.1.1 No\n", named))
    assert (one.code, one.status) == (550, Status(5, 1, 1))


@pytest.mark.parametrize(
    "text",
    [
        "User unknown.\n",
        "lin@people.example: I am away until 550 pages are written\n",
        "Your message to lin@people.example could not be delivered. Error 5.1.1\n",
        "Call me at 555 5.1.1 or so\n",
    ],
)
def test_prose_is_not_judged(text: str) -> None:
    """M-14: without a structure a machine's mail changes nothing."""
    assert understand(plain(text)) == Automatic()


# Hostile ones


@given(st.binary(max_size=500))
def test_any_bytes_have_an_answer(data: bytes) -> None:
    understand(data)


@given(st.data())
def test_a_damaged_report_has_an_answer(data: st.DataObject) -> None:
    """M-14: cut, doubled, with bytes put in and taken away, it never raises."""
    mail = data.draw(st.sampled_from([dsn(), arf(), letter(), plain(QMAIL)]))
    at = data.draw(st.integers(0, len(mail)))
    until = data.draw(st.integers(at, len(mail)))
    understand(mail[:at] + data.draw(st.binary(max_size=20)) + mail[until:])
    understand(mail[:until] + mail[at:])


@given(st.text(), st.text(), st.text())
def test_hostile_values_are_one_line_of_text(status: str, diagnostic: str, final: str) -> None:
    """H-2, P3: what is kept of a report holds neither breaks nor controls, and is short."""
    data = dsn().decode()
    for name, value in (("Status", status), ("Diagnostic-Code", diagnostic), ("Final-Recipient", final)):
        data = data.replace(f"\n{name}:", f"\n{name}: {value}", 1)
    found = understand(data.encode("utf-8", "surrogatepass"))
    for one in found.recipients if isinstance(found, Bounce) else ():
        assert one.text == shown(one.text)
        assert one.address == shown(one.address)
        assert len(one.text) <= 500


HOSTILE = {
    "headers": lambda n: b"A: b\n" * n,
    "one header": lambda n: b"References: " + b"<" * n + b"\n\n",
    "addresses": lambda n: b"To: " + b"a@" * n + b"\n\n",
    "folds": lambda n: b"A: b\n" + b" c\n" * n,
    "parameters": lambda n: b"Content-Type: multipart/mixed" + b';x="' * n + b"\n\n",
    "boundaries": lambda n: b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n" * n,
    "near boundaries": lambda n: (
        b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--b" + b" " * n + b"x"
    ),
    "blocks": lambda n: dsn().replace(b"Final-Recipient", b"Action: failed\n\n" * n + b"Final-Recipient"),
    "depth": lambda n: b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (at, at) for at in range(n)
    ),
    "paragraphs": lambda n: plain("a@b.example:\n" * n),
    "no addresses": lambda n: plain("a" * n + "@"),
    "statuses": lambda n: plain(QMAIL.format(words="#5.1." * n)),
    "diagnostics": lambda n: dsn(diagnostic="smtp; " + "said: 5" * n),
}


@pytest.mark.parametrize("shape", HOSTILE)
def test_large_and_hostile_mails_have_an_answer(shape: str) -> None:
    """M-14, T-2: a million bytes of each; a time that grew with their square would not end."""
    size = 1_000_000 // max(len(HOSTILE[shape](100)) // 100, 1)
    understand(HOSTILE[shape](size))
