"""CO006: capitals where the language has none."""

import re
from collections.abc import Iterator

from service.facts.words import N_
from service.lint.pairs import Mark, Pair, advice
from service.lint.styles import language

_SMALL = re.compile(
    r"(?<=[^\W\d_.!?:;…»] )(?:Un|Une|De|Du|Des|La|Le|Les|À|Au|Aux|Et|Ou|Pour|Avec|Dans|Sur|Par|Sans"
    r"|Ce|Cette|Ces|Votre|Vos|Vous|Est|Sont|En|Mon|Ma|Mes)\b(?= [^\W\d_])"
)
_INSIDE = re.compile(" [A-ZÀ]")
_NO_LABEL = re.compile(r"[\ufffc.:!?«“\"\n,;/()]")
_WORD = re.compile(r"[^\W\d_][\w’'-]*")
_UPPER = re.compile(r"\b[^\W\d_]{6,}\b|\b[^\W\d_]{2,}(?: [^\W\d_]{2,})+\b")
_CAPITALS = re.compile(r"[^\W\d_a-zß-ÿ][^\W\d_a-zß-ÿ]")
_NO_CASE = frozenset({"ja", "zh", "ko", "ar", "he", "fa", "th", "hi", "ka"})
_ENOUGH = 3

TITLE = N_("Only the first word of a label and names have a capital.")
UPPER = N_("“%(found)s” is in capitals, and the source text is not.")


def check(pair: Pair) -> Iterator[Mark]:
    """CO006: titles in the English manner in French; words in capitals that are not so in the source text."""
    code = language(pair.locale)
    plain, source = pair.target.plain, pair.source.plain
    if code in _NO_CASE or not source:
        return
    if code == "fr" and (at := _title(plain, source)) is not None:
        yield advice("CO006", TITLE, at)
    if not _CAPITALS.search(plain) or any(word.isupper() for word in source.split() if len(word) > 1):
        return
    for found in _UPPER.finditer(plain):
        if found[0].isupper():
            yield advice("CO006", UPPER, found.start(), found=found[0])


def _title(plain: str, source: str) -> int | None:
    """Where a capital stands inside a text: on a small word, or on all its words but the small ones."""
    found = _SMALL.search(plain) if _INSIDE.search(plain) else None
    if found and found[0] not in source:
        return found.start()
    if _NO_LABEL.search(plain):
        return None
    long = [word for word in _WORD.finditer(plain) if len(word[0]) > _ENOUGH]
    if len(long) < _ENOUGH or not all(word[0][0].isupper() and not word[0].isupper() for word in long):
        return None
    odd = [word for word in long[1:] if word[0] not in source]
    return odd[0].start() if len(odd) * 2 > len(long) - 1 else None
