"""The result file: the rows of a file as they were, in its encoding and dialect, with what became of each."""

import codecs
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from service.csvfile import columns
from service.csvfile.encoding import BOMS, KEEP
from service.csvfile.file import CsvFile
from service.csvfile.guard import guarded, unguarded
from service.csvfile.rows import Row

_BATCH = 2_000


class Result(NamedTuple):
    """A row with what became of it: status, reason and what an undo did, in the reader's words."""

    row: Row
    status: str
    reason: str
    undo: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """How a result file was written; `changed` if the encoding of the file could not hold the words added."""

    encoding: str
    bom: bool
    changed: bool


def write(
    out: BinaryIO,
    file: CsvFile,
    results: Callable[[], Iterable[Result]],
    locale: str,
    *,
    raw: bool = False,
    undone: bool = False,
) -> Written:
    """Write a result file for a reader of a locale to a seekable `out`.

    Encoding, BOM, delimiter, line ends, the `sep=` line and the columns are those of the file; status, reason
    and row number stand to the right, before the number what an undo did if there was one (`undone`). Cells
    are guarded against spreadsheets unless `raw`. Bytes that did not decode are written as they were. Where
    the encoding of the file cannot hold a word, all is written as UTF-8 with BOM, for which `results` is
    called once more.
    """
    start = out.tell()
    try:
        lines = _lines(file, results(), locale, raw=raw, undone=undone)
        _write_lines(out, file, lines, file.encoding, file.detection.signature)
        return Written(file.encoding, file.detection.bom, changed=False)
    except UnicodeEncodeError:
        out.seek(start)
        out.truncate()
        lines = _lines(file, results(), locale, raw=raw, undone=undone)
        _write_lines(out, file, lines, "utf-8", BOMS["utf-8"])
        return Written("utf-8", bom=True, changed=True)


def _write_lines(out: BinaryIO, file: CsvFile, lines: Iterator[str], encoding: str, bom: bytes) -> None:
    errors = "surrogatepass" if encoding.startswith("utf-16") else KEEP
    if encoding != file.encoding:
        errors = SHOW
    out.write(bom)
    out.write(file.dialect.sep_line.encode(encoding, errors))
    batch: list[str] = []
    for line in lines:
        batch.append(line)
        if len(batch) >= _BATCH:
            out.write("".join(batch).encode(encoding, errors))
            batch.clear()
    out.write("".join(batch).encode(encoding, errors))


def _lines(
    file: CsvFile, results: Iterable[Result], locale: str, *, raw: bool, undone: bool
) -> Iterator[str]:
    line = _Line(file.delimiter, file.dialect.newline)
    ours = file.mapped.result_columns
    width = len(file.header)
    status = (columns.RAW_STATUS_NAMES if raw else columns.STATUS_NAMES)[locale]
    undo = [columns.UNDO_NAMES[locale]] if undone else []
    names = [status, columns.REASON_NAMES[locale], *undo, columns.NUMBER_NAMES[locale]]
    yield line.header([*_without(file.header, ours), *names])
    for row, state, reason, undo_said in results:
        cells = list(row.cells)
        if file.mapped.escaped:
            cells = [unguarded(cell) for cell in cells]
        if not raw:
            cells, reason = [guarded(cell) for cell in cells], guarded(reason)  # noqa: PLW2901
        cells += [""] * (width - len(cells))
        # Cells beyond the header go behind ours, so that ours stay under their names.
        yield line.of(
            [
                *_without(cells[:width], ours),
                *(state, reason, *([undo_said] if undone else []), str(row.number)),
                *cells[width:],
            ],
        )


def _without(cells: Sequence[str], indexes: frozenset[int]) -> Sequence[str]:
    return [cell for index, cell in enumerate(cells) if index not in indexes] if indexes else cells


class _Line:
    """Cells to a line by RFC 4180 with the least quoting that every reader takes the same."""

    def __init__(self, delimiter: str, newline: str) -> None:
        self._delimiter = delimiter
        self._newline = newline
        self._special = re.compile(f'["\r\n{re.escape(delimiter)}]|\\A\ufeff')

    def of(self, cells: Sequence[str]) -> str:
        """A row."""
        search = self._special.search
        return (
            self._delimiter.join(
                ['"' + cell.replace('"', '""') + '"' if search(cell) else cell for cell in cells]
            )
            + self._newline
        )

    def header(self, cells: Sequence[str]) -> str:
        """The first row; a file that begins with the letters ID is taken for another format by Excel."""
        line = self.of(cells)
        if not cells[0].startswith("ID") or line.startswith('"'):
            return line
        return f'"{cells[0]}"{line[len(cells[0]) :]}'


def _show(error: UnicodeError) -> tuple[str, int]:
    """Stand a kept byte as \\xNN where it has no place as a byte."""
    if isinstance(error, UnicodeEncodeError):
        shown = "".join(
            f"\\x{ord(char) - 0xDC00:02x}" if "\udc00" <= char <= "\udcff" else f"\\u{ord(char):04x}"
            for char in error.object[error.start : error.end]
        )
        return shown, error.end
    raise error


SHOW = "prospectus.show"
codecs.register_error(SHOW, _show)
