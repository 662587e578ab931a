"""Rule on numbers (NU001): a translation says the numbers of its source."""

import re
from collections import Counter
from collections.abc import Iterator

from service.facts.words import N_
from service.lint.pairs import Mark, Pair, warning

_DIGIT = re.compile(r"\d")
_NUMBER = re.compile(r"\d{1,3}(?:[ \u00a0\u202f’'.,]\d{3})+(?!\d)|\d+(?:[.,]\d+)*")
_MYRIADS = {"千": 3, "万": 4, "萬": 4, "億": 8, "亿": 8}
_WORDS = re.compile(r"\d\s*(?:thousand|million|billion|trillion|[kMG]\b)|\b(?:am|pm|a\.m\.|p\.m\.)", re.I)
OTHER = N_("The source text has the number %(wanted)s, the translation %(found)s.")
MISSING = N_("The number %(wanted)s of the source text is missing.")


def check(pair: Pair) -> Iterator[Mark]:
    """NU001: numbers of two digits and more, and any where both texts have as many but not the same.

    Smaller ones are often words in one of the languages.
    """
    source, target = pair.source.plain, pair.target.plain
    if not _DIGIT.search(source) or _WORDS.search(source):
        return
    found = [(_value(match, target), match) for match in _NUMBER.finditer(target)]
    wanted = [(_value(match, source), match) for match in _NUMBER.finditer(source)]
    left = Counter(value for value, _ in wanted) - Counter(value for value, _ in found)
    spare = Counter(value for value, _ in found) - Counter(value for value, _ in wanted)
    if not left and not spare:
        return
    known = {_value(match, one.plain) for one in pair.sources for match in _NUMBER.finditer(one.plain)}
    missing = [match[0] for value, match in wanted if value in left]
    added = [match for value, match in found if value in spare and value not in known]
    if added and missing and (len(found) == len(wanted) or len(missing[0]) > 1):
        yield warning("NU001", OTHER, added[0].start(), wanted=missing[0], found=added[0][0])
    elif (text := next((text for text in missing if len(text) > 1), None)) is not None:
        yield warning("NU001", MISSING, 0, wanted=text)


def _value(match: re.Match[str], text: str) -> str:
    """The digits of a number as ASCII, without separators; 10万 is 100000."""
    digits = "".join(str(int(sign)) for sign in match[0] if sign.isdecimal())
    zeros = _MYRIADS.get(text[match.end() : match.end() + 1], 0)
    return (digits.lstrip("0") or "0") + "0" * zeros
