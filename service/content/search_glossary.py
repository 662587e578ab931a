"""What a question is about, in the words of each language: the glossary's terms stand for each other."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from service.content.search_words import asked, fold, is_cjk, terms
from service.i18n.glossary import Glossary
from service.i18n.locales import LOCALES

Concept = tuple[tuple[str, ...], ...]
"""Ways to say one thing, each as the terms it takes; the first is as it was asked."""

_LONGEST_TERM = 40
_LONGEST_LOOKED_AT = 500
"""Characters of a question that are looked at: nobody says more before saying what it is about."""


class Words:
    """The terms of a glossary, found in a question whatever language they are in."""

    def __init__(self, rows: Iterable[Mapping[str, str]]) -> None:
        self._rows = tuple({code: fold(word) for code, word in row.items()} for row in rows)
        self._named: dict[str, list[int]] = {}
        for number, row in enumerate(self._rows):
            for word in set(row.values()):
                # One character alone, such as 名 or 行, is in many words that mean something else.
                if 1 < len(word) <= _LONGEST_TERM:
                    self._named.setdefault(word, []).append(number)
        self._pattern = _pattern(self._named)
        # The same question is looked through once for all languages.
        self._split = lru_cache(maxsize=256)(self._find)

    def concepts(self, question: str, code: str) -> tuple[Concept, ...]:
        """Return what a question asks for in the terms of a language's index; a long one by its beginning."""
        words, rest = self._split(question[:_LONGEST_LOOKED_AT])
        found = tuple(self._ways(word, code) for word in words)
        plain = asked(rest, code, something=not found)
        return (*found, *((word,) for word in plain if not (found and _hollow(word))))

    def _find(self, question: str) -> tuple[tuple[str, ...], str]:
        """Return the terms of the glossary in a question, and the question without them."""
        folded = fold(question)
        if not self._pattern:
            return (), folded
        return tuple(dict.fromkeys(self._pattern.findall(folded))), self._pattern.sub(" ", folded)

    def _ways(self, word: str, code: str) -> Concept:
        said = dict.fromkeys([word, *(self._rows[row].get(code, word) for row in self._named[word])])
        return tuple(_terms(one, code) for one in said)


def _pattern(words: Iterable[str]) -> re.Pattern[str] | None:
    """Return what finds the longest of some words; those that begin alike are looked for together."""
    ordered = sorted(words, key=len, reverse=True)
    if not ordered:
        return None
    # A Latin word ends where its letters end, but for the s of a plural; a Japanese or Chinese one anywhere.
    latin = _together([word for word in ordered if not is_cjk(word)])
    cjk = _together([word for word in ordered if is_cjk(word)])
    return re.compile(rf"(?<![^\W_])(?:{latin})(?=s?(?![^\W_]))|(?:{cjk})")


def _together(words: Iterable[str]) -> str:
    heads: dict[str, list[str]] = {}
    for word in words:
        heads.setdefault(word[0], []).append(re.escape(word[1:]))
    return "|".join(f"{re.escape(head)}(?:{'|'.join(rest)})" for head, rest in heads.items()) or r"(?!)"


def _terms(word: str, code: str) -> tuple[str, ...]:
    found = tuple(terms(word, code))
    # The lone last character is for asking by one character only.
    return tuple(term for term in found if len(term) > 1) or found


def _hollow(word: tuple[str, ...]) -> bool:
    """Leftover single letters and characters say nothing beside a term of the glossary."""
    return len(word) == 1 and len(word[0]) == 1


EMPTY = Words(())


def words_of(glossary: Glossary) -> Words:
    """Return the terms of a glossary for searching."""
    return Words(
        {code: term.words.get(code, term.source) for code in LOCALES}
        for row in glossary.rows
        for term in row.terms
    )
