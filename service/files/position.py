"""Where a picture was taken, removed from its metadata: all other bytes stay, and stay where they are."""

import re
from collections.abc import Iterator
from typing import Literal

_GPS = 0x8825
# Tags that point to further directories: Exif, interoperability, those below one.
_BELOW = frozenset({0x8769, 0xA005, 0x014A})
_MOST_DIRECTORIES = 32
# Bytes of one value, by type (TIFF 6.0 section 2, and IFD of its first supplement).
_WIDTHS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_ENTRY = 12
_Order = Literal["little", "big"]
_ORDERS: dict[bytes, _Order] = {b"II*\0": "little", b"MM\0*": "big"}


def without_position(tiff: bytes) -> bytes:
    """Return Exif data (a TIFF file) of the same length without its GPS directory and what is in it.

    Data that cannot be read comes back as it is: what no program finds there is no position.
    """
    order = _ORDERS.get(tiff[:4])
    return tiff if order is None else _Tiff(bytearray(tiff), order).cleaned()


class _Tiff:
    """The directories of one block; offsets count from its beginning."""

    def __init__(self, data: bytearray, order: _Order) -> None:
        self._data = data
        self._order = order

    def cleaned(self) -> bytes:
        waiting = [self._long(4)]
        seen: set[int] = set()
        while waiting and len(seen) < _MOST_DIRECTORIES:
            at = waiting.pop()
            if at in seen or not 8 <= at <= len(self._data) - 2:
                continue
            seen.add(at)
            self._remove_position(at)
            waiting.extend(self._further(at))
        return bytes(self._data)

    def _further(self, at: int) -> Iterator[int]:
        for entry in self._entries(at):
            if self._short(entry) in _BELOW:
                yield from self._offsets(entry)
        yield self._long(at + 2 + _ENTRY * self._count(at))

    def _offsets(self, entry: int) -> list[int]:
        """What an entry points to: one directory, or the first of several."""
        count = self._long(entry + 4)
        if count == 1:
            return [self._long(entry + 8)]
        start = self._long(entry + 8)
        return [self._long(start + 4 * index) for index in range(min(count, _MOST_DIRECTORIES))]

    def _remove_position(self, at: int) -> None:
        for entry in reversed(self._entries(at)):
            if self._short(entry) == _GPS:
                self._blank(self._long(entry + 8))
                self._remove(at, entry)

    def _blank(self, at: int) -> None:
        """Write zeros over a directory and the values it points to."""
        if not 8 <= at <= len(self._data) - 2:
            return
        for entry in self._entries(at):
            size = _WIDTHS.get(self._short(entry + 2), 1) * self._long(entry + 4)
            if size > 4:
                self._zero(self._long(entry + 8), size)
        self._zero(at, 2 + _ENTRY * self._count(at) + 4)

    def _remove(self, at: int, entry: int) -> None:
        """Take an entry out of a directory: those behind it move up, with the pointer to the next one."""
        count = self._count(at)
        end = min(at + 2 + _ENTRY * count + 4, len(self._data))
        behind = self._data[entry + _ENTRY : end]
        self._data[entry:end] = behind + bytes(end - entry - len(behind))
        self._data[at : at + 2] = (count - 1).to_bytes(2, self._order)

    def _entries(self, at: int) -> list[int]:
        return [at + 2 + _ENTRY * index for index in range(self._count(at))]

    def _count(self, at: int) -> int:
        """How many entries a directory has; not more than there are bytes for."""
        return min(self._short(at), max(len(self._data) - at - 2, 0) // _ENTRY)

    def _zero(self, start: int, size: int) -> None:
        end = min(start + size, len(self._data))
        if 8 <= start < end:
            self._data[start:end] = bytes(end - start)

    def _short(self, at: int) -> int:
        return int.from_bytes(self._data[at : at + 2], self._order)

    def _long(self, at: int) -> int:
        return int.from_bytes(self._data[at : at + 4], self._order)


# Properties such as exif:GPSLatitude and drone-dji:GpsLatitude, as attributes and as elements. Possessive,
# and never beyond the next tag, so that every byte is looked at a few times only.
_NAME = rb"[A-Za-z_][\w.-]{0,60}:[Gg][Pp][Ss]\w*+"
_ATTRIBUTE = re.compile(rb"\s" + _NAME + rb"\s*+=\s*+(?:\"[^\"<]*+\"|'[^'<]*+')")
_ELEMENT = re.compile(rb"<(" + _NAME + rb")(?:\s[^<>]*+)?>[^<]*+</\1\s*+>|<" + _NAME + rb"(?:\s[^<>]*+)?/>")
# Latitude and longitude; the first letters, in any case and in the wider encodings too.
_LEFT = re.compile(rb"g\0?p\0?s\0?l", re.IGNORECASE)


def xmp_without_position(packet: bytes) -> bytes:
    """Return an XMP packet of the same length, with blanks where properties with a position stood.

    A packet that writes them in a way not known here becomes blank throughout.
    """
    packet = _ELEMENT.sub(_blanks, _ATTRIBUTE.sub(_blanks, packet))
    return b" " * len(packet) if _LEFT.search(packet) else packet


def _blanks(found: re.Match[bytes]) -> bytes:
    return b" " * len(found[0])
