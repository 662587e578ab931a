"""The words of an answer that came by mail: its text in whatever charset, without history, and its files."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import MessageError
from email.header import decode_header, make_header

from service.mail import html_words, quotes
from service.mail.received import Part

# Signatures of the mail itself are no files that somebody attached.
_NO_FILES = frozenset(
    {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
)


@dataclass(frozen=True, slots=True)
class Reply:
    """What somebody answered; `history` is the end that was cut off, `files` the parts that are no text."""

    text: str
    history: str
    files: tuple[Part, ...]


def read_reply(mail: Part) -> Reply:
    """Return the answer in a mail; any mail has one, be it empty."""
    files: list[Part] = []
    whole = "\n\n".join(text for text in _texts(mail, files) if text.strip())
    cut = quotes.cut(printable(whole))
    return Reply(cut.kept.strip(), cut.rest, tuple(files))


def _texts(part: Part, files: list[Part]) -> Iterator[str]:
    if part.kind == "multipart/alternative":
        yield _best(part, files)
    elif part.parts:
        for inner in part.parts:
            yield from _texts(inner, files)
    elif part.kind in {"text/plain", "text/html"} and not _is_file(part):
        yield _text(part)
    elif part.kind not in _NO_FILES and not part.kind.startswith("multipart/"):
        files.append(part)


def _best(part: Part, files: list[Part]) -> str:
    """Return the plain text of several forms of one text, the HTML where that says nothing."""
    found: dict[str, str] = {}
    for inner in part.parts:
        own: list[Part] = []
        texts = "\n\n".join(text for text in _texts(inner, own) if text.strip())
        files += own
        found.setdefault("plain" if inner.kind == "text/plain" else "rich", texts)
    plain = found.get("plain", "")
    return plain if plain.strip() else found.get("rich", "")


def _is_file(part: Part) -> bool:
    disposition = part.fields.first("content-disposition").partition(";")[0].strip().lower()
    return disposition == "attachment" or any(name.startswith("name") for name in part.parameters)


def _text(part: Part) -> str:
    text = words_of(part)
    if part.kind == "text/html":
        return html_words.words(text)
    if part.parameters.get("format", "").lower() == "flowed":
        return _unfolded(text, joined=part.parameters.get("delsp", "").lower() == "yes")
    return text


def _unfolded(text: str, *, joined: bool) -> str:
    """Put lines together that were broken for sending (RFC 3676): those of one depth that end in a space."""
    lines: list[str] = []
    open_at = -1
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        content = line[depth:]
        content = content[1:] if content.startswith(" ") else content
        flows = content.endswith(" ") and content != "-- "
        body = content[:-1] if flows and joined else content
        if open_at == depth and content != "-- ":
            lines[-1] += body
        else:
            lines.append(f"{'>' * depth} {body}" if depth else body)
        open_at = depth if flows else -1
    return "\n".join(lines)


_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def printable(text: str) -> str:
    """Return a text with line feeds alone between its lines and without the controls that no text holds."""
    lines = re.sub(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]", "\n", text)
    return _UNPRINTABLE.sub("", lines)


# Charsets

# What a charset is called, and the ones to try: programs name the old one and write with the new.
_TRIED = {
    "gb2312": ("gb18030",),
    "gbk": ("gb18030",),
    "x-gbk": ("gb18030",),
    "cp936": ("gb18030",),
    "gb18030": ("gb18030",),
    "shift_jis": ("cp932",),
    "shift-jis": ("cp932",),
    "x-sjis": ("cp932",),
    "windows-31j": ("cp932",),
    "big5": ("big5hkscs", "cp950"),
    "euc-kr": ("cp949",),
    "ks_c_5601-1987": ("cp949",),
    "iso-8859-1": ("utf-8", "cp1252"),
    "us-ascii": ("utf-8", "cp1252"),
    "": ("utf-8", "cp1252"),
}
_JIS = re.compile(rb"\x1b(\$[@B]|\$\(D|\([BJI])")


def words_of(part: Part) -> str:
    """Return the text of a part in the charset it names, or in the wider one that was meant."""
    charset = part.parameters.get("charset", "").strip().lower()
    octets = part.decoded
    if charset.startswith(("iso-2022-jp", "cp5022")) or (charset in {"", "us-ascii"} and _JIS.search(octets)):
        return _jis(octets)
    for name in _TRIED.get(charset, ()):
        try:
            return octets.decode(name)
        except UnicodeDecodeError:
            continue
    return part.text


def _jis(octets: bytes) -> str:
    """Return ISO-2022-JP as text, also with the characters of vendors that no standard has (CP932)."""
    try:
        return octets.decode("iso2022_jp")
    except UnicodeDecodeError:
        pass
    pieces = _JIS.split(octets)
    found = [pieces[0].decode("ascii", "replace")]
    for escape, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        if escape in {b"$B", b"$@"}:
            found.append(_shifted(piece).decode("cp932", "replace"))
        elif escape == b"(I":
            found.append(bytes(octet | 0x80 for octet in piece).decode("cp932", "replace"))
        else:
            found.append(piece.decode("ascii", "replace"))
    return "".join(found)


def _shifted(piece: bytes) -> bytes:
    """Return pairs of JIS as Shift_JIS (JIS X 0208 annex 1); a line feed in between stays."""
    shifted = bytearray()
    place = 0
    while place < len(piece):
        row = piece[place]
        if not 0x21 <= row <= 0x7E or place + 1 == len(piece):
            shifted.append(row)
            place += 1
            continue
        cell = piece[place + 1]
        lead = (row - 0x21) // 2 + 0x81
        shifted.append(lead + 0x40 if lead > 0x9F else lead)
        shifted.append((cell + 0x1F + (cell >= 0x60) if row % 2 else cell + 0x7E) & 0xFF)
        place += 2
    return bytes(shifted)


# What says of itself that nobody wrote it, where no header field does.
_ABSENT = re.compile(
    r"\s*(?:auto(?:matic)?[- ]?reply|out of (?:the )?office|réponse automatique|absence du bureau|"
    r"自動応答|自動返信|不在通知|自动回复|自動回覆)\s*(?:[:：\[【(（]|$)",
    re.IGNORECASE,
)


def is_absence(mail: Part) -> bool:
    """Tell whether a mail's subject says that it is an automatic answer."""
    raw = mail.fields.first("subject")[:1000]
    try:
        subject = str(make_header(decode_header(raw)))
    except (MessageError, LookupError, ValueError):
        subject = raw
    return _ABSENT.match(subject) is not None
