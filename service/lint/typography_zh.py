"""Chinese typography (ZH001 to ZH006): widths, the space beside Latin, enumerations, quotes, long marks."""

import re
from collections.abc import Iterator

from service.facts.findings import Fix
from service.facts.words import N_
from service.lint.cjk import unpaired
from service.lint.pairs import Mark, Pair, advice, warning
from service.lint.styles import HAN, VALUE, WIDTHS, between, is_traditional, shape, shown
from service.lint.tokenizer import MASK, Kind

NUM = "num"
_MARKS = {".": "。", ",": "，", "!": "！", "?": "？", ":": "：", ";": "；", "(": "（", ")": "）"}
_DISPUTED = frozenset({"colon", "brackets"})
_HALF = re.compile(
    rf"(?<=[{HAN}”’」』》\]）])[.,!?:;](?=[\s{HAN}“「（”」）》]|$)|(?<=[{HAN}])[()]|[()](?=[{HAN}])"
)
_HALF_MARK = re.compile("[.,!?:;()]")
_LATIN = re.compile("[A-Za-z0-9]")
_JOINED = re.compile(between(HAN, "[A-Za-z0-9]"))
_SPACED = re.compile(rf"(?<=[{HAN}])( +)(?=[A-Za-z0-9])|(?<=[A-Za-z0-9])( +)(?=[{HAN}])")
_WIDE_SPACE = re.compile(
    rf"(?<=[{HAN}A-Za-z0-9]) +(?=[，。；：！？、）》])|(?<=[，。；：！？、（《]) +(?=[{HAN}A-Za-z0-9])"
)
_INNER_SPACE = re.compile(rf"(?<=[{HAN}])  +(?=\S)")
_DATE = re.compile(r"\d+[年月日时時分秒](?:\d+[月日分秒])*")
_QUOTES = {
    "straight": re.compile(r'"([^"\n]{2,})"'),
    "corner": re.compile(r"「([^」\n]{2,})」|『([^』\n]{2,})』"),
    "curly": re.compile(r"“([^“”\n]{2,})”"),
}
_ITEM = "[㐀-䶿一-鿿]{1,4}"
_ENUMERATION = re.compile(
    rf"(?:^|(?<=[，。；：！？、（“「 ]))({_ITEM}(?:(?:，|, ?){_ITEM})+) ?(?:和|与|與|或|及|以及) ?{_ITEM}"
)
_LIST = re.compile(r"\w, [^.;:!?\n]{1,60}?(?:\band\b|\bor\b|&) \w")
_COMMA = re.compile("，|, ?")
_DOTS = re.compile(r"\.\.\.(?<!\.{4})(?!\.)|…+")
_DASH = re.compile(rf"(?<=[{HAN}]) ?--+ ?(?=[{HAN}])|(?<=[{HAN}])—(?=[{HAN}])")
_REPEATED = re.compile(r"([！？，。；：])\1+")
_PARTICLE = re.compile(
    r"(?:成功|自动|自動|快速|安全|顺利|順利|轻松|輕鬆|永久|仔细|仔細|及时|及時|正确|正確)(的)(?=保存|删除|刪除|发送|發送|导入|匯入|完成|处理"
    r"|處理|检查|檢查|更新|添加|创建|建立|执行|執行|连接|連接)"
)
_PAIRS = (("（", "）"), ("《", "》"))
_SOME = re.compile(f"[{HAN}]")

HALF = N_("Beside Chinese text “%(half)s” is written “%(full)s”.")
SPACE_LATIN = N_("One space stands between Chinese and Latin letters or digits.")
NO_SPACE_LATIN = N_("In this catalog no space stands between Chinese and Latin letters or digits.")
NO_SPACE_WIDE = N_("No space stands beside full-width punctuation.")
ONE_SPACE = N_("One space is enough.")
ENUMERATION = N_("Between short items of a list “、” is written.")
CURLY = N_("Quotation marks are “ and ”, inside them ‘ and ’.")
CORNER = N_("Quotation marks are 「 and 」, inside them 『 and 』.")
LONG_MARK = N_("“%(found)s” is written “%(wanted)s”.")
REPEATED = N_("One “%(mark)s” is enough.")
PARTICLE = N_("Before a verb “的” is written “地”.")

_PROGRAM_LIST = re.compile(r"[^\W\d_],[^\W\d_]")
"""A list for a program, as `yes,no`: prose has a space behind its commas."""


def check(pair: Pair) -> Iterator[Mark]:
    plain = pair.target.plain
    if not _SOME.search(shape(plain)):
        return
    yield from _widths(pair)
    yield from _latin(pair)
    yield from _beside_count(pair)
    yield from _enumerations(pair)
    yield from _quotes(pair)
    yield from _long_marks(pair)
    if pair.house["particles"] == "on":
        for found in _REPEATED.finditer(plain):
            fix = Fix(*found.span(), found[1])
            yield advice("ZH006", REPEATED, found.start(), fix=fix, mark=found[1])
        for found in _PARTICLE.finditer(plain):
            yield advice("ZH006", PARTICLE, found.start(1), fix=Fix(*found.span(1), "地"))


