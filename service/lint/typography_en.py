"""English typography (EN001): quotation marks and apostrophes of one kind, one space between sentences."""

import re
from collections.abc import Iterator

from service.facts.findings import Fix
from service.facts.words import N_
from service.lint.pairs import Mark, Pair, advice

_STRAIGHT = re.compile(r'"[^"\n]{2,}"')
_CURLY = re.compile(r"“[^“”\n]{2,}”")
_APOSTROPHES = {
    "curly": re.compile(r"'(?<=[^\W\d_].)(?=[^\W\d_])"),
    "straight": re.compile(r"’(?<=[^\W\d_].)(?=[^\W\d_])"),
}
_DOUBLE = re.compile(r"(?<=[.!?\w,;:)])  +(?=\S)")
_SPACED = re.compile(r"(?<=[^\W\d_]) +(?=[,;?!](?:\s|$))")

QUOTES = N_("Quotation marks in this catalog are %(wanted)s.")
APOSTROPHE = N_("The apostrophe in this catalog is %(wanted)s.")
ONE_SPACE = N_("One space is enough.")
NO_SPACE = N_("No space stands before “%(mark)s”.")


def check(pair: Pair) -> Iterator[Mark]:
    plain, text = pair.target.plain, pair.target.text
    made = pair.house["quotes"]
    if made == "curly" and '"' in plain:
        for found in _STRAIGHT.finditer(plain):
            fix = Fix(*found.span(), f"“{text[found.start() + 1 : found.end() - 1]}”")
            yield advice("EN001", QUOTES, found.start(), fix=fix, wanted="“ ”")
    elif made == "straight" and "“" in plain:
        for found in _CURLY.finditer(plain):
            fix = Fix(*found.span(), f'"{text[found.start() + 1 : found.end() - 1]}"')
            yield advice("EN001", QUOTES, found.start(), fix=fix, wanted='" "')
    if (made := pair.house["apostrophe"]) is not None:
        wanted = "’" if made == "curly" else "'"
        for found in _APOSTROPHES[made].finditer(plain):
            yield advice("EN001", APOSTROPHE, found.start(), fix=Fix(*found.span(), wanted), wanted=wanted)
    if " " in plain:
        for found in _DOUBLE.finditer(plain):
            yield advice("EN001", ONE_SPACE, found.start(), fix=Fix(*found.span(), " "))
        for found in _SPACED.finditer(plain):
            yield advice(
                "EN001", NO_SPACE, found.start(), fix=Fix(*found.span(), ""), mark=plain[found.end()]
            )
