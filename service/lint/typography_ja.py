"""Japanese typography (JA001 to JA007): widths, spaces, brackets."""

import re
from collections.abc import Iterator

from service.facts.words import N_
from service.lint.pairs import Mark, Pair, warning
from service.lint.tokenizer import Kind

_JA = "ぁ-ゖァ-ヺー々〆〇㐀-䶿一-鿿"
_MARKS = {".": "。", ",": "、", "!": "！", "?": "？", ":": "：", ";": "；", "(": "（", ")": "）"}
_HALF = re.compile(rf"(?<=[{_JA}」』）\]])[.,!?:;](?=[\s{_JA}「『」』）]|$)|(?<=[{_JA}])[()]|[()](?=[{_JA}])")
_LATIN_SPACE = re.compile(rf"(?<=[{_JA}、。」』）])( +)(?=[A-Za-z0-9])|(?<=[A-Za-z0-9])( +)(?=[{_JA}「『（])")
_INNER_SPACE = re.compile(rf"(?<=[{_JA}]) +(?=[{_JA}])|(?<=[、。：！？]) +(?=[{_JA}「])")
_HALF_KANA = re.compile(r"[｡-ﾟ]+")
_FULL_LATIN = re.compile(r"[０-９Ａ-Ｚａ-ｚ]+")
_QUOTES = re.compile(r'"[^"\n]{2,}"|“[^“”\n]{2,}”')
_PAIRS = (("「", "」"), ("『", "』"), ("（", "）"))


def check(pair: Pair) -> Iterator[Mark]:
    plain = pair.target.plain
    for found in _HALF.finditer(plain):
        yield warning("JA001", N_("Beside Japanese text “%(half)s” is written “%(full)s”."), found.start(),
                      half=found[0], full=_MARKS[found[0]])  # fmt: skip
    for found in _LATIN_SPACE.finditer(plain):
        yield warning(
            "JA002", N_("No space stands between Japanese and Latin letters or digits."), found.start()
        )
    yield from _beside_placeholders(pair)
    for found in _INNER_SPACE.finditer(plain):
        yield warning("JA003", N_("No space stands inside Japanese text."), found.start())
    for found in _HALF_KANA.finditer(plain):
        yield warning("JA004", N_("Kana and their marks are full width."), found.start())
    for found in _FULL_LATIN.finditer(plain):
        yield warning("JA004", N_("Latin letters and digits are half width."), found.start())
    for found in _QUOTES.finditer(plain):
        yield warning("JA007", N_("Quotation marks are 「 and 」, inside them 『 and 』."), found.start())
    for opening, closing in _PAIRS:
        if plain.count(opening) != plain.count(closing):
            at = max(plain.find(opening), plain.find(closing))
            yield warning("JA007", N_("“%(opening)s” and “%(closing)s” do not pair."), at,
                          opening=opening, closing=closing)  # fmt: skip


def _beside_placeholders(pair: Pair) -> Iterator[Mark]:
    """JA002 beside a value; beside an address or a tag a space may be wanted."""
    text = pair.target.text
    for token in pair.target.of(Kind.NAMED, Kind.BRACE):
        before, after = text[max(token.start - 2, 0) : token.start], text[token.end : token.end + 2]
        if re.fullmatch(rf"[{_JA}] ", before):
            yield warning("JA002", N_("No space stands between Japanese text and a value."), token.start - 1)
        if re.fullmatch(rf" [{_JA}]", after):
            yield warning("JA002", N_("No space stands between Japanese text and a value."), token.end)
