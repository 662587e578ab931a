"""What changed between two states of a catalog file, found by reading only the entries around the change.

One edit of 5,000 messages is then read in a fraction of the time that the whole file takes.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

from service.i18n import po
from service.i18n.po import Entry, Key, PoFile


@dataclass(frozen=True, slots=True)
class Index:
    """A catalog that was read whole: its text, and where which entry stands; obsolete ones have no key."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    keys: tuple[Key | None, ...]


@dataclass(frozen=True, slots=True)
class Delta:
    """The entries read anew, the keys of those they stand for, and the index of the file as it is now."""

    gone: tuple[Key, ...]
    entries: tuple[Entry, ...]
    index: Index


def index(file: PoFile) -> Index:
    """Note where the entries of a file are."""
    return Index(
        file.text,
        tuple(one.span[0] for one in file.entries),
        tuple(one.span[1] for one in file.entries),
        tuple(None if one.obsolete else one.key for one in file.entries),
    )


def delta(known: Index, text: str) -> Delta | None:
    """Compare a text with a known one; None where only reading it whole tells, as for what is no catalog.

    An entry on each side of the change is read too, since what is written between two may belong to either.
    """
    before = known.text
    same = _same(before, text)
    tail = _same_end(before, text, min(len(before), len(text)) - same)
    first = max(bisect_right(known.ends, same) - 1, 0)
    last = bisect_left(known.starts, len(before) - tail)
    if first == 0 or last >= len(known.starts):
        return None
    shift = len(text) - len(before)
    start, end = known.starts[first], known.ends[last] + shift
    piece = text[start:end]
    entries = _read(piece)
    gone = [key for key in known.keys[first : last + 1] if key is not None]
    kept = (*known.keys[:first], *known.keys[last + 1 :])
    if not entries or entries[-1].span[1] != len(piece) or not {one.key for one in entries}.isdisjoint(kept):
        return None
    if len(gone) != last + 1 - first:
        return None
    starts = [one.span[0] + start for one in entries]
    ends = [one.span[1] + start for one in entries]
    return Delta(
        tuple(gone),
        entries,
        Index(
            text,
            (*known.starts[:first], *starts, *(one + shift for one in known.starts[last + 1 :])),
            (*known.ends[:first], *ends, *(one + shift for one in known.ends[last + 1 :])),
            (*known.keys[:first], *(one.key for one in entries), *known.keys[last + 1 :]),
        ),
    )


def joined(key: Key) -> str:
    """Return a message's key as the look-ups of compiled catalogs write it."""
    return key[1] if key[0] is None else f"{key[0]}\4{key[1]}"


Texts = dict[str, str]
Forms = dict[str, tuple[str, ...]]


def amended(
    texts: Mapping[str, str], forms: Mapping[str, tuple[str, ...]], delta: Delta
) -> tuple[Texts, Forms]:
    """Return the texts and plural forms of a catalog, by their joined keys, as they are after a change."""
    gone = {joined(key) for key in delta.gone}
    new_texts = {key: text for key, text in texts.items() if key not in gone}
    new_forms = {key: found for key, found in forms.items() if key not in gone}
    for entry in delta.entries:
        if entry.translated:
            new_texts[joined(entry.key)] = entry.strings[0]
            if entry.plural is not None:
                new_forms[joined(entry.key)] = entry.strings
    return new_texts, new_forms


def _read(piece: str) -> tuple[Entry, ...]:
    try:
        entries = po.read_text(piece).entries
    except po.PoSyntaxError:
        return ()
    return () if any(one.obsolete for one in entries) else entries


def _same(one: str, other: str) -> int:
    """Count the characters that two texts begin with alike; comparing halves is faster than a loop."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _same_end(one: str, other: str, most: int) -> int:
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if one[len(one) - middle : len(one) - low] == other[len(other) - middle : len(other) - low]:
            low = middle
        else:
            high = middle - 1
    return low
