"""Rows in batches: the same rows, none lost and none twice, wherever one begins."""

from hypothesis import given, settings
from hypothesis import strategies as st

from service import csvfile
from service.csvfile.rows import Row

HEADER = "Partner name,Contact email,Media property\n"
LINES = st.lists(
    st.sampled_from(
        [
            "a,b,c\n",
            "日本,é,\n",
            '"a","b",c\n',
            "a,b\n",
            "a,b,c,\n",
            "a,b,c,d\n",
            "\n",
            'a,"b\n',
            '"a\nb",c,d\n',
        ]
    ),
    max_size=12,
)


def blank(row: Row) -> list[str]:
    """What stands in the columns of a batch for a row."""
    return ["", "", ""] if row.findings else row.cells[:3]


@settings(deadline=None)
@given(LINES, st.integers(1, 40), st.integers(1, 5), st.integers(0, 6))
def test_batches_are_the_rows(lines: list[str], more: int, most: int, after: int) -> None:
    text = HEADER + "".join(lines[:6]) + "x,y,z\n" * more + "".join(lines[6:])
    file = csvfile.read(text.encode(), locale="en", encoding="utf-8", delimiter=",")
    rows = list(file.rows())[after:]
    batches = list(file.batches(most, after=after))
    assert all(len(one) == most for one in batches[:-1])
    assert [number for one in batches for number in one.numbers] == [row.number for row in rows]
    assert [line for one in batches for line in one.lines] == [row.line for row in rows]
    found = [batch.row(index) for batch in batches for index in range(len(batch))]
    assert [(row.number, row.line, row.cells[:3], row.findings) for row in found] == [
        (row.number, row.line, row.cells[:3], row.findings) for row in rows
    ]
    columns = [list(cells) for one in batches for cells in zip(*one.columns, strict=True)]
    assert columns == [blank(row) for row in rows]
