"""Japanese typography (JA001 to JA009): widths, spaces, long vowels, brackets."""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from service.facts.findings import Fix
from service.facts.words import N_
from service.lint.cjk import unpaired
from service.lint.house import House
from service.lint.pairs import Mark, Pair, advice, error, warning
from service.lint.styles import HAN, JA, LONG_VOWEL, LONG_WORD, VALUE, WIDTHS, between, shape, shown
from service.lint.tokenizer import MASK

_MARKS = {".": "。", ",": "、", "!": "！", "?": "？", ":": "：", ";": "；", "(": "（", ")": "）"}
_HALVES = {full: half for half, full in _MARKS.items()}
_OPTIONAL = frozenset({"colon", "brackets"})
"""Written half width by so many that only a catalog's own choice makes them wrong."""
_HALF = re.compile(rf"(?<=[{JA}」』）\]])[.,!?:;](?=[\s{JA}「『」』）]|$)|(?<=[{JA}])[()]|[()](?=[{JA}])")
_HALF_MARK = re.compile("[.,!?:;()]")
_FULL_MARK = re.compile("[：（）！？；]")
_LATIN_SPACE = re.compile(rf"(?<=[{JA}、。」』）])( +)(?=[A-Za-z0-9])|(?<=[A-Za-z0-9])( +)(?=[{JA}「『（])")
_LATIN_JOIN = re.compile(between(JA, "[A-Za-z0-9]"))
_COUNTED = re.compile(
    r"\d+[年月日時分秒件個回人名行列件字文点つ倍代週桁円章版度枚本台名通目種進番ヶか万億千百%％]"
)
_VALUE_SPACE = re.compile(rf"(?<=[{JA}])( +)(?={VALUE})|(?<={VALUE})( +)(?=[{JA}])")
_VALUE_JOIN = re.compile(between(JA, VALUE))
_INNER_SPACE = re.compile(rf"(?<=[{JA}]) +(?=[{JA}])|(?<=[、：]) +(?=[{JA}「])|(?<=[。！？]) +(?=[{JA}「])")
_SPACES = re.compile(" +")
_KATAKANA = re.compile("[ァ-ヺー]")
_SHORT = re.compile(rf"(?<![{JA}])[{JA}](?: [{JA}])+(?![{JA}])")
_HALF_KANA = re.compile(r"[｡-ﾟ]+")
_FULL_LATIN = re.compile(r"[０-９Ａ-Ｚａ-ｚ]+")
_OTHER_WIDTH = re.compile(r"[｡-ﾟ０-９Ａ-Ｚａ-ｚ]")
_QUOTES = re.compile(r'"([^"\n]{2,})"|“([^“”\n]{2,})”')
_PAIRS = (("「", "」"), ("『", "』"), ("（", "）"))
_DASHES = "-−‐‑–—―─"
_DASH = re.compile(f"[{_DASHES}]")
_HYPHEN = re.compile(
    rf"(?<=[ァ-ヺー][ァ-ヺ])[{_DASHES}](?=[ァ-ヺぁ-ゖ。、]|$)|(?<=[ァ-ヺ])[{_DASHES}](?=[ァ-ヺ][{_DASHES}ァ-ヺー])"
)
_NO_VOWEL = frozenset("ンッー")
_RUN = re.compile("[ァ-ヺー][ァ-ヺー][ァ-ヺー]+")
_AFTER_MARK = re.compile(rf"(?<=[！？])(　?)(?=[{JA}])")
_WAVES = {"wave": ("～", "〜"), "tilde": ("〜", "～")}
_SOME = re.compile(f"[{HAN}ぁ-ヺー｡-ﾟ０-ｚ]")

