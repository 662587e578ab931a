"""Mail as bytes: our own writer of headers and bodies, and nothing that came from a user becomes a header.

RFC 5322 (lines), 2045 (encodings), 2047 (encoded words), 2183 and 2231 (attachments), 2369 and 8058
(List-Unsubscribe), 3834 (Auto-Submitted), 6532 (addresses that need SMTPUTF8 stand as UTF-8).
"""

import binascii
import functools
import hashlib
import re
from collections.abc import Iterator, Sequence, Sized
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from service.facts.words import N_, Phrase
from service.mail.addresses import Mailbox
from service.mail.attachments import Attachment, parameter
from service.mail.bodies import Encoded, UnsendableCharacter, base64_lines, encode
from service.mail.graphemes import clusters

CRLF = "\r\n"
LINE_AIM = 78
WORD_MOST = 75
WORD_LINE_MOST = 76
URL_MOST = 900

REFUSED_CHARACTER = N_("The character %(code)s cannot stand in the field %(field)s of an email.")
REFUSED_VALUE = N_("The field %(field)s of an email cannot hold this value: %(value)s")


class MailRefused(ValueError):
    """A value that cannot be sent; `field` names the header or part, `phrase` with `values` says why.

    What a traceback in a log tells is the field and the phrase, not the value.
    """

    def __init__(self, field: str, phrase: Phrase, **values: str) -> None:
        super().__init__(f"{field}: {phrase.text}")
        self.field = field
        self.phrase = phrase
        self.values: dict[str, str] = {"field": field, **values}


# Not frozen, because making a frozen one takes three times as long, and each mail of a campaign is one.
@dataclass(slots=True, kw_only=True)
class Letter:
    """One message before it is bytes.

    `date` is aware; its own offset is written. `message_id` is the `<id@domain>` fixed when the delivery was
    made. `language` is a BCP 47 tag. List-Unsubscribe is written for an https address only, with
    List-Unsubscribe-Post (RFC 8058). `references` are the `<id@domain>` of our own mails that came before in
    the same conversation, the latest last (RFC 5322 section 3.6.4). `bulk` adds `Precedence: bulk`,
    `automatic` adds `Auto-Submitted`. Names and subject may hold any text but the characters of check H-1;
    bidi controls and tag characters are left out of headers.
    """

    sender: Mailbox
    recipients: tuple[Mailbox, ...]
    subject: str
    date: datetime
    message_id: str
    language: str
    text: str | Encoded
    html: str | Encoded | None = None
    reply_to: Mailbox | None = None
    references: tuple[str, ...] = ()
    list_unsubscribe: str | None = None
    list_id: str | None = None
    bulk: bool = False
    automatic: bool = False
    attachments: tuple[Attachment, ...] = ()

    @property
    def needs_smtputf8(self) -> bool:
        """Tell whether only a server that offers SMTPUTF8 may be given this message."""
        boxes = (self.sender, *self.recipients, *([self.reply_to] if self.reply_to else []))
        return any(box.address.needs_smtputf8 for box in boxes)


def serialize(letter: Letter) -> bytes:
    """Return the message: CRLF lines of at most 998 octets, text part first, files last; raises MailRefused.

    The same letter always gives the same bytes: the boundary comes from the Message-ID.
    """
    headers = [_mailboxes("From", (letter.sender,)), _mailboxes("To", letter.recipients)]
    if letter.reply_to:
        headers.append(_mailboxes("Reply-To", (letter.reply_to,)))
    headers.append(_unstructured("Subject", letter.subject))
    headers.append(f"Date: {date(letter.date)}")
    headers.append(f"Message-ID: {_message_id(letter.message_id)}")
    if letter.references:
        known = [_message_id(one) for one in letter.references]
        headers.append(f"In-Reply-To: {known[-1]}")
        headers.append(f"References: {f'{CRLF} '.join(known)}")
    if letter.list_id is not None:
        headers.append(_list_id(letter.list_id))
    if letter.list_unsubscribe is not None and letter.list_unsubscribe.startswith("https://"):
        headers.append(_list_unsubscribe(letter.list_unsubscribe))
    if letter.bulk:
        headers.append("Precedence: bulk")
    if letter.automatic:
        headers.append("Auto-Submitted: auto-generated")
    headers.append(f"Content-Language: {_language(letter.language)}\r\nMIME-Version: 1.0")
    part = _words(letter)
    if letter.attachments:
        part = _multipart("mixed", letter, [part, *map(_file, letter.attachments)])
    headers.append(part.head)
    return b"".join([CRLF.join(headers).encode(), b"\r\n\r\n", *part.pieces, b"\r\n"])


class _Part(NamedTuple):
    """A part: its headers, and its body in pieces that are joined once, in the whole message."""

    head: str
    pieces: Sequence[bytes]


def _words(letter: Letter) -> _Part:
    """The text, alone or with the HTML that says the same."""
    text = _part("plain", letter.text)
    if letter.html is None:
        return text
    return _multipart("alternative", letter, [text, _part("html", letter.html)])


