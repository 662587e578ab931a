"""All rules over a catalog, each finding at the line and column of the characters it is about."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from service.facts.findings import Finding, Severity
from service.facts.words import N_
from service.i18n import glossary as glossaries
from service.i18n import po
from service.i18n.glossary import Glossary
from service.i18n.locales import LOCALES, SOURCE, Locale
from service.lint import (
    house,
    markup,
    placeholders,
    state,
    syntax,
    typography_fr,
    typography_ja,
    typography_zh,
)
from service.lint.house import House
from service.lint.pairs import Mark, Rule, pairs
from service.lint.terms import Terms

_ENTRY_RULES = (state.check_entry, placeholders.check_plurals)
_RULES: tuple[Rule, ...] = (syntax.check, placeholders.check, markup.check, state.check)
_BY_LOCALE: dict[str, tuple[Rule, ...]] = {
    "fr": (typography_fr.check,),
    "ja": (typography_ja.check,),
    "zh": (typography_zh.check,),
}
_ALLOW = re.compile(r"i18n-allow:\s*([A-Z]+[0-9]+)\b")
_NEVER_BY_COMMENT = "SEC"


@dataclass(frozen=True, slots=True)
class Allowed:
    """A finding that somebody looked at: the rule, why; its message and locale, None for all."""

    rule: str
    reason: str
    id: str | None = None
    locale: str | None = None


class ConfigError(Exception):
    """A `lint.toml` that cannot be used: the path and what is wrong."""


def read_allowed(path: Path) -> tuple[Allowed, ...]:
    """Read `lint.toml`: tables `[[allow]]` with rule, reason and optionally id and locale. ConfigError."""
    if not path.exists():
        return ()
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        return tuple(Allowed(**{str(k): str(v) for k, v in one.items()}) for one in data.get("allow", ()))
    except (tomllib.TOMLDecodeError, TypeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error


def check_catalog(
    data: bytes,
    locale: Locale,
    *,
    path: str | None = None,
    glossary: Glossary = glossaries.EMPTY,
    allowed: Sequence[Allowed] = (),
    pinned: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Finding, ...]:
    """Everything wrong with a catalog's bytes, in the order of the file.

    A finding on a message carries its source text under the value `msgid`. Findings are left out where a
    comment of the message says `i18n-allow: RULE reason` (never those of SEC rules) or `allowed` lists them.
    """
    try:
        file = po.read(data)
    except po.PoSyntaxError as mistake:
        return _at(path, [syntax.unreadable(mistake)])
    rules: tuple[Rule, ...] = (*_RULES, *_BY_LOCALE.get(locale.code, ()), Terms(glossary).check)
    style = house.learn(file, locale, pinned)
    found = [*syntax.check_header(file, locale), *syntax.check_obsolete(file)]
    for entry in file.messages:
        for mark in _marks(entry, locale, rules, style):
            if not _is_allowed(mark, entry, locale, allowed):
                found.append(_finding(mark, entry, file))
    return _at(path, sorted(found, key=lambda finding: (finding.line, finding.column)))


def _at(path: str | None, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(replace(f, path=path) for f in findings)


def _marks(entry: po.Entry, locale: Locale, rules: Sequence[Rule], style: House) -> Iterator[Mark]:
    for entry_rule in _ENTRY_RULES:
        yield from entry_rule(entry, locale)
    if entry.fuzzy:
        return
    for pair in pairs(entry, locale, style):
        if locale.code == SOURCE and pair.target.text == pair.source.text:
            continue
        for rule in rules:
            for mark in rule(pair):
                yield replace(mark, form=pair.form)


def _finding(mark: Mark, entry: po.Entry, file: po.PoFile) -> Finding:
    line, column = file.place(entry, mark.form, mark.at)
    return Finding(mark.rule, mark.severity, mark.phrase, {**mark.values, "msgid": entry.id}, line, column)


def _is_allowed(mark: Mark, entry: po.Entry, locale: Locale, allowed: Sequence[Allowed]) -> bool:
    if any(
        one.rule == mark.rule and one.id in (None, entry.id) and one.locale in (None, locale.code)
        for one in allowed
    ):
        return True
    if mark.rule.startswith(_NEVER_BY_COMMENT):
        return False
    return any(mark.rule in _ALLOW.findall(comment) for comment in (*entry.comments, *entry.extracted))


def check_directory(directory: Path) -> tuple[Finding, ...]:
    """All catalogs under a `locales` directory, with its glossary and its `lint.toml`; paths are as found.

    GlossaryError or ConfigError if those cannot be used.
    """
    glossary, allowed = settings_of(directory)
    template = directory / "messages.pot"
    wanted = _keys(template.read_bytes()) if template.exists() else None
    found: list[Finding] = []
    for locale in LOCALES.values():
        path = directory / locale.code / "LC_MESSAGES" / "messages.po"
        found += check_file(path, locale, glossary=glossary, allowed=allowed)
        if wanted is not None and path.exists():
            found += _drift(path, wanted)
    return tuple(found)


def _drift(path: Path, wanted: frozenset[po.Key]) -> Iterator[Finding]:
    """PO012: a catalog that was not updated since the template was extracted."""
    present = _keys(path.read_bytes())
    if present is not None and present != wanted:
        phrase = N_(
            "Not up to date with messages.pot (%(new)s new, %(old)s unused): run “prospectus catalog update”."
        )
        values = {"new": len(wanted - present), "old": len(present - wanted)}
        yield Finding("PO012", Severity.ERROR, phrase, values, 1, 1, str(path))


def _keys(data: bytes) -> frozenset[po.Key] | None:
    try:
        return frozenset(entry.key for entry in po.read(data).messages)
    except po.PoSyntaxError:
        return None  # PO001 says so


def settings_of(directory: Path) -> tuple[Glossary, tuple[Allowed, ...]]:
    """The glossary and the allowed findings that lie in a `locales` directory."""
    glossary = directory / "glossary.toml"
    return (
        glossaries.read(glossary) if glossary.exists() else glossaries.EMPTY,
        read_allowed(directory / "lint.toml"),
    )


def check_file(
    path: Path, locale: Locale, *, glossary: Glossary = glossaries.EMPTY, allowed: Sequence[Allowed] = ()
) -> tuple[Finding, ...]:
    """One catalog file; one that cannot be opened is a finding too."""
    try:
        data = path.read_bytes()
    except OSError:
        return (Finding("PO001", Severity.ERROR, N_("The file cannot be read."), {}, 0, 0, str(path)),)
    return check_catalog(data, locale, path=str(path), glossary=glossary, allowed=allowed)
