"""The result file: opens in the same spreadsheet, runs nothing in it, and comes back as it was."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service import csvfile
from service.csvfile import columns, headers, report
from service.csvfile.file import CsvFile
from service.csvfile.guard import guarded, unguarded
from service.csvfile.report import Result, Written

HEADER = ["Partner name", "Contact email", "Media property"]


def written(
    file: CsvFile, locale: str = "en", *, raw: bool = False, reason: str = ""
) -> tuple[bytes, Written]:
    out = io.BytesIO()
    how = report.write(
        out,
        file,
        lambda: (Result(row, "Rejected" if row.bad else "Created", reason) for row in file.rows()),
        locale,
        raw=raw,
    )
    return out.getvalue(), how


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "\0", "＝1+1", " =1", "'=1", "\n=1"]
)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(cell: str) -> None:
    """C-12."""
    assert guarded(cell) == f"'{cell}"


@given(st.text(st.sampled_from("'=+-@ \t\r\n\0＝ax"), max_size=8))
def test_the_guard_can_be_taken_off(cell: str) -> None:
    """C-12: nothing is lost, apostrophes of the text included."""
    assert unguarded(guarded(cell)) == cell


@pytest.mark.parametrize(
    ("codec", "delimiter", "newline", "locale"),
    [
        ("cp932", ",", "\r\n", "ja"),
        ("gb18030", "\t", "\n", "zh"),
        ("cp1252", ";", "\r\n", "fr"),
        ("mac_roman", ";", "\r", "fr"),
        ("utf-8-sig", ",", "\r\n", "en"),
        ("utf-16", "\t", "\r\n", "ja"),
    ],
)
def test_the_result_is_in_the_form_of_the_file(codec: str, delimiter: str, newline: str, locale: str) -> None:
    """C-12: encoding, BOM, delimiter, line ends, order of columns; read by the standard library."""
    names = list(headers.header_row(locale))
    text = newline.join(delimiter.join(line) for line in (names, [*names[:9], "x"], ["a"] * 10)) + newline
    file = csvfile.read(text.encode(codec), locale=locale)
    data, how = written(file, locale)
    assert how == Written(file.encoding, file.detection.bom, changed=False)
    decoded = data.decode(codec)
    assert newline in decoded
    assert data[:2] == text.encode(codec)[:2] or names[0].startswith("ID")
    found = list(csv.reader(io.StringIO(decoded, newline=""), delimiter=delimiter, strict=True))
    ours = [
        names_of[locale] for names_of in (columns.STATUS_NAMES, columns.REASON_NAMES, columns.NUMBER_NAMES)
    ]
    assert found == [
        [*names, *ours],
        [*names[:9], "x", "Created", "", "1"],
        [*["a"] * 10, "Created", "", "2"],
    ]


@given(
    st.lists(
        st.lists(
            st.text(st.sampled_from("=+-@'\t ax,\"\r\n日"), min_size=1, max_size=5), min_size=3, max_size=3
        ),
        max_size=5,
    ),
    st.booleans(),
)
def test_a_result_comes_back_as_it_was(table: list[list[str]], raw: bool) -> None:
    """C-12: the guarded and the raw file both, and again after a second time."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([HEADER, *table])
    file = csvfile.read(out.getvalue().encode("utf-8"), locale="en", delimiter=",")
    expected = [dict(file.values(row)) for row in file.rows()]
    for _ in range(2):
        data, _how = written(file, raw=raw, reason="=1 reason")
        file = csvfile.read(data, locale="en")
        assert [dict(file.values(row)) for row in file.rows()] == expected
        assert file.mapped.unknown == ()
        assert len(file.header) == 6
        if raw:
            assert [row.cells[:3] for row in file.rows()] == table


def test_bad_rows_stay_bad_byte_for_byte() -> None:
    """C-2: what could not be read is handed back as it was, to be corrected."""
    text = (
        ",".join(HEADER).encode()
        + "\n名前,a@x.example,u\n".encode("cp932")
        + b"\x81,b@x.example,u\n"
        + b'"open,c,d\n'
    )
    file = csvfile.read(text, locale="ja", encoding="cp932")
    data, how = written(file, "ja")
    assert not how.changed
    lines = data.split(b"\n")
    assert lines[2].startswith(b"\x81,b@x.example,u,")
    assert lines[3].startswith(b'"""open",c,d,')


def test_words_the_encoding_cannot_hold_make_it_utf_8_and_say_so() -> None:
    text = ",".join(HEADER) + "\nSociété,a@x.example,u\n"
    file = csvfile.read(text.encode("cp1252") + b"\x81,b,c\n", locale="fr", encoding="cp1252")
    data, how = written(file, "ja", reason="理由")
    assert how == Written("utf-8", bom=True, changed=True)
    lines = data.decode("utf-8-sig").splitlines()
    assert lines[1] == "Société,a@x.example,u,Created,理由,1"
    assert lines[2] == "\\x81,b,c,Rejected,理由,2"


def test_short_and_long_rows_keep_our_columns_under_their_names() -> None:
    file = csvfile.read((",".join(HEADER) + "\na\na,b,c,d\n").encode(), locale="en")
    assert written(file)[0].decode().splitlines()[1:] == ["a,,,Created,,1", "a,b,c,Created,,2,d"]


def test_a_file_that_begins_with_id_is_quoted_for_excel() -> None:
    file = csvfile.read(b"ID du partenaire,Name,Email,URL\n1,a,b,c\n", locale="fr")
    assert written(file, "fr")[0].startswith(b'"ID du partenaire",Name')