HALF = N_("Beside Japanese text “%(half)s” is written “%(full)s”.")
FULL = N_("In this catalog “%(full)s” is written “%(half)s”.")
NO_SPACE_LATIN = N_("No space stands between Japanese and Latin letters or digits.")
SPACE_LATIN = N_("In this catalog one space stands between Japanese and Latin letters or digits.")
NO_SPACE_VALUE = N_("No space stands between Japanese text and a value.")
SPACE_VALUE = N_("In this catalog one space stands between Japanese text and a value.")
INNER = N_("No space stands inside Japanese text.")
KANA = N_("Kana and their marks are full width.")
LATIN = N_("Latin letters and digits are half width.")
QUOTES = N_("Quotation marks are 「 and 」, inside them 『 and 』.")
VOWEL = N_("In this catalog “%(found)s” is written “%(wanted)s”.")
HYPHEN = N_("The long vowel mark is ー, not a hyphen.")
AFTER_WIDE = N_("In this catalog a full-width space stands after “！” and “？” inside a line.")
AFTER_NONE = N_("In this catalog no space stands after “！” and “？”.")
WAVE = N_("In this catalog the wave dash is “%(wanted)s” (%(code)s).")


def check(pair: Pair) -> Iterator[Mark]:
    plain = pair.target.plain
    if not _SOME.search(shape(plain)):
        return
    yield from _widths(pair)
    yield from _latin(pair)
    yield from _inner(pair)
    yield from _letters(pair)
    yield from _vowels(pair)
    yield from _brackets(pair)
    made = pair.house["after-marks"]
    if made is not None and ("！" in plain or "？" in plain):
        for found in _AFTER_MARK.finditer(shape(plain)):
            if (found[1] == "") != (made == "none"):
                fix = Fix(*found.span(), "" if made == "none" else "　")
                yield advice("JA008", AFTER_NONE if made == "none" else AFTER_WIDE, found.start(), fix=fix)
    if (wave := _WAVES.get(pair.house["wave-dash"] or "")) and wave[0] in plain:
        at = plain.find(wave[0])
        fix = Fix(at, at + 1, wave[1])
        yield advice("JA009", WAVE, at, fix=fix, wanted=wave[1], code=f"U+{ord(wave[1]):04X}")


def _widths(pair: Pair) -> Iterator[Mark]:
    """JA001: a half-width mark beside Japanese, or a full-width one where the catalog writes them half."""
    plain, house = pair.target.plain, pair.house
    for found in _HALF.finditer(shape(plain)) if _HALF_MARK.search(plain) else ():
        name = WIDTHS[found[0]]
        made = house[name]
        if made not in (None, "full") or (made is None and name in _OPTIONAL):
            continue
        if (
            found[0] == ","
            and found.end() < len(plain)
            and plain[found.end()] != " "
            and "," in pair.source.plain
        ):
            continue  # a list for a program
        if name == "brackets" and not _both(plain, found.start()):
            continue
        full = _MARKS[found[0]]
        start, end = found.span()
        if full != "（" and plain[end : end + 1] == " ":
            end += 1  # the full-width mark has its space in itself
        if full in "：（" and plain[start - 1 : start] == " ":
            start -= 1
        say = advice if name in _OPTIONAL and name not in house.pinned else warning
        yield say("JA001", HALF, found.start(), fix=Fix(start, end, full), half=found[0], full=full)
    for found in _FULL_MARK.finditer(plain):
        half = _HALVES[found[0]]
        if house[WIDTHS[half]] == "half" and found[0] not in "（）":
            fix = Fix(*found.span(), half)
            yield advice("JA001", FULL, found.start(), fix=fix, half=half, full=found[0])


def _both(plain: str, at: int) -> bool:
    """Whether a bracket is one of a pair on its line: a lone one is a list's mark or a smiley."""
    start, end = plain.rfind("\n", 0, at) + 1, plain.find("\n", at)
    line = plain[start : end if end >= 0 else len(plain)]
    return line.count("(") == line.count(")") or "（" in line or "）" in line


def _latin(pair: Pair) -> Iterator[Mark]:
    """JA002, by the catalog's own choice; beside an address or a tag a space may be wanted."""
    plain = pair.target.plain
    made = pair.house["latin-space"]
    if made == "none" and " " in plain:
        for found in _LATIN_SPACE.finditer(shape(plain)):
            yield advice("JA002", NO_SPACE_LATIN, found.start(), fix=Fix(*found.span(), ""))
    elif made == "space":
        counted = [match.span() for match in _COUNTED.finditer(plain)]
        for found in _LATIN_JOIN.finditer(shape(plain)):
            if not any(start <= found.start() <= end for start, end in counted):
                yield advice("JA002", SPACE_LATIN, found.start(), fix=Fix(*found.span(), " "))
    made = pair.house["value-space"]
    if made is None or MASK not in plain:
        return
    text = shape(shown(pair.target))
    for found in (_VALUE_SPACE if made == "none" else _VALUE_JOIN).finditer(text):
        phrase = NO_SPACE_VALUE if made == "none" else SPACE_VALUE
        fix = Fix(*found.span(), "" if made == "none" else " ")
        yield advice("JA002", phrase, found.start(), fix=fix)


