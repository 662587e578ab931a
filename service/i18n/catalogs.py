"""Catalogs read straight from `.po` files: immutable, swapped whole on a change, never lost to a bad file."""

import gettext
import hashlib
import logging
import os
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from pathlib import Path

from service.facts.words import N_, Phrase
from service.i18n import edited, po, pseudo
from service.i18n.catalog_mistakes import entry_problem, refuse_header, same_plural
from service.i18n.edited import Layout
from service.i18n.fill import fill
from service.i18n.formats import Formats, formats
from service.i18n.locales import LOCALES, PSEUDO, SOURCE, Locale, catalog_file

__all__ = [
    "Catalog", "CatalogProblem", "CatalogUnreadable", "Catalogs", "read", "read_again", "same_plural",
]  # fmt: skip

log = logging.getLogger(__name__)

_SETTLED = 50_000_000
"""Nanoseconds after which a file that nobody touched is taken to be wholly written."""
_STEADY = 200_000_000
"""Nanoseconds a broken file stays the same before it is told of: an editor may truncate, then write."""
_CONTEXT = "\x04"


@dataclass(frozen=True, slots=True)
class CatalogProblem:
    """What is wrong with a catalog file, and where; line and column from 1, 0 when the file itself is."""

    locale: str
    path: Path
    line: int
    column: int
    phrase: Phrase
    values: Mapping[str, object]

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {fill(self.phrase.text, self.values)}"


class CatalogUnreadable(Exception):
    """A catalog that cannot be read and has no good copy; `problem` names file, line and reason."""

    def __init__(self, problem: CatalogProblem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class Catalog:
    """The words of one locale at one version. Immutable; look-ups fall back to the source text, never raise.

    Untranslated and fuzzy entries, and entries whose placeholders do not fit their source, are not used.
    `version` changes with any change of the file.
    """

    __slots__ = ("_forms", "_plural", "_texts", "locale", "ready", "version")

    def __init__(
        self,
        locale: Locale,
        texts: Mapping[str, str],
        forms: Mapping[str, tuple[str, ...]],
        version: str = "",
    ) -> None:
        self.locale = locale
        self.version = version
        self.ready: dict[str | tuple[str, str], str] = {}
        """Texts without values as templates show them, some with their context; kept once they were made."""
        self._texts = texts
        self._forms = forms
        self._plural: Callable[[int], int] = gettext.c2py(locale.plural_expression)

    @property
    def formats(self) -> Formats:
        """How this language writes dates and numbers."""
        return formats(self.locale.code)

    def mapped(self, locale: Locale, change: Callable[[str], str]) -> "Catalog":
        """The catalog of another locale in which every text this one knows is changed."""
        return Catalog(
            locale,
            {key: change(text) for key, text in self._texts.items()},
            {key: tuple(map(change, forms)) for key, forms in self._forms.items()},
            f"{locale.code}-{self.version}",
        )

    def __len__(self) -> int:
        return len(self._texts)

    def gettext(self, text: str) -> str:
        return self._texts.get(text, text)

    def pgettext(self, context: str, text: str) -> str:
        return self._texts.get(context + _CONTEXT + text, text)

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        return self._form(singular, singular, plural, number)

    def npgettext(self, context: str, singular: str, plural: str, number: int) -> str:
        return self._form(context + _CONTEXT + singular, singular, plural, number)

    def _form(self, key: str, singular: str, plural: str, number: int) -> str:
        forms = self._forms.get(key)
        if forms is None:
            return singular if number == 1 else plural
        return forms[self._plural(abs(int(number)))]

    def words(self, phrase: Phrase, number: object = None) -> str:
        """The translated text of a phrase with its placeholders still in it."""
        if phrase.plural is None:
            return (
                self.gettext(phrase.text)
                if phrase.context is None
                else self.pgettext(phrase.context, phrase.text)
            )
        count = _count(number)
        if phrase.context is None:
            return self.ngettext(phrase.text, phrase.plural, count)
        return self.npgettext(phrase.context, phrase.text, phrase.plural, count)

    def say(self, phrase: Phrase, /, **values: object) -> str:
        """The phrase in this language with its values: numbers by the locale, `num` picks the plural form.

        A value that is a phrase is said too. Never raises for what a translation did to its placeholders:
        one without a value prints itself.
        """
        return fill(self.words(phrase, values.get("num")), values, self.shown)

    def shown(self, value: object) -> object:
        """A value as this language shows it: numbers formatted, phrases translated, all else as it is."""
        if isinstance(value, Phrase):
            return self.say(value)
        if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)) or not isfinite(value):
            return value
        return self.formats.number(value)


