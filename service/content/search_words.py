"""Words as the search index holds them: folded, Latin ones without endings, CJK as pairs of characters.

No dictionary and no segmenter: pairs find 附件, 送信 and ドライラン alike, whatever stands around them.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

MOST_TERMS = 40
"""Words of a question beyond these are not looked at."""

_HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff々〆"
_HIRAGANA = "\u3041-\u309f"
_KATAKANA = "\u30a0-\u30ff"
CJK = f"{_HAN}{_HIRAGANA}{_KATAKANA}"
_RUN = re.compile(rf"(?P<cjk>[{CJK}]+)|(?P<word>[^\W_{CJK}]+)")
# Pieces of a run that are likely to be one word: katakana, or characters and the kana that end them.
# Of the kana the first alone: what follows is how the sentence goes on, as in 止める, 止めたい, 止めれば.
_WORD = re.compile(rf"[{_KATAKANA}]+|[{_HAN}]{{2,}}|[{_HAN}][{_HIRAGANA}]?|[{_HIRAGANA}]+")
_KANA = re.compile(rf"[{_HIRAGANA}]+")
_MIXED = re.compile(rf"[{_HIRAGANA}]")
_WEAK = re.compile("[在是从对会能要和与或后过请我你个多这那几]")
# Not the marks of voiced kana, which are part of the letter: か is not が.
_ACCENTS = re.compile("[\u0300-\u036f]")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


STOP: dict[str, frozenset[str]] = {
    "en": _set(
        "a about actually after ago all already also am an and any anybody anything are as at be been before "
        "between but by can "
        "cannot could did difference do does doing done for from get gets give go happen happens has "
        "have how i if in into is it its like make makes many may me mean means much must my need no "
        "not of on or our out please see shall she should so some somebody something tell than that the "
        "their them then there these they thing things this those through to too up us use want was we "
        "were what when where which who whom why will with would you your yours "
        "dont doesnt didnt isnt arent wont cant im ive id its thats whats wheres hows theres just really "
        "ones other others else ever still yet now here let lets put kind sort stuff way was being over "
    ),
    "fr": _set(
        "a afin ai alors apres arrive au aucun aussi autre aux avant avec avez avoir avons bien c ce "
        "cela ces cet cette chose choses combien comme comment d dans de des difference dois doit donc "
        "du elle elles en entre est et etre eu faire fait faut il ils j je l la laquelle le lequel les "
        "leur leurs lors lorsque lui m ma mais me mes moi mon n ne ni nos notre nous on ont ou par pas "
        "passe peut peuvent peux plus pour pourquoi puis puis- qu quand que quel quelle quelles quelque "
        "quelques quels qui quoi s sa sans se selon ses si signifie signifier soit son sont sous sur t "
        "ta te tous tout toute toutes tres un une vers veux voir vos votre vous y "
        "ca cest jai deja encore meme memes peu assez vraiment juste ici tel telle sera seront etait ont "
        "quelqu quelqu'un chez moi-meme vais va vont aller etes suis "
        "vois voit voyez besoin autres certain certaine certains certaines lui eux ceux celle celui "
        "dont rien faudrait pourrait pourrais voudrais voudrait aimerais savoir sais sait trop fois "
        "facon possible "
    ),
}
# Where a sentence in Japanese or Chinese only asks, points or joins, longest first: it is cut there.
_ASKING = re.compile(
    "すればよいですか|どうなりますか|どういう意味|どうやって|どうすれば|どうしたら|"
    "どのように|どうやると|できますか|できません|すればいい|されますか|ありますか|"
    "どうなる|何ですか|について|できます|ください|しますか|しました|している|"
    "されます|あります|いますか|どこで|どこに|どんな|いくつ|いくら|教えて|できる|"
    "したい|します|される|ですか|ますか|ために|という|どこ|どれ|どの|なぜ|なに|"
    "何を|何が|何か|いつ|だれ|意味|違い|した|する|です|ます|たい|ある|とき|"
    "場合|方法|とは|から|まで|より|など|へは|には|では|何|誰|"
    "什么意思|可不可以|怎么样|为什么|能不能|有没有|会收到|怎样|怎么|如何|什么|"
    "哪里|哪些|哪个|哪种|哪儿|是否|能否|可以|需要|应该|多少|意思|区别|如果|"
    "我想|请问|一下|一个|的话|之后|之前|时候|里面|最多|会有|"
    "[をがのはにへともや的了吗呢吧您把被着]"
)


def fold(text: str) -> str:
    """Return the text without what hides a word: width, case, accents."""
    split = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("Œ", "oe")).casefold()
    return unicodedata.normalize("NFC", _ACCENTS.sub("", split))


def terms(text: str, code: str) -> Iterator[str]:
    """Yield the terms of a text as they are indexed; `code` is the language whose endings to cut."""
    return (term if is_cjk(term) else stem(term, code) for term in pieces(text))


def pieces(text: str) -> Iterator[str]:
    """Yield the words of a text as they are written but for width, case, and accents; CJK in pairs."""
    for match in _RUN.finditer(fold(text)):
        run = match["cjk"]
        if run is None:
            yield match["word"]
        else:
            yield from (run[at : at + 2] for at in range(len(run) - 1))
            # So that one character alone can be asked for, as the beginning of a term.
            yield run[-1]


def asked(text: str, code: str, *, something: bool = True) -> tuple[tuple[str, ...], ...]:
    """Return what a question is about: its words, each as the terms it takes; at most MOST_TERMS terms.

    Words that only ask are left out; where there are no others and `something` must be asked for, all are
    taken.
    """
    found: dict[tuple[str, ...], None] = {}
    for match in _RUN.finditer(fold(text)):
        run = match["cjk"]
        if run is None:
            word = match["word"]
            if word not in STOP["en"] and word not in STOP["fr"] and (len(word) > 1 or word.isdigit()):
                found[stem(word, code),] = None
        else:
            found.update((_pairs(word), None) for part in _ASKING.split(run) for word in _WORD.findall(part))
    chosen = [word for word in found if not all(map(_KANA.fullmatch, word))]
    if something and not chosen:
        chosen = list(found)
    if something and not chosen:
        chosen = [(term,) for term in dict.fromkeys(terms(text, code))]
    return tuple(chosen[:MOST_TERMS])


def _pairs(word: str) -> tuple[str, ...]:
    return tuple(word[at : at + 2] for at in range(len(word) - 1))[:MOST_TERMS] or (word,)


def weight(term: str) -> float:
    """Return how much a term tells by its form: a pair with hiragana in it is half an ending."""
    if _MIXED.search(term) or _WEAK.search(term):
        return 0.5
    return 0.4 if len(term) == 1 else 1.0


def is_katakana(term: str) -> bool:
    """Tell whether a term is of katakana alone: part of one borrowed word."""
    return re.fullmatch(f"[{_KATAKANA}]+", term) is not None


def is_cjk(term: str) -> bool:
    """Tell whether a term is one of CJK characters."""
    return re.match(f"[{CJK}]", term) is not None


# Questions after a procedure, and after a number of something.
_HOW = re.compile(
    r"\bhow (?:do|can|to|could|should)\b|\bcomment\b|方法|どうやって|どうすれば|には[？?]?$|怎么|如何|怎样"
)
_COUNT = re.compile(rf"\bhow many (\w+)|\bcombien d(?:e |['’])(\w+)|(?:何|いくつの|多少|几)([{_HAN}])")


def asks_how(text: str) -> bool:
    """Tell whether a question wants to know how something is done."""
    return _HOW.search(fold(text)) is not None


def counted(text: str) -> re.Pattern[str] | None:
    """Return what finds a number of the things that a question wants to know the number of."""
    match = _COUNT.search(fold(text))
    if not match:
        return None
    unit = (match[1] or match[2] or match[3])[:_SHORTEST]
    return re.compile(rf"\d\s?{re.escape(unit)}")


_ENDINGS = {
    "en": re.compile(r"(?:ations?|ings?|ed|ers?|es|e|s)$"),
    "fr": re.compile(r"(?:ations?|ements?|ements?|antes?|ants?|ees?|es|er|ez|ent|eurs?|ions?|e|s|x)$"),
}
_SHORTEST = 4


@lru_cache(maxsize=20_000)
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
