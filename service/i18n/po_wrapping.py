"""How a catalog breaks its texts over lines, learned from the file, so that an edit looks like its hand.

Tools differ: gettext wraps at 79 columns and inside Japanese, Babel at 76 and at spaces only, others never.
Widths are columns: East Asian wide characters take two.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from service.i18n import po
from service.i18n.po_mistakes import ONE_STRING

_USUAL_WIDTH = 79
_WIDEST = 200
_WORD = re.compile(r"[^ \t]*[ \t]+|[^ \t]+")
_NEVER_FIRST = frozenset(
    ")]}!?,.:;/%、。，．・：；！？）」』】〕》〉”’ーァィゥェォッャュョぁぃぅぇぉっゃゅょ々…％"
)
_NEVER_LAST = frozenset("（「『【〔《〈“‘")


@dataclass(frozen=True, slots=True)
class Wrapping:
    """The habits of a file. `width` is None where long lines are left long.

    `splits` says whether a line ends behind every line break of the text, `hollow` whether a text of several
    lines starts with an empty one, `after` are the characters besides spaces at which lines were broken, and
    `in_wide` whether they were broken between East Asian characters.
    """

    newline: str = "\n"
    splits: bool = True
    hollow: bool = True
    width: int | None = None
    after: frozenset[str] = frozenset()
    in_wide: bool = False


def columns(text: str) -> int:
    """How many columns a text takes in a fixed-width font."""
    if text.isascii():
        return len(text)
    return sum(
        2 if unicodedata.east_asian_width(letter) in "WF" else not unicodedata.combining(letter)
        for letter in text
    )


def learn(file: po.PoFile) -> "Signs":
    """What the texts of a file show of its habits; its header says nothing."""
    header = file.header_entry
    return Signs(file.text, (entry for entry in file.entries if entry is not header))


def wrapping_of(file: po.PoFile, entry: po.Entry | None, every: "Signs") -> Wrapping:
    """The habits of a file with an entry, or the entry's own where it is there and shows one.

    Without any sign, texts are broken behind their own line breaks only.
    """
    own = Signs(file.text, (entry,) if entry else ())
    wraps = own.wraps if own.wraps is not None else bool(every.wraps)
    return Wrapping(
        newline(file.text, entry or file.entries[0]),
        _first(own.splits, every.splits),
        _first(own.hollow, every.hollow),
        every.width() if wraps else None,
        frozenset(letter for letter, count in every.ends.items() if count > 1 and columns(letter) == 1),
        any(columns(letter) == 2 for letter in every.ends) or not every.long_wide,
    )


def newline(text: str, entry: po.Entry) -> str:
    """The line ending of an entry, or of the file where the entry stands on one line."""
    start, end = entry.span
    found = text.find("\n", start, end)
    at = found if found >= 0 else text.find("\n")
    return "\r\n" if at > 0 and text[at - 1] == "\r" else "\n"


def write(text: str, prefix: int, indent: str, wrapping: Wrapping) -> str:
    """A text in quotation marks, on as many lines as the habits ask. `prefix` columns stand before it."""
    whole = f'"{po.escaped(text)}"'
    parted = wrapping.splits and "\n" in text[:-1]
    if not parted and (wrapping.width is None or prefix + columns(whole) <= wrapping.width):
        return whole
    parts = re.findall(r"[^\n]*\n|[^\n]+", text) if wrapping.splits else [text]
    lines = [f'"{line}"' for part in parts for line in _filled(part, columns(indent) + 2, wrapping)]
    if wrapping.hollow:
        lines.insert(0, '""')
    return (wrapping.newline + indent).join(lines)


def _filled(text: str, margin: int, wrapping: Wrapping) -> Iterator[str]:
    """Fill lines with as many unbreakable pieces as they hold, escaped; a longer piece has its own line."""
    if wrapping.width is None:
        yield po.escaped(text)
        return
    line, used = "", margin
    for piece in map(po.escaped, pieces(text, wrapping)):
        wide = columns(piece)
        if line and used + wide > wrapping.width:
            yield line
            line, used = "", margin
        line, used = line + piece, used + wide
    yield line


def pieces(text: str, wrapping: Wrapping) -> Iterator[str]:
    """Cut a text wherever its line may end: behind spaces, learned characters, between wide ones."""
    for word in _WORD.findall(text):
        start = 0
        for at in range(1, len(word)):
            before, here = word[at - 1], word[at]
            if here not in " \t\n" and _breakable(before, here, wrapping):
                yield word[start:at]
                start = at
        yield word[start:]


def _breakable(before: str, here: str, wrapping: Wrapping) -> bool:
    if before in wrapping.after:
        return True
    if here in _NEVER_FIRST or before in _NEVER_LAST:
        return False
    return wrapping.in_wide and (columns(before) == 2 or columns(here) == 2)


class Signs:
    """What the texts of entries show; None or empty where they show nothing."""

    def __init__(self, text: str, entries: Iterable[po.Entry]) -> None:
        self.ends: Counter[str] = Counter()
        self.long_wide = 0
        self._widths: Counter[int] = Counter()
        self._wrapped = self._long = self._split = self._kept = self._hollow = self._full = 0
        for entry in entries:
            for start, end in (entry.id_span, *entry.spans):
                self._look(text, start, end)

    @property
    def wraps(self) -> bool | None:
        return self._wrapped > self._long if self._wrapped or self._long else None

    @property
    def splits(self) -> bool | None:
        return self._split >= self._kept if self._split or self._kept else None

    @property
    def hollow(self) -> bool | None:
        return self._hollow >= self._full if self._hollow or self._full else None

    def width(self) -> int:
        """The width that explains most of the lines: each fits it, and with its next piece would not."""
        best, found, fitting = 0, [_USUAL_WIDTH], 0
        for width in range(_WIDEST):
            fitting += self._widths[width]
            if fitting > best:
                best, found = fitting, []
            if fitting == best and best:
                found.append(width)
        return min(found, key=lambda width: abs(width - _USUAL_WIDTH))

    def _look(self, text: str, start: int, end: int) -> None:
        margin = start - text.rfind("\n", 0, start) - 1
        if "\n" not in text[start:end]:
            self._look_at_one(text[start:end], margin)
            return
        strings = ONE_STRING.findall(text, start, end)
        if strings[0] == '""':
            self._hollow += 1
            strings = strings[1:]
            margin = 0
        else:
            self._full += 1
        for at, string in enumerate(strings):
            following = strings[at + 1] if at + 1 < len(strings) else None
            self._look_at_line(string, margin if at == 0 else 0, following)

    def _look_at_one(self, string: str, margin: int) -> None:
        if "\\n" in string[:-3] and _LINE_BREAK.search(string, 0, len(string) - 3):
            self._kept += 1
        if len(string) > _USUAL_WIDTH - margin + 2 and " " in string:
            self._long += 1
        elif len(string) * 2 > _USUAL_WIDTH - margin + 2 and not string.isascii():
            self.long_wide += columns(string) + margin > _USUAL_WIDTH + 1 and " " not in string

    def _look_at_line(self, string: str, margin: int, following: str | None) -> None:
        if _LINE_BREAK.search(string, 0, len(string) - 3):
            self._kept += 1
        if following is None or string == '""':
            return
        if string.endswith('\\n"'):
            self._split += 1
            return
        self._wrapped += 1
        end = string[-2]
        if not end.isspace() and (columns(end) == 2 or not end.isalnum()):
            self.ends[end] += 1
        wide = margin + columns(string)
        # One piece at least would follow: the shortest, a word, is a fair guess for all tools.
        ahead = _WORD.match(following, 1)
        self._widths[wide] += 1
        self._widths[min(wide + columns(ahead[0].rstrip('"')) if ahead else wide + 1, _WIDEST)] -= 1


_LINE_BREAK = re.compile(r"(?<!\\)(?:\\\\)*\\n")


def _first(own: bool | None, every: bool | None) -> bool:
    if own is not None:
        return own
    return True if every is None else every