def _count(number: object) -> int:
    try:
        return int(number)  # type: ignore[call-overload, no-any-return]
    except (TypeError, ValueError, OverflowError):
        return 2


def read(
    data: bytes, locale: Locale, path: Path, good: Catalog | None = None
) -> tuple[Catalog, tuple[CatalogProblem, ...]]:
    """Make a catalog of a file's bytes; PoSyntaxError where the file as a whole cannot be used.

    An entry whose placeholders or plural forms are wrong is left out, with a problem that names its line,
    and the `good` catalog's text stands in for it.
    """
    return _made(po.read(data), data, locale, path, good)


def _made(
    file: po.PoFile, data: bytes, locale: Locale, path: Path, good: Catalog | None
) -> tuple[Catalog, tuple[CatalogProblem, ...]]:
    refuse_header(file, locale)
    texts: dict[str, str] = {}
    forms: dict[str, tuple[str, ...]] = {}
    problems = _sort(file.messages, (texts, forms), locale, path, good)
    return Catalog(locale, texts, forms, _version(data)), problems


def read_again(
    data: bytes, path: Path, before: Catalog, known: Layout
) -> tuple[Catalog, tuple[CatalogProblem, ...], Layout]:
    """What `read` makes of a file with `before` as the good catalog, quicker where little of it changed.

    `known` is the layout of the file that `before` was made of, without problems.
    """
    try:
        found = edited.edit(known, data.decode())
    except UnicodeDecodeError:
        found = None
    if found is None:
        file = po.read(data)
        return (*_made(file, data, before.locale, path, before), edited.layout(file))
    texts, forms = dict(before._texts), dict(before._forms)
    for key in map(_flat, found.gone):
        texts.pop(key, None)
        forms.pop(key, None)
    problems = _sort(found.new, (texts, forms), before.locale, path, before)
    return Catalog(before.locale, texts, forms, _version(data)), problems, found.layout


def _flat(key: po.Key) -> str:
    context, text = key
    return text if context is None else context + _CONTEXT + text


def _sort(
    entries: Iterable[po.Entry],
    into: tuple[dict[str, str], dict[str, tuple[str, ...]]],
    locale: Locale,
    path: Path,
    good: Catalog | None,
) -> tuple[CatalogProblem, ...]:
    """Put texts and forms that can be used into two tables; return what is wrong with the rest."""
    texts, forms = into
    problems: list[CatalogProblem] = []
    for entry in entries:
        if not entry.translated:
            continue
        key = _flat(entry.key)
        found = entry_problem(entry, locale)
        if found is not None:
            problems.append(CatalogProblem(locale.code, path, entry.line, 1, *found))
            if good is not None:
                _take_over(good, key, texts, forms)
            continue
        texts[key] = entry.strings[0]
        if entry.plural is not None:
            forms[key] = entry.strings
    return tuple(problems)


def _version(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=8).hexdigest()


def _take_over(good: Catalog, key: str, texts: dict[str, str], forms: dict[str, tuple[str, ...]]) -> None:
    if key in good._texts:
        texts[key] = good._texts[key]
    if key in good._forms:
        forms[key] = good._forms[key]


class Catalogs:
    """The catalogs of a directory, `<code>/LC_MESSAGES/messages.po`, each as fresh as its file.

    `good_copies` is where the last good version of each file is kept across restarts. CatalogUnreadable is
    raised when a catalog cannot be read and there is no good copy of it. Safe to use from several threads.
    """

    def __init__(
        self, directory: Path, good_copies: Path | None = None, *, codes: Collection[str] = tuple(LOCALES)
    ) -> None:
        self.directory = directory
        self._kept = {code: _Kept(LOCALES[code], directory, good_copies) for code in codes}
        self._pseudo: dict[str, tuple[Catalog, Catalog]] = {}

    def catalog(self, code: str) -> Catalog:
        """The catalog of a locale code, read again if its file changed (one stat); KeyError for others.

        Those of pseudo-locales are made of the source's.
        """
        if code in PSEUDO:
            return self._pretended(code)
        return self._kept[code].catalog()

    def _pretended(self, code: str) -> Catalog:
        source = self._kept[SOURCE].catalog()
        known = self._pseudo.get(code)
        if known is None or known[0] is not source:
            known = self._pseudo[code] = (source, source.mapped(PSEUDO[code], pseudo.MAKERS[code]))
        return known[1]

    def problems(self) -> tuple[CatalogProblem, ...]:
        """What is wrong with the files as they are now; the catalogs in use do without it."""
        for kept in self._kept.values():
            kept.catalog()
        return tuple(problem for kept in self._kept.values() for problem in kept.problems)


_Stamp = tuple[int, int, int]
_MISSING: _Stamp = (0, -1, 0)


