"""Rows in batches of one size, in columns: what becomes of most cells is the same for all of a column."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from service.csvfile.rows import Row, Stretch


class Batch:
    """Rows one behind the other: a line for each, and the columns that the header has.

    Rows with something to remark are in `remarked` by their index; what is in the columns for them is blank.
    """

    def __init__(self, parts: Iterable[Stretch | Row], width: int) -> None:
        self.first = 0
        self.lines: list[int] = []
        self.columns: list[list[str]] = [[] for _ in range(width)]
        self.remarked: dict[int, Row] = {}
        for part in parts:
            self.first = self.first or part.number
            if isinstance(part, Row):
                self._add(part)
            else:
                self.lines += range(part.line, part.line + len(part))
                for column, cells in zip(self.columns, part.columns, strict=True):
                    column.extend(cells)

    def _add(self, row: Row) -> None:
        if row.findings:
            self.remarked[len(self)] = row
        self.lines.append(row.line)
        # A row may have blank cells behind those of the header.
        cells = [""] * len(self.columns) if row.findings else row.cells
        for column, cell in zip(self.columns, cells, strict=False):
            column.append(cell)

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def numbers(self) -> Sequence[int]:
        """Those of the rows."""
        return range(self.first, self.first + len(self))

    def row(self, index: int) -> Row:
        """One of the rows."""
        if index in self.remarked:
            return self.remarked[index]
        return Row(self.first + index, self.lines[index], [column[index] for column in self.columns])


def of(parts: Iterable[Stretch | Row], most: int, *, width: int) -> Iterator[Batch]:
    """Batches of `most` rows, the last of fewer; the parts follow each other without a gap."""
    for _, group in groupby(_cut(parts, most), key=lambda one: one[0]):
        yield Batch((part for _, part in group), width)


def _cut(parts: Iterable[Stretch | Row], most: int) -> Iterator[tuple[int, Stretch | Row]]:
    """Each part with the place of its batch; what reaches into several is cut."""
    first: int | None = None
    for part in parts:
        first = part.number if first is None else first
        place = (part.number - first) // most
        if isinstance(part, Row):
            yield place, part
            continue
        for at in range(first + place * most, part.number + len(part), most):
            yield (at - first) // most, part.between(at, at + most - 1)
