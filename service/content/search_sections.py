"""How much each section is about a question: Okapi's weights over whole sections and what people call them.

A block alone says little; what its section says again and again, in its words and in those of the people who
look for it, tells which of the sections that name a thing is the one about it.
"""

from collections.abc import Mapping, Sequence
from math import log, sqrt

from service.content.search_asked import Asked
from service.content.search_glossary import Concept
from service.content.search_passages import Passage
from service.content.search_words import STOP, terms, weight

Section = tuple[str, str]

# Robertson and Zaragoza, "The Probabilistic Relevance Framework": a section gains by saying a word often, up
# to a point, and a long one loses a little.
_SATURATION, _LENGTH = 3.0, 0.2
# What a word counts in the blocks, in the section's own heading, in those above, in what people call it.
_IN_WORDS, _IN_HEADING, _ABOVE, _IN_ASKED = 0.6, 2.0, 0.25, 1.0


class Sections:
    """The sections of one language, each as one text."""

    def __init__(self, passages: Sequence[Passage], asked: Asked, code: str) -> None:
        self._code = code
        self._counts: dict[str, dict[Section, float]] = {}
        self._lengths: dict[Section, float] = {}
        for passage in passages:
            section = passage.place[:2]
            if section not in self._lengths:
                self._lengths[section] = 0.0
                *above, heading = passage.path
                self._add(section, heading, _IN_HEADING)
                self._add(section, " ".join(above), _ABOVE)
                for said in asked.phrases(section):
                    self._add(section, said, _IN_ASKED)
            self._add(section, passage.words, _IN_WORDS)
        self._mean = sum(self._lengths.values()) / (len(self._lengths) or 1)

    def _add(self, section: Section, text: str, worth: float) -> None:
        for term in terms(text, self._code):
            if term not in STOP["en"] and term not in STOP["fr"]:
                counts = self._counts.setdefault(term, {})
                counts[section] = counts.get(section, 0.0) + worth
                self._lengths[section] += worth

    def about(self, concepts: Sequence[Concept]) -> Mapping[Section, float]:
        """Return the sections that say something of what is asked for; 1 is the one that says most."""
        found: dict[Section, float] = {}
        for concept in concepts:
            best: dict[Section, float] = {}
            for way in concept:
                for section, worth in self._way(way).items():
                    best[section] = max(best.get(section, 0.0), worth)
            for section, worth in best.items():
                found[section] = found.get(section, 0.0) + worth
        most = max(found.values(), default=0.0) or 1.0
        return {section: worth / most for section, worth in found.items()}

    def _way(self, way: Sequence[str]) -> dict[Section, float]:
        """Return what each section gains by one way to say a thing; a long word is one word still."""
        found: dict[Section, float] = {}
        for term in way:
            counts = self._counts.get(term, {})
            rarity = weight(term) * log(1 + (len(self._lengths) - len(counts) + 0.5) / (len(counts) + 0.5))
            for section, count in counts.items():
                length = 1 - _LENGTH + _LENGTH * self._lengths[section] / self._mean
                gain = count * (_SATURATION + 1) / (count + _SATURATION * length)
                found[section] = found.get(section, 0.0) + rarity * gain / sqrt(len(way))
        return found
