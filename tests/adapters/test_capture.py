"""The captured outbox keeps every mail as it would have been sent."""

from datetime import UTC, datetime, timedelta, timezone
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from service.adapters.capture import CapturedOutbox
from service.facts.replies import Outcome

AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


def mail(number: int) -> bytes:
    return (
        f"Subject: =?utf-8?b?5oub5b6F?= {number}\r\nMessage-ID: <{number}@brand.example>\r\n\r\nHello\r\n"
    ).encode()


def filled(tmp_path: Path, mails: int) -> CapturedOutbox:
    outbox = CapturedOutbox(tmp_path / "outbox.db", clock=lambda: AT)
    connection = outbox.connect()
    for number in range(mails):
        reply = connection.begin(
            sender="noreply@brand.example", recipient=f"p{number % 2}@example.com", data=mail(number)
        )
        assert reply.outcome is Outcome.ACCEPTED
    connection.close()
    return outbox


def test_a_mail_is_kept_byte_for_byte_with_what_a_list_needs(tmp_path: Path) -> None:
    """Subject and Message-ID are read from the bytes; another process finds the same file."""
    outbox = CapturedOutbox((filled(tmp_path, 1), tmp_path / "outbox.db")[1])
    found = outbox.find(1)
    assert found is not None
    assert (found.raw, found.at, found.sender) == (mail(0), AT, "noreply@brand.example")
    assert (found.subject, found.message_id, found.recipient) == (
        "招待 0",
        "<0@brand.example>",
        "p0@example.com",
    )
    assert outbox.find(2) is None


def test_mails_are_listed_newest_first_and_page_by_page(tmp_path: Path) -> None:
    """A page begins where the last one ended, whatever was captured meanwhile."""
    outbox = filled(tmp_path, 5)
    first = outbox.mails(limit=2)
    assert [line.id for line in first] == [5, 4]
    assert [line.id for line in outbox.mails(before=first[-1].id, limit=2)] == [3, 2]
    assert [line.id for line in outbox.mails(recipient="p1@example.com")] == [4, 2]
    assert outbox.count() == 5


def letter(to: str, text: str, subject: str = "Hello") -> bytes:
    made = EmailMessage()
    made["To"], made["Subject"], made["Message-ID"] = to, subject, f"<{len(text)}@brand.example>"
    made.set_content(text)
    made.add_alternative(f"<p>{text}</p>", subtype="html")
    return made.as_bytes(policy=SMTP)


def test_mails_of_somebody_erased_are_forgotten(tmp_path: Path) -> None:
    """D-5: by address or by name, encoded as mails encode them; no byte of them is left in the file."""
    outbox = CapturedOutbox(tmp_path / "outbox.db", clock=lambda: AT)
    connection = outbox.connect()
    mails = [
        letter("canary@oiseaux.example", "Hello canary@oiseaux.example"),
        letter("team@brand.example", "葉山 ひかり has answered " + "x" * 80),
        letter("team@brand.example", "See below.", subject="葉山 ひかり"),
        letter("other@oiseaux.example", "Hello other"),
    ]
    for data in mails:
        connection.begin(sender="noreply@brand.example", recipient="r@x.example", data=data)
    connection.close()
    assert outbox.forget({"canary@oiseaux.example"}, {"葉山 ひかり"}) == 3
    assert [found.raw for line in outbox.mails() if (found := outbox.find(line.id))] == [mails[3]]
    assert outbox.forget({"canary@oiseaux.example"}) == 0
    left = b"".join(file.read_bytes() for file in tmp_path.glob("outbox.db*"))
    assert (b"canary@" in left, b"other@" in left) == (False, True)


def test_mails_of_others_stay(tmp_path: Path) -> None:
    """D-5: a part of a word, of an address, of a date or of a page's style is not the person."""
    outbox = CapturedOutbox(tmp_path / "outbox.db", clock=lambda: AT)
    connection = outbox.connect()
    styled = letter("joann@x.example", "Hello Maximum").replace(b"<p>", b'<p style="max-width: 9em">')
    dated = b"Date: Sat, 03 Jan 2026 10:00:00 +0000\r\n" + letter("p@max.example", "Hello")
    for data in (styled, dated, letter("p@x.example", "Dear Max")):
        connection.begin(sender="noreply@max.example", recipient="p@x.example", data=data)
    connection.begin(sender="noreply@brand.example", recipient="Ann@x.example", data=styled)
    connection.close()
    assert outbox.forget({"ann@x.example", ""}, {"Jan", ""}) == 1
    assert [line.id for line in outbox.mails()] == [3, 2, 1]
    assert outbox.forget((), {"Max"}) == 1
    assert [line.id for line in outbox.mails()] == [2, 1]


def test_old_mails_are_forgotten(tmp_path: Path) -> None:
    """D-6: those from before a moment, whatever zone it is told in."""
    moments = [AT, AT + timedelta(days=1), AT + timedelta(days=2)]
    outbox = CapturedOutbox(tmp_path / "outbox.db", clock=lambda: moments[outbox.count()])
    connection = outbox.connect()
    for number in range(3):
        connection.begin(sender="noreply@brand.example", recipient="r@x.example", data=mail(number))
    connection.close()
    tokyo = timezone(timedelta(hours=9))
    assert outbox.forget_before(AT.astimezone(tokyo)) == 0
    assert outbox.forget_before(moments[2].astimezone(tokyo)) == 2
    assert [line.at for line in outbox.mails()] == [moments[2]]
