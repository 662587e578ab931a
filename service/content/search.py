"""Searching the help pages and answering questions from them, offline, across languages.

SQLite's FTS5 finds and ranks candidates by bm25 among pairs of characters and stems; they are weighed again
by how much of the question they cover, which is comparable between languages and tells when to say "not
found". A hit in another language leads to the same block in the reader's.
"""

import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log, sqrt
from types import MappingProxyType

from service.content.search_asked import NOTHING, Asked
from service.content.search_glossary import EMPTY, Concept, Words
from service.content.search_passages import Kind, Passage
from service.content.search_sections import Section, Sections
from service.content.search_words import (
    MOST_TERMS,
    asks_how,
    counted,
    fold,
    is_cjk,
    is_katakana,
    pieces,
    terms,
    weight,
)
from service.i18n.locales import LOCALES

LONGEST_QUESTION = 2000
"""Characters of a question; longer ones are for the entrance to refuse."""
MOST_HITS = 20
MOST_ANSWERS = 3

_CANDIDATES = 40
_SECTIONS = 10
# bm25 weights of the columns: titles of the page and of the sections above, nearest heading, words, and
# what people call what the section is about.
_COLUMNS = ("title", "above", "heading", "words", "asked")
_BM25 = "3.0, 2.0, 6.0, 1.0, 3.0"
# How much of a term's weight it counts where it stands, and what standing in two places adds.
_IN_WORDS, _IN_HEADING, _IN_TITLE, _IN_ASKED = 1.0, 1.1, 0.7, 1.0
_TWICE = 0.4
# What pieces of a word count that stand apart, and what a word counts that no page has.
_APART = 0.75
_UNKNOWN = 0.7
# A run of more pairs of characters than this is more than one word.
_ONE_WORD = 2
# What is added for the rank by bm25, that of the whole section, the question word for word, the share of it
# that is covered, the goal.
_BY_BM25, _BY_SECTION, _PHRASE, _WHOLE, _GOAL = 0.25, 1.0, 1.0, 0.6, 0.5
_OWN_LANGUAGE = 1.3
# The second block of a section is worth so much, the third so much of that: several sections answer.
_AGAIN = 0.95
# A section's beginning says more than its parts; steps say how, digits how many.
_FIRST, _STEPS, _NUMBER = 0.15, 0.12, 0.8
# Which share of a question a block must hold to answer it. One word of two may be there by chance, three of
# six are not: every word lowers what is asked for, down to the least. Chinese runs are not told apart into
# words, so that a smaller share of their pairs is found.
_FLOOR, _LOWER, _LEAST = 0.88, 0.13, 0.2
_FLOOR_IN = {"zh": 0.67}
_LIST_FLOOR = 0.25
# In another language words may look alike and mean something else.
_FLOOR_ELSEWHERE = 0.6
_MOST_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage in the reader's language where it has one, and how well it fits: 1 is all of the question.

    `found` is the passage the words were found in: the same, or its twin in another language.
    """

    passage: Passage
    found: Passage
    score: float
    coverage: float


class Index:
    """The passages of all languages at one moment. Immutable; safe to use from several threads."""

    def __init__(
        self,
        passages: Mapping[str, Sequence[Passage]],
        words: Words = EMPTY,
        asked: Mapping[str, Asked] = MappingProxyType({}),
    ) -> None:
        self._words = words
        self._database = sqlite3.connect(":memory:", check_same_thread=False)
        self._lock = threading.Lock()
        self._shelves = {
            code: _Shelf(self._database, code, kept, asked.get(code, NOTHING))
            for code, kept in passages.items()
        }
        self._places = {code: {passage.place: passage for passage in kept} for code, kept in passages.items()}
        self._sections = {
            code: {passage.place[:2]: passage for passage in reversed(kept)}
            for code, kept in passages.items()
        }

    def search(self, code: str, question: str, *, most: int = MOST_HITS) -> tuple[Hit, ...]:
        """Return what fits the words somebody typed, best first, one for each section."""
        found = self._hits(code, question, "", floor=_LIST_FLOOR)
        sections: dict[tuple[str, str], Hit] = {}
        for hit in found:
            sections.setdefault((hit.passage.slug, hit.passage.anchor), hit)
        return tuple(list(sections.values())[:most])

    def ask(self, code: str, question: str, *, goal: str = "", most: int = MOST_ANSWERS) -> tuple[Hit, ...]:
        """Return the blocks that answer a question, best first; none where nothing covers enough of it.

        `goal`, what the asker is after, only orders what answers the question.
        """
        if any(shelf.lacks(question) for shelf in self._shelves.values()):
            return ()
        return tuple(self._hits(code, question, goal, floor=None)[:most])

    def _hits(self, code: str, question: str, goal: str, *, floor: float | None) -> list[Hit]:
        """Return what holds `floor` of the question, by default enough of it to be an answer; best first."""
        best: dict[tuple[str, str, int], Hit] = {}
        for language, shelf in self._shelves.items():
            concepts = self._words.concepts(question, language)
            aims = self._words.concepts(goal, language) if goal else ()
            about = shelf.sections.about(concepts)
            with self._lock:
                candidates = shelf.candidates(self._database, concepts, about, question)
            own = _OWN_LANGUAGE if language == code else 1.0
            least = _enough(concepts, language) if floor is None else floor
            for hit in shelf.weigh(candidates, concepts, about, aims, question):
                if hit.coverage < (least if language == code else max(least, _FLOOR_ELSEWHERE)):
                    continue
                passage = self._in_language(hit.passage, code)
                seen = best.get(passage.place)
                if seen is None or hit.score * own > seen.score:
                    best[passage.place] = replace(hit, passage=passage, score=hit.score * own)
        return _spread(sorted(best.values(), key=lambda hit: -hit.score))

    def _in_language(self, passage: Passage, code: str) -> Passage:
        """Return the same block in a language, or the beginning of its section, or the block as it is."""
        return (
            self._places.get(code, {}).get(passage.place)
            or self._sections.get(code, {}).get(passage.place[:2])
            or passage
        )


@dataclass(frozen=True, slots=True)
class _Entry:
    passage: Passage
    text: str
    title: frozenset[str]
    heading: frozenset[str]
    words: frozenset[str]
    asked: frozenset[str]


class _Shelf:
    """The passages of one language: a table of the full-text index, and the terms of each passage."""

    def __init__(
        self, database: sqlite3.Connection, code: str, passages: Sequence[Passage], asked: Asked
    ) -> None:
        if code not in LOCALES:
            raise KeyError(code)
        self.code = code
        self.table = f"passages_{code.replace('-', '_')}"
        columns = ", ".join(_COLUMNS)
        database.execute(
            f"CREATE VIRTUAL TABLE {self.table} USING fts5"
            f"({columns}, content='', tokenize=\"unicode61 remove_diacritics 0\")"
        )
        self.entries: list[_Entry] = []
        rows = []
        frequency: dict[str, int] = {}
        for number, passage in enumerate(passages):
            title, *above = passage.path
            heading = above.pop() if above else ""
            said = asked.sections.get(passage.place[:2], "")
            texts = (title, " ".join(above), heading, passage.words, said)
            split = [tuple(terms(text, code)) for text in texts]
            rows.append((number, *(" ".join(part) for part in split)))
            text = f" {' '.join(term for part in split for term in part)} "
            entry = _Entry(passage, text, *map(_known, (split[0] + split[1], *split[2:])))
            self.entries.append(entry)
            for term in entry.title | entry.heading | entry.words | entry.asked:
                frequency[term] = frequency.get(term, 0) + 1
        marks = ", ".join("?" * (len(_COLUMNS) + 1))
        statement = f"INSERT INTO {self.table} (rowid, {columns}) VALUES ({marks})"  # noqa: S608 - a known name
        database.executemany(statement, rows)
        self.rarity = {
            term: weight(term) * log(1 + (len(rows) - count + 0.5) / (count + 0.5))
            for term, count in frequency.items()
        }
        self._important: dict[Concept, float] = {}
        self.sections = Sections(passages, asked, code)
        self._begins = {passage.place[:2]: row for row, passage in reversed(list(enumerate(passages)))}
        self._absent = tuple(_run(word) for word in asked.absent)
        self.unknown = _UNKNOWN * log(1 + (len(rows) + 0.5) / 0.5)

    def lacks(self, question: str) -> bool:
        """Tell whether a question names something that the product does not have."""
        words = _run(question[:LONGEST_QUESTION])
        return any(word in words for word in self._absent)

    def candidates(
        self,
        database: sqlite3.Connection,
        concepts: Sequence[Concept],
        about: Mapping[Section, float],
        question: str,
    ) -> dict[int, tuple[float, bool]]:
        """Return row numbers with their bm25 and whether the question stands there as it is."""
        found: dict[int, tuple[float, bool]] = {}
        wanted = list(dict.fromkeys(term for concept in concepts for one in concept for term in one))
        if not wanted:
            return found
        query = (
            f"SELECT rowid, -bm25({self.table}, {_BM25}) FROM {self.table}"  # noqa: S608 - a known name
            f" WHERE {self.table} MATCH ? ORDER BY 2 DESC LIMIT {_CANDIDATES}"
        )
        for row, score in database.execute(query, (_phrase(question, self.code),)):
            found[row] = (score, True)
        for row, score in database.execute(query, (" OR ".join(map(_quoted, wanted)),)):
            found[row] = (score, row in found)
        for section in sorted(about, key=lambda one: -about[one])[:_SECTIONS]:
            found.setdefault(self._begins[section], (0.0, False))
        return found

    def weigh(
        self,
        candidates: Mapping[int, tuple[float, bool]],
        concepts: Sequence[Concept],
        about: Mapping[Section, float],
        aims: Sequence[Concept],
        question: str,
    ) -> Iterator[Hit]:
        """Yield the candidates with their share of the question."""
        most = max((score for score, _ in candidates.values()), default=0.0) or 1.0
        how, number = asks_how(question), counted(question)
        for row, (score, phrase) in candidates.items():
            entry = self.entries[row]
            value, coverage = self.cover(entry, concepts)
            aimed = self.cover(entry, aims)[0] if aims else 0.0
            total = (
                value
                + _BY_BM25 * score / most
                + _BY_SECTION * about.get(entry.passage.place[:2], 0.0)
                + _PHRASE * phrase
                + _WHOLE * coverage
                + _GOAL * aimed
                + _FIRST * (entry.passage.place[2] == 0)
                + _STEPS * (how and entry.passage.kind is Kind.STEPS)
                + _NUMBER * bool(number and number.search(fold(entry.passage.words)))
            )
            yield Hit(entry.passage, entry.passage, total, 1.0 if phrase else coverage)

    def cover(self, entry: _Entry, concepts: Sequence[Concept]) -> tuple[float, float]:
        """Return how well an entry holds the concepts, places weighed, and which share of them it holds."""
        value = covered = whole = 0.0
        for concept in concepts:
            most = self.importances(concept)
            holds = places = 0.0
            for one in concept:
                worth = sum(map(self.worth, one)) or 1.0
                there = sum(self.worth(term) * bool(_place(entry, term)) for term in one) / worth
                together = _together(entry, one, there)
                if there * together > holds:
                    holds = there * together
                    places = sum(self.worth(term) * _place(entry, term) for term in one) / worth * together
            whole += most
            covered += most * holds
            value += most * places
        return (value / whole, covered / whole) if whole else (0.0, 0.0)

    def importances(self, concept: Concept) -> float:
        """Return the importance of the most important way to say one thing."""
        kept = self._important.get(concept)
        if kept is None:
            kept = max(map(self.importance, concept))
            if len(self._important) < _MOST_KEPT:
                self._important[concept] = kept
        return kept

    def importance(self, word: Sequence[str]) -> float:
        """A long word is one word still: it weighs like its terms on average, a little more for many."""
        mean = sum(map(self.worth, word)) / len(word)
        return mean if is_katakana(word[0]) else mean * sqrt(len(word))

    def worth(self, term: str) -> float:
        known = self.rarity.get(term)
        return self.unknown * weight(term) if known is None else known


def _enough(concepts: Sequence[Concept], code: str) -> float:
    """Return the share of a question that a block must hold to answer it.

    A run of CJK characters is several words that nobody has told apart: as many as the root of its pairs.
    """
    size = sum(sqrt(len(concept[0])) if is_cjk(concept[0][0]) else 1.0 for concept in concepts)
    return max(_LEAST, _FLOOR_IN.get(code, _FLOOR) - _LOWER * size)


def _spread(hits: Sequence[Hit]) -> list[Hit]:
    """Return hits, best first, those of a section that has had its say a little later."""
    said: Counter[Section] = Counter()
    worth = []
    for hit in hits:
        section = hit.passage.place[:2]
        worth.append((hit.score * _AGAIN ** said[section], hit))
        said[section] += 1
    return [hit for _, hit in sorted(worth, key=lambda one: -one[0])]


def _together(entry: _Entry, word: Sequence[str], there: float) -> float:
    """Return how much of a word's pieces to count: all where they stand together, as in the question."""
    if len(word) == 1 or f" {' '.join(word)} " in entry.text:
        return 1.0
    if is_katakana(word[0]):
        return there
    # A long run of Han characters is several words that nobody has told apart.
    return _APART if len(word) <= _ONE_WORD else 1.0


