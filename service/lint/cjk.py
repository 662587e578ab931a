"""Rules for every language in ideographs (CJK001, CJK002), as far as a text tells without its page."""

import re
from collections.abc import Iterable, Iterator

from service.facts.words import N_
from service.lint.pairs import Mark, Pair, advice
from service.lint.styles import HAN, HANGUL, shape
from service.lint.tokenizer import Kind

LANGUAGES = frozenset({"ja", "zh", "ko"})
_CJK = f"ぁ-ゖァ-ヺー々{HAN}{HANGUL}"
_EMPHASIS = re.compile(
    rf"(?<![*\w])\*(?![*\s])[^*\n]*[{_CJK}][^*\n]*(?<!\s)\*(?!\*)|(?<![_\w])_(?![_\s])[^_\n]*[{_CJK}][^_\n]*(?<!\s)_(?![_\w])"
    rf"|(?<=[{_CJK}])\*(?![*\s])[^*\n]*[{_CJK}][^*\n]*(?<!\s)\*(?!\*)"
)
_ITALIC = frozenset({"i", "em", "cite", "dfn", "var"})
_LINE_START = re.compile(
    r"(?<=\n)[ \u3000]*[、。，．！？：；・ー」』）］｝〉》】〕”’ぁぃぅぇぉっゃゅょァィゥェォッャュョ々]"
)
_LINE_END = re.compile(r"[「『（［｛〈《【〔“‘][ \u3000]*(?=\n)")

ITALIC = N_("Characters are not set in italics: choose another emphasis, or quotation marks.")
START = N_("No line starts with “%(mark)s”.")
END = N_("No line ends in “%(mark)s”.")


UNPAIRED = N_("“%(opening)s” and “%(closing)s” do not pair.")


def unpaired(rule: str, plain: str, brackets: Iterable[tuple[str, str]]) -> Iterator[Mark]:
    """Brackets of which a text has more that open than that close, or fewer."""
    for opening, closing in brackets:
        if plain.count(opening) != plain.count(closing):
            at = max(plain.find(opening), plain.find(closing))
            yield advice(rule, UNPAIRED, at, opening=opening, closing=closing)


def check(pair: Pair) -> Iterator[Mark]:
    plain = pair.target.plain
    if "*" in plain or "_" in plain:
        for found in _EMPHASIS.finditer(shape(plain)):
            yield advice("CJK001", ITALIC, found.start())
    for tag in pair.target.of(Kind.TAG):
        # Where the source text has the tag, it must stay, and the style sheet decides.
        if tag.name in _ITALIC and tag.text[1] != "/" and tag.text not in pair.source.text:
            yield advice("CJK001", ITALIC, tag.start)
    if "\n" in plain:
        for found in _LINE_START.finditer(plain):
            yield advice("CJK002", START, found.end() - 1, mark=found[0].strip(" \u3000"))
        for found in _LINE_END.finditer(plain):
            yield advice("CJK002", END, found.start(), mark=found[0][0])
