"""Which of the shipped languages a text is written in, told by its script and by the commonest words."""

import re

# Kana are Japanese alone; what stands in URLs and addresses says nothing about the text around it.
_KANA = re.compile(r"[ぁ-ゖァ-ヺｦ-ﾝ]")
_HAN = re.compile(r"[㐀-鿿豈-﫿\U00020000-\U000323af]")
_ASIDE = re.compile(r"https?://\S+|\S+@\S+")
# French elides: c'est is two words, of which only the second is looked up.
_WORD = re.compile(r"[^\W\d_]+")
# Characters that only one of the two writes: simplified shapes, and shapes or characters made in Japan.
_ONLY_ZH = frozenset(
    "们这个为么没对说时会来过还让给谢您请问吗吧呢啊你他她哪很与从发现开关门间车东书长马鸟见贝业务营销账户语"
)
_ONLY_JA = frozenset("込働様気図対売転実単応総続済帰広読駅円価経検権験労楽薬戻県姫")
_FRENCH = """
    le la les un une des du de et est vous nous je il elle que qui ne pas pour dans avec sur au aux ce cette
    mon votre vos notre nos merci bonjour bonsoir oui non mais ou où se sa son ses sont avez avons suis à
    très bien plus si cordialement ai ont été peut avant
"""
_ENGLISH = """
    the a an and is are you we i he she that which not for in with at to of this my your our thanks thank
    hello hi yes no but or be was were have has had do does can will would if it its very regards dear
    please best from they there
"""
_COMMON = {"fr": frozenset(_FRENCH.split()), "en": frozenset(_ENGLISH.split())}
_MOST = 2000


def language_of(text: str) -> str | None:
    """Return `en`, `fr`, `ja` or `zh`, or None where the text does not tell.

    Kana say Japanese. Han without kana is told by characters that only one of the two languages writes, and
    is Chinese where none stands in it. Latin text is told by the commonest words of English and French; at
    least one must be there, and more of one language than of the other.
    """
    words = _ASIDE.sub(" ", text[:_MOST])
    if _KANA.search(words):
        return "ja"
    han = _HAN.findall(words)
    latin = _WORD.findall(_HAN.sub(" ", words).casefold())
    if han and len(han) >= len(latin):
        japanese, chinese = (sum(one in only for one in han) for only in (_ONLY_JA, _ONLY_ZH))
        return "ja" if japanese > chinese else "zh"
    found = {code: sum(word in common for word in latin) for code, common in _COMMON.items()}
    if found["fr"] == found["en"]:
        return None
    return max(found, key=lambda code: found[code])
