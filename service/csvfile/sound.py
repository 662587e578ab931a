"""How a text reads: the odds that a reading of some bytes is the text somebody wrote."""

import re
from collections import Counter
from itertools import pairwise

from service.csvfile import headers
from service.csvfile.letters import weight

_HAN = "\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff\uff61-\uff9f"
_HAN_IN_WORD = re.compile(f"(?<=[A-Za-z])[{_HAN}](?=[A-Za-z])")
_HAN_AFTER_WORD = re.compile(f"(?<=[a-z])[{_HAN}]")
_HAN_BEFORE_WORD = re.compile(f"[{_HAN}](?=[a-z])")
_SMALL_THEN_CAPITAL = re.compile("[a-zß-öø-ÿœ][À-ÖØ-ÞŒŠŽŸ]")
# œ stands before u, or where Greek words have it; a capital with an accent not inside a word.
_STRAY_LIGATURE = re.compile("œ(?![uien])|Œ(?![uUIEN])")
_CAPITAL_IN_WORD = re.compile("(?<![A-Za-z])[A-Z][À-ÖØ-ÞŒŠŽŸ][a-z]")
# A quotation mark that opens behind a letter, or closes before one.
_STRAY_QUOTE = re.compile("(?<=[A-Za-z])[‘“„‚]|[”](?=[A-Za-z])")
# Two or three bytes of a character of three or four in UTF-8, at the end.
_CUT_SHORT = re.compile("[\udce0-\udcf4][\udc80-\udcbf]{1,2}\\Z")
_RUN = re.compile("[^\x00-\x7f]{2,}")
# Atomic, so that a long run of signs is gone through once.
_SIGN_IN_WORD = re.compile(
    "(?<=[A-Za-z])(?>(?:(?![^\\w\\s])[^\x00-\x7f’‑·])*)[^\\w\\s\x00-\x7f’‑·][^\x00-\x7f’‑·]*+(?=[A-Za-z])"
)
_LONE_LETTER = re.compile("(?<![^\\W\\d_])[^\\W\\d_À-Åà-å\x00-\x7f](?![^\\W\\d_])")
# A small kana bends the kana before it; after anything else the bytes were never Japanese.
_STRAY_SMALL_KANA = re.compile("(?<![\u3041-\u30ff])[ぁぃぅぇぉっゃゅょゎァィゥェォャュョヮー]")
_SIGN_AFTER_WORD = re.compile("(?<=[A-Za-z])[•¸¨´¯¿¡¬×÷§¶†‡ƒ](?![A-Za-z])")
# An apostrophe inside a word that is neither an elision nor an English ending.
_STRAY_APOSTROPHE = re.compile(
    r"(?<!\b[ldjcnmstyo])(?<!qu)(?<=[a-z])’(?!(?:s|t|d|m|ll|re|ve)\b)(?=[a-z])", re.IGNORECASE
)
# Letters that no French word begins with: they part two vowels.
_FIRST_DIAERESIS = re.compile("(?<![^\\W\\d_])[ëïÿ]")
_FINE_RUN = re.compile(
    "[éÉ][eéèÉ]|«\u00a0|\u00a0»|\u00a0[–—€]|[–—]\u00a0|[œ]’|’[éÉèêàâîôœÉÈÊÀ]|[»”’…]{2}|[–—] ?[«“‘]"
)


def score(text: str, family: str) -> float:
    """Logarithm of how likely a text is in a family of languages, up to a constant of its bytes."""
    counts = Counter(text)
    total = sum(weight(char, family) * count for char, count in counts.items())
    if _CUT_SHORT.search(text):
        # The end of the file is missing, in the middle of a character: one fault, however many bytes.
        total += 40.0
    total += 25.0 * sum(1 for name in headers.cells(text) if not name.isascii() and headers.is_known(name))
    if family == "any":
        total -= 3.0 * len(_LONE_LETTER.findall(text))
    elif family == "latin":
        total -= 5.0 * len(_SMALL_THEN_CAPITAL.findall(text))
        total -= 6.0 * len(_SIGN_IN_WORD.findall(text))
        total -= 3.0 * len(_LONE_LETTER.findall(text)) + 4.0 * len(_FIRST_DIAERESIS.findall(text))
        total -= 4.0 * len(_STRAY_APOSTROPHE.findall(text)) + 4.0 * len(_SIGN_AFTER_WORD.findall(text))
        total -= 4.0 * (len(_STRAY_LIGATURE.findall(text)) + len(_CAPITAL_IN_WORD.findall(text)))
        total -= 4.0 * len(_STRAY_QUOTE.findall(text))
        total -= 3.0 * abs(counts["“"] - counts["”"])
        total -= sum(3.0 * _strange_neighbours(run) for run in _RUN.findall(text))
    else:
        total -= 6.0 * len(_HAN_IN_WORD.findall(text)) + 4.0 * len(_STRAY_SMALL_KANA.findall(text))
        total -= 2.5 * len(_HAN_AFTER_WORD.findall(text)) + 5.0 * len(_HAN_BEFORE_WORD.findall(text))
    return total


# By the character, lower than a text of rare characters alone.
_STRANGE = {"latin": -8.0}
_STRANGE_ELSEWHERE = -12.0
_ASCII = re.compile("[\x00-\x7f]+")


def is_plausible(text: str, family: str) -> bool:
    """Whether a text could be one at all; the best of bad readings is none."""
    foreign = _ASCII.sub("", text)
    plain = sum(weight(char, family) * count for char, count in Counter(text).items() if char < "\x80")
    least = _STRANGE.get(family, _STRANGE_ELSEWHERE) * len(foreign)
    return not foreign or score(text, family) - plain > least


def _strange_neighbours(run: str) -> int:
    return sum(1 for left, right in pairwise(run) if not _FINE_RUN.match(left + right))
