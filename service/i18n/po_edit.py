"""Editing one entry of a catalog in place: every byte that is not its translation stays as it was."""

import re
from collections.abc import Iterator, Sequence

from service.i18n import po, po_wrapping
from service.i18n.po_wrapping import Wrapping

_COMMENT = re.compile(r"(?:[ \t\r\f\v]*\n)*(?P<line>[ \t]*#(?P<text>[^\n]*?)(?:\r?\n|\Z))")

_Change = tuple[int, int, str]


class UnknownEntry(KeyError):
    """The catalog has no entry in use with this key."""


class WrongForms(ValueError):
    """The translation has another number of plural forms than the catalog; `expected` is that number."""

    def __init__(self, expected: int, found: int) -> None:
        super().__init__(f"{found} forms where {expected} are expected")
        self.expected, self.found = expected, found


def edit(data: bytes, key: po.Key, strings: Sequence[str], *, fuzzy: bool | None = None) -> bytes:
    """Give an entry a translation, one string or one per plural form; every other byte of the file stays.

    Strings that are the same already keep their bytes; new ones are escaped and broken over lines in the
    manner of the entry, else of the file. `fuzzy` False confirms the entry: the flag and the `#|` lines go;
    True sets the flag; None leaves it. UnknownEntry, WrongForms, and PoSyntaxError for what is no catalog.
    """
    file = po.read(data)
    entry = next((one for one in file.entries if one.key == key and not one.obsolete), None)
    if entry is None:
        raise UnknownEntry(key)
    changes = [*_notes(file.text, entry, fuzzy), *_texts(file, entry, tuple(strings))]
    text = file.text
    for start, end, new in sorted(changes, reverse=True):
        text = text[:start] + new + text[end:]
    return text.encode()


def _texts(file: po.PoFile, entry: po.Entry, strings: tuple[str, ...]) -> list[_Change]:
    expected = _expected_forms(file, entry)
    if len(strings) not in (expected, len(entry.strings)):
        raise WrongForms(expected, len(strings))
    if strings == entry.strings:
        return []
    wrapping = po_wrapping.wrapping_of(file, entry, po_wrapping.learn(file))
    changes = [
        (*span, _written(file.text, span, new, wrapping))
        for span, old, new in zip(entry.spans, entry.strings, strings, strict=False)
        if new != old
    ]
    end = entry.spans[-1][1]
    if len(strings) < len(entry.spans):
        kept = entry.spans[len(strings) - 1][1]
        changes = [change for change in changes if change[0] < kept]
        changes.append((kept, end, ""))
    for form in range(len(entry.spans), len(strings)):
        label = f"msgstr[{form}] "
        text = po_wrapping.write(strings[form], len(label), "", wrapping)
        changes.append((end, end, wrapping.newline + label + text))
    return changes


def _expected_forms(file: po.PoFile, entry: po.Entry) -> int:
    if entry.plural is None:
        return 1
    found = re.search(r"nplurals\s*=\s*([1-9])", file.header.get("Plural-Forms", ""))
    return int(found[1]) if found else len(entry.strings)


def _written(text: str, span: po.Span, new: str, wrapping: Wrapping) -> str:
    start, end = span
    line = text.rfind("\n", 0, start) + 1
    broken = text.find("\n", start, end)
    indent = "" if broken < 0 else text[broken + 1 : text.index('"', broken)]
    return po_wrapping.write(new, po_wrapping.columns(text[line:start]), indent, wrapping)


def _notes(text: str, entry: po.Entry, fuzzy: bool | None) -> list[_Change]:
    """The changes that set or clear the flag, and take away what was kept for comparing."""
    if fuzzy is None or (fuzzy == entry.fuzzy and (fuzzy or not entry.previous)):
        return []
    comments = list(_comments(text, entry.span[0]))
    if fuzzy:
        return [_flagged(text, comments, entry)]
    changes: list[_Change] = []
    for found in comments:
        if found["text"].startswith("|"):
            changes.append((*found.span("line"), ""))
        elif found["text"].startswith(","):
            names = found["text"][1:].split(",")
            kept = [name for name in names if name.strip() != "fuzzy"]
            if not kept:
                changes.append((*found.span("line"), ""))
            elif len(kept) < len(names):
                changes.append((*found.span("text"), "," + ",".join(kept)))
    return changes


def _flagged(text: str, comments: Sequence[re.Match[str]], entry: po.Entry) -> _Change:
    """Add the flag to the entry's flags, or a line of its own where gettext puts it."""
    newline = po_wrapping.newline(text, entry)
    after = comments[-1].end() if comments else entry.span[0]
    for found in comments:
        if found["text"].startswith(","):
            at = found.start("text") + 1
            return (at, at, " fuzzy,")
        if found["text"].startswith("|"):
            after = found.start("line")
            break
    first = text.rfind("\n", 0, after) + 1
    lead = newline if text[first:after].strip() else ""
    return (after, after, f"{lead}#, fuzzy{newline}")


def _comments(text: str, at: int) -> Iterator[re.Match[str]]:
    while found := _COMMENT.match(text, at):
        yield found
        at = found.end()
