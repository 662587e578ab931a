"""Rows out of text, strictly by RFC 4180, any line end: each is read or named as bad, and eats no other."""

import csv
import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from io import StringIO
from itertools import chain, islice, repeat
from itertools import count as count_from
from typing import NamedTuple

from service.csvfile import plain
from service.csvfile.lines import Line, Lines
from service.csvfile.text import LINE_BYTES, Piece
from service.facts.findings import Finding, Severity
from service.facts.limits import IMPORT_FIELD_BYTES
from service.facts.words import N_

# A row with more cells than this is no row of a table of prospects.
COLUMNS = 1_000


class Row(NamedTuple):
    """A row as it stands in the file, header included; `number` counts rows that are not blank, from 0.

    `line` is the physical line it begins on, from 1. A bad row has an error among its findings; its cells are
    then what could be told apart, for a report, not for use.
    """

    number: int
    line: int
    cells: list[str]
    findings: tuple[Finding, ...] = ()

    @property
    def bad(self) -> bool:
        """Whether the row must not be used."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows one behind the other in columns: a line each, as wide as expected, with nothing to remark."""

    number: int
    line: int
    columns: Sequence[Sequence[str]]

    def __len__(self) -> int:
        return len(self.columns[0])

    def rows(self) -> Iterator[Row]:
        """The same row by row."""
        cells = map(list, zip(*self.columns, strict=True))
        return map(_as_row, zip(count_from(self.number), count_from(self.line), cells, repeat(())))

    def between(self, first: int, last: int) -> "Stretch":
        """Those of the rows with numbers from one to another; one of them must be there."""
        if first <= self.number and last >= self.number + len(self) - 1:
            return self
        start, stop = max(first - self.number, 0), last + 1 - self.number
        columns = [column[start:stop] for column in self.columns]
        return Stretch(self.number + start, self.line + start, columns)


_as_row = partial(tuple.__new__, Row)


@dataclass(frozen=True, slots=True)
class _Grammar:
    """The patterns for one delimiter; possessive quantifiers keep them linear."""

    whole: re.Pattern[str]
    opened: re.Pattern[str]
    cell: re.Pattern[str]


_QUOTED = '"[^"]*+(?>(?:""[^"]*+)*)"'


@cache
def _grammar(delimiter: str) -> _Grammar:
    cut = re.escape(delimiter)
    cell = f'(?:{_QUOTED}(?=[{cut}\r\n]|\\Z)|(?!")[^{cut}\r\n]*+)'
    return _Grammar(
        whole=re.compile(f"(?>(?:{cell}{cut})*){cell}(?:\r\n|\r|\n|\\Z)"),
        opened=re.compile(f'(?>(?:{cell}{cut})*)"[^"]*+(?>(?:""[^"]*+)*)\\Z'),
        cell=re.compile(f'(?:"((?>(?:[^"]++|"")*))"|([^{cut}]*+)){cut}'),
    )


# From inside a quoted cell to its closing quote.
_CLOSING = re.compile('[^"]*+(?>(?:""[^"]*+)*)"')


# A line longer than this may hold a cell over the limit, at up to four bytes a character.
_LONG = IMPORT_FIELD_BYTES // 4


def read(
    pieces: Iterable[Piece], delimiter: str, encoding: str, *, width: int | None = None, line: int = 1
) -> Iterator[Row]:
    """Rows in order; blank lines are none.

    `width` is the number of cells expected, else the first row's; `line` is the number of the first line.
    """
    return one_by_one(parts(pieces, delimiter, encoding, width=width, line=line))


def parts(
    pieces: Iterable[Piece], delimiter: str, encoding: str, *, width: int | None = None, line: int = 1
) -> Iterator[Stretch | Row]:
    """The same rows, as many as possible together."""
    return _Reader(Lines(pieces, line), delimiter, encoding, width).parts()


def one_by_one(parts: Iterable[Stretch | Row]) -> Iterator[Row]:
    """Each row by itself."""
    for part in parts:
        if isinstance(part, Row):
            yield part
        else:
            yield from part.rows()


