"""Finding words in texts of any script: the numbers a text is looked up by, and where its words stand."""

import re
from collections.abc import Iterable, Sequence
from zlib import crc32

from service.i18n.folding import CJK, fold, is_cjk, runs

# A word of an alphabet is found by its beginning, looked up by this many of its letters at most.
_LETTERS = 6
_HAN = re.compile(r"[㐀-鿿豈-﫿\U00020000-\U000323af]")
# Characters that are folded as one: what is written with the marks that follow it.
_CLUSTER = re.compile(r".[\u0300-\u036f\u3099\u309a\uff9e\uff9f]*", re.DOTALL)
_IN_WORD = rf"(?<![^\W{CJK}])"


def numbers_of(text: str) -> list[int]:
    """Return the numbers, each of 24 bits, under which a text is to be found, in ascending order.

    They stand for the pairs of characters of what is Chinese or Japanese, for each Han character, and for
    the beginnings of all other words. Two may by chance be the same: whoever finds a text by its numbers
    looks with `places` whether the words are there.
    """
    grams: set[str] = set()
    for run in runs(text):
        if is_cjk(run):
            grams.update(run[at : at + 2] for at in range(len(run) - 1))
            grams.update(_HAN.findall(run) if len(run) > 1 else run)
        else:
            grams.update(run[:length] for length in range(min(len(run), 2), min(len(run), _LETTERS) + 1))
    return _numbers(grams)


def numbers_for(words: Iterable[str]) -> list[int]:
    """Return the numbers that a text with these folded words has."""
    grams: set[str] = set()
    for word in words:
        if is_cjk(word) and len(word) > 1:
            grams.update(word[at : at + 2] for at in range(len(word) - 1))
        else:
            grams.add(word[:_LETTERS])
    return _numbers(grams)


def words_of(query: str) -> tuple[str, ...]:
    """Return the folded words that somebody looks for, each once."""
    return tuple(dict.fromkeys(runs(query)))


def _numbers(grams: Iterable[str]) -> list[int]:
    return sorted({crc32(gram.encode()) & 0xFFFFFF for gram in grams})


def places(text: str, words: Sequence[str]) -> list[tuple[int, int]]:
    """Return where the folded words stand in a text, from and to, in order and without overlaps.

    Nothing is returned unless all of them are there: those of an alphabet at the beginning of a word.
    """
    patterns = [re.escape(word) if is_cjk(word) else _IN_WORD + re.escape(word) for word in words]
    whole = fold(text)
    if not patterns or not all(re.search(pattern, whole) for pattern in patterns):
        return []
    folded, origin = _aligned(text)
    found = [match.span() for match in re.finditer("|".join(patterns), folded)]
    # Where characters of different pieces are folded as one, the text is found and its words are not.
    return [(origin[start][0], origin[end - 1][1]) for start, end in found] or [(0, 0)]


def _aligned(text: str) -> tuple[str, list[tuple[int, int]]]:
    """Return the text folded piece by piece, and from where to where in the text each character came."""
    pieces: list[str] = []
    origin: list[tuple[int, int]] = []
    for cluster in _CLUSTER.finditer(text):
        piece = fold(cluster.group())
        pieces.append(piece)
        origin += [cluster.span()] * len(piece)
    return "".join(pieces), origin
