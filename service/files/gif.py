"""GIF taken apart by its blocks (GIF89a, sections 17 to 27): where it ends, its frames, what it tells."""

from collections.abc import Iterator
from dataclasses import dataclass

from service.files import position
from service.files.pictures import Picture, damaged

_EXTENSION, _IMAGE, _END = 0x21, 0x2C, 0x3B
_SCREEN = 13
# Its packet stands there in one piece: what readers of blocks take for lengths are its letters.
_XMP = b"\xff\x0bXMP DataXMP"


@dataclass(frozen=True, slots=True)
class _Block:
    """Where a block stands in the file, its first byte and its end included."""

    kind: int
    start: int
    end: int


def read(content: bytes) -> Picture:
    """Take a picture apart; raises FileRefused for one that does not hold together."""
    if len(content) < _SCREEN:
        raise damaged()
    width, height = _short(content, 6), _short(content, 8)
    frames = end = 0
    cleaned = bytearray(content)
    for block in _blocks(content):
        end = block.end
        if block.kind == _IMAGE:
            frames += 1
            # A frame larger than the screen enlarges the canvas.
            width = max(width, _short(content, block.start + 1) + _short(content, block.start + 5))
            height = max(height, _short(content, block.start + 3) + _short(content, block.start + 7))
        elif content.startswith(_XMP, block.start + 1):
            start = block.start + 1 + len(_XMP)
            cleaned[start:end] = position.xmp_without_position(content[start:end])
    if not frames:
        raise damaged()
    kept = bytes(cleaned[:end])
    return Picture(width, height, frames, kept, kept != content[:end], end < len(content))


def _blocks(content: bytes) -> Iterator[_Block]:
    """Yield the blocks behind the first table of colours, the trailer last."""
    at = _SCREEN + _table(content[10])
    while at < len(content):
        kind, start = content[at], at
        if kind == _END:
            yield _Block(kind, start, start + 1)
            return
        if kind == _EXTENSION:
            at = _skip(content, at + 2)
        elif kind == _IMAGE and at + 10 < len(content):
            # Behind the table of colours stands one byte: how wide the codes are.
            at = _skip(content, at + 10 + _table(content[at + 9]) + 1)
        else:
            break
        yield _Block(kind, start, at)
    raise damaged()


def _table(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _skip(content: bytes, at: int) -> int:
    """Return where the pieces of data that begin here have ended."""
    size = len(content)
    while at < size and content[at]:
        at += content[at] + 1
    if at >= size:
        raise damaged()
    return at + 1


def _short(content: bytes, at: int) -> int:
    return int.from_bytes(content[at : at + 2], "little")
