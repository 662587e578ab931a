"""What an edit changed in a catalog: the entries it touched are read anew, all others are known already.

Reading is forward only, entry by entry: where an entry's text and its neighbour's are the same, so is the
entry. Wherever that cannot be told, there is no answer, and the file is read whole.
"""

from dataclasses import dataclass

from service.i18n import po


@dataclass(frozen=True, slots=True)
class Known:
    """An entry as it was read: where it ends, and how it is found."""

    end: int
    key: po.Key
    obsolete: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """A catalog's text and its entries in order."""

    text: str
    entries: tuple[Known, ...]


@dataclass(frozen=True, slots=True)
class Edit:
    """The messages that are gone, those that are new, and the file as it is now."""

    gone: tuple[po.Key, ...]
    new: tuple[po.Entry, ...]
    layout: Layout


def layout(file: po.PoFile) -> Layout:
    """Note where the entries of a catalog are."""
    return Layout(file.text, tuple(Known(one.span[1], one.key, one.obsolete) for one in file.entries))


def edit(before: Layout, text: str) -> Edit | None:
    """What makes `before` to `text`; None where the whole text must be read, be it for its mistakes."""
    old, entries = before.text, before.entries
    same = _same_start(old, text)
    rest = _same_start(old[::-1], text[::-1], min(len(old), len(text)) - same)
    first = _kept_before(entries, same)
    last = _kept_behind(entries, len(old) - rest)
    if first < 1 or last >= len(entries):
        return None
    shift = len(text) - len(old)
    start, end = entries[first - 1].end, entries[last - 1].end + shift
    if end < start or not all(text[at : at + 1] in ("\n", "\r") for at in (start, end)):
        return None
    try:
        part = po.read_text(text[start:end])
    except po.PoSyntaxError:
        return None
    touched = entries[first:last]
    kept = (*entries[:first], *entries[last:])
    if not part.entries or part.entries[-1].span[1] != end - start or _is_doubled(part, kept):
        return None
    lines = text.count("\n", 0, start)
    new = tuple(one._replace(line=one.line + lines) for one in part.entries if not one.obsolete)
    moved = tuple(Known(one.end + shift, one.key, one.obsolete) for one in entries[last:])
    made = tuple(Known(one.span[1] + start, one.key, one.obsolete) for one in part.entries)
    return Edit(
        tuple(one.key for one in touched if not one.obsolete),
        new,
        Layout(text, (*entries[:first], *made, *moved)),
    )


def _same_start(one: str, other: str, most: int | None = None) -> int:
    """How many first characters two texts share, found by halving: comparing slices is quick."""
    low, high = 0, min(len(one), len(other)) if most is None else most
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _kept_before(entries: tuple[Known, ...], same: int) -> int:
    """How many entries stand before the edit: all whose next one is wholly unchanged too."""
    count = 0
    while count < len(entries) and entries[count].end < same:
        count += 1
    return count - 1


def _kept_behind(entries: tuple[Known, ...], changed: int) -> int:
    """The first entry behind the edit: with what stands before it, it begins behind the last change."""
    count = len(entries)
    while count > 1 and entries[count - 2].end >= changed:
        count -= 1
    return max(count, 1)


def _is_doubled(part: po.PoFile, kept: tuple[Known, ...]) -> bool:
    """Whether a message is there twice now, or a second header."""
    keys = {one.key for one in part.entries if not one.obsolete}
    return (None, "") in keys or any(one.key in keys for one in kept if not one.obsolete)
