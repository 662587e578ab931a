"""Bytes to text in pieces that end with a line: bytes that do not decode are kept and their place told."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import StringIO

from service.csvfile.encoding import CHUNK, KEEP
from service.csvfile.source import Source
from service.facts.limits import IMPORT_FIELD_BYTES

# A row may hold several full fields, a line longer than this is none.
LINE_BYTES = 16 * IMPORT_FIELD_BYTES
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n|$)")


_KEPT = re.compile("[\ud800-\udfff]")


def has_kept(text: str) -> bool:
    """Whether a text holds bytes that did not decode, or halves of characters."""
    return _KEPT.search(text) is not None


@dataclass(frozen=True, slots=True)
class Piece:
    """Whole lines of text; `bad` maps the index of a line to the offset in the file of its first bad byte.

    `too_long` stands for one line above the limit, whose text is left out.
    """

    text: str
    bad: dict[int, int] = field(default_factory=dict)
    too_long: bool = False


def pieces(source: Source, encoding: str, start: int = 0, *, chunk: int = CHUNK) -> Iterator[Piece]:
    """The text of a file from an offset, about `chunk` bytes at a time."""
    width = 2 if encoding.startswith("utf-16") else 1
    position, length = start, chunk
    while position < source.size:
        data = source.read(position, length)
        if not data:
            return
        reached = position + len(data)
        # A file that became shorter ends earlier than it said.
        last = reached >= source.size or (len(data) < length and not source.read(reached, 1))
        end = len(data) if last else _last_line_end(data, encoding, width)
        if end == 0 and len(data) <= LINE_BYTES:
            length *= 2
            continue
        if end == 0:
            yield Piece("", too_long=True)
            position = _next_line(source, position + len(data) - width, encoding, width)
        else:
            yield _decoded(data[:end], encoding, position)
            position += end
        length = chunk


def _line_ends(encoding: str) -> tuple[bytes, bytes]:
    return "\n".encode(encoding), "\r".encode(encoding)


def _last_line_end(data: bytes, encoding: str, width: int) -> int:
    """Where the last complete line ends, 0 if none does; a CR at the very end may be half of a CR LF."""
    feed, ret = _line_ends(encoding)
    usable = len(data) - len(data) % width
    feed_at = _find_last(data, feed, usable, width)
    ret_at = _find_last(data, ret, usable - width, width)
    at = max(feed_at, ret_at)
    if at < 0:
        return 0
    if at == ret_at and data[at + width : at + 2 * width] == feed:
        at += width
    return at + width


def _find_last(data: bytes, mark: bytes, stop: int, width: int) -> int:
    at = data.rfind(mark, 0, max(stop, 0))
    while at > 0 and at % width:
        at = data.rfind(mark, 0, at + len(mark) - 1)
    return at if at % width == 0 else -1


def _next_line(source: Source, position: int, encoding: str, width: int) -> int:
    """Offset behind the next line end, from a place inside a line that is too long."""
    feed, ret = _line_ends(encoding)
    while data := source.read(position, CHUNK):
        found = [at for at in (_find_first(data, mark, width) for mark in (feed, ret)) if at >= 0]
        if found:
            at = min(found) + width
            ended_by_ret = data[at - width : at] == ret
            following = source.read(position + at, width) if ended_by_ret else b""
            return position + at + (width if following == feed else 0)
        position += len(data)
    return source.size


def _find_first(data: bytes, mark: bytes, width: int) -> int:
    at = data.find(mark)
    while at > 0 and at % width:
        at = data.find(mark, at + 1)
    return at


def _decoded(data: bytes, encoding: str, position: int) -> Piece:
    try:
        return Piece(data.decode(encoding))
    except UnicodeDecodeError:
        return (
            _wide(data, encoding, position)
            if encoding.startswith("utf-16")
            else _narrow(data, encoding, position)
        )


def _narrow(data: bytes, encoding: str, position: int) -> Piece:
    """Line by line, so that a character cut short takes no line end with it."""
    parts: list[str] = []
    bad: dict[int, int] = {}
    for index, match in enumerate(_LINE.finditer(data)):
        line = match.group()
        body = line.rstrip(b"\r\n")
        try:
            parts.append(body.decode(encoding))
        except UnicodeDecodeError as error:
            bad[index] = position + match.start() + error.start
            parts.append(body.decode(encoding, KEEP))
        parts.append(line[len(body) :].decode("ascii"))
    return Piece("".join(parts), bad)


def _wide(data: bytes, encoding: str, position: int) -> Piece:
    text = data[: len(data) & ~1].decode(encoding, "surrogatepass")
    if len(data) % 2:
        text += chr(0xDC00 + data[-1])
    bad: dict[int, int] = {}
    for index, line in enumerate(StringIO(text, newline="")):
        try:
            line.encode(encoding)
        except UnicodeEncodeError as error:
            bad[index] = position + len(line[: error.start].encode(encoding))
        position += len(line.encode(encoding, "surrogatepass"))
    return Piece(text, bad)
