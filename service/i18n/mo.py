"""Writing a catalog in the binary form that other programs load (GNU gettext manual, section 10.3)."""

import struct
from collections.abc import Iterable

from service.i18n import po

_MAGIC = 0x950412DE
_HEAD = struct.Struct("<7I")
_PLACE = struct.Struct("<2I")


def write(entries: Iterable[po.Entry]) -> bytes:
    """The bytes of a `.mo` file: the header and every entry that is translated and not doubted.

    Sorted as gettext searches them, without the hash table, which is optional.
    """
    pairs = sorted((_source(entry), _target(entry)) for entry in entries if _is_wanted(entry))
    count = len(pairs)
    sources_at = _HEAD.size
    targets_at = sources_at + count * _PLACE.size
    texts_at = targets_at + count * _PLACE.size
    head = _HEAD.pack(_MAGIC, 0, count, sources_at, targets_at, 0, texts_at)
    texts = [*(source for source, _ in pairs), *(target for _, target in pairs)]
    places, at = [], texts_at
    for text in texts:
        places.append(_PLACE.pack(len(text), at))
        at += len(text) + 1
    return b"".join([head, *places, *(text + b"\0" for text in texts)])


def _is_wanted(entry: po.Entry) -> bool:
    return not entry.obsolete and entry.translated


def _source(entry: po.Entry) -> bytes:
    text = entry.id if entry.context is None else f"{entry.context}\x04{entry.id}"
    return (text if entry.plural is None else f"{text}\0{entry.plural}").encode()


def _target(entry: po.Entry) -> bytes:
    return "\0".join(entry.strings).encode()
