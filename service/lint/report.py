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
    capitals,
    cjk,
    consistency,
    house,
    markup,
    numbers,
    placeholders,
    register,
    state,
    styles,
    syntax,
    typography_en,
    typography_fr,
    typography_ja,
    typography_zh,
)
from service.lint.house import House
from service.lint.pairs import Mark, Rule, pairs
from service.lint.terms import Terms

_ENTRY_RULES = (state.check_entry, placeholders.check_plurals)
_RULES: tuple[Rule, ...] = (syntax.check, placeholders.check, markup.check, state.check)
_BY_LANGUAGE: dict[str, tuple[Rule, ...]] = {
    "en": (typography_en.check, capitals.check),
    "fr": (typography_fr.check, numbers.check, capitals.check, register.check),
    "ja": (typography_ja.check, cjk.check, register.check),
    "ko": (cjk.check,),
    "zh": (typography_zh.check, cjk.check, register.check),
}
_OTHER_LANGUAGES: tuple[Rule, ...] = (numbers.check, capitals.check)
_SOURCE_RULES: tuple[Rule, ...] = (typography_en.check,)
"""What holds for a source text that is its own translation."""
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
    run: consistency.Run | None = None,
) -> tuple[Finding, ...]:
    """Everything wrong with a catalog's bytes, in the order of the file.

    A finding on a message carries its source text under the value `msgid`. Findings are left out where a
    comment of the message says `i18n-allow: RULE reason` (never those of SEC rules) or `allowed` lists them.
    """
    try:
        file = po.read(data)
    except po.PoSyntaxError as mistake:
        return _at(path, [syntax.unreadable(mistake)])
    if run is not None:
        run.add(path, locale, file)
    terms, labels = Terms(glossary), consistency.Labels(file, locale)
    own = _BY_LANGUAGE.get(styles.language(locale), _OTHER_LANGUAGES)
    rules: tuple[Rule, ...] = (*_RULES, terms.check, *own, labels.check)
    style = house.learn(file, locale, pinned)
    found = [*syntax.check_header(file, locale), *syntax.check_obsolete(file)]
    for entry, mark in consistency.reused(file, locale):
        if not _is_allowed(mark, entry, locale, allowed):
            found.append(_finding(mark, entry, file))
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
        is_source = locale.code == SOURCE and pair.target.text == pair.source.text
        seen: set[tuple[str, int]] = set()
        for rule in _SOURCE_RULES if is_source else rules:
            for mark in rule(pair):
                place = (mark.rule, mark.at)
                if mark.rule != "CO004" or place not in seen:  # the glossary may ban what is no register here
                    seen.add(place)
                    yield mark if pair.form == 0 else replace(mark, form=pair.form)


def _finding(mark: Mark, entry: po.Entry, file: po.PoFile) -> Finding:
    line, column = file.place(entry, mark.form, mark.at)
    return Finding(mark.rule, mark.severity, mark.phrase, {**mark.values, "msgid": entry.id}, line, column)


def _is_allowed(mark: Mark | Finding, entry: po.Entry, locale: Locale, allowed: Sequence[Allowed]) -> bool:
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
    pins = house.pins(directory.parent)
    found: list[Finding] = []
    for locale in LOCALES.values():
        path = directory / locale.code / "LC_MESSAGES" / "messages.po"
        pinned = house.pinned_for(pins, locale)
        found += check_file(path, locale, glossary=glossary, allowed=allowed, pinned=pinned)
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


def check_run(run: consistency.Run, allowed: Sequence[Allowed] = ()) -> tuple[Finding, ...]:
    """What is wrong between the catalogs of a run (CO001)."""
    return tuple(f for entry, locale, f in run.findings() if not _is_allowed(f, entry, locale, allowed))


def check_file(
    path: Path,
    locale: Locale,
    *,
    glossary: Glossary = glossaries.EMPTY,
    allowed: Sequence[Allowed] = (),
    pinned: Mapping[str, str] = MappingProxyType({}),
    run: consistency.Run | None = None,
) -> tuple[Finding, ...]:
    """One catalog file; one that cannot be opened is a finding too."""
    try:
        data = path.read_bytes()
    except OSError:
        return (Finding("PO001", Severity.ERROR, N_("The file cannot be read."), {}, 0, 0, str(path)),)
    return check_catalog(
        data, locale, path=str(path), glossary=glossary, allowed=allowed, pinned=pinned, run=run
    )
