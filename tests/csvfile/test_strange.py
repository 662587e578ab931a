"""Rows pasted from a file of another encoding, whose bytes are a text by chance: these alone are told."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service import csvfile
from service.csvfile import strange
from service.facts.findings import Severity
from tests.csvfile import tables

HEADER = "Partner name,Contact email,Media property,Description\n"
ROW = "{},a@x.example,https://x.example,{}\n"
LEGACY = [
    (locale, codec)
    for locale, codecs in tables.ENCODINGS.items()
    for codec in codecs
    if not codec.startswith(("utf", "iso2022"))
]
PASTED = {
    "fr": "Ateliers de l’Étang, créé à Lyon",
    "ja": "株式会社みどり企画のブログ",
    "zh": "杭州青禾文化传媒有限公司",
    "zh_Hant": "臺灣青禾文化傳媒有限公司",
}


def warned(data: bytes, codec: str) -> list[tuple[int, int, int]]:
    """Row, line and column of each warning."""
    file = csvfile.read(data, locale="en", encoding=codec)
    return [
        (row.number, one.line, one.column)
        for row in file.rows()
        for one in row.findings
        if one.rule == "row-other-encoding"
    ]


@pytest.mark.parametrize("pasted", PASTED)
@pytest.mark.parametrize(("locale", "codec"), LEGACY)
def test_a_row_of_utf_8_in_a_file_of_another_encoding_is_told(locale: str, codec: str, pasted: str) -> None:
    """C-2: the other rows are clean, and every row is read."""
    words = [word for word in tables.cldr(locale) if tables.held(codec, word) and "," not in word][:40]
    before = "".join(ROW.format(word, words[0]) for word in words).encode(codec)
    strange_row = f'{"Name"},a@x.example,https://x.example,"{PASTED[pasted]}"\n'.encode()
    data = HEADER.encode() + before + strange_row + before
    found = warned(data, codec)
    file = csvfile.read(data, locale="en", encoding=codec)
    row = list(file.rows())[len(words)]
    expected = [] if row.bad or len(row.cells) != 4 else [(len(words) + 1, len(words) + 2, 4)]
    assert found == expected


@pytest.mark.parametrize("through", ["cp1252", "cp932"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le"])
def test_text_that_was_read_wrongly_before_is_told(codec: str, through: str) -> None:
    garbled = "Café de l’Étang" if through == "cp1252" else "あおぞら出版社"
    garbled = garbled.encode().decode(through)
    text = HEADER + ROW.format("Anna", "みどりのブログ、été") + ROW.format("Bert", garbled)
    assert warned(text.encode(codec), codec) == [(2, 3, 4)]


def test_it_is_a_warning_that_shows_the_text() -> None:
    garbled = "Café".encode().decode("cp1252")
    (row,) = csvfile.read((HEADER + ROW.format("A", garbled)).encode(), locale="en").rows()
    (one,) = row.findings
    assert (one.severity, one.values, row.bad) == (Severity.WARNING, {"text": garbled}, False)


@pytest.mark.parametrize(("locale", "codec"), [*LEGACY, *((one, "utf-8") for one in tables.ENCODINGS)])
def test_clean_text_is_never_told(locale: str, codec: str) -> None:
    """C-2: every name of CLDR and every phrase of the help pages, each as the cell of a file."""
    words = {*tables.cldr(locale), *(() if locale == "zh_Hant" else tables.help_pages(locale))}
    lines = [ROW.format('"' + word.replace('"', '""') + '"', "") for word in sorted(words)]
    data = (HEADER + "".join(line for line in lines if tables.held(codec, line))).encode(codec)
    assert warned(data, codec) == []


@given(st.integers(0, 2**32), st.sampled_from(LEGACY), st.integers(1, 4))
@settings(max_examples=300, deadline=None)
def test_words_put_together_at_random_are_never_told(seed: int, place: tuple[str, str], count: int) -> None:
    """C-2: with certainty only; sentences, names and lists of four languages."""
    locale, codec = place
    chance = random.Random(seed)
    held = [word for word in tables.cldr(locale) if tables.held(codec, word)]
    for glue in ("", " ", " – ", "・", "、", "’", "»"):
        text = glue.join(chance.choice(held) for _ in range(count))
        if tables.held(codec, text):
            assert not strange.is_strange(text, codec), text
        assert not any(strange.is_strange(text, through) for through in ("cp1252", "cp932")), text
