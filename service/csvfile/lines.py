"""The physical lines of a text in pieces: numbered, with the places of bad bytes, and with a way back."""

from collections import deque
from collections.abc import Iterable
from io import StringIO
from typing import NamedTuple

from service.csvfile.text import Piece


class Line(NamedTuple):
    """A line that was read ahead: its text, the offset of its first bad byte, whether it was left out."""

    text: str
    offset: int | None
    too_long: bool


class Lines:
    """Physical lines with their numbers, the offsets of bad bytes, and the possibility to go back."""

    def __init__(self, pieces: Iterable[Piece], number: int) -> None:
        self._pieces = iter(pieces)
        # Of the piece opened last: all of it, and once lines are read of it, those that are left.
        self._whole = ""
        self._text = StringIO()
        self._size = 0
        self._left_out = False
        self._again: deque[Line] = deque()
        self._bad: dict[int, int] = {}
        self._index = 0
        self._suspicious = False
        # The number of the line given last, and how many characters were given, counted once.
        self.number = number - 1
        self.seen = 0
        self.offset: int | None = None
        self.too_long = False

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> str:
        if self._again:
            line, self.offset, self.too_long = self._again.popleft()
        else:
            while not (line := self._text.readline()):
                if self._left_out:
                    self._left_out = False
                    self.number += 1
                    self.too_long, self.offset = True, None
                    return ""
                if not self._whole and not self._open():
                    raise StopIteration
                self._begin()
            self.offset = self._bad.get(self._index) if self._bad else None
            self._index += 1
            self.seen += len(line)
        self.number += 1
        return line

    def _open(self) -> bool:
        piece = next(self._pieces, None)
        if piece is None:
            return False
        self._whole, self._bad, self._index = piece.text, piece.bad, 0
        self._left_out = piece.too_long
        self._suspicious = bool(piece.bad) or any(sign in piece.text for sign in "\0\x1a\ufeff")
        return True

    def _begin(self) -> None:
        """Have what was opened read line by line."""
        self._text, self._size, self._whole = StringIO(self._whole, newline=""), len(self._whole), ""

    def whole(self) -> str:
        """The next piece, of which nothing was read, where none of it has a bad byte or an odd character.

        Who takes it tells `passed_whole`; else it is there for the other ways.
        """
        if self._again or self._text.tell() < self._size:
            return ""
        if not self._whole:
            self._open()
        return "" if self._suspicious else self._whole

    def passed_whole(self, lines: int) -> None:
        """Count what was read from `whole`."""
        self.passed(lines, len(self._whole))
        self._whole = ""

    def clean(self) -> StringIO | None:
        """The lines that follow up to the end of a piece, where none has a bad byte or an odd character.

        Who reads from it tells `passed` how much.
        """
        if self._again or self._suspicious:
            return None
        if self._whole:
            self._begin()
        return self._text

    def passed(self, lines: int, characters: int) -> None:
        """Count lines that were read from `clean`."""
        self.number += lines
        self.seen += characters

    def give_back(self, lines: list[Line]) -> None:
        """Read these lines again, in this order."""
        self._again.extendleft(reversed(lines))
        self.number -= len(lines)
