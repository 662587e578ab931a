"""Text in pieces: the cut is invisible, and bytes that do not decode are kept with their place."""

import csv
import io
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.csvfile import rows, text
from service.csvfile.encoding import KEEP
from service.csvfile.source import InMemory

ENCODINGS = [
    "utf-8",
    "utf-16-le",
    "utf-16-be",
    "cp932",
    "euc_jp",
    "iso2022_jp",
    "gb18030",
    "big5",
    "cp1252",
    "mac_roman",
]
HOLDABLE = {
    "utf-8": "aé日😀\u2028",
    "utf-16-le": "aé日😀਍\u0a0d\u0d0a",
    "utf-16-be": "aé日😀਍\u0a0d\u0d0a",
    "cp932": "a日ー表｜",
    "euc_jp": "a日ー表",
    "iso2022_jp": "a日ー表",
    "gb18030": "aé日中😀",
    "big5": "a日中功",
    "cp1252": "aé’",
    "mac_roman": "aé’",
}


@given(st.data(), st.sampled_from(ENCODINGS), st.integers(1, 40))
def test_the_cut_between_pieces_is_invisible(data: st.DataObject, encoding: str, chunk: int) -> None:
    chars = st.sampled_from(HOLDABLE[encoding] + '\r\n",')
    original = data.draw(st.text(chars, max_size=60))
    raw = original.encode(encoding)
    chunk += chunk % 2 if encoding.startswith("utf-16") else 0
    found = list(text.pieces(InMemory(raw), encoding, chunk=chunk))
    assert "".join(piece.text for piece in found) == original
    for piece in found[:-1]:
        assert piece.text[-1] in "\r\n"
    for one, following in pairwise(found):
        assert not (one.text.endswith("\r") and following.text.startswith("\n"))


@given(st.binary(max_size=80), st.sampled_from([name for name in ENCODINGS if not name.startswith("utf-16")]))
def test_bytes_that_do_not_decode_are_kept(raw: bytes, encoding: str) -> None:
    """C-2: nothing is dropped or replaced, and each bad line says where its first bad byte is."""
    found = list(text.pieces(InMemory(raw), encoding))
    for piece in found:
        for offset in piece.bad.values():
            assert 0 <= offset < len(raw)
    if any(piece.bad for piece in found) and encoding != "iso2022_jp":
        back = "".join(piece.text for piece in found).encode(encoding, KEEP)
        assert back.decode(encoding, KEEP) == "".join(piece.text for piece in found)
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        assert any(piece.bad for piece in found)


@pytest.mark.parametrize(
    ("encoding", "line"),
    [
        ("utf-8", b"a,\xe6\x97,b"),
        ("cp932", b"a,\x93"),
        ("gb18030", b"a,\x81"),
        ("big5", b"a,\xa4"),
        ("cp1252", b"a,\x81"),
    ],
)
def test_a_bad_byte_is_an_error_of_its_row_with_its_offset(encoding: str, line: bytes) -> None:
    """C-2: far into the file; a cut character takes no line end with it; the rest is untouched."""
    start = b"name,email\n" + b"x,y\n" * 300_000
    raw = start + line + b"\nlast,row\n"
    found = rows.read(text.pieces(InMemory(raw), encoding), ",", encoding)
    bad = [row for row in found if row.bad]
    assert [(row.number, row.line, [one.rule for one in row.findings]) for row in bad] == [
        (300_001, 300_002, ["row-bad-byte"])
    ]
    assert bad[0].findings[0].values["offset"] == len(start) + 2


def test_a_lone_surrogate_and_half_a_character_in_utf_16() -> None:
    raw = "a,b\n1,".encode("utf-16-le") + b"\x00\xd8" + "2\n3,4\n5,".encode("utf-16-le") + b"x"
    found = list(rows.read(text.pieces(InMemory(raw), "utf-16-le"), ",", "utf-16-le"))
    assert [row.bad for row in found] == [False, True, False, True]
    assert [row.findings[0].values["offset"] for row in found if row.bad] == [12, len(raw) - 1]


@pytest.mark.parametrize("encoding", ["cp932", "utf-16-le"])
def test_a_line_of_many_megabytes_is_one_bad_row(encoding: str) -> None:
    """C-6: its text is never held; the rows beside it are read."""
    raw = ("a,b\r\n" + "x" * 5_000_000 + "\r\n1,2\r\n").encode(encoding)
    found = list(rows.read(text.pieces(InMemory(raw), encoding), ",", encoding))
    assert [(row.cells, row.line, [one.rule for one in row.findings]) for row in found] == [
        (["a", "b"], 1, []),
        ([], 2, ["row-too-long"]),
        (["1", "2"], 3, []),
    ]


def test_a_quote_open_before_a_line_of_many_megabytes() -> None:
    """C-5, C-6 together: going back over the end of a piece loses no line and no number."""
    raw = b'a,b\n1,"open\n2,3\n' + b"x" * 3_000_000 + b'\n4,5\n6,"7\n8"\n'
    found = list(rows.read(text.pieces(InMemory(raw), "utf-8"), ",", "utf-8"))
    assert [(row.line, row.bad) for row in found] == [
        (1, False),
        (2, True),
        (3, False),
        (4, True),
        (5, False),
        (6, False),
    ]
    assert found[-1].cells == ["6", "7\n8"]


@given(
    st.integers(2, 30),
    st.lists(
        st.lists(st.text(st.sampled_from('a日"\r\n,'), max_size=4), min_size=2, max_size=2),
        min_size=1,
        max_size=8,
    ),
)
def test_rows_across_pieces(chunk: int, table: list[list[str]]) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows(table)
    raw = out.getvalue().encode("cp932")
    found = rows.read(text.pieces(InMemory(raw), "cp932", chunk=chunk), ",", "cp932")
    assert [row.cells for row in found] == table


def test_a_file_that_became_shorter_ends() -> None:
    """Somebody else may write to it while it is read."""

    class Shorter(InMemory):
        @property
        def size(self) -> int:
            return 100

    assert [piece.text for piece in text.pieces(Shorter(b"a\nb"), "utf-8", chunk=2)] == ["a\n", "b"]