def _widths(pair: Pair) -> Iterator[Mark]:
    """ZH001, where the catalog does not write that mark half width throughout."""
    plain, house = pair.target.plain, pair.house
    for found in _HALF.finditer(shape(plain)) if _HALF_MARK.search(plain) else ():
        name = WIDTHS[found[0]]
        made = house[name]
        if made == "half" or (made is None and name == "brackets"):
            continue
        if name == "brackets" and plain.count("(") != plain.count(")") and not re.search("[（）]", plain):
            continue  # a lone one is a list's mark or a smiley
        if (
            found[0] == ","
            and not plain[found.end() :].startswith((" ", "\n"))
            and _PROGRAM_LIST.search(pair.source.plain)
        ):
            continue
        start, end = found.span()
        full = _MARKS[found[0]]
        if full != "（" and plain[end : end + 1] == " ":
            end += 1  # the full-width mark has its space in itself
        # So many write these half width that a catalog which does both is told, but not warned.
        sure = name in pair.house.pinned or name not in _DISPUTED or (name == "colon" and made == "full")
        say = warning if sure else advice
        yield say("ZH001", HALF, found.start(), fix=Fix(start, end, full), half=found[0], full=full)


def _latin(pair: Pair) -> Iterator[Mark]:
    """ZH002, by the catalog's own choice; dates are written together, and degrees and percent stay close."""
    plain, made = pair.target.plain, pair.house["latin-space"]
    if made == "space" and _LATIN.search(plain):
        dates = [date.span() for date in _DATE.finditer(plain)]
        for found in _JOINED.finditer(shape(plain)):
            if not any(start <= found.start() <= end for start, end in dates):
                yield advice("ZH002", SPACE_LATIN, found.start(), fix=Fix(*found.span(), " "))
    elif made == "none" and " " in plain:
        for found in _SPACED.finditer(shape(plain)):
            yield advice("ZH002", NO_SPACE_LATIN, found.start(), fix=Fix(*found.span(), ""))
    if " " in plain:
        for found in _WIDE_SPACE.finditer(shape(plain)):
            yield advice("ZH002", NO_SPACE_WIDE, found.start(), fix=Fix(*found.span(), ""))
        for found in _INNER_SPACE.finditer(shape(plain)):
            yield advice("ZH002", ONE_SPACE, found.start(), fix=Fix(*found.span(), " "))


_BESIDE = re.compile(between(HAN, VALUE))


def _beside_count(pair: Pair) -> Iterator[Mark]:
    """ZH002 beside the count, which is always digits; other values may be Chinese themselves."""
    if pair.house["latin-space"] != "space" or MASK not in pair.target.plain:
        return
    places = {at for t in pair.target.of(Kind.NAMED) if t.name == NUM for at in (t.start, t.end)}
    if places:
        for found in _BESIDE.finditer(shape(shown(pair.target))):
            if found.start() in places:
                yield advice("ZH002", SPACE_LATIN, found.start(), fix=Fix(*found.span(), " "))


def _enumerations(pair: Pair) -> Iterator[Mark]:
    """ZH003, where the source text has a list too."""
    plain = pair.target.plain
    if ("，" in plain or "," in plain) and _LIST.search(pair.source.plain):
        for found in _ENUMERATION.finditer(plain):
            for comma in _COMMA.finditer(plain, *found.span(1)):
                yield advice("ZH003", ENUMERATION, comma.start(), fix=Fix(*comma.span(), "、"))


def _quotes(pair: Pair) -> Iterator[Mark]:
    """ZH004: “” or 「」, as the catalog writes; straight ones only where it does so throughout."""
    plain, text = pair.target.plain, pair.target.text
    traditional = is_traditional(pair.locale)
    made = pair.house["quotes"]
    wanted = made if made in ("curly", "corner") else ("corner" if traditional else "curly")
    wrong = {"straight"} if made is None else set() if made == "straight" else set(_QUOTES) - {made}
    for style in sorted(wrong):
        for found in _QUOTES[style].finditer(plain):
            inner = text[found.start() + 1 : found.end() - 1]
            if plain.rfind("“", 0, found.start()) > plain.rfind("”", 0, found.start()) and style == "corner":
                continue  # quoted in a quotation
            fix = Fix(*found.span(), f"「{inner}」" if wanted == "corner" else f"“{inner}”")
            yield advice("ZH004", CORNER if wanted == "corner" else CURLY, found.start(), fix=fix)
    yield from unpaired("ZH004", plain, _PAIRS)


def _long_marks(pair: Pair) -> Iterator[Mark]:
    """ZH005: …… and ——; a single … is common in buttons."""
    plain, made = pair.target.plain, pair.house["ellipsis"]
    if ("…" in plain or "..." in plain) and made != "dots":
        for found in _DOTS.finditer(plain):
            short = found[0] == "…"
            if (short and made != "two") or (found[0] == "……" and made != "one"):
                continue
            wanted = "…" if made == "one" else "……"
            fix = Fix(*found.span(), wanted)
            yield advice("ZH005", LONG_MARK, found.start(), fix=fix, found=found[0], wanted=wanted)
    if "-" in plain or "—" in plain:
        for found in _DASH.finditer(shape(plain)):
            fix = Fix(*found.span(), "——")
            yield advice("ZH005", LONG_MARK, found.start(), fix=fix, found=found[0].strip(), wanted="——")
