"""Which encoding: right when the reader's language is the file's, otherwise right or asked."""

import codecs
import random
import time

import pytest

from service import csvfile
from service.csvfile import encoding
from service.csvfile.encoding import UnknownEncoding
from service.csvfile.source import InMemory
from tests.csvfile.tables import ENCODINGS, HEADERS, READERS, as_bytes, reader_of, table

CASES = [
    (locale, codec, header)
    for locale, codecs_ in ENCODINGS.items()
    for codec in codecs_
    for header in HEADERS
]


@pytest.mark.parametrize(("locale", "codec", "header"), CASES)
def test_short_files_are_read_right_or_asked(locale: str, codec: str, header: str) -> None:
    """C-1: with the reader's own language right; with another never silently wrong from 5 rows on."""
    chance = random.Random(f"{locale} {codec} {header}")
    own = reader_of(locale)
    for count in (1, 5, 50):
        for _ in range(3):
            truth = table(locale, codec, count, header, chance)
            data = as_bytes(truth, codec)
            for reader in READERS:
                file = csvfile.read(data, locale=reader)
                found = [list(file.header), *(row.cells for row in file.rows())]
                if reader == own and (count > 1 or locale != "zh_Hant"):
                    assert found == truth, (reader, file.detection)
                if count > 1:
                    assert found == truth or not file.detection.certain, (reader, file.detection)
                assert "\ufffd" not in str(found)


def test_byte_order_marks() -> None:
    for codec, mark in (
        ("utf-8", codecs.BOM_UTF8),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
    ):
        found = encoding.detect(InMemory(mark + "名,a\n".encode(codec)), "fr")
        assert (found.encoding, found.bom, found.certain, found.signature) == (codec, True, True, mark)


def test_utf_8_with_one_bad_byte_stays_utf_8() -> None:
    """C-2: a whole file is not read as mojibake for the sake of one byte."""
    rows = as_bytes(
        [["名前", "email"], *[["日本語の名前", f"{number}@example.jp"] for number in range(20)]], "utf-8"
    )
    for bad in (rows[:-3] + b"\xff" + rows[-3:], rows + "末".encode()[:2], rows + "é,x\r\n".encode("cp1252")):
        found = encoding.detect(InMemory(bad), "ja")
        assert (found.encoding, found.certain) == ("utf-8", True)


def test_cp932_with_one_bad_byte_stays_cp932() -> None:
    rows = as_bytes(
        [["名前", "email"], *[["日本語の名前", f"{number}@example.jp"] for number in range(20)]], "cp932"
    )
    assert encoding.detect(InMemory(rows + b"\x81\n"), "ja").encoding == "cp932"


def test_text_far_behind_ascii_is_heard() -> None:
    """The sample is taken from lines that are not ASCII, wherever they stand."""
    rows = (
        b"name,email\r\n"
        + b"plain,a@example.com\r\n" * 150_000
        + "髙橋①㈱,b@example.jp\r\n".encode("cp932") * 3
    )
    found = encoding.detect(InMemory(rows), "ja")
    assert (found.encoding, found.certain) == ("cp932", True)


def test_the_signs_of_windows_and_mac_are_kept() -> None:
    """C-1: ①㈱髙﨑 in CP932, the euro and the dash in Windows-1252."""
    for text, codec, reader in (
        ("パートナー名\n①㈱髙﨑～−\n".replace("−", "－"), "cp932", "ja"),
        ("Société\nL’été à 10 € – fin…\n", "cp1252", "fr"),
        ("Société\nL’été à 10 $ – fin…\n", "mac_roman", "fr"),
    ):
        file = csvfile.read(text.encode(codec), locale=reader)
        assert "\n".join([*file.header, *(row.cells[0] for row in file.rows()), ""]) == text


def test_nul_in_one_row_is_not_utf_16() -> None:
    assert encoding.detect(InMemory(b"name,email\nA\0,b@c.example\n"), "en").encoding == "utf-8"


