"""Folding text for search and for comparing names: what a reader takes for the same letter compares equal."""

import re
import unicodedata

_ACCENTS = re.compile(r"[\u0300-\u036f]+")
IGNORED = re.compile(
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]"
)
_SPACE = re.compile(r"\s+")
# What Chinese and Japanese are written with once it is folded, as a part of a regular expression.
CJK = r"぀-ゟー㐀-鿿豈-﫿\U00020000-\U000323af々〆"
_WORD = re.compile(rf"[{CJK}]+|[^\W{CJK}]+")
_CJK = re.compile(f"[{CJK}]")

# Letters that are told apart by a stroke or a curl, which no decomposition removes.
_LETTERS = {
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ħ": "h",
    "ŧ": "t",
    "ı": "i",
    "œ": "oe",
    "æ": "ae",
    "þ": "th",
    "ð": "d",
}
# Old and rare shapes of characters common in Japanese names.
_SHAPES = dict(
    zip(
        "髙﨑嵜邊邉澤濵濱齋廣國學櫻龍眞德惠榮來壽冨嶋嶌瀨藏圓黑祐祥",
        "高崎崎辺辺沢浜浜斎広国学桜竜真徳恵栄来寿富島島瀬蔵円黒祐祥",
        strict=True,
    )
)
_MARKS = {"’": "'", "‘": "'", "ʼ": "'", "“": '"', "”": '"', "‐": "-", "‑": "-", "–": "-", "—": "-", "〜": "~"}
_KATAKANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}
_FOLDED = str.maketrans(_LETTERS | _SHAPES | _MARKS) | _KATAKANA
# Most characters are none of these: finding the few takes a fraction of looking each one up.
_FOLDABLE = re.compile(f"[{''.join(re.escape(chr(code)) for code in _FOLDED)}]+")


def fold(text: str) -> str:
    """The text for search: NFKC, case folded, without accents; katakana as hiragana, name variants as one.

    Voiced kana keep their marks, since が is another letter than か. Folding twice changes nothing.
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    bare = _ACCENTS.sub("", IGNORED.sub("", unicodedata.normalize("NFKD", plain)))
    whole = _FOLDABLE.sub(_other_shape, unicodedata.normalize("NFKC", bare))
    return unicodedata.normalize("NFKC", whole.casefold())


def _other_shape(found: re.Match[str]) -> str:
    return found.group().translate(_FOLDED)


def runs(text: str) -> list[str]:
    """Return the folded words of a text, and its runs of Chinese or Japanese, in their order."""
    return _WORD.findall(fold(text))


def is_cjk(run: str) -> bool:
    """Whether one of these runs is of Chinese or Japanese."""
    return _CJK.match(run) is not None


def name_key(text: str) -> str:
    """The key under which names must be unique: NFKC, case folded, runs of space as one."""
    key = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return _SPACE.sub(" ", key).strip()
