"""Finding for a new source text the old one it came from: the same but for typography, or much like it."""

import re
from collections import Counter
from collections.abc import Iterable

from service.i18n import po

_SAME = str.maketrans(
    dict.fromkeys("‘’‚‛ʼ＇`´", "'")
    | dict.fromkeys("“”„‟«»＂", '"')
    | dict.fromkeys("‐‑‒–—―−", "-")
    | {"…": "..."}
)
_WORD = re.compile(r"\w+")
_COMMON = 300
"""Texts that share a word with more others than these are not looked for by that word."""
_LOOKED_AT = 12
_LIKE = 0.6
"""The share of letter pairs that two texts must have in common (Dice's coefficient)."""


def plain(text: str) -> str:
    """A text without its typography: quotes, dashes, ellipses and spaces in their simplest forms."""
    return " ".join(re.sub(r"\s*-\s*-\s*|\s+-\s+", " - ", text.translate(_SAME)).split())


class Near:
    """Entries with translations, to be found by a source text like theirs."""

    def __init__(self, entries: Iterable[po.Entry]) -> None:
        self._entries = tuple(entries)
        self._by_word: dict[str, list[int]] = {}
        for number, entry in enumerate(self._entries):
            for word in _words(entry.id):
                self._by_word.setdefault(word, []).append(number)
        self._pairs: dict[int, Counter[str]] = {}

    def find(self, text: str) -> po.Entry | None:
        """The entry most like a text, None where none is like it."""
        shared: Counter[int] = Counter()
        for word in _words(text):
            numbers = self._by_word.get(word, ())
            if len(numbers) <= _COMMON:
                # A rare word says more than one that many texts have.
                for number in numbers:
                    shared[number] += 1000 // len(numbers)
        pairs = _pairs(text)
        best, found = _LIKE, None
        for number, _ in shared.most_common(_LOOKED_AT):
            likeness = _likeness(pairs, self._pairs_of(number))
            if likeness > best:
                best, found = likeness, self._entries[number]
        return found

    def _pairs_of(self, number: int) -> Counter[str]:
        known = self._pairs.get(number)
        if known is None:
            known = self._pairs[number] = _pairs(self._entries[number].id)
        return known


def _words(text: str) -> frozenset[str]:
    """Words; of scripts that do not part them, pairs of letters."""
    found: set[str] = set()
    for word in _WORD.findall(text.casefold()):
        if word.isascii() or len(word) < 3:
            found.add(word)
        else:
            found.update(word[at : at + 2] for at in range(len(word) - 1))
    return frozenset(found)


def _pairs(text: str) -> Counter[str]:
    folded = text.casefold()
    return Counter(folded[at : at + 2] for at in range(len(folded) - 1))


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    whole = one.total() + other.total()
    return 2 * (one & other).total() / whole if whole else 0.0
