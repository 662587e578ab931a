"""Which delimiter, judged by the rows it makes."""

import csv
import io
import random

import pytest

from service.csvfile import dialect

ROWS = {
    "plain": [["name", "mail", "price"], ["Anna", "a@x.example", "1"], ["Bo", "b@x.example", "2"]],
    "decimal commas": [["nom", "prix", "ville"], ["Étang", "3,5", "Paris, 11e"], ["Lac", "4,25", "Lyon, 2e"]],
    "semicolons inside": [["a", "b"], ["x; y; z", "1"], ["p; q", "2"]],
    "line ends inside": [["a", "b"], ["x\ny, z", "1"], ["p; q\r\n|", "2"]],
    "Japanese": [["会社名", "メール"], ["株式会社、東京", "a@x.example"], ["B", ""]],
}


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("delimiter", dialect.DELIMITERS)
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_the_delimiter_is_found(name: str, delimiter: str, quoting: int) -> None:
    """C-3."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, quoting=quoting).writerows(ROWS[name])  # type: ignore[arg-type]
    found = dialect.detect(out.getvalue())
    assert (found.delimiter, found.sep_line, found.newline) == (delimiter, "", "\r\n")


@pytest.mark.parametrize("delimiter", dialect.DELIMITERS)
def test_a_large_beginning_cut_inside_a_row(delimiter: str) -> None:
    chance = random.Random(7)
    rows = [[f"n{i}", "x, y; z|w"[: chance.randrange(9)], "long\ntext"] for i in range(100)]
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows(rows)
    assert dialect.detect(out.getvalue()[:-7], cut=True).delimiter == delimiter


@pytest.mark.parametrize("line", ["sep=;\r\n", '"sep=;"\n', "SEP=;\r", "sep=;;;;\n", '"sep=;";;\n'])
def test_the_line_that_names_the_delimiter(line: str) -> None:
    """C-3."""
    found = dialect.detect(line + "a,b;c\n1,2;3\n")
    assert (found.delimiter, found.sep_line) == (";", line)


def test_marks_typed_by_hand_count_only_between_our_names() -> None:
    """C-3: the ideographic comma."""
    assert (
        dialect.detect("パートナー名、メール、サイトURL\nみどり、a@x.example、x.example\n").delimiter == "、"
    )
    assert dialect.detect("品名、数\nりんご、1\n").delimiter == ","


def test_one_column_has_the_comma_and_a_given_delimiter_is_kept() -> None:
    assert dialect.detect("Email\na@x.example\n").delimiter == ","
    assert dialect.detect("a;b\n1;2\n", ",").delimiter == ","


@pytest.mark.parametrize("line", ["sep=a\n", 'sep="\n', "sep=\n", "sep= \n", "sep=,b\n", "separator=;\n"])
def test_a_first_line_that_names_no_delimiter_is_a_header(line: str) -> None:
    assert dialect.detect(line + "a,b\n").sep_line == ""
