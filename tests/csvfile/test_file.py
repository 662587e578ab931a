"""A whole file read: round trips over every encoding and dialect, and files that are no CSV."""

import csv
import io
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from service import csvfile
from service.csvfile import FileRefused, file
from service.csvfile.encoding import CHOICES, VARIANTS
from service.csvfile.file import BadDelimiter
from service.csvfile.headers import Key
from service.facts.findings import Severity

REQUIRED = "Partner name,Contact email,Media property\n"
CELL = st.text(
    st.one_of(
        st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufeff"),
        st.sampled_from(',;\t|"\r\n日é'),
    ),
    max_size=8,
)
TABLE = st.lists(st.lists(CELL, min_size=2, max_size=2), max_size=6)


def held(codec: str, text: str) -> str:
    """What an encoding can hold of a text, and gives back the same."""
    return "".join(char for char in text if _same(codec, char))


def _same(codec: str, char: str) -> bool:
    try:
        return char.encode(codec).decode(codec) == char
    except UnicodeError:
        return False


@given(
    TABLE,
    st.sampled_from(sorted({*CHOICES}.union(*VARIANTS.values()))),
    st.sampled_from(",;\t|、"),
    st.sampled_from(["\r\n", "\n", "\r"]),
    st.booleans(),
    st.booleans(),
)
def test_any_rows_in_any_encoding_and_dialect_are_read_back(
    table: list[list[str]], codec: str, delimiter: str, newline: str, bom: bool, sep: bool
) -> None:
    """C-1, C-3, C-4: cells are exactly as written."""
    assume(_same(codec, delimiter))
    rows = [["first", "second"], *([held(codec, cell) for cell in row] for row in table)]
    # A mark at the start of a row is that of joined files; a lone empty cell is a blank line.
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=newline, quoting=csv.QUOTE_ALL).writerows(rows)
    mark = "\ufeff" if bom and codec in {"utf-8", "utf-16-le", "utf-16-be", "gb18030"} else ""
    line = f"sep={delimiter}{newline}" if sep else ""
    data = (mark + line + out.getvalue()).encode(codec)
    read = csvfile.read(data, locale="en", encoding=codec, delimiter=None if sep else delimiter)
    assert read.dialect.sep_line == line
    assert [list(read.header), *(row.cells for row in read.rows())] == rows
    # Bytes by chance may well be another encoding's, of which a row only warns.
    refused = {found.rule for row in read.rows() for found in row.findings} - {"row-other-encoding"}
    assert refused == set()


@given(TABLE, st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]), st.sampled_from(",;\t|"))
def test_unicode_files_need_no_hint(table: list[list[str]], codec: str, delimiter: str) -> None:
    """C-1."""
    rows = [["Partner name", "Contact email"], *table]
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(rows)
    read = csvfile.read(out.getvalue().encode(codec), locale="zh")
    found = [list(read.header), *(row.cells for row in read.rows())]
    # A few two-byte characters without a mark may be those of another encoding: then it is asked.
    asked = codec == "utf-8" and not read.detection.certain
    assert found == rows or asked
    assert read.detection.certain or asked


# The cases of csv-spectrum (Max Ogden, BSD-2-Clause), written out.
SPECTRUM = {
    'first,last,address,city,zip\nJohn,Doe,120 any st.,"Anytown, WW",08123\n': [
        ["John", "Doe", "120 any st.", "Anytown, WW", "08123"]
    ],
    'a,b,c\n1,"",""\n2,3,4\n': [["1", "", ""], ["2", "3", "4"]],
    'a,b,c\r\n1,"",""\r\n2,3,4\r\n': [["1", "", ""], ["2", "3", "4"]],
    'a,b\n1,"ha ""ha"" ha"\n3,4\n': [["1", 'ha "ha" ha'], ["3", "4"]],
    'key,val\n1,"{""type"": ""Point"", ""coordinates"": [102.0, 0.5]}"\n': [
        ["1", '{"type": "Point", "coordinates": [102.0, 0.5]}']
    ],
    'a,b,c\n1,2,3\n"Once upon \na time",5,6\n7,8,9\n': [
        ["1", "2", "3"], ["Once upon \na time", "5", "6"], ["7", "8", "9"],
    ],
    'a,b,c\r\n1,2,3\r\n"Once upon \r\na time",5,6\r\n7,8,9\r\n': [
        ["1", "2", "3"], ["Once upon \r\na time", "5", "6"], ["7", "8", "9"],
    ],
    'a,b\n1,"ha \n""ha"" \nha"\n3,4\n': [["1", 'ha \n"ha" \nha'], ["3", "4"]],
    "a,b,c\n1,2,3\n4,5,ʤ\n": [["1", "2", "3"], ["4", "5", "ʤ"]],
}  # fmt: skip


@pytest.mark.parametrize("text", SPECTRUM)
def test_csv_spectrum(text: str) -> None:
    """C-3."""
    assert [row.cells for row in csvfile.read(text.encode(), locale="en").rows()] == SPECTRUM[text]


