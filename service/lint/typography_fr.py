"""French typography (FR001 to FR006): spaces before high punctuation, quotes, apostrophes, numbers."""

import re
from collections.abc import Iterator

from service.facts.words import N_
from service.lint.pairs import Mark, Pair, warning
from service.lint.tokenizer import MASK

NARROW, WIDE = "\u202f", "\u00a0"
_SPACES = " \u00a0\u202f\u2009\t"
_HIGH = re.compile(rf"([{_SPACES}]*)([;!?:])(?=[\s*_)»”]|$)")
_OPENING = re.compile(rf"«([{_SPACES}]*)")
_CLOSING = re.compile(rf"([{_SPACES}]*)»")
_STRAIGHT = re.compile(r'"[^"\n]{2,}"')
_CURLY = re.compile(r"“[^“”\n]{2,}”")
_APOSTROPHE = re.compile(r"(?<=[^\W\d_])'(?=[^\W\d_])")
_UNIT = re.compile(
    r"(?<=\d)([ \u202f\u2009]?)(%|€|(?:[kKMGT]?o|octets?|px|ms|min|h|s)\b)|(?<=\d)([\s]?)([KMG]B)\b"
)
_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:([ ,.])\d{3})+(?![\d.,])")
_DOTS = re.compile(r"\.\.\.")
_BEFORE_ELLIPSIS = re.compile(rf"[{_SPACES}]+(?=…)")


def check(pair: Pair) -> Iterator[Mark]:
    plain = pair.target.plain
    yield from _high_punctuation(plain)
    yield from _quotes(pair)
    for found in _APOSTROPHE.finditer(plain):
        yield warning("FR003", N_("The apostrophe is ’ (U+2019)."), found.start())
    yield from _numbers(plain)
    for found in _DOTS.finditer(plain):
        yield warning("FR006", N_("The ellipsis is one character: …"), found.start())
    for found in _BEFORE_ELLIPSIS.finditer(plain):
        if found.start() > 0:
            yield warning("FR006", N_("No space stands before “…”."), found.start())


def _high_punctuation(plain: str) -> Iterator[Mark]:
    """FR001, but not in times, ratios, repeated marks, nor at the start of a text."""
    for found in _HIGH.finditer(plain):
        space, mark = found.groups()
        before = plain[found.start() - 1 : found.start()]
        if not before or before in "!?;:\n([" or (mark == ":" and not space and before == MASK):
            continue
        wanted = WIDE if mark == ":" else NARROW
        if space != wanted:
            name = "U+00A0" if mark == ":" else "U+202F"
            phrase = N_("A no-break space (%(code)s) stands before “%(mark)s”.")
            yield warning("FR001", phrase, found.start(2), code=name, mark=mark)


def _quotes(pair: Pair) -> Iterator[Mark]:
    """FR002."""
    plain = pair.target.plain
    phrase = N_("Inside « » stand no-break spaces (U+00A0).")
    for found in _OPENING.finditer(plain):
        if found[1] != WIDE:
            yield warning("FR002", phrase, found.start())
    for found in _CLOSING.finditer(plain):
        if found[1] != WIDE:
            yield warning("FR002", phrase, found.end() - 1)
    for found in (*_STRAIGHT.finditer(plain), *_CURLY.finditer(plain)):
        inner = plain.count("«", 0, found.start()) > plain.count("»", 0, found.start())
        if not (inner and found[0][0] == "“"):
            yield warning("FR002", N_("Quotation marks are « and », inside them “ and ”."), found.start())


def _numbers(plain: str) -> Iterator[Mark]:
    """FR004."""
    for found in _UNIT.finditer(plain):
        if found[4]:
            yield warning("FR004", N_("Sizes are written in ko, Mo and Go."), found.start(4))
        elif found[1] != "" or found[2] in "%€":
            yield warning("FR004", N_("A no-break space (U+00A0) stands before “%(unit)s”."), found.start(2),
                          unit=found[2])  # fmt: skip
    for found in _THOUSANDS.finditer(plain):
        if found[1] != ".":  # more often a version or an address
            yield warning(
                "FR004", N_("Thousands are set off by a narrow no-break space (U+202F)."), found.start()
            )