def _multipart(subtype: str, letter: Letter, parts: Sequence[_Part]) -> _Part:
    # Neither base64 nor quoted-printable can contain "=_", so no body can contain a boundary; and none begins
    # like another, because the rest is hexadecimal.
    digest = hashlib.blake2s(letter.message_id.encode(), digest_size=16).hexdigest()
    boundary = f"=_{_MARKS[subtype]}{digest}"
    pieces: list[bytes] = []
    for part in parts:
        pieces += (f"--{boundary}\r\n{part.head}\r\n\r\n".encode(), *part.pieces, b"\r\n")
    pieces.append(f"--{boundary}--".encode())
    return _Part(f'Content-Type: multipart/{subtype};\r\n boundary="{boundary}"', pieces)


_MARKS = {"alternative": "", "mixed": "x"}


# Values in headers

# Check H-1, every other control but the tab, and what UTF-8 cannot carry.
_REFUSED = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_LEFT_OUT = re.compile("[\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]")


def refused_character(text: str) -> str | None:
    """Return the first character that may stand in no header, as `U+000A`, or None."""
    bad = _REFUSED.search(text)
    return f"U+{ord(bad.group()):04X}" if bad else None


def header_text(field: str, text: str) -> str:
    """Return a text as headers carry it, without bidi controls and tag characters; raises MailRefused."""
    if bad := refused_character(text):
        raise MailRefused(field, REFUSED_CHARACTER, code=bad)
    return _LEFT_OUT.sub("", text)


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def date(moment: datetime) -> str:
    """Return an aware moment as RFC 5322 writes it in every language, with its own numeric offset."""
    offset = moment.utcoffset()
    if offset is None:
        raise ValueError("a date needs its offset")
    return _date(moment, offset)


# Equal moments differ in their offsets; a batch of mails has one moment.
@functools.lru_cache(maxsize=1024)
def _date(moment: datetime, offset: timedelta) -> str:
    day = f"{_DAYS[moment.weekday()]}, {moment.day} {_MONTHS[moment.month - 1]} {moment.year:04}"
    # The offset of old local times may have seconds, which have no place in a header.
    minutes = int(offset.total_seconds() / 60)
    return (
        f"{day} {moment.hour:02}:{moment.minute:02}:{moment.second:02} "
        f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"
    )


_MESSAGE_ID = re.compile(r"<[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,120}@[A-Za-z0-9.-]{1,253}>")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
_LIST_ID = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)+")
_HTTPS = re.compile(r"https://[!#-;=?-~]+")


def _matching(field: str, pattern: re.Pattern[str], value: str, most: int = URL_MOST) -> str:
    if not pattern.fullmatch(value) or len(value) > most:
        raise MailRefused(field, REFUSED_VALUE, value=ascii(value[:80])[1:-1])
    return value


def _message_id(value: str) -> str:
    return _matching("Message-ID", _MESSAGE_ID, value)


@functools.lru_cache(maxsize=256)
def _language(value: str) -> str:
    return _matching("Content-Language", _LANGUAGE, value, 35)


# Addresses stand on one line as they are: folded or encoded, no reader would find them (check M-3).
def _list_unsubscribe(address: str) -> str:
    address = _matching("List-Unsubscribe", _HTTPS, address)
    return f"List-Unsubscribe: <{address}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click"


@functools.lru_cache(maxsize=1024)
def _list_id(name: str) -> str:
    return f"List-Id: <{_matching('List-Id', _LIST_ID, name, 255)}>"


_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_PLAIN = re.compile(r"[ -~]*")


def _mailboxes(field: str, boxes: tuple[Mailbox, ...]) -> str:
    if not boxes:
        raise MailRefused(field, REFUSED_VALUE, value="")
    if len(boxes) == 1 and not boxes[0].name and not boxes[0].address.needs_smtputf8:
        spec = boxes[0].address.spec
        if len(spec) <= _BARE_MOST:
            return f"{field}: {spec}"
    return _listed(field, boxes)


# An address alone needs no angle brackets while it leaves room on its line.
_BARE_MOST = 60


@functools.lru_cache(maxsize=1024)
def _listed(field: str, boxes: tuple[Mailbox, ...]) -> str:
    lines = [f"{field}:"]
    for number, box in enumerate(boxes):
        for word in _mailbox(field, box, last=number == len(boxes) - 1):
            _add(lines, word)
    return CRLF.join(lines)


def _mailbox(field: str, box: Mailbox, *, last: bool) -> Iterator[str]:
    comma = "" if last else ","
    spec = box.address.spec
    if box.address.needs_smtputf8:
        spec = f"{spec.rpartition('@')[0]}@{box.address.shown.rpartition('@')[2]}"
    name = header_text(field, box.name).strip()
    if not name:
        yield f"<{spec}>{comma}" if not last or len(spec) > _BARE_MOST else spec
        return
    if not _PLAIN.fullmatch(name) or "=?" in name or len(name) > 60:
        yield from encoded_words(name, first=WORD_LINE_MOST - len(field) - 2)
    elif _ATOMS.fullmatch(name):
        yield from name.split(" ")
    else:
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        yield f'"{quoted}"'
    yield f"<{spec}>{comma}"


