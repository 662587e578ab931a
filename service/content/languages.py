"""One page in several languages: which is missing, where a translation differs, which blocks went stale."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from service.content import lock
from service.content.lock import BrokenLock, Since, Stale
from service.content.places import Place
from service.facts.findings import Finding, Severity
from service.facts.words import N_
from service.i18n.locales import LOCALES, SOURCE
from service.lint import documents
from service.lint.documents import Page
from service.lint.documents_form import shown
from service.lint.terms import Terms
from service.markdown.align import shown_diff

NO_TRANSLATION = N_("This page is missing in a language: %(language)s")
NO_SOURCE = N_("This page does not exist in the source language")
CHANGED = N_("The source changed since this was translated (its line %(line)s): %(change)s")
ADDED = N_("This block of the source page is not translated yet (its line %(line)s): %(words)s")
UNRECORDED = N_(
    "Nobody has recorded that this renders line %(line)s of the source page: run “prospectus content lock”."
)
NO_LOCK = N_("This translation has no lock file: run “prospectus content lock”.")
BROKEN_LOCK = N_("The lock file cannot be read from its line %(line)s on: run “prospectus content lock”.")

Load = Callable[[Path], Page | None]


def missing(places: Mapping[Path, Place]) -> Iterator[Finding]:
    """DO001 and DO002: readers of a missing page get the source language's, with a notice."""
    for path, one in places.items():
        if one.base is None or one.code is None:
            continue
        if one.code == SOURCE:
            for code, locale in LOCALES.items():
                other = one.beside(code)
                if code != SOURCE and locale.shipped and other and not other.exists():
                    values = {"language": locale.name}
                    yield Finding("DO001", Severity.WARNING, NO_TRANSLATION, values, 1, 1, str(path))
        else:
            source = one.beside(SOURCE)
            if source and not source.exists():
                yield Finding("DO002", Severity.WARNING, NO_SOURCE, {}, 1, 1, str(path))


def translated(place: Place, target: Page, source: Page, terms: Terms) -> Iterator[Finding]:
    """Yield where a page differs from the one it was translated from, and what went stale (DO009)."""
    path = lock.path_of(place.path)
    waiting: frozenset[int] = frozenset()
    try:
        locked = lock.read(path.read_text(encoding="utf-8")) if path.is_file() else None
    except (BrokenLock, UnicodeDecodeError) as error:
        values = {"line": getattr(error, "line", 1)}
        yield Finding("DO009", Severity.ERROR, BROKEN_LOCK, values, 1, 1)
        locked = None
    if locked is not None:
        behind = lock.stale(lock.pairs(source.document, target.document, locked), locked)
        waiting = frozenset(one.source.position for one in behind if one.target is None)
        yield from (_stale(one, target) for one in behind)
    elif not path.is_file() and place.base and any(place.base.rglob(f"*{lock.SUFFIX}")):
        yield Finding("DO009", Severity.WARNING, NO_LOCK, {}, 1, 1)
    yield from documents.compare(source, target, terms, waiting=waiting, known=lock.known(locked or ()))


def _stale(one: Stale, target: Page) -> Finding:
    values: dict[str, object] = {"line": one.source.line}
    if one.since is Since.CHANGED:
        phrase, values["change"] = CHANGED, shown_diff(one.old, one.source.said)
    elif one.target is None:
        phrase, values["words"] = ADDED, shown(one.source)
    else:
        phrase = UNRECORDED
    block = one.target or one.after
    line, column = target.places.find(block, 0) if block and block.position >= 0 else (1, 1)
    return Finding("DO009", Severity.WARNING, phrase, values, line, column)