# So many rows are read at once by the standard reader: few enough to stay near the processor.
_SLICE = 64


class _Reader:
    def __init__(self, lines: Lines, delimiter: str, encoding: str, width: int | None) -> None:
        self._lines = lines
        self._delimiter = delimiter
        self._encoding = encoding
        self._grammar = _grammar(delimiter)
        self._width = width
        self._number = 0
        # Characters read in vain, in search of a closing quote and by `_quick`.
        self._given_back = 0
        self._tried = 0

    def parts(self) -> Iterator[Stretch | Row]:
        """Most rows pass in whole pieces or through `_quick`; what these leave is read with care."""
        lines = self._lines
        while True:
            if self._width is not None and self._width <= COLUMNS:
                yield from self._whole_pieces(self._width)
            text = lines.clean()
            if text is not None and self._width is not None and self._may_try():
                yield from self._quick(text, self._width)
            line = next(lines, None)
            if line is None:
                return
            row = self._careful(self._number, line)
            if row is None:
                continue
            if self._width is None:
                self._width = len(row.cells)
            yield self._numbered(row, self._width)

    def _whole_pieces(self, width: int) -> Iterator[Stretch]:
        """Pieces of the text in which every line is a row of bare cells, up to one that is not."""
        while text := self._lines.whole():
            columns = plain.columns(text, self._delimiter, width)
            if columns is None:
                return
            stretch = Stretch(self._number, self._lines.number + 1, columns)
            self._number += len(stretch)
            self._lines.passed_whole(len(stretch))
            yield stretch

    def _may_try(self) -> bool:
        """Whether to read quickly once more: what was tried in vain must not add up."""
        return self._width is not None and self._width <= COLUMNS and self._tried < _leeway(self._lines)

    def _numbered(self, row: Row, width: int) -> Row:
        self._number += 1
        if len(row.cells) != width and not row.findings:
            return row._replace(findings=_ragged(row, width))
        return row

    def _quick(self, text: StringIO, width: int) -> Iterator[Stretch | Row]:
        """Rows by the standard library's reader, until one comes that it may see otherwise than we do."""
        lines, uniform = self._lines, {width}
        reader = csv.reader(text, delimiter=self._delimiter, strict=True)
        while True:
            start = text.tell()
            read_before = reader.line_num
            try:
                cells = list(islice(reader, _SLICE))
            except csv.Error:
                cells = []
            count = reader.line_num - read_before
            if not count:
                return
            length = text.tell() - start
            if count != len(cells) or (length > _LONG and _longest(cells) > _LONG):
                self._tried += length
                text.seek(start)
                if not (yield from self._quick_one_by_one(text, width)):
                    return
                # It counts lines anew after the seek.
                reader = csv.reader(text, delimiter=self._delimiter, strict=True)
                continue
            if set(map(len, cells)) == uniform:
                number, line = self._number, lines.number + 1
                self._number += count
                lines.passed(count, length)
                yield Stretch(number, line, list(zip(*cells, strict=True)))
            else:
                for one in cells:
                    lines.passed(1, 0)
                    if one:
                        yield self._numbered(Row(self._number, lines.number, one), width)
                lines.passed(0, length)

    def _quick_one_by_one(self, text: StringIO, width: int) -> Generator[Row, None, bool]:
        """The rows of a slice in which one is odd, rows of several lines included; False at one that is."""
        reader = csv.reader(text, delimiter=self._delimiter, strict=True)
        for _ in range(_SLICE):
            start = text.tell()
            read_before = reader.line_num
            try:
                cells = next(reader, None)
            except csv.Error:
                self._tried += text.tell() - start
                text.seek(start)
                return False
            if cells is None:
                return True
            count, length = reader.line_num - read_before, text.tell() - start
            # A row of several lines may be an open quote that took others in: see `_swallowed`.
            doubtful = count > 1 and (len(cells) != width or any('"' in cell for cell in cells))
            if doubtful or length > _LONG:
                self._tried += length
                text.seek(start)
                return False
            line = self._lines.number + 1
            self._lines.passed(count, length)
            if cells:
                yield self._numbered(Row(self._number, line, cells), width)
        return True

    def _careful(self, number: int, line: str) -> Row | None:
        start, offset = self._lines.number, self._lines.offset
        if self._lines.too_long:
            self._lines.too_long = False
            return Row(number, start, [], (_line_too_long(start),))
        findings: list[Finding] = []
        if line[0] == "\ufeff":
            line = line[1:]
            findings.append(Finding("row-byte-order-mark", Severity.WARNING, _BOM_INSIDE, {}, start))
            if not line.strip("\r\n"):
                return None
        record, cells, problem, bad_at = self._record(line, offset)
        if cells is None:
            assert problem is not None
            raw = line.rstrip("\r\n")
            return Row(number, start, raw.split(self._delimiter), (*findings, problem))
        if len(cells) == 1 and not cells[0] and not record:
            return None
        findings += self._unusable(record, cells, start, bad_at)
        return Row(number, start, cells, tuple(findings))

    def _record(
        self, line: str, offset: int | None
    ) -> tuple[str, list[str] | None, Finding | None, int | None]:
        """Text of the row that begins with a line, its cells or why it has none, where a bad byte is."""
        grammar, start = self._grammar, self._lines.number
        if grammar.whole.fullmatch(line):
            return *self._cut(line), None, offset
        opened = grammar.opened.match(line)
        if opened is None:
            return line, None, _after_quote(line, start, self._delimiter), offset
        following: list[Line] = []
        tail, length, limit = None, len(line), self._look_ahead()
        for more in self._lines:
            following.append(Line(more, self._lines.offset, self._lines.too_long))
            if self._lines.too_long:
                break
            length += len(more)
            tail = self._closed(more)
            if tail != "open" or length > limit:
                break
        bad_at = next((at for at in (offset, *(one.offset for one in following)) if at is not None), None)
        if tail == "closed":
            record, cells = self._cut(line + "".join(one.text for one in following))
            if not self._swallowed(record, cells, following):
                return record, cells, None, bad_at
        self._lines.give_back(following)
        self._given_back += length
        return line, None, Finding("row-unclosed-quote", Severity.ERROR, _UNCLOSED, {}, start), offset

    def _look_ahead(self) -> int:
        """How many characters to read in search of a closing quote.

        As long as a row may be, but not again and again where quotes never close.
        """
        return min(LINE_BYTES, _leeway(self._lines) - self._given_back)

    def _closed(self, line: str) -> str:
        """What a further line does to a quoted cell: leaves it `open`, ends the row `closed`, is `wrong`."""
        closing = _CLOSING.match(line)
        if closing is None:
            return "open"
        rest = line[closing.end() :]
        if rest.startswith(self._delimiter):
            rest = rest[1:]
            if self._grammar.whole.fullmatch(rest):
                return "closed"
            return "open" if self._grammar.opened.match(rest) else "wrong"
        return "closed" if not rest.strip("\r\n") else "wrong"

    def _cut(self, record: str) -> tuple[str, list[str]]:
        body = record[:-2] if record.endswith("\r\n") else record[:-1] if record[-1] in "\r\n" else record
        if '"' not in body:
            return body, body.split(self._delimiter)
        found = self._grammar.cell.findall(body + self._delimiter)
        return body, [quoted.replace('""', '"') if quoted else bare for quoted, bare in found]

    def _swallowed(self, record: str, cells: list[str], following: list[Line]) -> bool:
        """Whether a row is rather an unclosed quote that took later rows in.

        Its width is wrong, or a bare cell has a quotation mark, where a later line by itself makes a row.
        """
        if self._width is None:
            return False
        if len(cells) == self._width:
            found = self._grammar.cell.findall(record + self._delimiter)
            if not any('"' in bare for _, bare in found):
                return False
        return any(self._stands_alone(line) for line, *_ in following)

    def _stands_alone(self, line: str) -> bool:
        return self._grammar.whole.fullmatch(line) is not None and len(self._cut(line)[1]) == self._width

    def _unusable(self, record: str, cells: list[str], line: int, bad_at: int | None) -> Iterator[Finding]:
        if bad_at is not None:
            yield Finding(
                "row-bad-byte",
                Severity.ERROR,
                _BAD_BYTE,
                {"offset": bad_at, "encoding": self._encoding},
                line,
            )
        for index, cell in enumerate(cells, 1):
            for char in "\0\x1a":
                if char in cell:
                    values = {"code": f"U+{ord(char):04X}"}
                    yield Finding("row-control-character", Severity.ERROR, _CONTROL, values, line, index)
            if len(cell) * 4 > IMPORT_FIELD_BYTES and self._bytes(cell) > IMPORT_FIELD_BYTES:
                yield Finding(
                    "row-long-cell", Severity.ERROR, _LONG_CELL, {"size": IMPORT_FIELD_BYTES}, line, index
                )
        if len(cells) > COLUMNS:
            yield Finding("row-too-many-cells", Severity.ERROR, _MANY_CELLS, {"limit": COLUMNS}, line)
        if len(record) > LINE_BYTES:
            yield _line_too_long(line)

    def _bytes(self, cell: str) -> int:
        """Size of a cell in the file's own bytes."""
        try:
            return len(cell.encode(self._encoding))
        except UnicodeEncodeError:
            return len(cell.encode("utf-8", "surrogatepass"))


