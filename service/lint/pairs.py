"""What the rules look at: one translated text beside its source; and what they answer: marks."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from service.facts.findings import Fix, Severity
from service.facts.words import Phrase
from service.i18n import po
from service.i18n.locales import Locale
from service.lint.house import NO_HOUSE, House
from service.lint.tokenizer import Masked, mask


class Pair(NamedTuple):
    """One form of an entry beside the source text it renders: the plural one but for the first of several.

    `ours` tells a catalog of the project from others, which are measured by what other programs allow.
    """

    locale: Locale
    entry: po.Entry
    form: int
    source: Masked
    target: Masked
    house: House = NO_HOUSE
    ours: bool = True

    @property
    def sources(self) -> tuple[Masked, ...]:
        """The source text, and the other one of a message with a plural."""
        if self.entry.plural is None:
            return (self.source,)
        return (mask(self.entry.id), mask(self.entry.plural))


@dataclass(frozen=True, slots=True)
class Mark:
    """Something a rule found, at a character of the translation.

    A `fix` counts in the translation too; `times` counts more of it thereafter.
    """

    rule: str
    severity: Severity
    phrase: Phrase
    values: Mapping[str, object] = field(default_factory=dict)
    at: int = 0
    form: int = 0
    fix: Fix | None = None
    times: int = 1


Rule = Callable[[Pair], Iterable[Mark]]


def pairs(entry: po.Entry, locale: Locale, house: House = NO_HOUSE, *, ours: bool = True) -> Iterator[Pair]:
    """The forms of an entry that have a text."""
    for form, string in enumerate(entry.strings):
        if string:
            source = (
                entry.id if entry.plural is None or (form == 0 and len(entry.strings) > 1) else entry.plural
            )
            yield Pair(locale, entry, form, mask(source), mask(string), house, ours)


def error(rule: str, phrase: Phrase, at: int = 0, *, fix: Fix | None = None, **values: object) -> Mark:
    return Mark(rule, Severity.ERROR, phrase, values, at, fix=fix)


def warning(rule: str, phrase: Phrase, at: int = 0, *, fix: Fix | None = None, **values: object) -> Mark:
    return Mark(rule, Severity.WARNING, phrase, values, at, fix=fix)


def advice(rule: str, phrase: Phrase, at: int = 0, *, fix: Fix | None = None, **values: object) -> Mark:
    return Mark(rule, Severity.ADVICE, phrase, values, at, fix=fix)
