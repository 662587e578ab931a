"""What we read of a file before it is planned: the user's own first rows, and where other readings differ."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

from sqlalchemy.orm import Session

from service import csvfile
from service.csvfile import CsvFile
from service.csvfile.file import FileRefused
from service.csvfile.rows import Row
from service.domain import import_files
from service.domain.import_files import StoredFile
from service.models.imports import Import

_LOOKED_AT = 5_000
_BEGINNING = 1 << 18
CANDIDATES = 4


@dataclass(frozen=True, slots=True)
class Reading:
    """A file read in one way, with some of its rows.

    `differs` holds (row index, column index) of cells that read otherwise in another way; the header is -1.
    """

    file: CsvFile
    rows: tuple[Row, ...]
    differs: frozenset[tuple[int, int]] = field(default_factory=frozenset)


def first_rows(session: Session, import_: Import, *, count: int = 5) -> Reading:
    """The file as it is read now, with its first rows."""
    file = import_files.opened(session, import_)
    return Reading(file, _rows(file, count))


def readings(session: Session, import_: Import, *, count: int = 5) -> list[Reading]:
    """The file in each of the encodings it may be in, with rows that tell them apart, the likeliest first."""
    best = import_files.opened(session, import_)
    return readings_of(best, locale=import_.locale, delimiter=import_.delimiter, count=count)


def readings_of(best: CsvFile, *, locale: str, delimiter: str | None, count: int = 5) -> list[Reading]:
    """The same for any file, which was read without naming an encoding."""
    others = [
        csvfile.read(best.source, locale=locale, encoding=name, delimiter=delimiter)
        for name in best.detection.candidates[1:CANDIDATES]
    ]
    files = [best, *others]
    rows = [_rows(file, _LOOKED_AT) for file in files]
    telling = _telling(rows, count)
    shown = [tuple(one[at] for at in telling if at < len(one)) for one in rows]
    return [
        Reading(file, some, _differing([other.header for other in files], shown, index))
        for index, (file, some) in enumerate(zip(files, shown, strict=True))
    ]


def expected_rows(session: Session, import_: Import) -> int:
    """About how many rows the file has, by how many lines its beginning has."""
    source = StoredFile(import_.id, import_.size)
    source.session = session
    beginning = source.read(0, _BEGINNING)
    lines = max(beginning.count(b"\n"), beginning.count(b"\r"), 1)
    return max(1, round(lines * import_.size / max(len(beginning), 1)) - 1)


def _rows(file: CsvFile, count: int) -> tuple[Row, ...]:
    try:
        return tuple(islice(file.rows(), count))
    except FileRefused:
        return ()


def _telling(rows: Sequence[Sequence[Row]], count: int) -> list[int]:
    """Indexes of the first rows that read differently; of the first rows where there are none."""
    shortest = min(len(one) for one in rows)
    telling = [at for at in range(shortest) if any(one[at].cells != rows[0][at].cells for one in rows[1:])]
    return telling[:count] or list(range(min(count, shortest)))


def _differing(
    headers: Sequence[Sequence[str]], shown: Sequence[Sequence[Row]], index: int
) -> frozenset[tuple[int, int]]:
    lines = [
        [list(header), *(row.cells for row in some)] for header, some in zip(headers, shown, strict=True)
    ]
    return frozenset(
        (number - 1, column)
        for number, cells in enumerate(lines[index])
        for column, cell in enumerate(cells)
        if any(_cell(other, number, column) != cell for other in lines)
    )


def _cell(lines: Sequence[Sequence[str]], number: int, column: int) -> str | None:
    if number < len(lines) and column < len(lines[number]):
        return lines[number][column]
    return None
