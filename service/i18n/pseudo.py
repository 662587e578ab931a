"""Pseudo-locales made of the source texts: what no catalog knows stands out, what is too narrow overflows.

`en-XA` has accents, brackets and four tenths more letters; `ar-XB` is English written from right to left.
Placeholders, tags, entities, link targets, code and mail tokens stay as they are.
"""

import re
from collections.abc import Callable, Mapping

OPENING, CLOSING = "⟦", "⟧"
"""Stand around every text of `en-XA`; no markup and no data of ours uses them."""

_KEPT = re.compile(
    r"`+[^`\n]+`+|%%|%\(\w+\)[sd]?|\{[^{}\n]*\}|</?[A-Za-z!][^<>]*>|&[#\w]+;"
    r"|\]\([^()\s]*\)|\b(?:https?://|mailto:)[^\s<>()]*"
)
_ACCENTS = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    "ÅƁÇÐÉƑĜĤÎĴĶĻṀÑÖÞɊŔŠŢÛṼŴẊÝŽåƀçðéƒĝĥîĵķļɱñöþɋŕšţûṽŵẋýž",
)
_MORE = 0.4
_FILLING = "ļöŕéɱ îþšûɱ ðöļöŕ šîţ åɱéţ "
_RIGHT_TO_LEFT, _END = "\u202e", "\u202c"
_EDGES = re.compile(r"(\s*)(.*?)(\s*)", re.DOTALL)


def accented(text: str) -> str:
    """`⟦Šåṽé ļö⟧` of `Save`: as readable as before, and four tenths longer."""
    before, inside, after = _edges(text)
    if not inside:
        return text
    prose = sum(len(part) for part in _KEPT.split(inside))
    more = max(2, round(prose * _MORE)) if prose else 0
    filling = (_FILLING * (more // len(_FILLING) + 1))[:more].rstrip()
    words = _outside(inside, lambda part: part.translate(_ACCENTS))
    return f"{before}{OPENING}{words}{' ' if filling else ''}{filling}{CLOSING}{after}"


def mirrored(text: str) -> str:
    """The text set from right to left, part by part, so that placeholders stay readable by programs."""
    before, inside, after = _edges(text)
    return f"{before}{_outside(inside, _turned)}{after}"


MAKERS: Mapping[str, Callable[[str], str]] = {"en-XA": accented, "ar-XB": mirrored}
"""What makes a text of each pseudo-locale."""


def _turned(part: str) -> str:
    before, inside, after = _edges(part)
    return f"{before}{_RIGHT_TO_LEFT}{inside}{_END}{after}" if inside else part


def _edges(text: str) -> tuple[str, str, str]:
    found = _EDGES.fullmatch(text)
    return (found[1], found[2], found[3]) if found else ("", text, "")


def _outside(text: str, change: Callable[[str], str]) -> str:
    """Change what is prose; each line by itself, since marks of direction end with their paragraph."""
    made: list[str] = []
    last = 0
    for kept in _KEPT.finditer(text):
        made += [_lines(text[last : kept.start()], change), kept[0]]
        last = kept.end()
    return "".join([*made, _lines(text[last:], change)])


def _lines(part: str, change: Callable[[str], str]) -> str:
    return "\n".join(change(line) for line in part.split("\n"))
