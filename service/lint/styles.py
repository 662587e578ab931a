"""What writers of a language differ in: the choices a catalog may make, and how its texts show them."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from types import MappingProxyType

from service.i18n.locales import Locale
from service.lint.tokenizer import Kind, Masked

VALUE = "\ue000"
"""Stands for every character of a placeholder where other tokens are masked."""
HAN, HANGUL = "一", "가"
"""Stand for all Chinese characters and all Korean syllables in the `shape` of a text. A pattern with a set of
27,000 characters is made slowly, and these are many."""
JA = f"ぁ-ゖァ-ヺー々〆〇{HAN}"
_SHAPED = ((0x3400, 0x4DBF, HAN), (0x4E00, 0x9FFF, HAN), (0xAC00, 0xD7A3, HANGUL))
_VALUES = frozenset({Kind.NAMED, Kind.BRACE, Kind.POSITIONAL})


class _Shapes(dict[int, str]):
    """What stands for a character in a shape, noted as characters come."""

    def __missing__(self, code: int) -> str:
        signs = (sign for first, last, sign in _SHAPED if first <= code <= last)
        self[code] = sign = next(signs, chr(code))
        return sign


_SHAPES = _Shapes()


@lru_cache(maxsize=16)
def shape(text: str) -> str:
    """The text, character for character, as patterns with HAN, HANGUL or JA find in it."""
    return text if text.isascii() else text.translate(_SHAPES)


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose: its name, and its styles with what shows each of them in a text.

    `customary` is the style a text is held to that is alone, as a help page is. `also` are styles that can be
    pinned, but not learned. The patterns of a `shaped` one are for the shape of a text.
    """

    name: str
    styles: Mapping[str, re.Pattern[str]]
    customary: str | None = None
    also: tuple[str, ...] = ()
    shaped: bool = False


def _choice(name: str, customary: str | None, /, *also: str, **styles: str) -> Choice:
    patterns = {key.replace("_", "-"): re.compile(text, re.MULTILINE) for key, text in styles.items()}
    shaped = any(HAN in text for text in styles.values())
    return Choice(name, MappingProxyType(patterns), customary, also, shaped)


_END = r"(?=[\s*_)»”]|$)"
_QUOTED = r'"[^"\n]{2,}"'
_APOSTROPHE = r"{0}(?<=[^\W\d_].)(?=[^\W\d_])"
_DOTS = r"\.\.\.(?<!\.{4})(?!\.)"
# A search for a character is quick, so patterns start with it and look behind thereafter.


def between(script: str, other: str) -> str:
    """A pattern for the places where a character of a script and one of another touch."""
    return rf"(?<=[{script}])(?={other})|(?<={other})(?=[{script}])"


def _spacing(name: str, customary: str, script: str, other: str) -> Choice:
    """Whether one space stands between a script and something else."""
    space = rf" (?:(?<=[{script}] )(?={other})|(?<={other} )(?=[{script}]))"
    return _choice(name, customary, space=space, none=between(script, other))


WIDTHS = MappingProxyType(
    {".": "stops", ",": "stops", "!": "marks", "?": "marks", ";": "marks"}
    | {":": "colon", "(": "brackets", ")": "brackets"}
)
"""By half-width mark the choice that says how wide it is beside characters."""


def _widths(script: str, stops: str, wide: str = "") -> tuple[Choice, ...]:
    """The choices of `WIDTHS` for a script: its full stop and comma, and others that are as wide."""
    beside = rf"(?<=[{script}].)(?=\s|$|[{script}])"
    others = {"wide": wide} if wide else {}
    return (
        _choice("stops", "full", full=stops, half="[.,]" + beside, **others),
        _choice("marks", "full", full="[！？；]", half="[!?;]" + beside),
        _choice("colon", "full", full="：", half=":" + beside),
        _choice("brackets", "full", full="（", half=rf"(?<=[{script}]) ?\((?!\()"),
    )


