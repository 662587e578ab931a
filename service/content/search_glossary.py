"""What a question is about, in the words of each language: the glossary's terms stand for each other."""

import re
from collections.abc import Iterable, Iterator, Mapping

from service.content.search_words import asked, fold, terms
from service.i18n.glossary import Glossary
from service.i18n.locales import LOCALES

Concept = tuple[tuple[str, ...], ...]
"""Ways to say one thing, each as the terms it takes; the first is as it was asked."""

_LONGEST_TERM = 40


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
        words = sorted(self._named, key=len, reverse=True)
        # A Latin word ends where its letters end, but for the s of a plural; a Japanese or Chinese one
        # anywhere.
        parts = (
            rf"(?<![^\W_]){re.escape(word)}(?=s?(?![^\W_]))" if word.isascii() else re.escape(word)
            for word in words
        )
        self._pattern = re.compile("|".join(parts)) if words else None

    def concepts(self, question: str, code: str) -> tuple[Concept, ...]:
        """Return what a question asks for, in the terms of a language's index."""
        rest, found = fold(question), []
        if self._pattern:
            found = list(self._named_in(rest, code))
            rest = self._pattern.sub(" ", rest)
        plain = asked(rest, code, something=not found)
        return (*found, *((word,) for word in plain if not (found and _hollow(word))))

    def _named_in(self, question: str, code: str) -> Iterator[Concept]:
        seen = set()
        assert self._pattern
        for match in self._pattern.finditer(question):
            word = match[0]
            if word in seen:
                continue
            seen.add(word)
            said = dict.fromkeys([word, *(self._rows[row].get(code, word) for row in self._named[word])])
            yield tuple(ways) if (ways := [_terms(one, code) for one in said]) else ((word,),)


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
