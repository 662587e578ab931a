"""Which telling names stand in a PDF, read from its bytes: nothing in it has to be followed.

Names are looked for outside of streams and in all streams of objects, whether or not a table mentions them;
each object by itself, so that a string left open in one hides nothing in the next (ISO 32000-1, section 7).
"""

import re
import zlib
from collections.abc import Iterator

from service.facts.file_refusals import FileRefusal
from service.facts.limits import PDF_UNPACKED_BYTES
from service.files.refused import FileRefused

_BLANK = rb"[\x00\t\n\x0c\r ]"
_DELIMITER = rb"(?=[\x00\t\n\x0c\r ()<>\[\]{}/%]|\Z)"
_GAP = rb"(?>(?:" + _BLANK + rb"++|%[^\r\n]*+)*)"
# Short names may be those of a font; a dictionary or a reference behind them shows that they are not.
_TELLING = re.compile(
    rb"/(JS|JavaScript|Launch|EmbeddedFiles?|FileAttachment|RichMedia|XFA|Encrypt|OpenAction)"
    + _DELIMITER
    + rb"|/(AA)"
    + _GAP
    + rb"(?:<<|\d+"
    + _BLANK
    + rb"+\d+"
    + _BLANK
    + rb"+R)|/(EF)"
    + _GAP
    + rb"<<"
)
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
# Outside of strings: where one begins, a comment, and where a dictionary is that of a stream.
_OUTSIDE = re.compile(rb"[(%]|>>" + _BLANK + rb"*+stream" + _BLANK + rb"*+")
_STREAM_END = b"endstream"
_OBJECT = re.compile(rb"(?:end)?obj")
_MOST_STREAMS = 100_000
_PIECE = 64 * 1024
# How a dictionary says that a stream holds objects, and how it is packed.
_OBJECT_STREAM = re.compile(rb"/ObjStm" + _DELIMITER)
_FILTER = re.compile(rb"/(\w+Decode|Fl|AHx|A85|LZW|RL|Crypt)" + _DELIMITER)
_FLATE = frozenset({b"FlateDecode", b"Fl"})


def telling_names(content: bytes) -> frozenset[str]:
    """Return the telling names of a PDF; raises FileRefused where it unpacks to too much or hides objects."""
    return frozenset(name for text in _texts(content) for name in _names(text))


def stream_places(content: bytes) -> Iterator[tuple[int, int]]:
    """Yield where the bytes of each stream begin, and where the first word stands that could end them.

    Raises FileRefused for a string without an end.
    """
    at = 0
    while found := _OUTSIDE.search(content, at):
        at = found.end()
        if found[0] == b"(":
            at = _string_end(content, at)
            if at < 0:
                raise FileRefused(FileRefusal.PDF_DAMAGED)
        elif found[0] == b"%":
            at = _line_end(content, at)
        else:
            end = content.find(_STREAM_END, at)
            end = len(content) if end < 0 else end
            yield at, end
            at = end


def is_object_stream(dictionary: bytes) -> bool:
    """Whether a dictionary says that its stream holds objects."""
    return _OBJECT_STREAM.search(_unescaped(dictionary)) is not None


def _texts(content: bytes) -> Iterator[bytes]:
    """Yield what stands between streams, and what stands in those that hold objects."""
    unpacking = _Unpacking(content)
    behind = 0
    for count, (start, end) in enumerate(stream_places(content)):
        if count >= _MOST_STREAMS:
            raise FileRefused(FileRefusal.PDF_TOO_COMPLEX)
        before = _unescaped(content[behind:start])
        yield before
        # Its dictionary is in there, among objects that are no streams and have no filters.
        filters = [found[1] for found in _FILTER.finditer(before)]
        if is_object_stream(before):
            if filters not in ([b"FlateDecode"], [b"Fl"]) and (filters or b"/Filter" in before):
                raise FileRefused(FileRefusal.PDF_DAMAGED)
            yield _unescaped(unpacking.whole(start) if filters else content[start:end])
        elif filters and filters[0] in _FLATE:
            unpacking.count(start)
        behind = end
    yield _unescaped(content[behind:])


class _Unpacking:
    """Unpacks streams of one file, until they come to more than any honest file."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._left = PDF_UNPACKED_BYTES

    def whole(self, start: int) -> bytes:
        return b"".join(self._pieces(start))

    def count(self, start: int) -> None:
        for _ in self._pieces(start):
            pass

    def _pieces(self, start: int) -> Iterator[bytes]:
        """Unpack up to the end that the data itself has; what is broken ends there."""
        unpacking = zlib.decompressobj()
        at = start
        while at < len(self._content) and not unpacking.eof:
            waiting = self._content[at : at + _PIECE]
            at += len(waiting)
            while waiting and not unpacking.eof:
                self._spend(len(waiting))
                try:
                    piece = unpacking.decompress(waiting, 16 * _PIECE)
                except zlib.error:
                    return
                self._spend(len(piece))
                yield piece
                waiting = unpacking.unconsumed_tail

    def _spend(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise FileRefused(FileRefusal.PDF_TOO_COMPLEX)


def _unescaped(text: bytes) -> bytes:
    return _ESCAPED.sub(lambda found: bytes.fromhex(found[1].decode()), text) if b"#" in text else text


def _names(text: bytes) -> Iterator[str]:
    if not _TELLING.search(text):
        return
    for span in _OBJECT.split(text):
        if _TELLING.search(span):
            for found in _TELLING.finditer(_without_strings(span)):
                yield next(name for name in found.groups() if name).decode()


_OPENS = re.compile(rb"[()%]")
_IN_STRING = re.compile(rb"\\.|[()]", re.DOTALL)
_LINE_END = re.compile(rb"[\r\n]")


def _without_strings(span: bytes) -> bytes:
    """Return an object without its strings; as it is if they do not open and close as they should."""
    kept, at, copied = [], 0, 0
    while found := _OPENS.search(span, at):
        if found[0] == b"%":
            at = _line_end(span, found.end())
            continue
        at = _string_end(span, found.end()) if found[0] == b"(" else -1
        if at < 0:
            return span
        kept.append(span[copied : found.start()])
        copied = at
    kept.append(span[copied:])
    return b" ".join(kept)


def _string_end(text: bytes, at: int) -> int:
    """Return where a string has ended that begins before `at`, or -1."""
    depth = 1
    while depth:
        found = _IN_STRING.search(text, at)
        if found is None:
            return -1
        depth += {b"(": 1, b")": -1}.get(found[0], 0)
        at = found.end()
    return at


def _line_end(text: bytes, at: int) -> int:
    found = _LINE_END.search(text, at)
    return found.end() if found else len(text)
