"""Mail from strangers taken apart: headers and parts of any bytes, in linear time, and nothing ever raises.

RFC 5322 and 2045-2047 read with patience: what is malformed is left out. A mail may be a file that is mapped
into memory: parts are stretches of it, and nothing of a body is copied before it is asked for. Nothing read
here is ever written into a mail again (check H-2).
"""

import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from mmap import mmap

# So much of a header, and of a body that is read as text: a report comes before the mail it returns.
MOST_OCTETS = 1024 * 1024
MOST_DEPTH = 8
MOST_PARTS = 1_000
# Parts beyond those are counted no further than this.
MOST_COUNTED = 10_000
MOST_FIELDS = 500
MOST_BLOCKS = 200
MOST_VALUE = 4000

_CHARSET = re.compile(
    r"us-ascii|utf-?8|iso-8859-\d{1,2}|windows-125\d|iso-2022-jp|euc-jp|shift_jis|cp932|gb2312|gbk|gb18030"
    r"|big5|euc-kr|koi8-[ru]"
)
# A quotation that is not closed goes on to the end: looking for one more would take its time squared.
_PARAMETER = re.compile(r';\s*([^\s=;"]{1,40})\s*=\s*("(?>(?:[^"\\]++|\\.)*)(?:"|\Z)|[^;]*)')
_ENDS_HEADER = re.compile(rb"\n\r?\n")
_EMPTY_LINE = re.compile(rb"\r?\n")
_PIECE = 64 * 1024

Octets = bytes | mmap


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a mail as it came, not copied before it is read."""

    source: Octets = b""
    start: int = 0
    end: int = 0

    def __len__(self) -> int:
        return self.end - self.start

    def head(self, most: int) -> bytes:
        """Return the first octets, `most` at most."""
        return self.source[self.start : min(self.end, self.start + most)]

    def pieces(self, size: int = _PIECE) -> Iterator[bytes]:
        """Yield all of it in pieces."""
        for start in range(self.start, self.end, size):
            yield self.source[start : min(self.end, start + size)]


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
    """One entity: its type in lower case, and where its header and body stand; a multipart has `parts`.

    `unread` are further parts that were counted only. One that `is_whole` came to its end: what follows it,
    or the end of a mail that was not cut off, says so.
    """

    kind: str
    parameters: Mapping[str, str]
    fields: Fields
    head: Span = field(default=Span(), repr=False)
    octets: Span = field(default=Span(), repr=False)
    parts: tuple["Part", ...] = field(default=())
    unread: int = 0
    is_whole: bool = True

    @cached_property
    def body(self) -> bytes:
        """The beginning of the body as it came, with line feeds alone between its lines."""
        return _lines(self.octets.head(MOST_OCTETS))

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
NOTHING = Part("text/plain", {}, Fields())


def read(data: Octets, *, is_cut: bool = False) -> Part:
    """Take a mail apart, of which the end may be missing; what is beyond the limits is not looked at.

    The parts read from `data` when they are asked: it must be there as long as they are.
    """
    start = 0
    if data[:5] == b"From ":
        start = data.find(b"\n") + 1 or len(data)  # an mbox keeps the envelope in its first line
    return _entity(Span(data, start, len(data)), 0, _Count(), is_whole=not is_cut)


def fields_of(data: bytes) -> Fields:
    """Read a block of header fields up to the empty line after it; some write one before it as well."""
    block = data.lstrip(b"\r\n")
    head, _ = _split(Span(block, 0, len(block)))
    return _fields(_lines(head.head(MOST_OCTETS)))


def octets_of(part: Part, name: str) -> bytes:
    """Return the first value of a field as it came, on one line; `name` in lower case."""
    lines = _lines(part.head.head(MOST_OCTETS)).split(b"\n")
    for number, line in enumerate(lines):
        known, colon, value = line.partition(b":")
        if colon and known.strip().lower() == name.encode():
            values, size = [value.strip()], len(value)
            for more in lines[number + 1 :]:
                if more[:1] not in (b" ", b"\t") or size > MOST_VALUE:
                    break
                values.append(more.strip())
                # As it came: of blank lines alone there may be as many as a mail is long.
                size += len(more) + 1
            return b" ".join(values)[:MOST_VALUE]
    return b""


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


def _entity(span: Span, depth: int, count: _Count, *, is_whole: bool, default: str = "text/plain") -> Part:
    head, body = _split(span)
    fields = _fields(_lines(head.head(MOST_OCTETS)))
    kind, parameters = content_type(fields.first("content-type"), default)
    parts: list[Part] = []
    unread = 0
    boundary = parameters.get("boundary", "")
    if kind.startswith("multipart/") and 0 < len(boundary) <= 200 and depth < MOST_DEPTH:
        inner = "message/rfc822" if kind == "multipart/digest" else "text/plain"
        for piece, is_ended in _pieces(body, boundary.encode("utf-8", "replace")):
            if not count.one_more():
                unread += 1
                if count.parts >= MOST_COUNTED:
                    break
                continue
            # Only an outer boundary ends a part as well as its own.
            ends = is_ended or (is_whole and depth > 0)
            parts.append(_entity(piece, depth + 1, count, is_whole=ends, default=inner))
    return Part(kind, parameters, fields, head, body, tuple(parts), unread, is_whole)


def _pieces(body: Span, boundary: bytes) -> Iterator[tuple[Span, bool]]:
    """Yield what stands between lines of a boundary, and whether one stands behind it."""
    mark = re.compile(rb"\n--" + re.escape(boundary) + rb"(--)?[ \t]*\r?(?=\n|\Z)")
    source, begun = body.source, None
    # The line feed before the first mark ends the header.
    for found in mark.finditer(source, max(body.start - 1, 0), body.end):
        if begun is not None:
            end = found.start()
            end -= source[max(end - 1, 0) : end] == b"\r"
            yield Span(source, begun, max(begun, end)), True
        begun = min(found.end() + 1, body.end)
        if found.group(1):
            return
    if begun is not None:
        yield Span(source, begun, body.end), False


def content_type(value: str, default: str = "text/plain") -> tuple[str, dict[str, str]]:
    """Return the media type in lower case and its parameters; `default` for none that can be read."""
    kind = value.partition(";")[0].partition("(")[0].strip().lower()  # without a comment, RFC 2045
    if not re.fullmatch(r"[a-z]+/[a-z0-9.+_-]+", kind):
        return default, {}
    return kind, parameters_of(value)


def parameters_of(value: str) -> dict[str, str]:
    """Return what stands behind the semicolons of a field's value, by names in lower case."""
    parameters: dict[str, str] = {}
    for name, given in _PARAMETER.findall(value):
        closed = len(given) > 1 and given[0] == given[-1] == '"'
        plain = re.sub(r"\\(.)", r"\1", given[1:-1]) if closed else given
        parameters.setdefault(name.lower(), plain.strip())
    return parameters


def _split(span: Span) -> tuple[Span, Span]:
    source, start, end = span.source, span.start, span.end
    empty = _EMPTY_LINE.match(source, start, end)
    if empty is not None:
        return Span(source, start, start), Span(source, empty.end(), end)
    found = _ENDS_HEADER.search(source, start, end)
    if found is None:
        return span, Span(source, end, end)
    return Span(source, start, found.start()), Span(source, found.end(), end)


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