class _Kept:
    """One catalog file, the last good catalog made of it, and what is wrong with it now."""

    def __init__(self, locale: Locale, directory: Path, good_copies: Path | None) -> None:
        self.locale = locale
        self.path = catalog_file(directory, locale.code)
        self.copy = good_copies / f"{locale.code}.po" if good_copies else None
        self.problems: tuple[CatalogProblem, ...] = ()
        self._lock = threading.Lock()
        self._layout: Layout | None = None
        self._doubted: tuple[_Stamp, int] = (_MISSING, 0)
        self._stamp: _Stamp | None = self._look()
        self._catalog = self._first()

    def catalog(self) -> Catalog:
        stamp = self._look()
        if stamp != self._stamp and self._lock.acquire(blocking=False):
            try:
                self._reload(stamp)
            finally:
                self._lock.release()
        return self._catalog

    def _look(self) -> _Stamp:
        try:
            found = os.stat(self.path)
        except OSError:
            return _MISSING
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _first(self) -> Catalog:
        # The good copy is read only where something is wrong: a start reads each catalog once.
        try:
            data = self.path.read_bytes()
            file = po.read(data)
            catalog, self.problems = _made(file, data, self.locale, self.path, None)
            if self.problems:
                catalog, self.problems = _made(file, data, self.locale, self.path, self._from_copy())
        except (OSError, po.PoSyntaxError) as error:
            self.problems = (self._problem(error),)
            good = self._from_copy()
            if good is None:
                raise CatalogUnreadable(self.problems[0]) from error
            log.error("catalog refused, last good copy in use: %s", self.problems[0])
            return good
        self._layout = None if self.problems else edited.layout(file)
        self._keep_copy(data)
        return catalog

    def _from_copy(self) -> Catalog | None:
        if self.copy is None:
            return None
        try:
            return read(self.copy.read_bytes(), self.locale, self.copy)[0]
        except (OSError, po.PoSyntaxError):
            return None

    def _reload(self, stamp: _Stamp) -> None:
        young = abs(time.time_ns() - stamp[0]) < _SETTLED
        try:
            data = self.path.read_bytes()
            if _version(data) == self._catalog.version and not self.problems:
                self._stamp = None if young else stamp
                return
            catalog, problems, layout = self._read_again(data)
        except (OSError, po.PoSyntaxError) as error:
            if not self._is_steady(stamp):
                self._stamp = None
                return
            self._stamp = None if young else stamp
            problem = self._problem(error)
            if (problem,) != self.problems:
                log.error("catalog refused, last good version in use: %s", problem)
            self.problems = (problem,)
            return
        if young and len(catalog) < len(self._catalog):
            return  # perhaps still being written: a whole file is never shorter for long
        self.problems = problems
        self._doubted = (_MISSING, 0)
        # A file changed twice within one tick of the clock keeps its stamp, so a young one is read once more.
        self._stamp = None if young else stamp
        self._keep_copy(data)
        self._catalog = catalog
        self._layout = None if problems else layout

    def _is_steady(self, stamp: _Stamp) -> bool:
        """Whether a broken file has been as it is for a while; one that is missing, since that was seen."""
        now = time.time_ns()
        if self._doubted[0] != stamp or not self._doubted[1]:
            self._doubted = (stamp, now)
        changed = stamp[0] if 0 < stamp[0] <= now else self._doubted[1]
        return now - changed >= _STEADY

    def _read_again(self, data: bytes) -> tuple[Catalog, tuple[CatalogProblem, ...], Layout]:
        if self._layout is not None:
            return read_again(data, self.path, self._catalog, self._layout)
        file = po.read(data)
        return (*_made(file, data, self.locale, self.path, self._catalog), edited.layout(file))

    def _keep_copy(self, data: bytes) -> None:
        if self.copy is not None and not self.problems:
            _write(self.copy, data)

    def _problem(self, error: OSError | po.PoSyntaxError) -> CatalogProblem:
        if isinstance(error, po.PoSyntaxError):
            return CatalogProblem(
                self.locale.code, self.path, error.line, error.column, error.phrase, error.values
            )
        phrase = (
            N_("The file is missing.")
            if isinstance(error, FileNotFoundError)
            else N_("The file cannot be read.")
        )
        return CatalogProblem(self.locale.code, self.path, 0, 0, phrase, {})


def _write(path: Path, data: bytes) -> None:
    """Keep a copy, whole or not at all; a disk that refuses costs the copy, not the page."""
    try:
        if path.exists() and path.read_bytes() == data:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
        draft.write_bytes(data)
        draft.replace(path)
    except OSError as error:
        log.warning("no good copy kept of %s: %s", path.name, error)