def test_what_a_person_chooses_is_taken() -> None:
    for name, codec in (
        ("Shift_JIS", "cp932"), ("windows-1252", "cp1252"),
        ("latin-1", "cp1252"), ("GBK", "gb18030"),
        ("utf-8-sig", "utf-8"),
        ("macintosh", "mac_roman"), ("Big5", "big5"), ("cp950", "cp950"), ("UTF-16", "utf-16-le"),
    ):  # fmt: skip
        assert encoding.chosen(name, InMemory(b"a,b")).encoding == codec


@pytest.mark.parametrize(
    "name",
    [
        "", "no such", "base64", "rot13", "undefined", "hex", "idna", "punycode", "utf-7", "unicode_escape",
        "raw_unicode_escape", "mbcs", "utf-32", "koi8-r", "utf-8\0", "cp932\udc81",
    ],
)  # fmt: skip
def test_a_name_that_is_no_encoding_of_ours_is_refused(name: str) -> None:
    with pytest.raises(UnknownEncoding):
        encoding.chosen(name, InMemory(b"a,b"))


def test_whatever_was_detected_or_is_offered_can_be_chosen() -> None:
    """A file is opened again by the name that was stored for it."""
    names = {*encoding.CHOICES, *encoding.FAMILIES, *encoding.BOMS}
    for name in names.union(*encoding.VARIANTS.values()):
        assert encoding.chosen(name, InMemory(b"a,b")).encoding == name


def test_long_lines_cost_what_their_bytes_cost() -> None:
    """Four times the bytes take about four times the work, not sixteen."""
    cells = b"," + b"x" * 4_000 + b"\n"
    signs = b"a" + b"\xa7" * 1_000 + b"\n"
    for line in (cells, signs):
        spent = []
        for times in (1, 2, 4):
            data = b"name,email\n" + line[:-1] * times + b"\n" + line[:-1] * times + b"\n\xe9,a@x.example\n"
            tries = []
            for _ in range(3):
                begun = time.process_time()
                encoding.detect(InMemory(data), "en")
                tries.append(time.process_time() - begun)
            spent.append(min(tries))
        assert spent[2] < 8 * spent[0] + 0.05, spent


