"""Chinese typography (ZH001, ZH002, ZH004): widths, the space beside Latin, quotation marks."""

import re
from collections.abc import Iterator

from service.facts.words import N_
from service.lint.pairs import Mark, Pair, warning
from service.lint.placeholders import NUM
from service.lint.tokenizer import Kind

_HAN = "㐀-䶿一-鿿"
_MARKS = {".": "。", ",": "，", "!": "！", "?": "？", ":": "：", ";": "；", "(": "（", ")": "）"}
_HALF = re.compile(
    rf"(?<=[{_HAN}”）》\]])[.,!?:;](?=[\s{_HAN}“（”）《]|$)|(?<=[{_HAN}])[()]|[()](?=[{_HAN}])"
)
_JOINED = re.compile(rf"(?<=[{_HAN}])(?=[A-Za-z0-9])|(?<=[A-Za-z0-9])(?=[{_HAN}])")
_WIDE_SPACE = re.compile(
    rf"(?<=[{_HAN}A-Za-z0-9]) +(?=[，。；：！？、）》])|(?<=[，。；：！？、（《]) +(?=[{_HAN}A-Za-z0-9])"
)
_INNER_SPACE = re.compile(rf"(?<=[{_HAN}])  +(?=\S)")
_DATE = re.compile(r"\d+年(?:\d+月)?(?:\d+日)?|\d+月\d+日")
_QUOTES = re.compile(r'"[^"\n]{2,}"|「[^」\n]{2,}」|『[^』\n]{2,}』')

_PAIRS = (("（", "）"), ("《", "》"))


def check(pair: Pair) -> Iterator[Mark]:
    plain = pair.target.plain
    for found in _HALF.finditer(plain):
        yield warning("ZH001", N_("Beside Chinese text “%(half)s” is written “%(full)s”."), found.start(),
                      half=found[0], full=_MARKS[found[0]])  # fmt: skip
    dates = [date.span() for date in _DATE.finditer(plain)]
    for found in _JOINED.finditer(plain):
        if not any(start <= found.start() <= end for start, end in dates):
            yield warning(
                "ZH002", N_("One space stands between Chinese and Latin letters or digits."), found.start()
            )
    for found in _WIDE_SPACE.finditer(plain):
        yield warning("ZH002", N_("No space stands beside full-width punctuation."), found.start())
    for found in _INNER_SPACE.finditer(plain):
        yield warning("ZH002", N_("One space is enough."), found.start())
    yield from _beside_count(pair)
    for found in _QUOTES.finditer(plain):
        yield warning("ZH004", N_("Quotation marks are “ and ”, inside them ‘ and ’."), found.start())
    for opening, closing in _PAIRS:
        if plain.count(opening) != plain.count(closing):
            at = max(plain.find(opening), plain.find(closing))
            yield warning("ZH004", N_("“%(opening)s” and “%(closing)s” do not pair."), at,
                          opening=opening, closing=closing)  # fmt: skip


def _beside_count(pair: Pair) -> Iterator[Mark]:
    """ZH002 beside the count, which is always digits; other values may be Chinese themselves."""
    text = pair.target.text
    for token in pair.target.of(Kind.NAMED):
        if token.name != NUM:
            continue
        before, after = text[max(token.start - 1, 0) : token.start], text[token.end : token.end + 1]
        for neighbor, at in ((before, token.start), (after, token.end)):
            if re.fullmatch(f"[{_HAN}]", neighbor):
                yield warning(
                    "ZH002", N_("One space stands between Chinese and Latin letters or digits."), at
                )
