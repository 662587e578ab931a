"""Rule on lengths (ST006): over what a message may have, or far outside what its language usually takes."""

import re
from collections.abc import Iterable, Iterator
from statistics import median

from service.facts.words import N_
from service.i18n import po
from service.i18n.locales import SOURCE, Locale
from service.lint.pairs import Mark, warning

_LIMIT = re.compile(r"max-length:\s*([0-9]{1,6})")
_SHORT, _ENOUGH = 24, 20
"""Texts of fewer characters vary too much, and fewer texts teach nothing."""
_BAND = 4.0
"""How many times more or less than its language's median a translation may be."""
OVER = N_("The translation has %(found)s characters; it may have %(limit)s.")
LONG = N_("The translation is unusually long: %(found)s characters for %(wanted)s of the source text.")
SHORT = N_("The translation is unusually short: %(found)s characters for %(wanted)s of the source text.")


def check(file: po.PoFile, locale: Locale) -> Iterator[tuple[po.Entry, Mark]]:
    """ST006."""
    translated = [entry for entry in file.messages if entry.strings and entry.translated]
    for entry in translated:
        if entry.flags:
            yield from ((entry, mark) for mark in _limited(entry))
    if locale.code == SOURCE:
        return
    texts = [(entry, entry.plural or entry.id, entry.strings[-1]) for entry in translated]
    long = [(entry, source, target) for entry, source, target in texts if len(source) >= _SHORT]
    if len(long) < _ENOUGH:
        return
    usual = median(len(target) / len(source) for _, source, target in long)
    for entry, source, target in long:
        ratio = len(target) / len(source) / usual
        if ratio > _BAND or ratio * _BAND < 1:
            yield (
                entry,
                warning("ST006", LONG if ratio > 1 else SHORT, 0, found=len(target), wanted=len(source)),
            )


def _limited(entry: po.Entry) -> Iterable[Mark]:
    for flag in entry.flags:
        if (limit := _LIMIT.fullmatch(flag)) is not None:
            for string in entry.strings:
                if len(string) > int(limit[1]):
                    at = int(limit[1])
                    yield warning("ST006", OVER, at, found=len(string), limit=at)