def test_a_sep_line_is_no_row_but_a_physical_line() -> None:
    read = csvfile.read(b'sep=;\r\nName;Email;URL\r\nA;"x;\r\nB;b@x.example;u\r\n', locale="en")
    assert (read.delimiter, read.header, read.header_line) == (";", ("Name", "Email", "URL"), 2)
    assert [(row.number, row.line, row.bad) for row in read.rows()] == [(1, 3, True), (2, 4, False)]
    assert [one.line for row in read.rows() for one in row.findings] == [3]


def zipped(**files: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (zipped(**{"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<workbook/>"}), "XLSX"),
        (zipped(mimetype="application/vnd.oasis.opendocument.spreadsheet", content="x"), "ODS"),
        (zipped(**{"[Content_Types].xml": "<Types/>", "word/document.xml": "<w/>"}), "DOCX"),
        (zipped(**{"partners.csv": "a,b"}), "ZIP"),
        (b"<!DOCTYPE html>\n<html><body><table><tr><td>Partner name</td></tr></table>", "HTML"),
        (b"\xef\xbb\xbf\r\n <TABLE border=1><tr><td>Partner name</td></tr>", "HTML"),
        ("\ufeff<html>\n".encode("utf-16-le"), "HTML"),
        (b'<?xml version="1.0"?>\n<Workbook/>', "XML"),
        (b'[{"name": "A", "email": "a@x.example"}]', "JSON"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "XLS"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "PDF"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "PNG"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "JPEG"),
        (b"\x1f\x8b\x08\x00" + zlib.compress(b"a,b"), "GZIP"),
        (bytes(range(256)) * 8, ""),
    ],
)
def test_a_binary_file_is_refused_by_content(data: bytes, kind: str) -> None:
    """C-7, C-9: whatever its name says; what is compressed is never unpacked."""
    read = csvfile.read(data, locale="en")
    assert read.refused
    assert [(one.rule, one.values["kind"]) for one in read.findings] == [("file-not-csv", kind)]
    assert list(read.rows()) == []


@pytest.mark.parametrize("line", ["<htmlish>,b", "{a},b", "PK,b", "GIF,b", "[x],b", "%PDF,b"])
def test_a_header_that_only_begins_like_another_type_is_read(line: str) -> None:
    assert csvfile.read(f"{line}\n1,2\n".encode(), locale="en").header == tuple(line.split(","))


def test_a_header_row_alone_is_told() -> None:
    for data in (REQUIRED.encode(), REQUIRED.strip().encode(), (REQUIRED + "\r\n\n").encode()):
        read = csvfile.read(data, locale="en")
        assert [(one.rule, one.severity) for one in read.findings] == [("file-no-rows", Severity.WARNING)]
        assert (list(read.rows()), read.refused) == ([], False)


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\n\n", "\ufeff".encode("utf-16-le")])
def test_an_empty_file_is_refused(data: bytes) -> None:
    assert [one.rule for one in csvfile.read(data, locale="en").findings] == ["file-empty"]


def test_a_file_without_our_columns_is_refused_and_still_shown() -> None:
    read = csvfile.read(b"a,b\n1,2\n", locale="en")
    assert read.refused
    assert [row.cells for row in read.rows()] == [["1", "2"]]


def test_values_by_column_whatever_the_order() -> None:
    read = csvfile.read(
        (REQUIRED.strip() + ",Notes,Shoe size\nA,a@x.example,u,,9\nB,b@x.example\n").encode(), locale="fr"
    )
    assert [read.values(row) for row in read.rows()] == [
        {Key.NAME: "A", Key.EMAIL: "a@x.example", Key.MEDIA: "u", Key.DESCRIPTION: ""},
        {Key.NAME: "B", Key.EMAIL: "b@x.example", Key.MEDIA: "", Key.DESCRIPTION: ""},
    ]


def test_an_uncertain_encoding_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.csvfile.encoding.CERTAIN", 1e9)
    read = csvfile.read((REQUIRED + "Société,a@x.example,u\n").encode("cp1252"), locale="fr")
    assert [(one.rule, one.severity) for one in read.findings] == [("encoding-uncertain", Severity.WARNING)]
    assert not read.refused


def test_too_many_rows_and_too_large_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """C-6: a clear limit, found while reading, and a file from disk."""
    monkeypatch.setattr(file, "IMPORT_ROWS", 3)
    path = tmp_path / "rows.csv"
    path.write_text(REQUIRED + "a,b,c\n" * 4)
    for read in (lambda one: one.rows(), lambda one: one.batches(2)):
        with pytest.raises(FileRefused) as refused:
            list(read(csvfile.read(path, locale="en")))
        assert [(one.rule, one.line) for one in refused.value.findings] == [("file-too-many-rows", 5)]
    path.write_text(REQUIRED + "a,b,c\n" * 3)
    assert [row.number for row in csvfile.read(path, locale="en").rows()] == [1, 2, 3]
    monkeypatch.setattr(file, "IMPORT_FILE_BYTES", 10)
    assert [one.rule for one in csvfile.read(path, locale="en").findings] == ["file-too-large"]


def test_the_delimiter_must_be_one_character() -> None:
    for delimiter in ("", ";;", '"', "\n"):
        with pytest.raises(BadDelimiter):
            csvfile.read(b"a,b\n", locale="en", delimiter=delimiter)
