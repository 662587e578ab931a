"""Rows judged together come to what each of them comes to by itself."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service import csvfile
from service.csvfile.rows import Row
from service.domain import import_judging, import_values
from service.domain.import_people import People
from service.domain.import_values import Values
from service.facts.limits import NAME_CHARACTERS
from service.i18n.folding import name_key
from tests.domain.import_desk import HEADER

GROUPS = {name_key("Summer"): 4, name_key("夏"): 7}
FINE = ["Blue Harbor", "anna@blue.example", "https://blue.example", "", "", "", "", ""]
# Cells of each column, plain and odd; some that look alike and are not.
CELLS = [
    ["株式会社", " Été ", "", "a\u3000b", "x" * NAME_CHARACTERS, "x" * (NAME_CHARACTERS + 1), "a\x07"],
    [
        *("Anna@Blue.example", " anna@blue.example", "yamada@みどり.example", "\u212a@k.example", ""),
        *("k@\u212a.example", "bad", "a@b", "x@xn--fa-hia.de", "x@-y.example", '"q q"@c.example'),
        "a@b.example.",
    ],
    [
        *("https://a.example/?q=1,2", "HTTP://a.example", "a.example", "", "no", "https://a.example\nhttps://b.example"),
        *("https://a.example;https://b.example", "https://日本.example/x", "https://\u017f.example", "https://a.example:8o"),
    ],
    ["", "summer", "夏", " 夏 ", "Winter"],
    ["", "Anna", "a\u200bb", "a\x1eb"],
    ["", "Sailing", "Two\nlines", "Two\r\nlines", "tab\there", "x" * 500, "a\x1db"],
    ["", " ", "98765"],
    ["", "ja", "Japonais", "Klingon", " fr "],
]  # fmt: skip
ROW = st.tuples(
    *(st.one_of(st.just(fine), st.sampled_from(odd)) for fine, odd in zip(FINE, CELLS, strict=True))
)


def read(rows: list[list[str]]) -> csvfile.CsvFile:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return csvfile.read((HEADER + out.getvalue()).encode(), locale="en", encoding="utf-8", delimiter=",")


def judged(file: csvfile.CsvFile) -> tuple[People, list[tuple[Row, Values]]]:
    (batch,) = file.batches(1_000)
    return import_judging.judge(file, batch, lambda: GROUPS)


@settings(deadline=None)
@given(st.lists(ROW, min_size=1, max_size=8))
def test_judging_together_is_judging_each(cells: list[tuple[str, ...]]) -> None:
    file = read([list(one) for one in cells])
    rows = list(file.rows())
    by_number: dict[int, Values] = {}
    people, others = judged(file)
    for index, number in enumerate(people.numbers):
        by_number[number] = import_judging.values_of(people, index)
    for row, values in others:
        by_number[row.number] = values
    assert [by_number[row.number] for row in rows] == [
        import_values.read(file.values(row), GROUPS) for row in rows
    ]
    assert all(values.reasons or values.mpid for _, values in others)


@pytest.mark.parametrize(
    ("cells", "rules"),
    [
        (FINE[:3], None),
        ([*FINE, ""], None),
        ([*FINE, "more"], ["row-shifted"]),
        (["", *FINE[1:]], ["value-missing"]),
    ],
)
def test_rows_of_another_width_are_read_by_themselves(cells: list[str], rules: list[str] | None) -> None:
    """Blank cells that are left out, or too many, are no reason to remark on a row."""
    file = read([FINE, cells, FINE])
    people, others = judged(file)
    assert list(people.numbers) == ([1, 2, 3] if rules is None else [1, 3])
    found = [(row.number, [one.rule for one in values.reasons]) for row, values in others]
    assert found == ([] if rules is None else [(2, rules)])


def test_the_guard_of_a_result_file_is_taken_off() -> None:
    """C-12: what was guarded against spreadsheets comes back as it was."""
    header = HEADER.rstrip("\n") + ",Import status\n"
    row = "'=Blue,anna@blue.example,https://blue.example,,,,,,Created\n"
    file = csvfile.read((header + row).encode(), locale="en")
    assert file.mapped.escaped
    people, others = judged(file)
    assert (people.columns["name"], others) == (["=Blue"], [])
