"""Catalog files wherever they lie: in which language, with what beside them, and what is wrong in them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from service.facts.findings import Finding, Severity
from service.facts.words import N_
from service.i18n import glossary as glossaries
from service.i18n import po
from service.i18n.glossary import Glossary
from service.i18n.locales import LOCALES, Locale
from service.lint import compiled, consistency, fixes, house, languages, recovery
from service.lint.report import Allowed, Manner, check_run, judge, read_allowed
from service.lint.terms import NO_TERMS, Terms

_MOST_ROUNDS = 10
"""Fixes that call for each other end; this is for rules that disagree."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What holds for all files of a run: the folder of our own catalogs, and what the user names.

    `locale` is for files that do not tell theirs.
    """

    own: Path
    terms: Terms | None = None
    locale: str | None = None


def below(path: Path) -> tuple[Path, ...]:
    """A file itself, or all catalogs below a folder."""
    if not path.is_dir():
        return (path,)
    return tuple(sorted(found for found in path.rglob("*.po") if found.is_file()))


def check(paths: Iterable[Path], frame: Frame) -> tuple[Finding, ...]:
    """Everything wrong with catalogs, file by file, then between them.

    GlossaryError, ConfigError or StyleError for what lies beside them. In the folder of our catalogs each
    language of the product must have one.
    """
    found: list[Finding] = []
    seen: set[Path] = set()
    run = consistency.Run()
    for path in paths:
        files = below(path)
        if path.resolve() == frame.own.resolve():
            expected = (path / code / languages.MESSAGES / "messages.po" for code in LOCALES)
            files = tuple(dict.fromkeys((*expected, *files)))
        for file in files:
            if file not in seen:
                seen.add(file)
                found += check_file(file, frame, run)
    return (*found, *check_run(run, read_allowed(frame.own / "lint.toml")))


def check_file(path: Path, frame: Frame, run: consistency.Run | None = None) -> tuple[Finding, ...]:
    """One catalog file; one that cannot be opened is a finding too."""
    try:
        data = path.read_bytes()
    except OSError:
        return (Finding("PO001", Severity.ERROR, N_("The file cannot be read."), {}, 1, 1, str(path)),)
    return _check(data, path, frame, run)


def mended(path: Path, frame: Frame) -> bytes | None:
    """The bytes of a file with every fix applied, again until nothing is left to fix; None if nothing was."""
    try:
        data = before = path.read_bytes()
    except OSError:
        return None
    for _ in range(_MOST_ROUNDS):
        findings = [finding for finding in _check(data, path, frame) if finding.fix]
        if not findings:
            break
        data = fixes.apply(data.decode("utf-8"), findings).encode("utf-8")
    return data if data != before else None


def _check(data: bytes, path: Path, frame: Frame, run: consistency.Run | None = None) -> tuple[Finding, ...]:
    read = recovery.read(data)
    locale, manner = _manner(read.file, path, frame)
    found = judge(read, locale, manner, path=str(path), run=run)
    if read.file is None:
        return found
    # Ours are read as they are; compiled files beside them are made anew for each package.
    beside = [] if manner.ours else list(compiled.check_compiled(read.file, path))
    template = _template(path)
    if template is not None:
        dynamic = {one.id for one in manner.allowed if one.rule == "PO012" and one.id is not None}
        beside += compiled.check_drift(read.file, template, dynamic, ours=manner.ours)
    return (*(replace(one, path=str(path)) for one in beside), *found)


def _manner(file: po.PoFile | None, path: Path, frame: Frame) -> tuple[Locale, Manner]:
    """The locale of a file and how to judge it: ours by our table, others by header, then path."""
    code = languages.of_path(path.absolute())
    ours = code in LOCALES and path.resolve().is_relative_to(frame.own.resolve())
    terms = frame.terms or _terms(path)
    allowed = read_allowed(_beside(path, "lint.toml") or path.parent / "lint.toml")
    pinned: Mapping[str, str] = {}
    if ours and code is not None:
        locale = LOCALES[code]
        pinned = house.pinned_for(house.pins(frame.own.parent), locale)
    elif file is None:
        locale = languages.UNKNOWN
    else:
        said = file.header.get("Language", "")
        first = next((one for one in (said, code) if one and languages.judged(one)), frame.locale)
        locale = languages.of_catalog(file, first)
    return locale, Manner(terms, allowed, pinned, ours=ours, code=code)


def settings_of(directory: Path) -> tuple[Glossary, tuple[Allowed, ...]]:
    """The glossary and the allowed findings that lie in a folder. GlossaryError or ConfigError."""
    glossary = directory / "glossary.toml"
    read = glossaries.read(glossary) if glossary.exists() else glossaries.EMPTY
    return read, read_allowed(directory / "lint.toml")


def _around(path: Path) -> tuple[Path, ...]:
    """The folders in which things for a catalog lie: its own, and the one of all languages."""
    folder = path.absolute().parent
    if folder.name == languages.MESSAGES:
        return (folder, folder.parent, folder.parent.parent)
    return (folder, folder.parent) if languages.judged(folder.name) else (folder,)


def _beside(path: Path, name: str) -> Path | None:
    return next((folder / name for folder in _around(path) if (folder / name).is_file()), None)


def _terms(path: Path) -> Terms:
    found = _beside(path, "glossary.toml")
    return _read_terms(found, found.stat().st_mtime_ns) if found else NO_TERMS


@lru_cache(maxsize=8)
def _read_terms(path: Path, changed: int) -> Terms:
    return Terms(glossaries.read(path))


def _template(path: Path) -> Path | None:
    """The template of a catalog: of the same name, or the only one in the folder of all languages."""
    if (named := _beside(path, f"{path.stem}.pot")) is not None:
        return named
    if languages.judged(path.stem) is None:
        return None
    only = list(path.absolute().parent.glob("*.pot"))
    return only[0] if len(only) == 1 else None
