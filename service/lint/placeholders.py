"""Rules on placeholders and plural forms (PH001 to PH007, PL001 to PL005)."""

import gettext
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache

from service.facts.findings import Severity
from service.facts.words import N_
from service.i18n import po
from service.i18n.locales import Locale
from service.lint.pairs import Mark, Pair, error, warning
from service.lint.tokenizer import Kind, Masked, Token, mask

NUM = "num"
_BARE = re.compile("%")
_ALIKE = re.compile(
    r"\b(?:mois|accès|avis|cours|choix|fois|prix|pays|progrès|succès|envois?|relais|temps|corps)\b"
)
"""French nouns with one form for both numbers, as far as they occur with counts."""


def check(pair: Pair) -> Iterator[Mark]:
    """PH001 to PH007 on one form."""
    yield from _named(pair)
    yield from _positional(pair)
    yield from _braces(pair)
    if "python-format" in pair.entry.flags:
        for bare in _BARE.finditer(pair.target.plain):
            yield error("PH007", N_("A percent sign is written “%%%%” in this message."), bare.start())


def _sources(entry: po.Entry) -> tuple[Masked, ...]:
    return tuple(mask(text) for text in (entry.id, entry.plural) if text is not None)


def _letter(token: Token) -> str:
    return token.text[-1] if not token.text.endswith(")") else ""


def _named(pair: Pair) -> Iterator[Mark]:
    sources = _sources(pair.entry)
    known = {token.name: token for source in sources for token in source.of(Kind.NAMED)}
    found = pair.target.of(Kind.NAMED)
    for token in found:
        if token.name not in known:
            yield error("PH001", N_("The placeholder “%(name)s” is not in the source text."), token.start,
                        name=token.text)  # fmt: skip
            continue
        yield from _converted(known[token.name], token)
    needed = {token.name for token in pair.source.of(Kind.NAMED)}
    if pair.entry.plural is not None:
        needed.discard(NUM)  # PL004 and PL005 judge it
    for name in sorted(needed - {token.name for token in found}):
        yield error("PH002", N_("The placeholder “%(name)s” of the source text is missing."), 0,
                    name=known[name].text)  # fmt: skip


def _converted(source: Token, target: Token) -> Iterator[Mark]:
    if _letter(source) == _letter(target):
        return
    phrase = N_("The placeholder is written “%(name)s”.")
    kind = warning if (_letter(source), _letter(target)) == ("d", "s") else error
    yield kind("PH003", phrase, target.start, name=source.text)


def _positional(pair: Pair) -> Iterator[Mark]:
    wanted = [token.text for token in pair.source.of(Kind.POSITIONAL) if token.text != "%%"]
    found = [token for token in pair.target.of(Kind.POSITIONAL) if token.text != "%%"]
    if [token.text for token in found] != wanted:
        at = found[0].start if found else 0
        yield error("PH004", N_("Unnamed placeholders must be the same, in the same order: %(wanted)s"), at,
                    wanted=" ".join(wanted) or "–")  # fmt: skip


def _braces(pair: Pair) -> Iterator[Mark]:
    wanted = Counter(_brace(token) for token in pair.source.of(Kind.BRACE))
    spare = wanted + Counter(_brace(t) for source in _sources(pair.entry) for t in source.of(Kind.BRACE))
    found = pair.target.of(Kind.BRACE)
    for token in found:
        if not spare[_brace(token)]:
            yield error(
                "PH005", N_("The token “%(name)s” is not in the source text."), token.start, name=token.text
            )
    for name in sorted(wanted.keys() - {_brace(token) for token in found}):
        yield error("PH005", N_("The token “%(name)s” of the source text is missing."), 0, name=name)


def _brace(token: Token) -> str:
    """A token as it must stay: its fallback text may be translated."""
    return f"{{{token.name}}}" if token.name or token.text == "{}" else token.text


@cache
def counts_of(locale: Locale, form: int) -> tuple[int, ...]:
    """Counts up to 1000 that a plural form serves."""
    rule = gettext.c2py(locale.plural_expression)
    return tuple(n for n in range(1001) if rule(n) == form)


def check_plurals(entry: po.Entry, locale: Locale) -> Iterator[Mark]:
    """PL001 to PL005 on a whole entry."""
    if entry.plural is None or not any(entry.strings):
        return
    if len(entry.strings) != locale.plural_count:
        yield error("PL001", N_("This message needs %(expected)s plural forms and has %(found)s."), 0,
                    expected=locale.plural_count, found=len(entry.strings))  # fmt: skip
        return
    for form, string in enumerate(entry.strings):
        if not string:
            yield error("PL002", N_("The plural form %(form)s is empty."), 0, form=str(form))
    if not all(entry.strings):
        return
    alike = len(set(entry.strings)) == 1 and locale.plural_count > 1 and entry.id != entry.plural
    if alike and not _ALIKE.search(entry.strings[0]):
        yield warning("PL003", N_("All plural forms are the same."), 0)
    if any(token.name == NUM for token in mask(entry.plural).of(Kind.NAMED)):
        yield from _uncounted(entry, locale)


def _uncounted(entry: po.Entry, locale: Locale) -> Iterator[Mark]:
    for form, string in enumerate(entry.strings):
        if any(token.name == NUM for token in mask(string).of(Kind.NAMED)):
            continue
        served = counts_of(locale, form)
        if locale.plural_count == 1:
            yield warning("PL005", N_("The count %(name)s is missing."), 0, name="%(num)s")
        elif len(served) > 1:
            phrase = N_("This form serves %(first)s and %(second)s: it must show the count %(name)s.")
            values = {"first": served[0], "second": served[1], "name": "%(num)s"}
            yield Mark("PL004", Severity.ERROR, phrase, values, 0, form)