def _add(lines: list[str], word: str) -> None:
    """Put a word on the last line, or on a new one where it would grow too long."""
    most = WORD_LINE_MOST if "=?" in word or "=?" in lines[-1] else LINE_AIM
    if len(lines[-1]) + 1 + len(word) <= most or lines[-1].endswith(":"):
        lines[-1] += " " + word
    else:
        lines.append(" " + word)


@functools.lru_cache(maxsize=1024)
def _unstructured(field: str, value: str) -> str:
    """A header of free text: as it is where that is short ASCII, else in encoded words."""
    text = header_text(field, value).strip()
    words = text.split(" ")
    if _PLAIN.fullmatch(text) and "=?" not in text and "" not in words and max(map(len, words)) <= 60:
        pieces = iter(words)
    elif not text:
        pieces = iter(())
    else:
        pieces = encoded_words(text, first=WORD_LINE_MOST - len(field) - 2)
    lines = [f"{field}:"]
    for piece in pieces:
        _add(lines, piece)
    return CRLF.join(lines) if text else f"{field}: "


_Q_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
_Q_WORDS = tuple(
    "_" if byte == 0x20 else chr(byte) if byte in _Q_SAFE else f"={byte:02X}" for byte in range(256)
)
_WORD_ROOM = WORD_MOST - len("=?utf-8?b??=")


def encoded_words(text: str, *, first: int) -> Iterator[str]:
    """Yield RFC 2047 words of at most 75 octets, the first of at most `first`; B or Q, the shorter.

    No word splits a character; none splits what a reader takes for one character (accents, emoji families)
    unless that alone is longer than a word.
    """
    first_room = min(first, WORD_MOST) - WORD_MOST + _WORD_ROOM
    pieces = list(clusters(text))
    quoted = list(map(_quoted, pieces))
    if sum(map(len, quoted)) <= (len(text.encode()) + 2) // 3 * 4:
        if max(map(len, quoted)) > _WORD_ROOM:
            quoted = list(map(_quoted, _split(pieces, quoted, _WORD_ROOM)))
        for group in _groups(quoted, quoted, first_room, _WORD_ROOM):
            yield f"=?utf-8?q?{group}?="
        return
    octets = [piece.encode() for piece in pieces]
    room = _WORD_ROOM // 4 * 3
    if max(map(len, octets)) > room:
        pieces = _split(pieces, octets, room)
        octets = [piece.encode() for piece in pieces]
    for group in _groups(pieces, octets, first_room // 4 * 3, room):
        yield f"=?utf-8?b?{binascii.b2a_base64(group.encode(), newline=False).decode()}?="


@functools.lru_cache(maxsize=4096)
def _quoted(piece: str) -> str:
    return "".join(map(_Q_WORDS.__getitem__, piece.encode()))


def _split(pieces: Sequence[str], written: Sequence[Sized], most: int) -> list[str]:
    """Cut a piece that is longer than a word into its characters."""
    return [
        part
        for piece, form in zip(pieces, written, strict=True)
        for part in (piece if len(form) > most else (piece,))
    ]


def _groups(pieces: Sequence[str], written: Sequence[Sized], first: int, most: int) -> Iterator[str]:
    """Put together as many pieces as fit a word; `written` are as long as they are in it."""
    start, used, room = 0, 0, first
    for position, form in enumerate(written):
        used += len(form)
        if used > room and position > start:
            yield "".join(pieces[start:position])
            start, used, room = position, len(form), most
    yield "".join(pieces[start:])


# Bodies


def _part(subtype: str, content: str | Encoded) -> _Part:
    encoded = content if isinstance(content, Encoded) else _encoded(subtype, content)
    head = f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: {encoded.name}"
    return _Part(head, (encoded.data,))


def _encoded(subtype: str, content: str) -> Encoded:
    try:
        return encode(content)
    except UnsendableCharacter as bad:
        raise MailRefused(subtype, REFUSED_CHARACTER, code=bad.code) from None


# Attachments

_MEDIA_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}")
# What must not stand encoded: parts of their own.
_NOT_FILES = ("multipart/", "message/")
NAME_MOST = 1000


def _file(attachment: Attachment) -> _Part:
    kind = _matching("Content-Type", _MEDIA_TYPE, attachment.media_type).lower()
    if kind.startswith(_NOT_FILES):
        raise MailRefused("Content-Type", REFUSED_VALUE, value=kind)
    name = header_text("Content-Disposition", attachment.name).strip()
    if not name or name in (".", "..") or set(name) & set("/\\\t") or len(name.encode()) > NAME_MOST:
        raise MailRefused("Content-Disposition", REFUSED_VALUE, value=ascii(name[:80])[1:-1])
    if kind.startswith("text/"):
        kind = f"{kind}; charset=utf-8" if _is_utf8(attachment.data) else "application/octet-stream"
    lines = [
        f"Content-Type: {kind}",
        "Content-Transfer-Encoding: base64",
        ";\r\n ".join(["Content-Disposition: attachment", *parameter("filename", name)]),
    ]
    return _Part(CRLF.join(lines), (base64_lines(attachment.data),))


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
