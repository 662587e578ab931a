"""Rules on whether a text is translated, into the right script, with the same spaces (ST001 to ST005, WS)."""

import re
from collections.abc import Iterator
from functools import lru_cache

from service.facts.findings import Fix
from service.facts.words import N_
from service.i18n import po
from service.i18n.locales import SOURCE, Locale
from service.lint.pairs import Mark, Pair, advice, error, warning
from service.lint.styles import HAN, shape

_KANA = re.compile(r"[ぁ-ゖァ-ヺ]")
_CJK = re.compile(f"[ぁ-ゖァ-ヺ{HAN}]")
_WORD = re.compile(r"(?<![\w.@/-])(?:[A-Z]?[a-z]{2,}|[A-Z][a-z]+)(?![\w@/-]|\.\w)", re.ASCII)
_LATIN = re.compile(r"[A-Za-z]")
_NAMES = frozenset(
    {"prospectus", "markdown", "python", "django", "flask", "linux", "windows", "google", "apple", "android"}
    | {"microsoft", "excel", "unicode", "latin", "gettext", "smtp", "gmail", "outlook", "firefox", "chrome"}
    | {"safari", "postgres", "sqlite", "redis", "docker", "kubernetes", "facebook", "instagram", "twitter"}
    | {"wikipedia", "mozilla", "debian", "ubuntu", "cookie", "html", "http", "https", "json", "utf", "iso"}
)
"""Words that are names in every language."""
_QUOTED = re.compile(r"“[^”]*”|「[^」]*」|『[^』]*』|‘[^’]*’|\"[^\"]*\"")
_FRENCH_MARK = re.compile("[\u00a0\u202f][:;!?»]")
"""A mark that stands alone, with the space before it."""
_RUN = re.compile(r"(?<=\S)  +(?=\S)")
UNCHANGED = N_("The translation is the source text itself.")
DOUBLE = N_("Two spaces stand here, where one is enough.")
BREAK = N_("Source text and translation must both have a line break here, or neither.")
SPACE = N_("Source text and translation must both have a space here, or neither.")
_PARAGRAPHS = re.compile(r"\n\s*\n")


def check_entry(entry: po.Entry, locale: Locale) -> Iterator[Mark]:
    """ST001, ST002: nothing there, or nobody sure of it."""
    if not any(entry.strings):
        # Only what the product ships must be complete.
        yield (warning if locale.shipped else advice)("ST001", N_("Not translated."))
    elif entry.fuzzy:
        yield warning("ST002", N_("Marked fuzzy: the source text is shown until somebody confirms it."))


def check(pair: Pair) -> Iterator[Mark]:
    """ST003 to ST005, WS001 to WS003."""
    if pair.locale.code in _CJK_CODES:
        yield from script(pair)
    elif (
        pair.target.text == pair.source.text
        and pair.locale.code != SOURCE
        and (word := _word(pair.source.plain, 3)) is not None
    ):
        yield advice("ST003", UNCHANGED, word)
    yield from _edges(pair)
    if "\n\n" in pair.source.text or "\n\n" in pair.target.text:
        yield from _paragraphs(pair)
    if "  " in pair.target.plain and "  " not in pair.source.text:
        for run in _RUN.finditer(pair.target.plain):
            yield advice("WS002", DOUBLE, run.start(), fix=Fix(run.start(), run.end(), " "))


def _paragraphs(pair: Pair) -> Iterator[Mark]:
    wanted, found = (len(_PARAGRAPHS.findall(text.text.strip())) for text in (pair.source, pair.target))
    if wanted != found:
        yield warning("WS003", N_("The source text has %(wanted)s paragraphs, the translation %(found)s."), 0,
                      wanted=wanted + 1, found=found + 1)  # fmt: skip


def _word(plain: str, letters: int) -> int | None:
    """Where the first word stands that is no name, so that it could be translated."""
    for found in _WORD.finditer(plain):
        if len(found[0]) >= letters and found[0].lower() not in _NAMES:
            return found.start()
    return None


def script(pair: Pair) -> Iterator[Mark]:
    """ST004, ST005: characters that a language is not written in."""
    plain = pair.target.plain
    if (
        not _CJK.search(shape(plain))
        and len(_LATIN.findall(plain)) >= 4
        and (word := _word(plain, 2)) is not None
    ):
        yield warning("ST004", N_("The text is still in the Latin alphabet."), word)
    code = pair.locale.code
    if plain.isascii() or _is_usual(pair.target.text, code):
        return
    strange = {sign for sign in set(plain) if sign > "\u3000" and _WRONG[code](sign)}
    strange.difference_update(pair.source.text)
    if not strange:
        return
    quoted = [found.span() for found in _QUOTED.finditer(plain)] if _QUOTED.search(plain) else []
    for at, character in enumerate(plain):
        if character in strange and not any(start < at < end for start, end in quoted):
            yield error(
                "ST005", N_("“%(character)s” is not written in this language."), at, character=character
            )


def _is_usual(text: str, code: str) -> bool:
    """Whether the standard of a language has the whole text: nearly all need no look at their characters."""
    return _in(text, _STANDARDS[code]) and (code == "ja" or not _KANA.search(text))


def _in(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


@lru_cache(maxsize=8192)
def _not_japanese(character: str) -> bool:
    """A Chinese character that neither JIS X 0213 nor Windows' Japanese has, as 设."""
    return shape(character) == HAN and not (_in(character, "euc_jis_2004") or _in(character, "cp932"))


@lru_cache(maxsize=8192)
def _not_simplified(character: str) -> bool:
    """Kana, or a character of Taiwan's or Japan's standards that GB 2312 does not have, as 設 and 込."""
    if _KANA.match(character):
        return True
    return (
        shape(character) == HAN
        and not _in(character, "gb2312")
        and (_in(character, "big5") or _in(character, "euc_jp"))
    )


@lru_cache(maxsize=8192)
def _not_traditional(character: str) -> bool:
    """Kana, or a character of the mainland's standard that Taiwan's does not have, as 设."""
    if _KANA.match(character):
        return True
    return shape(character) == HAN and not _in(character, "big5") and _in(character, "gb2312")


_WRONG = {"ja": _not_japanese, "zh": _not_simplified, "zh_Hant": _not_traditional}
_STANDARDS = {"ja": "euc_jis_2004", "zh": "gb2312", "zh_Hant": "big5"}
_CJK_CODES = frozenset(_WRONG)


def _edges(pair: Pair) -> Iterator[Mark]:
    """WS001. Labels and values join without a space in Chinese and Japanese."""
    source, target = pair.source.text, pair.target.text
    if source == source.strip() and target == target.strip():
        return
    if not source.strip() or not target.strip():
        return
    yield from _edge(pair, source, target, end=False)
    yield from _edge(pair, source, target, end=True)


def _edge(pair: Pair, source: str, target: str, *, end: bool) -> Iterator[Mark]:
    ours, theirs = (_space(text, end=end) for text in (source, target))
    if ours == theirs or (theirs == "" and ours == " " and pair.locale.code in _CJK_CODES):
        return
    if not end and not ours and _FRENCH_MARK.match(target) and pair.locale.code.startswith("fr"):
        return
    line = ("\n" in ours) != ("\n" in theirs)
    if not line and bool(ours) == bool(theirs):
        return
    at = len(target) - 1 if end else 0
    start = len(target) - len(theirs) if end else 0
    fix = Fix(start, start + len(theirs), ours)
    yield warning("WS001", BREAK if line else SPACE, at, fix=fix)


def _space(text: str, *, end: bool) -> str:
    return text[len(text.rstrip()) :] if end else text[: len(text) - len(text.lstrip())]
