"""Bringing a catalog up to date with the template: nothing guessed, nothing a translator wrote is lost."""

from collections.abc import Mapping, Sequence, Set

from service.i18n import near, po
from service.i18n.extraction import HEADER
from service.i18n.locales import SOURCE, Locale


def header_entry(locale: Locale, old: po.Entry | None = None) -> po.Entry:
    """The header of a locale's catalog: our fields pinned, a translator's own fields and comments kept."""
    pinned = {**po.parse_header(HEADER), "Language": locale.code, "Plural-Forms": locale.plural_forms}
    theirs = po.parse_header(old.strings[0]) if old else {}
    kept = {name: value for name, value in theirs.items() if name not in pinned and name not in _NOISE}
    text = "".join(f"{name}: {value}\n" for name, value in (*pinned.items(), *kept.items()))
    return po.Entry(None, "", None, (text,), comments=old.comments if old else ())


SUGGESTION = "Suggestion:"
_NOISE = frozenset({"POT-Creation-Date", "PO-Revision-Date", "X-Generator"})


def update(catalog: po.PoFile | None, template: po.PoFile, locale: Locale) -> tuple[po.Entry, ...]:
    """The entries of a catalog after an update from the template, in the template's order.

    Texts are matched by context and source text, and where none is the same, by the one that differs from it
    in typography only; never by likeness: what is much like a new text is offered in a comment. New entries
    are empty, in the source locale equal to their source. Translations that are no longer used are kept as
    obsolete and come back when their source does; in the source locale only those that differ from their
    source are worth keeping.
    """
    entries = catalog.entries if catalog else ()
    active = {entry.key: entry for entry in entries if not entry.obsolete}
    obsolete = {entry.key: entry for entry in entries if entry.obsolete}
    wanted = template.messages
    used = {entry.key for entry in wanted} | {(None, "")}
    renamed = _renamed(wanted, obsolete | active, used)
    updated = [
        _updated(entry, active.get(entry.key) or obsolete.get(entry.key) or renamed.get(entry.key), locale)
        for entry in wanted
    ]
    if locale.code != SOURCE:
        fresh = {entry.key for entry in wanted if entry.key not in active}
        updated = _advised(updated, fresh, [*obsolete.values(), *active.values()])
    used |= {entry.key for entry in renamed.values()}
    gone = [
        entry._replace(obsolete=True, references=(), extracted=(), comments=_comments(entry, entry.strings))
        for key, entry in (obsolete | active).items()
        if key not in used and any(entry.strings) and not _is_source(entry, locale)
    ]
    return (header_entry(locale, active.get((None, ""))), *updated, *gone)


def _renamed(
    wanted: Sequence[po.Entry], known: Mapping[po.Key, po.Entry], used: Set[po.Key]
) -> dict[po.Key, po.Entry]:
    """By new key the entry that had the same text in other typography, where there is just one."""
    old: dict[tuple[object, ...], list[po.Entry]] = {}
    for key, entry in known.items():
        if key not in used and any(entry.strings):
            old.setdefault(_plain(entry), []).append(entry)
    found: dict[po.Key, po.Entry] = {}
    for entry in wanted:
        if entry.key not in known and len(old.get(_plain(entry), ())) == 1:
            found[entry.key] = old.pop(_plain(entry))[0]
    return found


def _plain(entry: po.Entry) -> tuple[object, ...]:
    plural = None if entry.plural is None else near.plain(entry.plural)
    return (entry.context, near.plain(entry.id), plural)


def _advised(updated: Sequence[po.Entry], fresh: Set[po.Key], known: Sequence[po.Entry]) -> list[po.Entry]:
    """Offer new entries without a translation that of the text most like theirs."""
    if not any(entry.key in fresh and not any(entry.strings) for entry in updated):
        return list(updated)
    there = near.Near(entry for entry in known if entry.translated and entry.id)
    advised: list[po.Entry] = []
    for entry in updated:
        found = there.find(entry.id) if entry.key in fresh and not any(entry.strings) else None
        comments = entry.comments
        if found is not None:
            strings = " | ".join(map(po.escaped, found.strings))
            comments = (*comments, f"{SUGGESTION} {po.escaped(found.id)} → {strings}")
        advised.append(entry._replace(comments=comments))
    return advised


def _updated(wanted: po.Entry, known: po.Entry | None, locale: Locale) -> po.Entry:
    count = 1 if wanted.plural is None else locale.plural_count
    strings = known.strings if known and len(known.strings) == count else ()
    if known is not None and _is_source(known, locale):
        strings = ()
    if not strings or (locale.code == SOURCE and not any(strings)):
        strings = _source(wanted) if locale.code == SOURCE else ("",) * count
    flags = list(wanted.flags)
    if known is not None:
        flags = [flag for flag in known.flags if flag not in flags and any(strings)] + flags
    return wanted._replace(
        strings=strings,
        comments=_comments(known, strings),
        flags=tuple(flags),
        previous=known.previous if known else (),
    )


def _comments(known: po.Entry | None, strings: Sequence[str]) -> tuple[str, ...]:
    """A translator's comments; a suggestion has done its work once there is a translation."""
    comments = known.comments if known else ()
    return tuple(one for one in comments if not (all(strings) and one.startswith(SUGGESTION)))


def _source(entry: po.Entry) -> tuple[str, ...]:
    return (entry.id,) if entry.plural is None else (entry.id, entry.plural)


def _is_source(entry: po.Entry, locale: Locale) -> bool:
    return locale.code == SOURCE and entry.strings == _source(entry)
