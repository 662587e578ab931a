"""Defects planted into correct entries: one function for each rule on style, None where it cannot."""

import re
from collections.abc import Callable
from random import Random

from service.i18n import po
from service.i18n.locales import Locale
from service.lint.styles import language
from service.lint.tokenizer import mask

HAN = "㐀-䶿一-鿿"
JA = f"ぁ-ゖァ-ヺー々〆〇{HAN}"

Mutation = Callable[[po.Entry, Locale, Random], po.Entry | None]


def _swap(code: str, pattern: str, new: str | Callable[[re.Match[str]], str]) -> Mutation:
    """Replace one place of the prose that a pattern finds; other languages are left alone."""
    compiled = re.compile(pattern)

    def mutate(entry: po.Entry, locale: Locale, random: Random) -> po.Entry | None:
        if code not in (language(locale), "*") or entry.plural is not None:
            return None
        text = entry.strings[0]
        places = list(compiled.finditer(mask(text).plain))
        if not places:
            return None
        place = random.choice(places)
        made = new if isinstance(new, str) else new(place)
        return entry._replace(strings=(text[: place.start()] + made + text[place.end() :],))

    return mutate


_HALF = {
    "。": ".",
    "、": ", ",
    "，": ", ",
    "！": "!",
    "？": "?",
    "：": ": ",
    "；": "; ",
    "（": "(",
    "）": ")",
}


def _half(match: re.Match[str]) -> str:
    return _HALF[match[0]].strip() if match.end() == len(match.string) else _HALF[match[0]]


def _full_width(match: re.Match[str]) -> str:
    return "".join(chr(ord(character) + 0xFEE0) for character in match[0])


_KANA = dict(
    zip("アイウエオカキクケコサシスセソタチツテトラリルレロン", "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾗﾘﾙﾚﾛﾝ", strict=True)
)


def _other_width(match: re.Match[str]) -> str:
    return _full_width(match) if match[0].isascii() else "".join(_KANA[kana] for kana in match[0])


_OTHER_REGISTER = {
    "vous": "tu", "您": "你", "しました": "した", "します": "する", "できます": "できる",
    "ありません": "ない",
}  # fmt: skip


def _listed(entry: po.Entry, locale: Locale, random: Random) -> po.Entry | None:
    """An enumeration added to the source text and, with the wrong mark, to the translation."""
    if language(locale) != "zh" or entry.plural is not None or not entry.strings[0].endswith("。"):
        return None
    mark = random.choice(("，", ", "))
    return entry._replace(
        id=entry.id + " Also: name, address and phone",
        strings=(f"{entry.strings[0]}另有：名称{mark}地址和电话",),
    )


MUTATIONS: dict[str, Mutation] = {
    "FR001": _swap("fr", "[\u00a0\u202f](?=[;!?:](?: |$))", " "),
    "FR002": _swap("fr", "«\u00a0([^«»“”\"]{2,}?)\u00a0»", lambda m: f'"{m[1]}"'),
    "FR003": _swap("fr", r"(?<=[^\W\d_])’(?=[^\W\d_])", "'"),
    "FR004": _swap("fr", r"\.$", " (15 %)."),
    "FR005": _swap("fr", r"\.$", " (1ère étape)."),
    "FR006": _swap("fr", r"(?<=[a-zé])\.$", "..."),
    "JA001": _swap("ja", f"(?<=[{JA}])[。、：？](?=[{JA}]|$)", _half),
    "JA002": _swap("ja", f"(?<=[{JA}])(?=[A-Za-z])|(?<=[A-Za-z])(?=[{JA}])", " "),
    "JA003": _swap("ja", "(?<=[一-鿿ぁ-ん]{2})(?=[一-鿿ぁ-ん]{2})", " "),
    "JA004": _swap("ja", "[アイウエオカキクケコサシスセソタチツテトラリルレロン]+|[A-Z]{2,}",
                   _other_width),
    "JA005": _swap("ja", "(ユーザ|サーバ|フォルダ|ヘッダ|メンバ|ブラウザ|パラメータ)ー", lambda m: m[1]),
    "JA006": _swap("ja", r"(?<=[ァ-ヺー][アカサタナハマラジズドデバパキシチリダザ])ー(?=[ァ-ヺ])", "-"),
    "JA007": _swap("ja", "「([^「」]{2,})」", lambda m: f'"{m[1]}"'),
    "JA008": _swap("ja", f"(?<=[{JA}])。(?=[{JA}])", "？　"),
    "JA009": _swap("ja", "。$", "（1～3）。"),
    "ZH001": _swap("zh", f"(?<=[{HAN}])[。，：；？](?=[{HAN}]|$)", _half),
    "ZH002": _swap("zh", f"(?<=[{HAN}]) (?=[A-Za-z0-9])|(?<=[A-Za-z0-9]) (?=[{HAN}])", ""),
    "ZH003": _listed,
    "ZH004": _swap("zh", "“([^“”]{2,})”", lambda m: f'"{m[1]}"'),
    "ZH005": _swap("zh", "。$", lambda m: "..." if len(m.string) % 2 else "……"),
    "ZH006": _swap("zh", "[。？，]", lambda m: m[0] * 2),
    "EN001": _swap("en", "“([^“”]{2,})”", lambda m: f'"{m[1]}"'),
    "NU002": _swap("fr", r"\.$", " (1.5\u00a0Mo)."),
    "CO004": _swap("*", r"\bvous\b|您|(?:しました|します|できます|ありません)(?=。)",
                   lambda m: _OTHER_REGISTER[m[0]]),
    "CO006": _swap("fr", r"(?<=[a-zé] )(?:un|une|de|du|des|la|le|les|pour|avec|dans)(?= [a-zé])",
                   lambda m: m[0].capitalize()),
    "CJK001": _swap("*", f"(?<=[。，、のをはにが的])[{HAN}]{{2}}(?=[{HAN}ぁ-ん。，、]|$)",
                    lambda m: f"*{m[0]}*"),
    "CJK002": _swap("*", f"(?<=[{HAN}ぁ-んァ-ヺ])(?=[、。，」])", "\n"),
}  # fmt: skip
"""Rule → (an entry, its locale, chance) → the entry with the defect. CO001, 2, 3, 5 need a catalog."""