def _inner(pair: Pair) -> Iterator[Mark]:
    """JA003, but not in a row of single characters, nor where compounds in katakana are written apart.

    After ！ and ？ many leave a space; JA008 tells where a catalog does otherwise.
    """
    plain, house = pair.target.plain, pair.house
    if " " not in plain:
        return
    for found in _INNER_SPACE.finditer(shape(plain)):
        before, after = plain[found.start() - 1], plain[found.end()]
        if before in "！？" or (before == "。" and house["stop-space"] != "none"):
            continue
        if _KATAKANA.match(before) and _KATAKANA.match(after) and house["katakana-space"] != "none":
            continue
        if any(row.start() < found.start() < row.end() for row in _SHORT.finditer(shape(plain))):
            continue
        yield warning("JA003", INNER, found.start(), fix=Fix(*found.span(), ""))


def _letters(pair: Pair) -> Iterator[Mark]:
    """JA004, but not where a text speaks of widths, nor in a name the source text has so."""
    plain, source = pair.target.plain, pair.source.plain
    if not _OTHER_WIDTH.search(plain):
        return
    if "半角" not in plain:
        for found in _HALF_KANA.finditer(plain):
            if found[0] not in source:
                fix = Fix(*found.span(), unicodedata.normalize("NFKC", found[0]))
                yield warning("JA004", KANA, found.start(), fix=fix)
    if "全角" not in plain:
        for found in _FULL_LATIN.finditer(plain):
            if found[0] not in source:
                fix = Fix(*found.span(), unicodedata.normalize("NFKC", found[0]))
                yield warning("JA004", LATIN, found.start(), fix=fix)


def _vowels(pair: Pair) -> Iterator[Mark]:
    """JA005 and JA006."""
    plain = pair.target.plain
    if runs := list(_RUN.finditer(plain)):
        yield from _long_words(runs, pair.house)
    if _DASH.search(plain):
        for found in _HYPHEN.finditer(plain):
            if plain[found.start() - 1] not in _NO_VOWEL:
                yield error("JA006", HYPHEN, found.start(), fix=Fix(*found.span(), "ー"))


def _long_words(runs: Sequence[re.Match[str]], house: House) -> Iterator[Mark]:
    """JA005 in runs of katakana: the words of the list, and those the catalog itself writes both ways."""
    others: list[re.Match[str]] = []
    for run in runs:
        found = LONG_WORD.match(run[0])
        if found is None:
            others.append(run)
            continue
        style = house[f"{LONG_VOWEL}:{found[1]}"] or house[LONG_VOWEL]
        if style is not None and (style == "long") != bool(found[2]):
            yield _vowel(found[1] + found[2], found[1], style, run.start() + found.start(1))
    for run in others:
        stem = run[0].removesuffix("ー")
        style = house[f"{LONG_VOWEL}:{stem}"]
        if style and (style == "long") != run[0].endswith("ー"):
            yield _vowel(run[0], stem, style, run.start())


def _vowel(found: str, stem: str, style: str, at: int) -> Mark:
    wanted = stem + ("ー" if style == "long" else "")
    fix = Fix(at, at + len(found), wanted)
    return warning("JA005", VOWEL, at, fix=fix, found=found, wanted=wanted)


def _brackets(pair: Pair) -> Iterator[Mark]:
    """JA007."""
    plain, made = pair.target.plain, pair.house["quotes"]
    if ('"' in plain or "“" in plain) and made not in ("straight", "curly"):
        for found in _QUOTES.finditer(plain):
            text = pair.target.text[found.start() + 1 : found.end() - 1]
            fix = Fix(*found.span(), f"「{text}」")
            yield advice("JA007", QUOTES, found.start(), fix=fix)
    yield from unpaired("JA007", plain, _PAIRS)
