"""Which encoding: right when the reader's language is the file's, otherwise right or asked."""

import codecs
import csv
import io
import random
import time
from collections.abc import Sequence

import pytest
from babel import Locale

from service import csvfile
from service.csvfile import encoding, headers
from service.csvfile.encoding import UnknownEncoding
from service.csvfile.source import InMemory

ENCODINGS = {
    "en": ["cp1252", "mac_roman", "utf-8", "utf-16-le"],
    "fr": ["cp1252", "mac_roman", "utf-8", "utf-8-sig", "utf-16-be"],
    "ja": ["cp932", "euc_jp", "iso2022_jp", "utf-8", "utf-16", "utf-16-le", "utf-16-be"],
    "zh": ["gb18030", "gbk", "utf-8", "utf-16-le"],
    "zh_Hant": ["big5", "utf-8"],
}


def words(locale: str) -> list[str]:
    """Names from CLDR, on which nothing was tuned."""
    names = Locale.parse("zh_Hans" if locale == "zh" else locale)
    return [*names.territories.values(), *names.languages.values(), *names.currencies.values()]


WORDS = {locale: words(locale) for locale in ENCODINGS}


def holds(codec: str, text: str) -> bool:
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


def table(locale: str, codec: str, count: int, header: str, chance: random.Random) -> list[list[str]]:
    def word() -> str:
        return next(one for one in iter(lambda: chance.choice(WORDS[locale]), None) if holds(codec, one))

    if header == "short":
        return [
            ["email", "name"],
            *[[f"u{chance.randrange(9999)}@example.com", word()] for _ in range(count)],
        ]
    names = headers.header_row("zh" if locale == "zh_Hant" else locale if header == "own" else "en")
    if not all(holds(codec, name) for name in names):
        names = headers.header_row("en")
    rows = [
        [
            word(),
            f"u{number}@example.com",
            f"https://site{number}.example",
            word(),
            word(),
            word(),
            word(),
            "",
            "",
            "",
        ]
        for number in range(count)
    ]
    return [list(names), *rows]


def as_bytes(rows: Sequence[Sequence[str]], codec: str) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode(codec)


CASES = [
    (locale, codec, header)
    for locale, codecs_ in ENCODINGS.items()
    for codec in codecs_
    for header in ("own", "en", "short")
]


@pytest.mark.parametrize(("locale", "codec", "header"), CASES)
def test_short_files_are_read_right_or_asked(locale: str, codec: str, header: str) -> None:
    """C-1: with the reader's own language right; with another never silently wrong from 5 rows on."""
    chance = random.Random(f"{locale} {codec} {header}")
    own = locale.partition("_")[0]
    for count in (1, 5, 50):
        for _ in range(3):
            truth = table(locale, codec, count, header, chance)
            data = as_bytes(truth, codec)
            for reader in ("en", "fr", "ja", "zh"):
                file = csvfile.read(data, locale=reader)
                found = [list(file.header), *(row.cells for row in file.rows())]
                if reader == own and count > 1:
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
