"""Rows of a file about people who are new, in columns: judged, packed and read back many at a time."""

import zlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any, NamedTuple

from service.domain.import_states import FIELDS

# What a row may say of somebody new, beside the address that people are told apart by and the group's id.
TEXTS = (*FIELDS, "email")
_COLUMNS = ("identity", "group", "assumed", *TEXTS)
# Signs made to part columns and cells: no text that is imported has one.
_COLUMN_END, _CELL_END = "\x1d", "\x1e"
# Higher levels take up to twice the time and leave hardly less.
_LEVEL = 1


class Somebody(NamedTuple):
    """One of these rows; `changes` are as `domain.import_states` describes them."""

    number: int
    line: int
    identity: str
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True)
class People:
    """Rows in the order of the file, a column for each thing said; one that is blank in all rows is left out.

    `identity` is always there: the address that tells people apart. `group` holds ids, `assumed` something
    where the language is not of the row but the import's own.
    """

    numbers: Sequence[int]
    lines: Sequence[int]
    columns: Mapping[str, Sequence[str]]

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def identities(self) -> Sequence[str]:
        """The addresses that tell them apart."""
        return self.columns.get("identity", ())

    def where(self, chosen: Sequence[bool]) -> "People":
        """Those rows for which it is true."""
        if all(chosen):
            return self
        columns = {name: list(compress(column, chosen)) for name, column in self.columns.items()}
        return People(list(compress(self.numbers, chosen)), list(compress(self.lines, chosen)), columns)

    def parted(self, most: int) -> "list[People]":
        """The same rows in turns of so many numbers, the first of which begins with 1; none is empty."""
        found, start = [], 0
        while start < len(self):
            turn = (self.numbers[start] - 1) // most
            stop = bisect_right(self.numbers, (turn + 1) * most)
            columns = {name: column[start:stop] for name, column in self.columns.items()}
            found.append(People(self.numbers[start:stop], self.lines[start:stop], columns))
            start = stop
        return found

    def assuming(self, language: str | None) -> "People":
        """The same rows, with a language for those that name none."""
        said = self.columns.get("language") or [""] * len(self)
        if language is None or all(said):
            return self
        filled = {
            "language": [one or language for one in said],
            "assumed": ["" if one else "1" for one in said],
        }
        return People(self.numbers, self.lines, {**self.columns, **filled})

    def rows(self) -> Iterator[Somebody]:
        """One row after the other, as it is planned."""
        names = [name for name in TEXTS if name in self.columns]
        blank = [""] * len(self)
        groups, assumed = self.columns.get("group") or blank, self.columns.get("assumed") or blank
        columns = [self.columns[name] for name in names]
        for number, line, identity, group, is_assumed, *texts in zip(
            self.numbers, self.lines, self.identities, groups, assumed, *columns, strict=True
        ):
            fields = {name: text for name, text in zip(names, texts, strict=True) if text}
            changes: dict[str, Any] = {"new": "partner", "fields": fields}
            if is_assumed:
                changes["assumed"] = True
            if group:
                changes["group"] = int(group)
            yield Somebody(number, line, identity, changes)

    def packed(self) -> bytes:
        """All of it as it is stored."""
        said = self.columns
        if said.get("identity") == said.get("email"):
            said = {name: column for name, column in said.items() if name != "identity"}
        columns = (_CELL_END.join(said.get(name, ())) for name in _COLUMNS)
        text = _COLUMN_END.join((_text_of(self.numbers), _text_of(self.lines), *columns))
        return zlib.compress(text.encode(), _LEVEL)


def unpacked(data: bytes) -> People:
    """What was packed."""
    numbers, lines, *columns = zlib.decompress(data).decode().split(_COLUMN_END)
    cells = {name: column.split(_CELL_END) for name, column in zip(_COLUMNS, columns, strict=True) if column}
    if "identity" not in cells:
        # Most addresses are written the way in which they are compared.
        cells["identity"] = cells["email"]
    count = len(cells["identity"])
    return People(_numbers_in(numbers, count), _numbers_in(lines, count), cells)


def _text_of(numbers: Sequence[int]) -> str:
    """Numbers that rise; where each is the next one, the first of them says all."""
    if not numbers or numbers[-1] - numbers[0] == len(numbers) - 1:
        numbers = numbers[:1]
    return _CELL_END.join(map(str, numbers))


def _numbers_in(text: str, count: int) -> Sequence[int]:
    numbers = list(map(int, text.split(_CELL_END)))
    return numbers if len(numbers) == count else range(numbers[0], numbers[0] + count)


def of_columns(numbers: Iterable[int], lines: Iterable[int], columns: Mapping[str, Sequence[str]]) -> People:
    """People from columns of all rows; those in which nobody says anything are left out."""
    return People(list(numbers), list(lines), {name: cells for name, cells in columns.items() if any(cells)})
