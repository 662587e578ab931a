"""Catalogs in the binary form that other programs load (GNU gettext manual, section 10.3)."""

import struct
from collections.abc import Iterable

from service.i18n import po

_MAGIC = 0x950412DE
_ORDERS = {_MAGIC.to_bytes(4, "little"): "<", _MAGIC.to_bytes(4, "big"): ">"}
_HEAD = struct.Struct("<7I")
_PLACE = struct.Struct("<2I")


class NotCompiled(Exception):
    """Bytes that are no compiled catalog."""


def read(data: bytes) -> dict[str, str]:
    """The texts of a compiled catalog, contexts and plurals glued on as in `source_of`. NotCompiled."""
    order = _ORDERS.get(data[:4])
    if order is None:
        raise NotCompiled
    try:
        _, count, ids, strings = struct.unpack_from(f"{order}4I", data, 4)
        if count > len(data) // 16:
            raise NotCompiled
        table = zip(
            struct.iter_unpack(f"{order}2I", data[ids : ids + 8 * count]),
            struct.iter_unpack(f"{order}2I", data[strings : strings + 8 * count]),
            strict=True,
        )
        return {_text(data, *one): _text(data, *other) for one, other in table}
    except (struct.error, ValueError) as error:
        raise NotCompiled from error


def _text(data: bytes, length: int, offset: int) -> str:
    if offset + length > len(data):
        raise NotCompiled
    return data[offset : offset + length].decode("utf-8")


def write(entries: Iterable[po.Entry]) -> bytes:
    """The bytes of a `.mo` file: the header and every entry that is translated and not doubted.

    Sorted as gettext searches them, without the hash table, which is optional.
    """
    wanted = [entry for entry in entries if _is_wanted(entry)]
    pairs = sorted((source_of(entry).encode(), target_of(entry).encode()) for entry in wanted)
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


def source_of(entry: po.Entry) -> str:
    """A message's source as it is found by: its context before it, its plural behind it."""
    text = entry.id if entry.context is None else f"{entry.context}\x04{entry.id}"
    return text if entry.plural is None else f"{text}\0{entry.plural}"


def target_of(entry: po.Entry) -> str:
    """A message's translation, one plural form behind the other."""
    return "\0".join(entry.strings)
