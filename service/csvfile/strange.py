"""Rows that read as if they were in another encoding than the rest: told where hardly anything else fits.

What people paste is mostly UTF-8, into a file of an older encoding, or such text that was read wrongly before
it came into a file of UTF-8. Bytes of an older encoding are hardly ever UTF-8 by chance, and then read worse.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from itertools import chain

from service.csvfile.encoding import FAMILIES
from service.csvfile.rows import Row, Stretch
from service.csvfile.sound import score
from service.csvfile.text import Piece
from service.facts.findings import Finding, Severity
from service.facts.words import N_

# Natural logarithm of the odds; tried on clean text in tests/csvfile/test_strange.py.
_CERTAIN = 12.0
_SHOWN = 60
_UNICODE = ("utf-8", "utf-16-le", "utf-16-be")
# Through which an older program may have read UTF-8 that stands in a file of UTF-8 now.
_BEFORE = ("cp1252", "cp932")
_LEADS = range(0xC2, 0xF0)
_OF_THREE = range(0xE2, 0xEA)
_FOLLOWING = range(0x80, 0xC0)
_STRANGE = N_("This text may be in another encoding than the rest of the file. Check it: %(text)s")


class Watch:
    """Watches a file go by: once its text holds a sign that something is wrong, each row is looked at."""

    def __init__(self, encoding: str) -> None:
        self._through = _BEFORE if encoding in _UNICODE else (encoding,)
        self._signs = [sign for sign in map(_sign, self._through) if sign is not None]
        self._noticed = False

    def pieces(self, pieces: Iterable[Piece]) -> Iterator[Piece]:
        """The pieces of the text as they are."""
        for piece in pieces:
            if not self._noticed and not piece.text.isascii():
                self._noticed = any(sign.search(piece.text) for sign in self._signs)
            yield piece

    def parts(self, parts: Iterable[Stretch | Row]) -> Iterator[Stretch | Row]:
        """The rows, with a warning where one reads as another encoding."""
        for part in parts:
            if not self._noticed:
                yield part
            elif isinstance(part, Row):
                yield self._looked_at(part)
            elif any(map(self._is_strange, set(chain.from_iterable(part.columns)))):
                yield from map(self._looked_at, part.rows())
            else:
                yield part

    def _looked_at(self, row: Row) -> Row:
        found = () if row.findings else tuple(self._findings(row))
        return row._replace(findings=found) if found else row

    def _is_strange(self, cell: str) -> bool:
        return not cell.isascii() and any(is_strange(cell, codec) for codec in self._through)

    def _findings(self, row: Row) -> Iterator[Finding]:
        for index, cell in enumerate(row.cells, 1):
            if self._is_strange(cell):
                shown = cell if len(cell) <= _SHOWN else f"{cell[:_SHOWN]}…"
                yield Finding(
                    "row-other-encoding", Severity.WARNING, _STRANGE, {"text": shown}, row.line, index
                )


@lru_cache(maxsize=1024)
def is_strange(cell: str, codec: str) -> bool:
    """Whether the bytes of a cell in a codec are UTF-8 that reads far better."""
    try:
        meant = cell.encode(codec).decode("utf-8")
    except UnicodeError:
        return False
    if meant.isascii() or any(char < " " for char in meant):
        return False
    return score(meant, "any") - score(cell, FAMILIES.get(codec, "any")) > _CERTAIN


@cache
def _sign(codec: str) -> re.Pattern[str] | None:
    """What the first bytes of a character of UTF-8 look like in an encoding; None where they are none."""
    following = _chars(codec, (bytes((byte,)) for byte in _FOLLOWING))
    leads = _chars(codec, (bytes((lead,)) for lead in _LEADS))
    pairs = _chars(codec, (bytes((lead, byte)) for lead in _OF_THREE for byte in _FOLLOWING))
    if _chars(codec, [b"\xe3"]):
        return re.compile(f"[{leads}][{following}]")
    # Two bytes are one character there: the first two of three.
    return re.compile(f"[{pairs}]") if pairs else None


def _chars(codec: str, sequences: Iterable[bytes]) -> str:
    found = []
    for sequence in sequences:
        try:
            found.append(re.escape(sequence.decode(codec)))
        except UnicodeDecodeError:
            continue
    return "".join(char for char in found if len(char.lstrip("\\")) == 1)
