"""Where a text may be cut: never inside what a reader takes for one character."""

import re
from collections.abc import Iterator
from unicodedata import category

_ZWJ = "\u200d"
# Characters that cling to the one before: marks, joiners, selectors, skin tones, tag characters, Hangul
# vowels and finals (UAX 29, without the tables: close enough to cut header words and names for display).
_MAYBE_CLINGS = re.compile(r"[^\x00-\u02ff\u2e80-\u3029\u3030-\u3098\u309b-\ua66e\uac00-\ud7af]")


def clusters(text: str) -> Iterator[str]:
    """Yield the characters of a text as a reader counts them; joined together they are the text."""
    if not _MAYBE_CLINGS.search(text):
        yield from text
        return
    start = 0
    flags = 0
    for position in range(1, len(text)):
        before, char = text[position - 1], text[position]
        flags = flags + 1 if _is_flag(before) else 0
        if before == _ZWJ or _clings(char) or (_is_flag(char) and flags % 2):
            continue
        yield text[start:position]
        start = position
    if text:
        yield text[start:]


def _clings(char: str) -> bool:
    return (
        char == _ZWJ
        or category(char) in ("Mn", "Mc", "Me")
        or "\U0001f3fb" <= char <= "\U0001f3ff"
        or "\U000e0020" <= char <= "\U000e007f"
        or "\u1160" <= char <= "\u11ff"
    )


def _is_flag(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"