def test_the_sample_is_of_whole_lines_that_are_not_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines end at CR and LF alone; one that is cut by a chunk is left out."""
    monkeypatch.setattr(encoding, "CHUNK", 16)
    data = b"name\nplain\r\xe9t\xe9\x0b\x85\xe9\r\n" + b"a\n" * 4 + b"\xe8\nb\n" + b"c\n" * 4 + b"\xe7"
    assert encoding.sample(InMemory(data)).splitlines() == [b"name", b"\xe8", b"\xe7"]
    monkeypatch.setattr(encoding, "CHUNK", 1024)
    assert encoding.sample(InMemory(data)).splitlines() == [
        b"name",
        b"\xe9t\xe9\x0b\x85\xe9",
        b"\xe8",
        b"\xe7",
    ]


def test_utf_8_by_chance_is_asked_for() -> None:
    """C-1: bytes of GBK, Big5 and MacRoman that are valid UTF-8 too, in a file that says nothing more."""
    for text, codec, reader in (
        ("欧元", "gbk", "zh"),
        ("学习", "gbk", "zh"),
        ("魏", "gbk", "zh"),
        ("jusqu’à", "mac_roman", "fr"),
    ):
        data = f"email,name\na@x.example,{text}\n".encode(codec)
        data.decode()
        found = encoding.detect(InMemory(data), reader)
        assert data.decode(found.encoding) == data.decode(codec)
        assert not encoding.detect(InMemory(data), "en").certain


@pytest.mark.parametrize(
    "text",
    [
        "café",
        "école",
        "Société à l’est",
        "señor",
        "Łódź",
        "über",
        "« a »",
        "日",
        "日本",
        "髙﨑",
        "Москва",
        "한국",
        "محمد",
        "علي,محمد الحسن",
        "דוד",
        "שרה כהן",
    ],
)
def test_short_utf_8_is_read_as_such(text: str) -> None:
    """C-1: and without a question, but for East Asian readers of two Latin letters in all."""
    data = f"email,name\na@x.example,{text}\n".encode()
    for reader in READERS:
        found = encoding.detect(InMemory(data), reader)
        assert found.encoding == "utf-8"
        assert found.certain or reader in {"ja", "zh"}, reader


@pytest.mark.parametrize("text", ["עִבְרִית", "Հայկ", "Ā", "©"])
def test_nothing_is_certain_against_valid_utf_8(text: str) -> None:
    """C-1: two bytes by chance, or letters nobody expected."""
    data = f"email,name\na@x.example,{text}\n".encode()
    for reader in READERS:
        found = encoding.detect(InMemory(data), reader)
        assert "utf-8" in found.candidates
        assert found.encoding == "utf-8" or not found.certain


def test_iso_2022_jp_far_into_a_file_and_with_a_bad_byte() -> None:
    """C-1, C-2: seven bits alone make it no UTF-8; the bad row is named, not the file misread."""
    plain = b"name,email\n" + b"plain,a@example.com\n" * 5_000
    japanese = "日本語の名前,b@example.jp\n".encode("iso2022_jp")
    for bad in (b"", b"\x1b$B$\x1b(B,c\n", b"\xff,c\n"):
        file = csvfile.read(plain + japanese * 3 + bad + japanese, locale="en")
        assert (file.encoding, file.detection.certain) == ("iso2022_jp", True)
        rows = list(file.rows())
        assert rows[-1].cells == ["日本語の名前", "b@example.jp"]
        assert [row.number for row in rows if row.bad] == ([5_004] if bad else [])


def test_utf_16_cut_short_or_with_many_zero_bytes_in_its_characters() -> None:
    """C-1, C-2: half a character at the end is an error of its row; 开 is U+5F00."""
    for codec in ("utf-16-le", "utf-16-be"):
        text = "名称,邮箱\n开开开帀,a@x.example\n一,b@x.example\n"
        file = csvfile.read(text.encode(codec) + b"x", locale="fr")
        assert (file.encoding, file.detection.certain) == (codec, True)
        assert [row.cells for row in file.rows() if not row.bad] == [
            ["开开开帀", "a@x.example"],
            ["一", "b@x.example"],
        ]


def test_one_rare_sign_far_into_a_file_takes_the_wider_relative() -> None:
    """C-1: ① is in no strict EUC-JP; the sample of a large file may not have it."""
    lines = [
        "名前,email",
        *["日本語の名前,a@x.example"] * 60_000,
        "①,b@x.example",
        *["日本語の名前,a@x.example"] * 60_000,
    ]
    data = "\n".join(lines).encode("euc_jis_2004")
    file = csvfile.read(data, locale="ja")
    assert file.encoding == "euc_jis_2004"
    assert not any(row.bad for row in file.rows())


def test_a_long_line_is_cut_between_characters() -> None:
    """The sample is heard without half a character."""
    for codec in ("cp932", "gb18030", "euc_jp", "big5", "iso2022_jp"):
        line = ",".join(["中文日本"] * 700)
        data = f"a,b\n{line}\n{line[1:]}\nx{line}\n".encode(codec)
        for row in encoding.sample(InMemory(data)).splitlines():
            row.decode(codec)


def test_bytes_that_read_badly_in_every_encoding_are_asked_for() -> None:
    """The best of bad readings is not certain."""
    for reader in READERS:
        assert not encoding.detect(InMemory(b"name,email\ncaf\xe9\xff\x81,a@x.example\n"), reader).certain


def test_a_file_that_ends_inside_a_character_is_still_utf_8() -> None:
    """C-2: truncated; the row is named by its byte."""
    data = "name,email\nA,a@x.example\n日本".encode()[:-1]
    for reader in READERS:
        file = csvfile.read(data, locale=reader)
        assert file.encoding == "utf-8"
        assert [one.values["offset"] for row in file.rows() for one in row.findings if row.bad] == [
            len(data) - 2
        ]
