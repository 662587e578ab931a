"""The octets of a file that came with a mail, decoded piece by piece: exactly what was sent, or nothing."""

import binascii
import re
from collections.abc import Iterator

from service.mail.received import Part, Span

_BLANK = b" \t\r\n"
_AS_IT_IS = frozenset({"", "7bit", "8bit", "binary"})
# What a soft line break or an escape at the end of a piece may begin with.
_OPEN_END = re.compile(rb"=[0-9A-Fa-f]?[ \t\r]*\Z")


class FileBroken(Exception):
    """A file did not arrive as it was sent: its mail was cut off, or its encoding is damaged."""


def content(part: Part, most: int) -> bytes:
    """Return a file's octets, or the first `most` of one that has more; raises FileBroken."""
    encoding = part.fields.first("content-transfer-encoding").partition(";")[0].strip().lower()
    if encoding == "base64":
        pieces = _base64(part.octets)
    elif encoding == "quoted-printable":
        pieces = _quoted_printable(part.octets)
    elif encoding in _AS_IT_IS:
        pieces = part.octets.pieces()
    else:
        raise FileBroken
    found = bytearray()
    for piece in pieces:
        found += piece
        if len(found) >= most:
            return bytes(found[:most])
    if not part.is_whole:
        raise FileBroken
    return bytes(found)


def _base64(span: Span) -> Iterator[bytes]:
    """RFC 2045 section 6.8, but what is not in the alphabet is damage here, and not passed over."""
    rest, is_over = b"", False
    for piece in span.pieces():
        dense = piece.translate(None, _BLANK)
        if is_over and dense:
            raise FileBroken
        rest += dense
        ready, rest = rest[: len(rest) // 4 * 4], rest[len(rest) // 4 * 4 :]
        if not ready:
            continue
        try:
            yield binascii.a2b_base64(ready, strict_mode=True)
        except binascii.Error as error:
            raise FileBroken from error
        is_over = ready.endswith(b"=")
    if rest:
        raise FileBroken


def _quoted_printable(span: Span) -> Iterator[bytes]:
    rest = b""
    for piece in span.pieces():
        rest += piece
        # Whole lines, or of one without end what cannot be within an escape.
        end = rest.rfind(b"\n") + 1
        if not end and len(rest) > 1024 * 1024:
            open_end = _OPEN_END.search(rest[-80:])
            end = len(rest) - (len(open_end[0]) if open_end else 0)
        if end:
            yield binascii.a2b_qp(rest[:end])
            rest = rest[end:]
    yield binascii.a2b_qp(rest)
