"""Rules on plural forms (PL001 to PL005): as many as the language has, each right for its counts."""

import re
from collections.abc import Iterator
from functools import lru_cache

from service.facts.findings import Severity
from service.facts.words import N_
from service.i18n import po
from service.i18n.locales import Locale
from service.lint.directives import Form, directives
from service.lint.pairs import Mark, warning
from service.lint.plurals import counts_of
from service.lint.tokenizer import Kind, Masked, mask

NUM = "num"
_COUNTS = frozenset(
    {"num", "count", "n", "number", "counter", "total", "nb", "amount", "quantity", "items_count", "length"}
)
_ALIKE = re.compile(
    r"(?:\)[sd]|%[sd]|\})\s+(?:[^\W\d_]+\s+)?(?:mois|accès|avis|cours|choix|fois|prix|pays|progrès|succès|envois?|relais|temps|corps|bras|cas|dos"
    r"|voix|noix|croix|tas|bas|repas|refus|retours?|délais?|processus|virus|bus|colis|devis|min|ko|Mo|Go)\b"
)
"""French nouns with one form for both numbers, as far as they occur with counts."""
_UNINFLECTED = frozenset(
    {"tr", "hu", "ka", "az", "fa", "kk", "ky", "uz", "tt", "tk", "ckb", "eu", "hy", "mn", "ug", "bn"}
    | {"ja", "zh", "zh_Hant", "ko", "vi", "th", "id", "ms"}
)
"""Languages in which a noun after a number is usually singular."""
_NUMBER = re.compile(r"(?<![\w.,])\d+(?![\w.,])")
_ONE = {
    "fr": re.compile(r"\b(?:une?|unique|seule?)\b", re.IGNORECASE),
    "es": re.compile(r"\buna?\b", re.IGNORECASE),
    "it": re.compile(r"\b(?:un|una|uno)\b|\bun[’']", re.IGNORECASE),
    "pt": re.compile(r"\buma?\b", re.IGNORECASE),
    "en": re.compile(r"\b(?:one|an?)\b", re.IGNORECASE),
}
_OFTEN_ALIKE = frozenset({"da", "is", "nb", "nn", "no", "sv"})
"""Languages in which many nouns have one form for both numbers."""
_NAMED_NOUN = re.compile(r"(?:\)[sd]|%[sd]|\})\s*(?:%\(|%[sd]|\{)")
_LETTERS = re.compile(r"[^\W\d_]{3}")
WRONG_COUNT = N_("This message needs %(expected)s plural forms and has %(found)s.")
EMPTY = N_("The plural form %(form)s is empty.")
ALIKE = N_("All plural forms are the same.")
NO_COUNT = N_("The count %(name)s is missing.")
SERVES = N_("This form serves %(first)s and %(second)s: it must show the count %(name)s.")


@lru_cache(maxsize=4096)
def _names(plural: str) -> frozenset[str]:
    percent = [one for one in directives(plural, formatted=True) if one.form is not Form.BARE]
    braces = [token.name for token in mask(plural).of(Kind.BRACE) if token.name]
    named = {one.name for one in percent if one.name} | set(braces)
    known = named & _COUNTS
    if known:
        return frozenset(known)
    if numeric := {one.name for one in percent if one.name and one.conversion in "diu"}:
        return frozenset(numeric)
    return frozenset(named) if len(named) == 1 else frozenset()


def count_names(entry: po.Entry) -> frozenset[str]:
    """The placeholders that show the count of a message with a plural."""
    return _names(entry.plural) if entry.plural is not None else frozenset()


def may_omit_count(entry: po.Entry, locale: Locale, form: int) -> bool:
    """Whether a form serves one count only, so that it may say it in words."""
    return len(counts_of(locale, form)) == 1


def check(entry: po.Entry, locale: Locale) -> Iterator[Mark]:
    """PL001 to PL005 on a whole entry."""
    if entry.plural is None or not any(entry.strings):
        return
    if len(entry.strings) != locale.plural_count:
        form = min(len(entry.strings), locale.plural_count + 1) - 1
        yield Mark("PL001", Severity.ERROR, WRONG_COUNT,
                   {"expected": locale.plural_count, "found": len(entry.strings)}, 0, form)  # fmt: skip
        return
    for form, string in enumerate(entry.strings):
        if not string:
            yield Mark("PL002", Severity.ERROR, EMPTY, {"form": str(form)}, 0, form)
    if not all(entry.strings) or entry.fuzzy:
        return
    yield from _alike(entry, locale)
    yield from _uncounted(entry, locale)


def _alike(entry: po.Entry, locale: Locale) -> Iterator[Mark]:
    """PL003, where nouns change with their number and the source's did."""
    if len(set(entry.strings)) > 1 or locale.plural_count == 1 or entry.id == entry.plural:
        return
    text = entry.strings[0]
    if locale.code in _UNINFLECTED | _OFTEN_ALIKE or not _LETTERS.search(mask(text).plain):
        return
    if _NAMED_NOUN.search(text):  # the noun is a value
        return
    if not (locale.code == "fr" and _ALIKE.search(text)):
        yield warning("PL003", ALIKE, 0)


def _uncounted(entry: po.Entry, locale: Locale) -> Iterator[Mark]:
    """PL004, PL005: the count is left out of a form that needs it."""
    assert entry.plural is not None
    shown = _count(entry.plural)
    if shown is None:
        return
    in_singular = _count(entry.id) is not None
    for form, string in enumerate(entry.strings):
        if _shows(string, entry.plural):
            continue
        if locale.plural_count == 1:
            yield warning("PL005", NO_COUNT, 0, name=shown)
            continue
        served = counts_of(locale, form)
        hard = _hard(mask(string), mask(entry.id), locale)
        if len(served) > 1 and (hard is not None or in_singular or form > 0):
            values = {"first": served[0], "second": served[1], "name": shown}
            yield Mark("PL004", Severity.ERROR, SERVES, values, hard or 0, form)


def _count(text: str) -> str | None:
    """The placeholder of the count as a text writes it."""
    names = _names(text)
    for one in directives(text, formatted=True):
        if one.name in names and one.name:
            return one.text
    for token in mask(text).of(Kind.BRACE):
        if token.name in names:
            return token.text
    unnamed = [one for one in directives(text, formatted=False) if one.form is Form.UNNAMED]
    return unnamed[0].text if len(unnamed) == 1 and unnamed[0].conversion in "diu" else None


def _shows(string: str, plural: str) -> bool:
    names = _names(plural)
    if any(one.name in names or one.form is Form.UNNAMED for one in directives(string, formatted=True)
           if one.form is not Form.BARE):  # fmt: skip
        return True
    return "{" in string and any(token.name in names for token in mask(string).of(Kind.BRACE))


def _hard(string: Masked, source: Masked, locale: Locale) -> int | None:
    """Where a digit or a word for one stands instead of the count."""
    if (digit := _NUMBER.search(string.plain)) is not None:
        return digit.start()
    one = _ONE.get(locale.code)
    word = one.search(string.plain) if one else None
    return word.start() if word else None
