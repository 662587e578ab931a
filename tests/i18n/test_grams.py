"""The numbers texts are looked up by, and where words stand in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.i18n import grams


def marked(text: str, query: str) -> str:
    """Return the text with what was found in brackets, or nothing where it is not found."""
    words = grams.words_of(query)
    if not set(grams.numbers_for(words)) <= set(grams.numbers_of(text)):
        return ""
    shown, at = "", 0
    for start, end in grams.places(text, words):
        shown += f"{text[at:start]}[{text[start:end]}]"
        at = end
    return shown + text[at:] if shown else ""


@pytest.mark.parametrize(
    ("text", "query", "shown"),
    [
        ("ガジェットを探しています", "ガジェ", "[ガジェ]ットを探しています"),
        ("ガジェットを探しています", "ｶﾞｼﾞｪｯﾄ", "[ガジェット]を探しています"),
        ("半角のｶﾞｼﾞｪｯﾄです", "ガジェット", "半角の[ｶﾞｼﾞｪｯﾄ]です"),
        ("春のテントを探す", "探す 春の", "[春の]テントを[探す]"),
        ("傘を探す", "傘", "[傘]を探す"),
        ("雨傘", "傘", "雨[傘]"),
        ("髙橋です", "高橋", "[髙橋]です"),
        ("您好，我们对合作很感兴趣", "合作", "您好，我们对[合作]很感兴趣"),
        ("您好，我们对合作很感兴趣", "合我", ""),
        ("été, ÉTÉ, étés", "ete", "[été], [ÉTÉ], [été]s"),
        ("Les partenaires du parc", "part", "Les [part]enaires du parc"),
        ("The party and art", "art", "The party and [art]"),
        ("a marketing plan", "marketing p", "a [marketing] [p]lan"),
        ("a marketing plan", "marketing x", ""),
        ("vitamin c", "c", "vitamin [c]"),
        ("CSV出力とCSV入力", "csv出力", "[CSV][出力]と[CSV]入力"),
        ("extraordinarily long", "extraordinary", ""),
        ("extraordinarily long", "extraordinar", "[extraordinar]ily long"),
        ("snake_case", "snake_c", "[snake_c]ase"),
        ("㌔㌘", "キロ", "[㌔]㌘"),
        ("一二", "一三", ""),
        ("nothing", "", ""),
        ("nothing", "?!", ""),
    ],
)
def test_words_are_found_in_any_script(text: str, query: str, shown: str) -> None:
    """L-2: width, case, accents and the two kana are one; CJK anywhere, other words by their beginning."""
    assert marked(text, query) == shown


@given(st.text(alphabet="探すガｶﾞー東京 ete\u0301É,.\n㌔〆a1_", max_size=40), st.data())
def test_every_part_of_a_run_is_found(text: str, data: st.DataObject) -> None:
    """What stands in a text is found by its numbers and at a place: no run and no beginning is missed."""
    words = grams.words_of(text)
    if not words:
        return
    word = data.draw(st.sampled_from(words))
    end = data.draw(st.integers(1, len(word)))
    part = (word[:end],)
    if end == 1 and len(word) > 1 and not "一" <= word[0] <= "鿿":
        return  # a lone letter or kana is looked for as a whole
    assert set(grams.numbers_for(part)) <= set(grams.numbers_of(text))
    places = grams.places(text, part)
    assert places
    assert all(0 <= start <= end <= len(text) for start, end in places)
    assert places == sorted(places)


@given(st.text(max_size=60), st.text(max_size=10))
def test_places_are_of_the_text(text: str, query: str) -> None:
    places = grams.places(text, grams.words_of(query))
    assert all(0 <= start <= end <= len(text) for start, end in places)
