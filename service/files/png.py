"""PNG taken apart by its chunks (PNG, third edition, section 5): where it ends, its frames, what it tells."""

import re
import zlib
from collections.abc import Iterator

from service.files import position
from service.files.pictures import Picture, damaged

_FIRST = 8
_LENGTH = 4
_HEAD, _TAIL = 8, 4
_TEXTS = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_XMP = b"XML:com.adobe.xmp\0"
# How older programs keep Exif and XMP: as lines of hexadecimal text, behind a name and a length.
_PROFILE = re.compile(rb"Raw profile type (?:exif|APP1|xmp)\0", re.IGNORECASE)
_MOST_TEXT = 4 * 1024 * 1024


def read(content: bytes) -> Picture:
    """Take a picture apart; raises FileRefused for one that does not hold together."""
    width = height = frames = 0
    kept = [content[:_FIRST]]
    end = _FIRST
    had_position = False
    for kind, whole in _chunks(content):
        end += len(whole)
        data = whole[_HEAD:-_TAIL]
        if kind == b"IHDR":
            width, height = _long(data, 0), _long(data, 4)
        frames += kind == b"fcTL"
        cleaned = _without_position(kind, data) if kind == b"eXIf" or kind in _TEXTS else data
        if cleaned == data:
            kept.append(whole)
        else:
            had_position = True
            kept.append(_chunk(kind, cleaned) if cleaned else b"")
    return Picture(width, height, max(frames, 1), b"".join(kept), had_position, end < len(content))


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the type and all bytes of each chunk, from IHDR to IEND."""
    at = _FIRST
    while at + _HEAD + _TAIL <= len(content):
        kind = content[at + _LENGTH : at + _HEAD]
        end = at + _HEAD + _long(content, at) + _TAIL
        if end > len(content) or (at == _FIRST) is not (kind == b"IHDR"):
            break
        yield kind, content[at:end]
        if kind == b"IEND":
            return
        at = end
    raise damaged()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


def _without_position(kind: bytes, data: bytes) -> bytes:
    """Return the content of a chunk as it may stay; empty where the chunk must go as a whole."""
    if kind == b"eXIf":
        return position.without_position(data)
    if profile := _PROFILE.match(data):
        # Nothing in it decides how the picture is shown.
        return b"" if _names_place(kind, data[profile.end() :]) else data
    if kind == b"iTXt" and data.startswith(_XMP):
        return _xmp_without_position(data)
    return data


def _xmp_without_position(data: bytes) -> bytes:
    # Behind the keyword: whether it is compressed, how, a language and a translated keyword.
    is_packed = data[len(_XMP) : len(_XMP) + 1] == b"\x01"
    start = data.find(b"\0", data.find(b"\0", len(_XMP) + 2) + 1) + 1
    if not start:
        return data
    if not is_packed:
        return data[:start] + position.xmp_without_position(data[start:])
    packet = _unpacked(data[start:])
    if packet is None:
        return b""
    cleaned = position.xmp_without_position(packet)
    return data if cleaned == packet else data[:start] + zlib.compress(cleaned)


def _names_place(kind: bytes, data: bytes) -> bool:
    """Whether a profile holds a position, or cannot be read."""
    if kind != b"tEXt":
        # Before the text stand how it is compressed and, in iTXt, more; that one no program writes.
        unpacked = _unpacked(data[1:]) if kind == b"zTXt" else None
        if unpacked is None:
            return True
        data = unpacked
    try:
        profile = bytes.fromhex(b"".join(data.split()[2:]).decode("ascii"))
    except ValueError:
        return True
    tiff = profile.removeprefix(b"Exif\0\0")
    return position.without_position(tiff) != tiff or position.xmp_without_position(profile) != profile


def _unpacked(data: bytes) -> bytes | None:
    unpacking = zlib.decompressobj()
    try:
        text = unpacking.decompress(data, _MOST_TEXT)
    except zlib.error:
        return None
    return None if unpacking.unconsumed_tail else text


def _long(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "big")