_FR = (
    _choice(
        "high-punctuation",
        "narrow",
        narrow=rf"\u202f[;!?]{_END}",
        no_break=rf"\u00a0[;!?]{_END}",
        none=rf"[;!?](?<=\w.){_END}",
    ),
    _choice(
        "colon",
        "no-break",
        no_break=rf"\u00a0:{_END}",
        narrow=rf"\u202f:{_END}",
        none=r":(?<=[^\W\d_].)(?=\s|$)",
    ),
    _choice("spaces", None, no_break="[\u00a0\u202f][;!?:»]|«[\u00a0\u202f]", plain=" [;!?:»]|« "),
    _choice("quotes", "guillemets", guillemets="«", straight=_QUOTED, curly=r"“[^“”\n]{2,}”"),
    _choice("quote-space", "no-break", no_break="«\u00a0|\u00a0»", narrow="«\u202f|\u202f»"),
    _choice("apostrophe", "curly", curly=_APOSTROPHE.format("’"), straight=_APOSTROPHE.format("'")),
    _choice("ellipsis", "one", one="…", dots=_DOTS),
    _choice("byte-units", "octet", octet=r"\d[\s\u00a0\u202f][kMGT]o\b", byte=r"\d\s?[kKMGT]B\b"),
    _choice(
        "register",
        "vous",
        vous=r"[vV](?<!\w.)(?i:ous|otre|os)\b",
        tu=r"[tT](?<!\w.)(?i:u|oi|es|on)\b(?! de )",
    ),
)
_JA_CHOICES = (
    *_widths(JA, "[。、]", wide="[．，]"),
    _spacing("latin-space", "none", JA, "[A-Za-z0-9]"),
    _spacing("value-space", "none", JA, VALUE),
    _choice("katakana-space", "none", space=" (?<=[ァ-ヺー] )(?=[ァ-ヺ])", none="[ァ-ヺー]{9,}"),
    _choice("stop-space", "none", space=rf" (?<=。 )(?=[{JA}「])", none=rf"。(?=[{JA}「])"),
    _choice("after-marks", "none", wide=rf"[！？]　(?=[{JA}])", none=rf"[！？](?=[{JA}])"),
    _choice("quotes", "kagi", kagi="「", straight=_QUOTED, curly=r"“[^“”\n]{2,}”"),
    _choice("wave-dash", "wave", wave="〜", tilde="～"),
    _choice(
        "register",
        "desu",
        desu=r"(?:です|ます|ました|ません|ください|でしょう)(?:か|ね|よ)?(?:[。！？]|$)",
        da=r"(?:である|のだ|だろう|(?<!まし)(?<!でし)た|する|できる|れる|いる|ある|なる|ない)。",
    ),
)
_ZH = (
    *_widths(HAN, "[。，]"),
    _spacing("latin-space", "space", HAN, "[A-Za-z0-9]"),
    _choice("quotes", "curly", curly=r"“[^“”\n]{2,}”", corner=r"「[^「」\n]{2,}」", straight=_QUOTED),
    _choice("ellipsis", "one", one="(?<!…)…(?!…)", two="……", dots=_DOTS),
    _choice("dash", None, full="——", half=rf"(?<=[{HAN}]) ?--? ?(?=[{HAN}])"),
    _choice("particles", None, "on"),
    _choice("register", "您", 您="您", 你="你"),
)
_EN = (
    _choice("quotes", "curly", curly=r"“[^“”\n]{2,}”", straight=_QUOTED),
    _choice("apostrophe", None, curly=_APOSTROPHE.format("’"), straight=_APOSTROPHE.format("'")),
)
CHOICES: Mapping[str, tuple[Choice, ...]] = MappingProxyType(
    {"fr": _FR, "ja": _JA_CHOICES, "zh": _ZH, "en": _EN}
)
"""The choices of a language, by its code without country or script."""


def language(locale: Locale) -> str:
    """The language of a locale, without its country and script: the rules go by it."""
    return _language(locale.code)


@cache
def _language(code: str) -> str:
    return code.replace("-", "_").partition("_")[0].lower()


def is_traditional(locale: Locale) -> bool:
    """Whether a locale of Chinese is written in traditional characters."""
    parts = locale.cldr.replace("-", "_").split("_")
    return "Hant" in parts or ("Hans" not in parts and any(land in parts for land in ("TW", "HK", "MO")))


def shown(text: Masked) -> str:
    """The masked text with the characters of placeholders as VALUE: a word stands there when it is read."""
    if not text.tokens:
        return text.plain
    plain = text.plain
    for token in text.tokens:
        if token.kind in _VALUES:
            plain = plain[: token.start] + VALUE * (token.end - token.start) + plain[token.end :]
    return plain


def majority(counts: Mapping[str, int]) -> str | None:
    """The style that four in five of at least ten cases show, or all of at least five; else None.

    Measured on 17 projects: at four in five no catalog changed its style from one file to the next.
    """
    total = sum(counts.values())
    if total < _UNANIMOUS:
        return None
    style = max(counts, key=lambda name: counts[name])
    clear = counts[style] * 5 >= total * 4 and total >= _ENOUGH
    return style if clear or counts[style] == total else None


_ENOUGH, _UNANIMOUS = 10, 5


def counted(choice: Choice, text: str) -> Counter[str]:
    """How often a text, or its shape, shows each style of a choice."""
    return Counter({style: len(pattern.findall(text)) for style, pattern in choice.styles.items()})


LONG_VOWEL = "long-vowel"
LONG_WORDS = (
    "ユーザ|サーバ|フォルダ|コンピュータ|ブラウザ|プリンタ|パラメータ|エディタ|メンバ|ヘッダ|フッタ|カウンタ|フィルタ|モニタ|ドライバ"
    "|マネージャ|レイヤ|プロバイダ|スキャナ|アダプタ|デコーダ|エンコーダ|コンパイラ|インタプリタ|デバッガ|ルータ|ポインタ|センタ"
    "|オペレータ|レジスタ|クラスタ|トリガ|スケジューラ|ハンドラ|リスナ|ローダ|ビューア|ベンダ|ライタ|リーダ|バッファ|ダウンローダ"
)
LONG_WORD = re.compile(
    rf"(?<![ァ-ヺー])(?:[ァ-ヺー]*?)({LONG_WORDS})(ー?)(?!リング|ブル|ント|イ|[ァィゥェォャュョー])"
)
_RUN = re.compile("[ァ-ヺー]{3,}")


def long_vowels(text: str) -> Iterator[tuple[str, str]]:
    """JA005's choices: `long-vowel` for the words of the list, `long-vowel:WORD` for one met both ways."""
    by_word: dict[str, Counter[str]] = {}
    total: Counter[str] = Counter()
    runs = Counter(_RUN.findall(text))
    for run, count in runs.items():
        if (found := LONG_WORD.match(run)) is not None:
            form = "long" if found[2] else "short"
            total[form] += count
            by_word.setdefault(found[1], Counter())[form] += count
    if style := majority(total):
        yield LONG_VOWEL, style
    for run, count in runs.items():
        if not run.endswith("ー") and f"{run}ー" in runs and run not in by_word:
            by_word[run] = Counter(short=count, long=runs[f"{run}ー"])
    for stem, counts in by_word.items():
        if len(counts) > 1 and (style := majority(counts)):
            yield f"{LONG_VOWEL}:{stem}", style


EXTRA: Mapping[str, Callable[[str], Iterator[tuple[str, str]]]] = MappingProxyType({"ja": long_vowels})
"""Choices that are not told by one pattern for each style, by language."""
