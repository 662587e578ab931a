"""A mail's bytes taken apart for a reader."""

from email.message import EmailMessage

from service.web.letters import OpenedMail, open_mail


def test_two_parts() -> None:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "春", "Alex <a@x.example>", "b@x.example"
    message["Date"] = "Mon, 18 Jan 2038 12:00:00 +0000"
    message.set_content("本文\n")
    message.add_alternative("<p>本文</p>\n", subtype="html")
    message["Content-Language"] = "ja"  # after the parts: what begins with Content- moves into the first
    raw = message.as_bytes()
    assert open_mail(raw) == OpenedMail(
        subject="春",
        sender="Alex <a@x.example>",
        recipient="b@x.example",
        date="Mon, 18 Jan 2038 12:00:00 +0000",
        language="ja",
        html="<p>本文</p>\n",
        text="本文\n",
        raw=raw.decode("ascii", "backslashreplace"),
    )


def test_bytes_that_are_no_mail_are_shown_as_they_are() -> None:
    opened = open_mail(b"\xff\x00 no header\n\nbody")
    assert opened.raw == "\\xff\x00 no header\n\nbody"
    assert opened.subject == ""
