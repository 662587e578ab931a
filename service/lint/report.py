"""All rules over one catalog, each finding at the line and column of the characters it is about."""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from service.facts.findings import Finding
from service.i18n import glossary as glossaries
from service.i18n import po
from service.i18n.glossary import Glossary
from service.i18n.locales import SOURCE, Locale
from service.lint import (
    capitals,
    cjk,
    consistency,
    digits,
    fixes,
    headers,
    house,
    inline,
    length,
    links,
    markup,
    numbers,
    placeholders,
    plural_forms,
    recovery,
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
from service.lint.terms import NO_TERMS, Terms

_RULES: tuple[Rule, ...] = (
    syntax.check, placeholders.check, markup.check, links.check, inline.check, state.check, digits.check,
)  # fmt: skip
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
FileRule = Callable[[po.PoFile, Locale], Iterable[tuple[po.Entry, Mark]]]
_FILE_RULES: tuple[FileRule, ...] = (length.check, consistency.reused)
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
    except (tomllib.TOMLDecodeError, TypeError, AttributeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error


@dataclass(frozen=True, slots=True)
class Manner:
    """How a catalog is judged: by which terms and pinned choices, what may stay, and whether it is ours.

    `code` is the language that the path of a catalog of others names.
    """

    terms: Terms = NO_TERMS
    allowed: Sequence[Allowed] = ()
    pinned: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    ours: bool = True
    code: str | None = None


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
    """Everything wrong with the bytes of a catalog of ours, in the order of the file.

    A finding on a message carries its source text under the value `msgid`. Findings are left out where a
    comment of the message says `i18n-allow: RULE reason` (never those of SEC rules) or `allowed` lists them.
    """
    read = recovery.read(data)
    return judge(read, locale, Manner(Terms(glossary), allowed, pinned), path=path, run=run)


def judge(
    read: recovery.Reading,
    locale: Locale,
    manner: Manner,
    *,
    path: str | None = None,
    run: consistency.Run | None = None,
) -> tuple[Finding, ...]:
    """Everything wrong with a catalog as it was read, in the order of the file; `run` comes to know it."""
    found = list(read.findings)
    if read.file is not None:
        if run is not None:
            run.add(path, locale, read.file)
        if read.file.header_entry is not None or not read.findings:
            found += headers.check(read.file, locale, manner.code, ours=manner.ours)
        found += _whole_file(read.file, locale, manner)
        found += _messages(read.file, locale, manner)
    if not read.exact:
        found = [replace(one, fix=None) for one in found]
    found.sort(key=lambda finding: (finding.line, finding.column))
    return tuple(replace(one, path=path) for one in found)


def check_run(run: consistency.Run, allowed: Sequence[Allowed] = ()) -> tuple[Finding, ...]:
    """What is wrong between the catalogs of a run (CO001)."""
    return tuple(f for entry, locale, f in run.findings() if not _is_allowed(f, entry, locale, allowed))


def _whole_file(file: po.PoFile, locale: Locale, manner: Manner) -> Iterator[Finding]:
    yield from syntax.check_obsolete(file)
    yield from syntax.check_comments(file)
    for rule in _FILE_RULES:
        for entry, mark in rule(file, locale):
            if not _is_allowed(mark, entry, locale, manner.allowed):
                yield _finding(mark, entry, file)


def _messages(file: po.PoFile, locale: Locale, manner: Manner) -> Iterator[Finding]:
    own = _BY_LANGUAGE.get(styles.language(locale), _OTHER_LANGUAGES)
    labels = consistency.Labels(file, locale)
    rules: tuple[Rule, ...] = (*_RULES, manner.terms.check, *own, labels.check)
    style = house.learn(file, locale, manner.pinned)
    for entry in file.messages:
        for mark in _marks(entry, locale, rules, style, ours=manner.ours):
            if not _is_allowed(mark, entry, locale, manner.allowed):
                yield _finding(mark, entry, file)


def _marks(
    entry: po.Entry, locale: Locale, rules: Sequence[Rule], style: House, *, ours: bool
) -> Iterator[Mark]:
    yield from state.check_entry(entry, locale)
    if entry.plural is not None:
        yield from plural_forms.check(entry, locale)
    if entry.fuzzy:
        return
    for pair in pairs(entry, locale, style, ours=ours):
        is_source = locale.code == SOURCE and pair.target.text == pair.source.text
        marks = [mark for rule in (_SOURCE_RULES if is_source else rules) for mark in rule(pair)]
        if marks:
            yield from _once(marks, pair.form)


def _once(marks: Sequence[Mark], form: int) -> Iterator[Mark]:
    """The marks on a form, one of register only at a place: the glossary may ban what is no register here."""
    register: set[int] = set()
    for mark in marks:
        if mark.rule == "CO004":
            if mark.at in register:
                continue
            register.add(mark.at)
        yield mark if form == 0 else replace(mark, form=form)


def _finding(mark: Mark, entry: po.Entry, file: po.PoFile) -> Finding:
    line, column = file.place(entry, mark.form, mark.at)
    values = {**mark.values, "msgid": entry.id}
    fix = fixes.in_file(file, entry, mark.form, mark.fix) if mark.fix else None
    return Finding(mark.rule, mark.severity, mark.phrase, values, line, column, fix=fix)


def _is_allowed(mark: Mark | Finding, entry: po.Entry, locale: Locale, allowed: Sequence[Allowed]) -> bool:
    if any(
        one.rule == mark.rule and one.id in (None, entry.id) and one.locale in (None, locale.code)
        for one in allowed
    ):
        return True
    if mark.rule.startswith(_NEVER_BY_COMMENT):
        return False
    return any(mark.rule in _ALLOW.findall(comment) for comment in (*entry.comments, *entry.extracted))
