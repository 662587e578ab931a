"""Words as the search index holds them: folded, Latin ones without endings, CJK as pairs of characters.

No dictionary and no segmenter: pairs find 附件, 送信 and ドライラン alike, whatever stands around them.
"""

import re
import unicodedata
from collections.abc import Iterator

MOST_TERMS = 64
"""Words of a question beyond these are not looked at."""

_HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff々〆"
_HIRAGANA = "\u3041-\u309f"
_KATAKANA = "\u30a0-\u30ff"
CJK = f"{_HAN}{_HIRAGANA}{_KATAKANA}"
_RUN = re.compile(rf"(?P<cjk>[{CJK}]+)|(?P<word>[^\W_{CJK}]+)")
_KANA = re.compile(rf"[{_HIRAGANA}]+")
_MIXED = re.compile(rf"[{_HIRAGANA}]")
# Marks of voiced kana are part of the letter: か is not が.
_VOICED = frozenset("\u3099\u309a")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


STOP: dict[str, frozenset[str]] = {
    "en": _set(
        "a about after all an and any anything are as at be been before but by can cannot could did do "
        "does for from get gets give go has have how i if in into is it its like make may me must my need "
        "no not of on or our out please see shall she should so some tell than that the their them then "
        "there these they thing things this those through to too up us use want was we were what when "
        "where which who whom why will with would you your yours "
    ),
    "fr": _set(
        "a afin ai alors apres au aucun aussi autre aux avant avec avez avoir avons bien c ce cela ces "
        "cet cette comme comment d dans de des dois doit donc du elle elles en entre est et etre eu faire "
        "fait faut il ils j je l la laquelle le lequel les leur leurs lors lorsque lui m ma mais me mes "
        "moi mon n ne ni nos notre nous on ont ou par pas peut peuvent peux plus pour pourquoi puis puis- "
        "je qu quand que quel quelle quelles quels qui quoi s sa sans se selon ses si soit son sont sous "
        "sur t ta te tous tout toute toutes tres un une vers veux voir vos votre vous y "
    ),
}
# Where a sentence in Japanese or Chinese only asks, points or joins: it is cut there, and nothing is left of it.
_ASKING = re.compile(
    "どうやって|どうすれば|どうしたら|どのように|どうやると|どうなりますか|どうなる|どこで|どこに|どこ|どれ|どの|どんな|"
    "なぜ|なに|何を|何が|何ですか|いつ|だれ|誰|いくつ|について|できますか|できる|できます|ください|"
    "すればよいですか|すればいい|したい|します|しますか|しました|している|した|する|ですか|ますか|です|ます|たい|"
    "ありますか|あります|いますか|ために|とき|場合|方法|教えて|という|とは|から|まで|より|など|へは|には|では|"
    "怎么样|怎样|怎么|如何|什么|为什么|哪里|哪些|哪个|哪儿|是否|能否|可以|可不可以|能不能|需要|应该|有没有|多少|"
    "我想|请问|一下|的话|之后|之前|时候|里面|"
    "[をがのはにへともや的了吗呢吧我您您的和与或在是把被从对会能要请着过]"
)


def fold(text: str) -> str:
    """Return the text without what hides a word: width, case, accents."""
    split = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("Œ", "oe")).casefold()
    bare = (char for char in split if char in _VOICED or not unicodedata.combining(char))
    return unicodedata.normalize("NFC", "".join(bare))


def terms(text: str, code: str) -> Iterator[str]:
    """Yield the terms of a text as they are indexed, in order; `code` is the language whose endings to cut."""
    for match in _RUN.finditer(fold(text)):
        run = match["cjk"]
        if run is None:
            yield stem(match["word"], code)
        else:
            yield from (run[at : at + 2] for at in range(len(run) - 1))
            # So that one character alone can be asked for, as the beginning of a term.
            yield run[-1]


def asked(text: str, code: str) -> tuple[str, ...]:
    """Return the terms of a question that say what it is about; all of its terms where none does."""
    found: dict[str, None] = {}
    for match in _RUN.finditer(fold(text)):
        run = match["cjk"]
        if run is None:
            word = match["word"]
            if word not in STOP["en"] and word not in STOP["fr"] and (len(word) > 1 or word.isdigit()):
                found[stem(word, code)] = None
        else:
            for part in _ASKING.split(run):
                found.update(dict.fromkeys(part[at : at + 2] for at in range(len(part) - 1)))
                if len(part) == 1 and not _KANA.fullmatch(part):
                    found[part] = None
    chosen = [term for term in found if not _KANA.fullmatch(term)] or list(found)
    return tuple(chosen[:MOST_TERMS]) or tuple(dict.fromkeys(terms(text, code)))[:MOST_TERMS]


def weight(term: str) -> float:
    """Return how much a term tells by its script: a pair with hiragana in it is half an ending."""
    return 0.5 if _MIXED.search(term) else 1.0


def is_cjk(term: str) -> bool:
    """Tell whether a term is one of CJK characters."""
    return re.match(f"[{CJK}]", term) is not None


_ENDINGS = {
    "en": re.compile(r"(?:ations?|ings?|ed|ers?|es|e|s)$"),
    "fr": re.compile(r"(?:ations?|ements?|ements?|antes?|ants?|ees?|es|er|ez|ent|eurs?|ions?|e|s|x)$"),
}
_SHORTEST = 4


def stem(word: str, code: str) -> str:
    """Return a Latin word without its ending, where enough is left: sending, sends and send are one."""
    endings = _ENDINGS.get(code, _ENDINGS["en"])
    if len(word) <= _SHORTEST and not word.endswith("s"):
        return word
    bare = endings.sub("", word)
    if len(bare) < _SHORTEST - 1:
        bare = word[:-1] if word.endswith("s") and len(word) >= _SHORTEST else word
    if len(bare) > _SHORTEST and bare[-1] == bare[-2]:
        bare = bare[:-1]
    return f"{bare[:-1]}i" if bare.endswith("y") and len(bare) > 2 else bare
