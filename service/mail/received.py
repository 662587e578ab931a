"""Mail from strangers taken apart: headers and parts of any bytes, in linear time, and nothing ever raises.

RFC 5322 and 2045-2047 read with patience: what is malformed is left out. Only as much of a mail is looked at
as a report can need. Nothing read here is ever written into a mail again (check H-2).
"""

import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

# A report comes before the mail it returns, whose attachments may be large.
MOST_OCTETS = 1024 * 1024
MOST_DEPTH = 5
MOST_PARTS = 60
MOST_FIELDS = 500
MOST_BLOCKS = 200
MOST_VALUE = 4000

_CHARSET = re.compile(
    r"us-ascii|utf-?8|iso-8859-\d{1,2}|windows-125\d|iso-2022-jp|euc-jp|shift_jis|cp932|gb2312|gbk|gb18030"
    r"|big5|euc-kr|koi8-[ru]"
)
_PARAMETER = re.compile(r';\s*([^\s=;"]{1,40})\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)')
_ENDS_HEADER = re.compile(rb"\n\n|\A\n")


@dataclass(frozen=True, slots=True)
class Fields:
    """Header fields in their order: lower-case names, values on one line."""

    items: tuple[tuple[str, str], ...] = ()

    def first(self, name: str) -> str:
        """Return the first value of a field, empty for none."""
        return next((value for known, value in self.items if known == name), "")

    def every(self, *names: str) -> Iterator[str]:
        """Yield all values of these fields."""
        return (value for known, value in self.items if known in names)

    def has(self, name: str) -> bool:
        """Tell whether a field is there, even empty."""
        return any(known == name for known, _ in self.items)


@dataclass(frozen=True)
class Part:
    """One entity: its type in lower case, and its body as it came; `parts` in the order of a multipart."""

    kind: str
    parameters: Mapping[str, str]
    fields: Fields
    body: bytes
    parts: tuple["Part", ...] = field(default=())

    @cached_property
    def decoded(self) -> bytes:
        """The body without its transfer encoding; as it came where that is broken."""
        encoding = self.fields.first("content-transfer-encoding").strip().lower()
        try:
            if encoding == "base64":
                return _lines(binascii.a2b_base64(self.body))
            if encoding == "quoted-printable":
                return _lines(binascii.a2b_qp(self.body))
        except ValueError:
            pass
        return self.body

    @cached_property
    def text(self) -> str:
        """The decoded body as text, in its charset if that is a known one."""
        charset = self.parameters.get("charset", "").lower()
        if _CHARSET.fullmatch(charset):
            try:
                return self.decoded.decode(charset, "replace")
            except (LookupError, UnicodeError):
                pass
        return _text(self.decoded)

    def walk(self) -> Iterator["Part"]:
        """Yield this entity and everything in it; a mail within the mail is one leaf."""
        yield self
        for part in self.parts:
            yield from part.walk()


# A mail of which there is nothing.
NOTHING = Part("text/plain", {}, Fields(), b"")


def read(data: bytes) -> Part:
    """Take a mail apart; what is beyond the limits of this module is not looked at."""
    start = _lines(data[:MOST_OCTETS])
    if start.startswith(b"From "):
        start = start.partition(b"\n")[2]  # an mbox keeps the envelope in its first line
    return _entity(start, 0, _Count())


def fields_of(data: bytes) -> Fields:
    """Read a block of header fields up to its first empty line."""
    return _split(_lines(data))[0]


def blocks_of(data: bytes) -> list[Fields]:
    """Read the first blocks of fields with empty lines between them, as delivery reports are written."""
    found = (_fields(block) for block in re.split(rb"\n[ \t]*\n", _lines(data), maxsplit=MOST_BLOCKS))
    return [block for block in found if block.items]


class _Count:
    """How many parts a mail had so far, over all its depths."""

    def __init__(self) -> None:
        self.parts = 0

    def one_more(self) -> bool:
        self.parts += 1
        return self.parts <= MOST_PARTS


def _entity(data: bytes, depth: int, count: _Count, *, default: str = "text/plain") -> Part:
    fields, body = _split(data)
    kind, parameters = content_type(fields.first("content-type"), default)
    parts: tuple[Part, ...] = ()
    boundary = parameters.get("boundary", "")
    if kind.startswith("multipart/") and 0 < len(boundary) <= 200 and depth < MOST_DEPTH:
        inner = "message/rfc822" if kind == "multipart/digest" else "text/plain"
        parts = tuple(
            _entity(piece, depth + 1, count, default=inner)
            for piece in _pieces(body, boundary.encode("utf-8", "replace"))
            if count.one_more()
        )
    return Part(kind, parameters, fields, body, parts)


def _pieces(body: bytes, boundary: bytes) -> Iterator[bytes]:
    begun: int | None = None
    for mark in re.finditer(rb"^--" + re.escape(boundary) + rb"(--)?[ \t]*$", body, re.MULTILINE):
        if begun is not None:
            yield body[begun : max(begun, mark.start() - 1)]
        begun = mark.end() + 1
        if mark.group(1):
            return
    if begun is not None:
        yield body[begun:]  # cut off before its end


def content_type(value: str, default: str = "text/plain") -> tuple[str, dict[str, str]]:
    """Return the media type in lower case and its parameters; `default` for none that can be read."""
    kind = value.partition(";")[0].strip().lower()
    if not re.fullmatch(r"[a-z]+/[a-z0-9.+_-]+", kind):
        return default, {}
    parameters: dict[str, str] = {}
    for name, given in _PARAMETER.findall(value):
        closed = len(given) > 1 and given[0] == given[-1] == '"'
        plain = re.sub(r"\\(.)", r"\1", given[1:-1]) if closed else given
        parameters.setdefault(name.lower(), plain.strip())
    return kind, parameters


def _split(data: bytes) -> tuple[Fields, bytes]:
    end = _ENDS_HEADER.search(data)
    if end is None:
        return _fields(data), b""
    return _fields(data[: end.start()]), data[end.end() :]


def _fields(block: bytes) -> Fields:
    found: list[tuple[str, list[str], int]] = []
    for line in block.split(b"\n"):
        if line[:1] in (b" ", b"\t"):
            if found and found[-1][2] < MOST_VALUE:
                name, values, size = found[-1]
                values.append(_text(line.strip()[: MOST_VALUE - size]))
                found[-1] = (name, values, size + len(line))
            continue
        name_octets, colon, value = line.partition(b":")
        name = _text(name_octets).strip().lower()
        if colon and name and len(name) <= 80 and " " not in name:
            if len(found) >= MOST_FIELDS:
                break
            found.append((name, [_text(value.strip()[:MOST_VALUE])], len(value)))
    return Fields(tuple((name, " ".join(values).strip()) for name, values, _ in found))


def _lines(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n").replace(b"\0", b"")


def _text(octets: bytes) -> str:
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("latin-1")