def _place(entry: _Entry, term: str) -> float:
    best = 0.0
    places = 0
    for terms_there, factor in (
        (entry.words, _IN_WORDS),
        (entry.heading, _IN_HEADING),
        (entry.title, _IN_TITLE),
        (entry.asked, _IN_ASKED),
    ):
        if term in terms_there:
            best = max(best, factor)
            places += 1
    return best + _TWICE * (places > 1)


def _known(words: Sequence[str]) -> frozenset[str]:
    """Return the terms of a text and its single CJK characters, so that these have a rarity of their own."""
    return frozenset(words) | {term[0] for term in words if is_cjk(term)}


def _phrase(question: str, code: str) -> str:
    """Return the FTS5 query for the words of a question in a row, but for its last lone character."""
    words = list(terms(question, code))[: MOST_TERMS + 1]
    if len(words) > 1 and len(words[-1]) == 1:
        words.pop()
    return f'"{" ".join(words)}"' + (" *" if len(words[-1:]) and len(words[-1]) == 1 else "")


def _run(text: str) -> str:
    """Return the words of a text in a row, to look for others in, each with its ending."""
    return f" {' '.join(term for term in pieces(text) if len(term) > 1)} "


def _quoted(term: str) -> str:
    return f'"{term}" *' if len(term) == 1 else f'"{term}"'
