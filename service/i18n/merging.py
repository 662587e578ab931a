"""Bringing a catalog up to date with the template: nothing guessed, nothing a translator wrote is lost."""

from dataclasses import replace

from service.i18n import po
from service.i18n.extraction import HEADER
from service.i18n.locales import SOURCE, Locale


def header_entry(locale: Locale, old: po.Entry | None = None) -> po.Entry:
    """The header of a locale's catalog: our fields pinned, a translator's own fields and comments kept."""
    pinned = {**po.parse_header(HEADER), "Language": locale.code, "Plural-Forms": locale.plural_forms}
    theirs = po.parse_header(old.strings[0]) if old else {}
    kept = {name: value for name, value in theirs.items() if name not in pinned and name not in _NOISE}
    text = "".join(f"{name}: {value}\n" for name, value in (*pinned.items(), *kept.items()))
    return po.Entry(None, "", None, (text,), comments=old.comments if old else ())


_NOISE = frozenset({"POT-Creation-Date", "PO-Revision-Date", "X-Generator"})


def update(catalog: po.PoFile | None, template: po.PoFile, locale: Locale) -> tuple[po.Entry, ...]:
    """The entries of a catalog after an update from the template, in the template's order.

    Texts are matched by context and source text only, never by likeness. New entries are empty, in the source
    locale equal to their source. Translations that are no longer used are kept as obsolete and come back when
    their source does; in the source locale only those that differ from their source are worth keeping.
    """
    entries = catalog.entries if catalog else ()
    active = {entry.key: entry for entry in entries if not entry.obsolete}
    obsolete = {entry.key: entry for entry in entries if entry.obsolete}
    wanted = template.messages
    updated = [_updated(entry, active.get(entry.key) or obsolete.get(entry.key), locale) for entry in wanted]
    used = {entry.key for entry in wanted} | {(None, "")}
    gone = [
        replace(entry, obsolete=True, references=(), extracted=())
        for key, entry in (obsolete | active).items()
        if key not in used and any(entry.strings) and not _is_source(entry, locale)
    ]
    return (header_entry(locale, active.get((None, ""))), *updated, *gone)


def _updated(wanted: po.Entry, known: po.Entry | None, locale: Locale) -> po.Entry:
    count = 1 if wanted.plural is None else locale.plural_count
    strings = known.strings if known and len(known.strings) == count else ()
    if not strings or (locale.code == SOURCE and not any(strings)):
        strings = _source(wanted) if locale.code == SOURCE else ("",) * count
    flags = list(wanted.flags)
    if known is not None:
        flags = [flag for flag in known.flags if flag not in flags and any(strings)] + flags
    return replace(
        wanted,
        strings=strings,
        comments=known.comments if known else (),
        flags=tuple(flags),
        previous=known.previous if known else (),
    )


def _source(entry: po.Entry) -> tuple[str, ...]:
    return (entry.id,) if entry.plural is None else (entry.id, entry.plural)


def _is_source(entry: po.Entry, locale: Locale) -> bool:
    return locale.code == SOURCE and entry.strings == _source(entry)
