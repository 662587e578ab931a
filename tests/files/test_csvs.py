"""CSV files that are attached: text in any encoding, and their first cells to look at."""

import pytest

from service.files import csvs, judge


@pytest.mark.parametrize(
    ("content", "locale"),
    [
        ("名前,メール\r\n山田,a@example.com\r\n".encode("cp932"), "ja"),
        ("姓名,邮箱\r\n王芳,a@example.com\r\n".encode("gb18030"), "zh"),
        ("nom;e-mail\r\nÉtienne;a@example.com\r\n".encode("cp1252"), "fr"),
        ("name\temail\nA\ta@example.com\n".encode("utf-16"), "en"),
        (b"\xef\xbb\xbfname,email\nA,a@example.com\n", "en"),
        (b"one column\n", "en"),
        (b"name,note\nA,=1+1\n", "en"),
    ],
)
def test_csv_of_any_encoding_is_taken_as_it_is(content: bytes, locale: str) -> None:
    assert judge("a.csv", content).content == content
    assert csvs.preview(content, locale=locale) != ()


def test_the_first_cells_are_text() -> None:
    """P3: formulas and tags are characters like any others."""
    content = '名前,note,more\r\n山田,"=HYPERLINK(""x"")",3\r\n<b>,,\r\nlast,1,2\r\n'.encode("cp932")
    assert csvs.preview(content, locale="ja", rows=2, columns=2) == (
        ("名前", "note"),
        ("山田", '=HYPERLINK("x")'),
        ("<b>", ""),
    )


def test_long_cells_are_cut() -> None:
    shown = csvs.preview(b"a\n" + b"x" * 300 + b"\n", locale="en")
    assert shown == (("a",), ("x" * 200 + "…",))


def test_what_is_no_table_has_no_preview() -> None:
    assert csvs.preview(b"%PDF-1.7", locale="en") == ()
    assert csvs.preview(b"", locale="en") == ()
