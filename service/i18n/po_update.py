"""Updating a catalog in place: entries that did not change keep their bytes, comments and line breaks too."""

from collections.abc import Iterator

from service.i18n import merging, po, po_wrapping
from service.i18n.locales import Locale
from service.i18n.po_wrapping import Signs, Wrapping


def update(old: po.PoFile | None, template: po.PoFile, locale: Locale) -> str:
    """The text of a catalog after an update from the template, with the entries that `merging` gives it.

    Only what changed is written anew, in the manner of the file: an entry's comments, or the whole entry.
    """
    entries = merging.update(old, template, locale)
    if old is None or not old.entries:
        return po.serialize(entries)
    page = _Page(old)
    return "".join(page.blocks(entries))


class _Page:
    """The catalog as it was, cut into its entries."""

    def __init__(self, file: po.PoFile) -> None:
        self._file = file
        self._signs: Signs | None = None
        self._active = {entry.key: entry for entry in file.entries if not entry.obsolete}
        self._obsolete = {entry.key: entry for entry in file.entries if entry.obsolete}
        self._before: dict[int, tuple[int, str]] = {}
        last, previous = 0, -1
        for entry in file.entries:
            self._before[entry.span[0]] = (previous, file.text[last : entry.span[0]])
            last, previous = entry.span[1], entry.span[0]
        self._tail = file.text[last:] or "\n"
        self._newline = po_wrapping.newline(file.text, file.entries[0])

    def blocks(self, entries: tuple[po.Entry, ...]) -> Iterator[str]:
        """Yield every entry with what stands before it, and the end of the file."""
        last = -1
        for number, entry in enumerate(entries):
            known = self._active.get(entry.key) or self._obsolete.get(entry.key)
            block = self._fresh(entry) if known is None else self._block(known, entry)
            gap = self._newline * 2 if number else ""
            if known is not None:
                previous, own = self._before[known.span[0]]
                gap = own if previous == last or (own.count("\n") > 1 and number) else gap
            last = known.span[0] if known is not None else -2
            yield gap + block
        yield self._tail

    def _block(self, known: po.Entry, entry: po.Entry) -> str:
        own = self._file.text[slice(*known.span)]
        if _notes_of(known) == _notes_of(entry) and _message_of(known) == _message_of(entry):
            return own
        if _message_of(known) == _message_of(entry):
            return self._notes(entry) + own[_message_start(own) :]
        return self._fresh(entry)

    def _notes(self, entry: po.Entry) -> str:
        return "".join(line + self._newline for line in po.notes_text(entry))

    def _fresh(self, entry: po.Entry) -> str:
        if self._signs is None:
            self._signs = po_wrapping.learn(self._file)
        wrapping = po_wrapping.wrapping_of(self._file, None, self._signs)
        return po.entry_text(entry, _writer(wrapping)).replace("\n", self._newline)


def _writer(wrapping: Wrapping) -> po.Quote:
    return lambda label, text: po_wrapping.write(text, len(label), "", wrapping).replace("\r\n", "\n")


def _message_start(block: str) -> int:
    """Where the message of a block begins: behind the last line of comments."""
    at = 0
    for line in block.splitlines(keepends=True):
        if line.strip() and (not line.lstrip().startswith("#") or line.lstrip().startswith("#~")):
            break
        at += len(line)
    return at


def _notes_of(entry: po.Entry) -> tuple[object, ...]:
    return (entry.comments, entry.extracted, entry.references, frozenset(entry.flags), entry.previous)


def _message_of(entry: po.Entry) -> tuple[object, ...]:
    return (entry.context, entry.id, entry.plural, entry.strings, entry.obsolete)