_BOM_INSIDE = N_("A byte order mark in the middle of the file is left out: several files were joined here.")
_UNCLOSED = N_("A quotation mark opens a cell and is never closed.")
_AFTER_QUOTE = N_("Text stands after the closing quotation mark of a cell.")
_BAD_BYTE = N_("A byte is not valid in the encoding %(encoding)s, at offset %(offset)s of the file.")
_CONTROL = N_("The row contains a control character: %(code)s.")
_LONG_CELL = N_("A cell is larger than %(size)s.")
_LONG_LINE = N_("The row is larger than %(size)s.")
_MANY_CELLS = N_("The row has more than %(limit)s cells.")
_EXTRA = N_("The row has more cells than the header row: %(found)s instead of %(expected)s.")
_FEWER = N_("The row has fewer cells than the header row: %(found)s instead of %(expected)s.")


def _leeway(lines: Lines) -> int:
    """How many characters may have been read in vain by now, so that each is read some ten times at most."""
    return 4 * LINE_BYTES + 8 * lines.seen


def _longest(rows: list[list[str]]) -> int:
    return max(map(len, chain.from_iterable(rows)), default=0)


def _line_too_long(line: int) -> Finding:
    return Finding("row-too-long", Severity.ERROR, _LONG_LINE, {"size": LINE_BYTES}, line)


def _after_quote(text: str, line: int, delimiter: str) -> Finding:
    """Which cell has text behind its closing quote."""
    column, at = 1, 0
    while True:
        if text[at : at + 1] == '"':
            closing = _CLOSING.match(text, at + 1)
            end = -1 if closing is None or text[closing.end()] != delimiter else closing.end()
        else:
            end = text.find(delimiter, at)
        if end < 0:
            break
        column, at = column + 1, end + 1
    return Finding("row-text-after-quote", Severity.ERROR, _AFTER_QUOTE, {}, line, column)


def _ragged(row: Row, width: int) -> tuple[Finding, ...]:
    """Fewer cells: blanks at the end left out, as spreadsheets do. More that say something: a shifted row."""
    found = len(row.cells)
    if found > COLUMNS:
        return (Finding("row-too-many-cells", Severity.ERROR, _MANY_CELLS, {"limit": COLUMNS}, row.line),)
    values = {"found": found, "expected": width}
    if found < width:
        return (Finding("row-missing-cells", Severity.ADVICE, _FEWER, values, row.line, found),)
    if any(cell.strip() for cell in row.cells[width:]):
        return (Finding("row-extra-cells", Severity.WARNING, _EXTRA, values, row.line, width + 1),)
    return ()
