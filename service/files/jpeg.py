"""JPEG taken apart by its markers (ITU-T T.81, annex B): where it ends, how large it is, what it tells."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from service.facts.file_refusals import FileRefusal
from service.files import position
from service.files.pictures import Picture, damaged
from service.files.refused import FileRefused

_MARKER = re.compile(rb"\xff+([^\x00\xff])")
# In coded data a zero follows the byte 0xFF, or it restarts there.
_AFTER_DATA = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")
_END, _SCAN, _APP1 = 0xD9, 0xDA, 0xE1
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Each scan of a progressive picture goes through all of it again.
_MOST_SCANS = 100
_EXIF = b"Exif\0"
_XMP = (b"http://ns.adobe.com/xap/1.0/\0", b"http://ns.adobe.com/xmp/extension/\0")


@dataclass(frozen=True, slots=True)
class _Segment:
    """A marker and where its content stands in the file; the end of the picture has an empty one."""

    marker: int
    start: int
    end: int


def read(content: bytes) -> Picture:
    """Take a picture apart; raises FileRefused for one that does not hold together."""
    width = height = scans = 0
    end = None
    cleaned = bytearray(content)
    for segment in _segments(content):
        start, end = segment.start, segment.end
        if segment.marker in _FRAMES:
            if end - start < 6:
                raise damaged()
            height = max(height, int.from_bytes(content[start + 1 : start + 3], "big"))
            width = max(width, int.from_bytes(content[start + 3 : start + 5], "big"))
        elif segment.marker == _APP1:
            cleaned[start:end] = _without_position(content[start:end])
        scans += segment.marker == _SCAN
    if end is None or not scans:
        raise damaged()
    if scans > _MOST_SCANS:
        raise FileRefused(FileRefusal.NOT_JUDGED)
    kept = bytes(cleaned[:end])
    return Picture(width, height, 1, kept, kept != content[:end], end < len(content))


def _segments(content: bytes) -> Iterator[_Segment]:
    """Yield the segments up to the end of the first picture; raises FileRefused where that is missing."""
    at = 2
    while found := _MARKER.search(content, at):
        marker, start = found[1][0], found.end()
        if marker == _END:
            yield _Segment(marker, start, start)
            return
        if marker in _ALONE:
            at = start
            continue
        length = int.from_bytes(content[start : start + 2], "big")
        at = start + length
        if length < 2 or at > len(content):
            raise damaged()
        yield _Segment(marker, start + 2, at)
        if marker == _SCAN:
            behind = _AFTER_DATA.search(content, at)
            if behind is None:
                raise damaged()
            at = behind.start()
    raise damaged()


def _without_position(segment: bytes) -> bytes:
    if segment.startswith(_EXIF):
        # One more byte fills up.
        return segment[:6] + position.without_position(segment[6:])
    if segment.startswith(_XMP):
        name = segment.index(b"\0") + 1
        return segment[:name] + position.xmp_without_position(segment[name:])
    return segment
