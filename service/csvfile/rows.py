"""Rows out of text, strictly by RFC 4180, any line end: each is read or named as bad, and eats no other."""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from io import StringIO
from typing import NamedTuple

from service.csvfile.text import LINE_BYTES, Piece
from service.facts.findings import Finding, Severity
from service.facts.limits import IMPORT_FIELD_BYTES
from service.facts.words import N_

# A row with more cells than this is no row of a table of prospects.
COLUMNS = 1_000


class Row(NamedTuple):
    """A row as it stands in the file, header included; `number` counts rows that are not blank, from 0.

    `line` is the physical line it begins on, from 1. A bad row has an error among its findings; its cells are
    then what could be told apart, for a report, not for use. `raw` is its text without the line end.
    """

    number: int
    line: int
    cells: list[str]
    findings: tuple[Finding, ...] = ()
    raw: str | None = None

    @property
    def bad(self) -> bool:
        """Whether the row must not be used."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)


@dataclass(frozen=True, slots=True)
class _Grammar:
    """The patterns for one delimiter; possessive quantifiers keep them linear."""

    whole: re.Pattern[str]
    opened: re.Pattern[str]
    cell: re.Pattern[str]


_QUOTED = '"[^"]*+(?:""[^"]*+)*+"'


@cache
def _grammar(delimiter: str) -> _Grammar:
    cut = re.escape(delimiter)
    cell = f'(?:{_QUOTED}(?=[{cut}\r\n]|\\Z)|(?!")[^{cut}\r\n]*+)'
    return _Grammar(
        whole=re.compile(f"(?:{cell}{cut})*+{cell}(?:\r\n|\r|\n|\\Z)"),
        opened=re.compile(f'(?:{cell}{cut})*+"[^"]*+(?:""[^"]*+)*+\\Z'),
        cell=re.compile(f'(?:"((?:[^"]++|"")*+)"|([^{cut}]*+)){cut}'),
    )


# From inside a quoted cell to its closing quote.
_CLOSING = re.compile('[^"]*+(?:""[^"]*+)*+"')


# A line longer than this may hold a cell over the limit, at up to four bytes a character.
_LONG = IMPORT_FIELD_BYTES // 4
_BLANK = [""]


class _Line(NamedTuple):
    text: str
    offset: int | None
    too_long: bool


class _Lines:
    """Physical lines with their numbers, the offsets of bad bytes, and the possibility to go back."""

    def __init__(self, pieces: Iterable[Piece]) -> None:
        self._pieces = iter(pieces)
        self._lines: Iterator[str] = iter(())
        self._again: deque[_Line] = deque()
        self._bad: dict[int, int] = {}
        self._index = 0
        self.number = 0
        self.offset: int | None = None
        self.too_long = False
        self.suspicious = False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        self.number += 1
        if self._again:
            # It may come from a piece before this one, whose suspicion would be forgotten.
            self.suspicious = True
            line, self.offset, self.too_long = self._again.popleft()
            return line
        while True:
            line_or_none = next(self._lines, None)
            if line_or_none is not None:
                self.offset = self._bad.get(self._index) if self._bad else None
                self._index += 1
                return line_or_none
            piece = next(self._pieces, None)
            if piece is None:
                self.number -= 1
                raise StopIteration
            if piece.too_long:
                self.too_long = self.suspicious = True
                self.offset = None
                return ""
            self.suspicious = bool(piece.bad) or any(sign in piece.text for sign in "\0\x1a\ufeff")
            self._lines, self._bad, self._index = iter(StringIO(piece.text, newline="")), piece.bad, 0

    def give_back(self, lines: "list[_Line]") -> None:
        """Read these lines again, in this order."""
        self._again.extendleft(reversed(lines))
        self.number -= len(lines)


def read(
    pieces: Iterable[Piece], delimiter: str, encoding: str, *, width: int | None = None
) -> Iterator[Row]:
    """Rows in order; blank lines are none. `width` is the number of cells expected, else the first row's."""
    return _Reader(_Lines(pieces), delimiter, encoding, width).rows()


class _Reader:
    def __init__(self, lines: _Lines, delimiter: str, encoding: str, width: int | None) -> None:
        self._lines = lines
        self._delimiter = delimiter
        self._encoding = encoding
        self._grammar = _grammar(delimiter)
        self._width = width

    def rows(self) -> Iterator[Row]:
        """The loop that most lines pass through without a quote, a bad byte or a control character."""
        lines, delimiter, width = self._lines, self._delimiter, self._width
        number = 0
        for line in lines:
            if lines.suspicious or len(line) > _LONG:
                row = self._careful(number, line)
            elif '"' in line:
                cells = self._quoted(line)
                row = self._careful(number, line) if cells is None else Row(number, lines.number, cells)
            else:
                cells = line.rstrip("\r\n").split(delimiter)
                row = None if cells == _BLANK else Row(number, lines.number, cells)
            if row is None:
                continue
            if width is None:
                width = self._width = len(row.cells)
            elif len(row.cells) != width and not row.findings:
                row = row._replace(findings=_ragged(row, width))
            yield row
            number += 1

    def _quoted(self, line: str) -> list[str] | None:
        """Cells of a row that stands on one line and is well formed, else None."""
        body = line.rstrip("\r\n")
        if body[0] == '"' == body[-1]:
            cells = body[1:-1].split(f'"{self._delimiter}"')
            if body.count('"') == 2 * len(cells):
                return cells
        return self._cut(line)[1] if self._grammar.whole.fullmatch(line) else None

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
            return Row(number, start, raw.split(self._delimiter), (*findings, problem), raw)
        if len(cells) == 1 and not cells[0] and not record:
            return None
        findings += self._unusable(record, cells, start, bad_at)
        bad = any(finding.severity is Severity.ERROR for finding in findings)
        return Row(number, start, cells, tuple(findings), record if bad else None)

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
        following: list[_Line] = []
        tail, length = None, len(line)
        for more in self._lines:
            following.append(_Line(more, self._lines.offset, self._lines.too_long))
            if self._lines.too_long:
                break
            length += len(more)
            tail = self._closed(more)
            if tail != "open" or length > LINE_BYTES:
                break
        bad_at = next((at for at in (offset, *(one.offset for one in following)) if at is not None), None)
        if tail == "closed":
            record, cells = self._cut(line + "".join(one.text for one in following))
            if not self._swallowed(record, cells, following):
                return record, cells, None, bad_at
        self._lines.give_back(following)
        return line, None, Finding("row-unclosed-quote", Severity.ERROR, _UNCLOSED, {}, start), offset

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

    def _swallowed(self, record: str, cells: list[str], following: list[_Line]) -> bool:
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


def _line_too_long(line: int) -> Finding:
    return Finding("row-too-long", Severity.ERROR, _LONG_LINE, {"size": LINE_BYTES}, line)


def _after_quote(text: str, line: int, delimiter: str) -> Finding:
    """Which cell has text behind its closing quote."""
    column, at = 1, 0
    while (at < len(text) and text[at] == '"') or delimiter in text[at:]:
        if text[at] == '"':
            closing = _CLOSING.match(text, at + 1)
            if closing is None or text[closing.end() : closing.end() + 1] != delimiter:
                break
            at = closing.end() + 1
        else:
            at = text.index(delimiter, at) + 1
        column += 1
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
