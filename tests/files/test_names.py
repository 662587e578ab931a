"""Names of files: kept in any script, refused where they mislead, and read back from the header whole."""

from unicodedata import category

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.http import parse_options_header

from service.facts.file_refusals import FileRefusal
from service.facts.filetypes import BY_EXTENSION, FileType
from service.files import FileRefused, content_disposition
from service.files.names import claimed_type, printable


@pytest.mark.parametrize(
    ("name", "claimed"),
    [
        ("a.csv", FileType.CSV),
        ("x.PDF", FileType.PDF),
        ("photo.JPG", FileType.JPEG),
        ("photo.jpeg", FileType.JPEG),
        ("a.png", FileType.PNG),
        ("a.gif", FileType.GIF),
        ("見積り書.csv", FileType.CSV),
        ("报价单（最终版）.pdf", FileType.PDF),
        ("Été à l’île d’Yeu.jpg", FileType.JPEG),
        ("e\u0301te\u0301.png", FileType.PNG),
        ("👩‍👩‍👧 🇫🇷.gif", FileType.GIF),
        ("عقد.pdf", FileType.PDF),
        ("report 2038.01.19.pdf", FileType.PDF),
        ("www.example.com.pdf", FileType.PDF),
        ("d3.js.csv", FileType.CSV),
        (" leading.csv", FileType.CSV),
        ("a" * 251 + ".csv", FileType.CSV),
        ("あ" * 83 + "ab.csv", FileType.CSV),
    ],
)
def test_a_name_claims_a_type(name: str, claimed: FileType) -> None:
    """U-1."""
    assert claimed_type(name) is claimed


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", FileRefusal.NAME_EMPTY),
        (" \u3000", FileRefusal.NAME_EMPTY),
        ("a", FileRefusal.NAME_NO_EXTENSION),
        ("pdf", FileRefusal.NAME_NO_EXTENSION),
        (".pdf", FileRefusal.NAME_NO_EXTENSION),
        ("x.pdf.exe", FileRefusal.NAME_EXTENSION),
        ("x.svg", FileRefusal.NAME_EXTENSION),
        ("x.html", FileRefusal.NAME_EXTENSION),
        ("x.pdf ", FileRefusal.NAME_END),
        ("x.pdf.", FileRefusal.NAME_END),
        ("x.pdf\u00a0", FileRefusal.NAME_END),
        ("x.pdf\u3000", FileRefusal.NAME_END),
        ("x.exe.pdf", FileRefusal.NAME_EXECUTABLE),
        ("x.EXE.pdf", FileRefusal.NAME_EXECUTABLE),
        ("x.exe      .pdf", FileRefusal.NAME_EXECUTABLE),
        ("x.vbs.a.csv", FileRefusal.NAME_EXECUTABLE),
        ("../x.pdf", FileRefusal.NAME_HAS_PATH),
        ("/etc/x.pdf", FileRefusal.NAME_HAS_PATH),
        ("C:\\fakepath\\x.pdf", FileRefusal.NAME_HAS_PATH),
        ("x.pdf\0.exe", FileRefusal.NAME_UNPRINTABLE),
        ("x\r\nSet-Cookie: a.pdf", FileRefusal.NAME_UNPRINTABLE),
        ("x\u2028.pdf", FileRefusal.NAME_UNPRINTABLE),
        ("x\ud800.pdf", FileRefusal.NAME_UNPRINTABLE),
        ("invoice\u202efdp.exe", FileRefusal.NAME_UNPRINTABLE),
        ("invoice\u202efdp.pdf", FileRefusal.NAME_UNPRINTABLE),
        ("\u2066x.pdf", FileRefusal.NAME_UNPRINTABLE),
        ("a" * 252 + ".csv", FileRefusal.NAME_TOO_LONG),
        ("あ" * 84 + ".csv", FileRefusal.NAME_TOO_LONG),
    ],
)
def test_a_name_that_misleads_is_refused(name: str, reason: FileRefusal) -> None:
    """U-1."""
    with pytest.raises(FileRefused) as refused:
        claimed_type(name)
    assert refused.value.reason is reason


@given(
    st.text(st.characters(categories=None), max_size=300)
    | st.from_regex(r"(?s).{0,20}\.(csv|pdf|exe)", fullmatch=True)
)
def test_any_name_is_taken_or_refused(name: str) -> None:
    """P3: what is taken is one name in one folder, and shows what it is."""
    try:
        claimed = claimed_type(name)
    except FileRefused as refused:
        assert refused.values.keys() <= {"name", "character", "extension", "extensions"}
        assert all(category(char) != "Cc" for value in refused.values.values() for char in str(value))
        return
    assert name.lower().endswith(claimed.extensions)
    assert not set(name) & {"/", "\\", "\0"}
    assert 1 <= len(name.encode()) <= 255
    assert printable(name) == name


@given(st.text(st.characters(categories=None), max_size=100))
@example("見積り書.csv")
@example('a"b\\c%d;e.pdf')
@example("a\r\nX-Injected: 1")
@example("\u202egnp.exe")
@example("")
@example("'';filename=evil.html")
def test_a_header_brings_the_name_and_nothing_else(name: str) -> None:
    """U-6, H-1: whatever the name, one line of ASCII that a parser reads back."""
    header = content_disposition(name)
    assert header.isascii()
    assert header.isprintable()
    shown = printable(name).replace("/", "_").replace("\\", "_") or "attachment"
    assert parse_options_header(header) == ("attachment", {"filename": shown})
    plain, rest = header.removeprefix('attachment; filename="').split('"', 1)
    assert rest.startswith("; filename*=UTF-8''")
    assert not set(plain) & set('%\\;/"')


@given(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,20}[a-z0-9]\.(csv|pdf)", fullmatch=True))
def test_a_plain_name_is_plain_in_the_header(name: str) -> None:
    assert content_disposition(name).startswith(f'attachment; filename="{name}"; ')


@pytest.mark.parametrize(
    ("name", "header"),
    [
        (
            "見積り書.csv",
            "attachment; filename=\"attachment.csv\"; filename*=UTF-8''%E8%A6%8B%E7%A9%8D%E3%82%8A%E6%9B%B8.csv",
        ),
        ("Été 50%.pdf", "attachment; filename=\"_t_ 50_.pdf\"; filename*=UTF-8''%C3%89t%C3%A9%2050%25.pdf"),
        ("l'été.png", "attachment; filename=\"l__t_.png\"; filename*=UTF-8''l%27%C3%A9t%C3%A9.png"),
    ],
)
def test_headers_as_they_are(name: str, header: str) -> None:
    """U-6."""
    assert content_disposition(name) == header


def test_every_extension_has_one_type() -> None:
    assert sorted(BY_EXTENSION) == [".csv", ".gif", ".jpeg", ".jpg", ".pdf", ".png"]
    assert [BY_EXTENSION[one] for filetype in FileType for one in filetype.extensions] == [
        filetype for filetype in FileType for _ in filetype.extensions
    ]
