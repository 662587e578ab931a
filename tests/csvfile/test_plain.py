"""Text cut into columns: wherever it is, reading it row by row gives the same."""

import csv
import io
from unittest import mock

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.csvfile import plain, rows
from service.csvfile.lines import Lines
from service.csvfile.rows import Row, Stretch
from service.csvfile.text import Piece

TEXT = st.lists(
    st.sampled_from(["a", "日", " ", ",", ";", '"', "\r\n", "\n", "\r", "\u2028", "1,2\n", "1,2\r\n"])
)


@given(TEXT.map("".join), st.integers(1, 4), st.sampled_from(",;"))
@example("1,2\r\n3,4", 2, ",")
@example("1,2,3\n4\n5,6\n", 2, ",")
@example("1,2\r\n3,4\n", 2, ",")
@example("1,2\n\n", 2, ",")
def test_columns_are_those_of_the_rows(text: str, width: int, delimiter: str) -> None:
    """C-3, C-5: or there are none. The row reader is asked without its own quick ways."""
    columns = plain.columns(text, delimiter, width)
    if columns is not None:
        with (
            mock.patch.object(Lines, "whole", return_value=""),
            mock.patch.object(Lines, "clean", return_value=None),
        ):
            found = list(rows.read((Piece(text),), delimiter, "utf-8", width=width))
        assert found == list(Stretch(0, 1, columns).rows())


@given(st.lists(st.lists(st.text(st.sampled_from("a日 ;.")), min_size=2, max_size=2), min_size=1))
def test_a_text_of_bare_cells_is_always_cut(table: list[list[str]]) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(table)
    columns = plain.columns(out.getvalue(), ",", 2)
    assert columns is not None
    assert [list(one) for one in zip(*columns, strict=True)] == table


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_line_that_may_hold_too_long_a_cell_is_left_to_others(at: int) -> None:
    """C-6: however many short ones stand around it."""
    short, long = "1,2\n" * 20_000, f"1,{'x' * (rows.IMPORT_FIELD_BYTES // 4)}\n"
    text = "".join([short, long, short][at:] if at < 2 else [short, long])
    assert plain.columns(text, ",", 2) is None
    assert plain.columns(short, ",", 2) is not None


def test_a_piece_in_which_something_is_odd_does_not_keep_the_next_from_being_cut() -> None:
    pieces = [Piece("1,2\n3,4\n"), Piece('5,"6"\n7,8\n'), Piece("9,0\n", {0: 20}), Piece("1,2\n3,4\n")]
    found = list(rows.parts(pieces, ",", "utf-8", width=2))
    assert [(one.number, one.line, len(one)) for one in found if isinstance(one, Stretch)] == [
        (0, 1, 2),
        (2, 3, 2),
        (5, 6, 2),
    ]
    assert [(one.number, one.line, one.bad) for one in found if isinstance(one, Row)] == [(4, 5, True)]
