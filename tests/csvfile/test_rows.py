"""Rows out of text: the standard library's reader is the oracle where it is strict enough."""

import csv
import io
from collections.abc import Sequence
from itertools import pairwise
from unittest import mock

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from service.csvfile import plain, rows
from service.csvfile.lines import Lines
from service.csvfile.rows import Row
from service.csvfile.text import Piece
from service.facts.findings import Severity


def read(text: str, delimiter: str = ",", width: int | None = None) -> list[Row]:
    return list(rows.read((Piece(text),), delimiter, "utf-8", width=width))


def good(found: Sequence[Row]) -> list[list[str]]:
    return [row.cells for row in found if not row.bad]


def errors(found: Sequence[Row]) -> list[tuple[int, int, str]]:
    return [
        (row.number, one.line, one.rule)
        for row in found
        for one in row.findings
        if one.severity is Severity.ERROR
    ]


CELL = st.text(st.sampled_from("ab ',;\t|\"\r\n\u2028\u0085\x0b\x0c\x1c日é＝"), max_size=6)
TABLE = st.integers(2, 5).flatmap(
    lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=1, max_size=6)
)


@given(TABLE, st.sampled_from(",;\t|"), st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]))
def test_what_the_standard_library_writes_is_read_back(
    table: list[list[str]], delimiter: str, quoting: int
) -> None:
    """C-3, C-4: quoted line ends, U+2028, U+0085, VT and FF stay inside their cells."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, quoting=quoting).writerows(table)  # type: ignore[arg-type]
    assert [row.cells for row in read(out.getvalue(), delimiter)] == table


@given(st.text(st.sampled_from('ab,"\r\n'), max_size=24))
@example('"a"b\n"c"')
@example('a"b,"c"\n')
def test_a_text_without_an_error_reads_like_the_strict_standard_reader(text: str) -> None:
    """An error of the standard reader is an error here too, of a row instead of the file."""
    found = read(text)
    try:
        expected = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error:
        assert errors(found)
        return
    if not errors(found):
        assert good(found) == expected


@pytest.mark.parametrize(
    "text",
    [
        "a,b\r\n1,2\r\n3,4\r\n",
        "a,b\n1,2\n3,4\n",
        "a,b\r1,2\r3,4\r",
        "a,b\r\n1,2\r3,4\n",
        "a,b\n\n1,2\n\r\n3,4",
    ],
)
def test_every_line_end_makes_the_same_rows(text: str) -> None:
    """C-3: CRLF, LF, CR, mixed, blank lines, no final line end."""
    assert [row.cells for row in read(text)] == [["a", "b"], ["1", "2"], ["3", "4"]]


def test_rows_are_numbered_and_know_their_physical_line() -> None:
    found = read('a,b\n"1\n\n1",2\n\n3,4\n')
    assert [(row.number, row.line) for row in found] == [(0, 1), (1, 2), (2, 6)]


UNCLOSED = [
    '5,"open,e5\n',
    '5,"open,"e5\n',
    '5,"open\n',
    '"5,open,e5\n',
    '5,open,"\n',
    '5,"op""en,e5\n',
]
LATER = [
    "{n},name,e{n}\n",
    '"{n}","name","e{n}"\n',
    '{n},"na,me",e{n}\n',
    '{n},name,", e{n}"\n',
    '{n},"",e{n}\n',
    '{n},"na\nme",e{n}\n',
    '{n},", x",e{n}\n',
]


@pytest.mark.parametrize("broken", UNCLOSED)
@pytest.mark.parametrize("later", LATER)
def test_an_unclosed_quote_names_its_row_and_eats_no_later_row(broken: str, later: str) -> None:
    """C-5: rows 6 to 10 are read as if row 5 were sound."""
    before = "n,name,email\n" + "".join(f"{n},name,e{n}\n" for n in range(1, 5))
    after = "".join(later.format(n=n) for n in range(6, 11))
    found = read(before + broken + after)
    assert [(row, line) for row, line, _ in errors(found)] == [(5, 6)]
    assert good(found)[5:] == list(csv.reader(io.StringIO(after, newline="")))


def test_text_behind_a_closing_quote_names_the_column() -> None:
    found = read('a,b,c\n1,"2"x,3\n4,5,6\n')
    assert [(one.rule, one.line, one.column) for row in found for one in row.findings] == [
        ("row-text-after-quote", 2, 2)
    ]
    assert good(found) == [["a", "b", "c"], ["4", "5", "6"]]


@pytest.mark.parametrize("char", ["\0", "\x1a"])
def test_nul_and_substitute_refuse_their_row_alone(char: str) -> None:
    """C-7: the row, not the file; other control characters are data."""
    found = read(f"a,b\n1,x{char}y\n2,\x07\n")
    assert errors(found) == [(1, 2, "row-control-character")]
    assert good(found) == [["a", "b"], ["2", "\x07"]]


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_cell_above_64_kb_refuses_its_row(quote: str) -> None:
    """C-6: at the limit it is read, 131,073 characters are an error, quoted or not, in one line or many."""
    fine, large = "x" * 65_536, "x\n" * 65_537 if quote else "x" * 131_073
    found = read(f"a,b\n{quote}{fine}{quote},1\n{quote}{large}{quote},2\n3,4\n")
    assert [rule for *_, rule in errors(found)] == ["row-long-cell"]
    assert good(found) == [["a", "b"], [fine, "1"], ["3", "4"]]


def test_the_size_of_a_cell_is_counted_in_the_bytes_of_the_file() -> None:
    cell = "日" * 32_768
    for encoding, bad in (("cp932", False), ("utf-8", True)):
        found = list(rows.read((Piece(f"a,b\n{cell},1\n"),), ",", encoding))
        assert found[1].bad is bad


def test_ten_thousand_columns_are_refused() -> None:
    """C-6."""
    found = read("a,b\n" + "," * 9_999 + "\n1,2\n")
    assert errors(found) == [(1, 2, "row-too-many-cells")]
    assert good(found) == [["a", "b"], ["1", "2"]]


def test_a_file_of_only_quotes_is_read_in_time_that_grows_with_it() -> None:
    """C-6: every line ends somewhere."""
    for count in (1_001, 100_000):
        assert read('"' * count)[0].line == 1
        assert read('"\n' * count)


def test_ragged_rows() -> None:
    """Cells left out at the end are blanks, empty ones beyond are nothing, full ones beyond are told."""
    found = read("a,b,c\n1\n1,2,3,,\n1,2,3,4\n")
    assert [[one.rule for one in row.findings] for row in found] == [
        [],
        ["row-missing-cells"],
        [],
        ["row-extra-cells"],
    ]
    assert not errors(found)


def test_a_byte_order_mark_where_files_were_joined_is_left_out_and_told() -> None:
    """C-3."""
    found = read('a,b\n1,2\n\ufeff"3",4\n\ufeff\n5,\ufeff6\n')
    assert good(found) == [["a", "b"], ["1", "2"], ["3", "4"], ["5", "\ufeff6"]]
    assert [one.rule for row in found for one in row.findings] == ["row-byte-order-mark"]


LINE = st.sampled_from(
    [
        "a,b\n", "1,2\r\n", "3,4\r", '"5",6\n', '"7","8"\r\n', '9,"0\n1"\n', '2,"3\r\n"\r\n', "\n", "\r\n",
        "\r", "1\n", "1,2,3\n", "1,2,,\n", '"open,x\n', 'x,"\n', 'x","\n', '"a"b,c\n', 'a"b,c\n',
        'a,"b""c"\n', "\ufeffa,b\n", "a,\0\n", "a,\x1a\n", 'a,"b\u2028c\x0b"\n', "日本,語\n",
        "x" * 70 + ",y\n", '"' + "x\n" * 40 + '",y\n', "," * 12 + "\n",
    ]
)  # fmt: skip


@given(
    st.lists(st.one_of(LINE, st.sampled_from(["a,b\n", '"7","8"\r\n'])), max_size=40),
    st.integers(0, 130),
    st.lists(st.integers(1, 30), max_size=4),
    st.sampled_from([None, 2, 3]),
)
def test_the_quick_way_reads_like_the_careful_one(
    lines: list[str], more: int, cuts: list[int], width: int | None
) -> None:
    """C-3, C-5: whatever is odd, wherever it stands, and however the text is cut into pieces."""
    lines = [*lines[:7], *["x,y\n"] * more, *lines[7:]]
    pieces, start = [], 0
    for cut in cuts:
        pieces.append(Piece("".join(lines[start : start + cut])))
        start += cut
    pieces.append(Piece("".join(lines[start:])))
    # A carriage return and its line feed are never cut apart.
    assume(not any(a.text.endswith("\r") and b.text.startswith("\n") for a, b in pairwise(pieces)))

    def found() -> list[Row]:
        return list(rows.read(pieces, ",", "utf-8", width=width))

    with (
        mock.patch.multiple(rows, _LONG=60, COLUMNS=10, IMPORT_FIELD_BYTES=64),
        mock.patch.object(plain, "_WINDOW", 30),
    ):
        quickest = found()
        with mock.patch.object(Lines, "whole", return_value=""):
            assert quickest == found()
            with mock.patch.object(Lines, "clean", return_value=None):
                assert quickest == found()


class CountingLines(Lines):
    """Lines that count how often one is read, again or for the first time."""

    count = 0

    def __next__(self) -> str:
        CountingLines.count += 1
        return super().__next__()


class CountingText(io.StringIO):
    """A text that counts into the same."""

    def __next__(self) -> str:
        CountingLines.count += 1
        return super().__next__()


@pytest.mark.parametrize("line", ['x","\n', 'x","\n1,2\n', 'x,"\n', '"\n', '""x,\n', 'x,"y\n1,2\n'])
def test_quotes_that_never_close_cost_what_their_text_costs(line: str) -> None:
    """C-5, C-6: of four times the text about four times as much is read, not sixteen."""
    spent = []
    with (
        mock.patch.object(rows, "Lines", CountingLines),
        mock.patch("service.csvfile.lines.StringIO", CountingText),
        mock.patch.object(rows, "LINE_BYTES", 512),
    ):
        for times in (1, 2, 4):
            CountingLines.count = 0
            assert read("a,b\n" + line * 3_000 * times + '1,2"\n', width=2)
            spent.append(CountingLines.count)
    assert spent[2] <= 5 * spent[0], spent
