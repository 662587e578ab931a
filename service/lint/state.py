"""Rules on whether a text is translated, into the right language, with the same spaces around (ST, WS)."""

import re
from collections.abc import Iterator
from functools import lru_cache

from service.facts.words import N_
from service.i18n import po
from service.i18n.locales import Locale
from service.lint.pairs import Mark, Pair, advice, error, warning

_KANA = re.compile(r"[ぁ-ゖァ-ヺ]")
_HAN = re.compile(r"[㐀-䶿一-鿿]")
_CJK = re.compile(r"[ぁ-ゖァ-ヺ㐀-䶿一-鿿]")
_ENGLISH = re.compile(r"(?<![\w.-])[a-z]{3,}(?![\w.-])")
_PARAGRAPHS = re.compile(r"\n\s*\n")


def check_entry(entry: po.Entry, locale: Locale) -> Iterator[Mark]:
    """ST001, ST002: nothing there, or nobody sure of it."""
    if not any(entry.strings):
        # Only what the product ships must be complete.
        yield (warning if locale.shipped else advice)("ST001", N_("Not translated."))
    elif entry.fuzzy:
        yield warning("ST002", N_("Marked fuzzy: the source text is shown until somebody confirms it."))


def check(pair: Pair) -> Iterator[Mark]:
    """ST004, ST005, WS001, WS003."""
    if pair.locale.code in ("ja", "zh"):
        yield from script(pair)
    yield from _edges(pair)
    wanted, found = (len(_PARAGRAPHS.findall(text.text.strip())) for text in (pair.source, pair.target))
    if wanted != found:
        yield warning("WS003", N_("The source text has %(wanted)s paragraphs, the translation %(found)s."), 0,
                      wanted=wanted + 1, found=found + 1)  # fmt: skip


def script(pair: Pair) -> Iterator[Mark]:
    """ST004, ST005: characters that a language is not written in."""
    plain = pair.target.plain
    if not _CJK.search(plain) and (english := _ENGLISH.search(plain)):
        yield warning("ST004", N_("The text is still in the Latin alphabet."), english.start())
    wrong = _not_japanese if pair.locale.code == "ja" else _not_simplified
    for at, character in enumerate(plain):
        if character > "\u3000" and wrong(character) and character not in pair.source.text:
            yield error(
                "ST005", N_("“%(character)s” is not written in this language."), at, character=character
            )


def _in(character: str, encoding: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


@lru_cache(maxsize=8192)
def _not_japanese(character: str) -> bool:
    """A Chinese character that neither JIS X 0213 nor Windows' Japanese has, as 设."""
    return _HAN.match(character) is not None and not (
        _in(character, "euc_jis_2004") or _in(character, "cp932")
    )


@lru_cache(maxsize=8192)
def _not_simplified(character: str) -> bool:
    """Kana, or a character of Taiwan's or Japan's standards that GB 2312 does not have, as 設 and 込."""
    if _KANA.match(character):
        return True
    return (
        _HAN.match(character) is not None
        and not _in(character, "gb2312")
        and (_in(character, "big5") or _in(character, "euc_jp"))
    )


def _edges(pair: Pair) -> Iterator[Mark]:
    source, target = pair.source.text, pair.target.text
    joined = pair.locale.code in ("ja", "zh")  # where labels and values join without a space
    for edge, at in ((0, 0), (-1, len(target) - 1)):
        ours, theirs = source[edge], target[edge]
        if (ours == "\n") != (theirs == "\n"):
            yield warning(
                "WS001", N_("Source text and translation must both have a line break here, or neither."), at
            )
        elif (theirs.isspace() and not ours.isspace()) or (
            ours == " " and not theirs.isspace() and not joined
        ):
            yield warning(
                "WS001", N_("Source text and translation must both have a space here, or neither."), at
            )
