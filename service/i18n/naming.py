"""Whether a text names a person: by a whole address or a name as whole words, never a part of other words."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from service.i18n.folding import IGNORED, fold

_HAN = r"㐀-鿿豈-﫿\U00020000-\U000323af々〆"
# Each script is a word of its own: アンナさん are two, アンナプルナ is one.
_WORD = re.compile(rf"[{_HAN}]+|[ァ-ヺーヽヾ]+|[ぁ-ゟー]+|[^\W_{_HAN}ぁ-ヿ]+")
_UNSPACED = re.compile(rf"[{_HAN}ぁ-ヿ]+")
_WITH_HAN = re.compile(f"[{_HAN}]")
# What stands right behind somebody's name, in the characters that the name is written with.
_TITLES = ("様", "殿", "氏", "的", "先生", "女士", "小姐")
_FULL_NAME = 3
"""Characters from which a name in Chinese or Japanese is a full name, and hardly anything else."""
# In an address or the name of a server stands no name of a person as people write one.
_MACHINE_READABLE = re.compile(r"[\w.+%-]+@[\w.-]+|\w+://[\w.-]+", re.ASCII)
# Where an address begins and ends; a file can be called by it.
_BEFORE = r"(?a:(?<![\w.+-]))"
_BEHIND = r"(?a:(?![\w-]|\.(?!(?:csv|tsv|txt|xlsx?|pdf|zip|eml)\b)\w))"
# Words of names that are no name alone.
_PARTICLES = frozenset(
    {"da", "de", "del", "den", "der", "des", "di", "do", "dos", "du", "el", "la", "le", "van", "von"}
)


def names(text: str, name: str) -> bool:
    """Whether the whole name is in a text, as whole words that follow each other.

    Where names are written without spaces, a name with Chinese characters counts where a run of these
    begins: any longer name, and one of two characters where the run ends or a title follows. So 山田花子 is
    in 山田花子様 and 山田 in 山田様, but 林 not in 森林 nor 小林 in 小林製薬.
    """
    wanted = _words(name)
    if not wanted:
        return False
    words = _words(_MACHINE_READABLE.sub(" ", text))
    starts = range(len(words) - len(wanted) + 1)
    return any(words[at : at + len(wanted)] == wanted for at in starts) or _unspaced(words, "".join(wanted))


def names_in_part(text: str, name: str) -> bool:
    """Whether a text, short and about this person, has their name or one of its words, or is a part of it."""
    words, wanted = _words(text), _words(name)
    telling = {word for word in wanted if len(word) > 1 and word not in _PARTICLES}
    pieces = [word for word in words if len(word) > 1 and _UNSPACED.fullmatch(word)]
    whole = "".join(words)
    shortened = len(whole) > 1 and any(word.startswith(whole) for word in telling)
    in_one_piece = any(piece in word for piece in pieces for word in telling)
    return names(text, name) or not telling.isdisjoint(words) or shortened or in_one_piece


def is_telling(name: str) -> bool:
    """Whether a name says who it is alone: it has more words than one, or is a full one without spaces."""
    words = _words(name)
    unspaced = "".join(words)
    is_full = len(unspaced) >= _FULL_NAME and _is_unspaced(unspaced)
    return (len(name.split()) > 1 and len(words) > 1) or is_full


def has_address(text: str, addresses: Iterable[str]) -> bool:
    """Whether one of these addresses is in a text, and not only as a part of a longer one."""
    folded = text.casefold()
    return any(
        re.search(f"{_BEFORE}{re.escape(address)}{_BEHIND}", folded)
        for address in {address.casefold() for address in addresses if address}
    )


def _words(text: str) -> list[str]:
    plain = IGNORED.sub("", unicodedata.normalize("NFKC", text))
    return [word for word in map(fold, _WORD.findall(plain)) if word]


def _unspaced(words: Sequence[str], name: str) -> bool:
    if len(name) < 2 or not _is_unspaced(name):
        return False
    if len(name) < _FULL_NAME:
        return any(
            word == name or word.startswith(tuple(name + title for title in _TITLES)) for word in words
        )
    # No word is empty: so many hold the name, if they do.
    return any("".join(words[at : at + len(name)]).startswith(name) for at in range(len(words)))


def _is_unspaced(name: str) -> bool:
    return bool(_UNSPACED.fullmatch(name) and _WITH_HAN.search(name))
