"""A mail's bytes taken apart for a reader: headers, HTML part, text part."""

from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

PARTS = ("html", "text", "raw")


@dataclass(frozen=True, slots=True)
class OpenedMail:
    """What a mail program would show of a message."""

    subject: str
    sender: str
    recipient: str
    date: str
    language: str
    html: str
    text: str
    raw: str


def open_mail(raw: bytes) -> OpenedMail:
    """Parse the bytes with the standard library, as a reader's mail program would."""
    message = message_from_bytes(raw, policy=policy.default)
    return OpenedMail(
        subject=str(message["Subject"] or ""),
        sender=str(message["From"] or ""),
        recipient=str(message["To"] or ""),
        date=str(message["Date"] or ""),
        language=str(message["Content-Language"] or ""),
        html=_part(message, "html"),
        text=_part(message, "plain"),
        raw=raw.decode("ascii", "backslashreplace"),
    )


def part_of(name: str) -> str:
    """Return which part of a mail is asked for: its HTML where the name is that of none."""
    return name if name in PARTS else "html"


def in_scheme(html: str, *, dark: bool) -> str:
    """Return a mail's HTML part as a mail program with dark or light colors shows it, whatever the browser's.

    A framed page cannot be told by its frame: its own media query is answered here.
    """
    answered = html.replace("@media (prefers-color-scheme: dark)", "@media all" if dark else "@media not all")
    return answered.replace('content="light dark"', f'content="{"dark" if dark else "light"}"')


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return "" if part is None else str(part.get_content()).replace("\r\n", "\n")
