"""How well the help answers the questions of `questions.toml`, and those of readers in `readers.toml`."""

import tomllib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from service.content.pages import Pages
from service.content.search import Hit, Index
from service.content.search_glossary import words_of
from service.content.search_index import Searchable
from service.content.search_passages import cut
from service.i18n import glossary
from service.i18n.catalogs import Catalogs
from service.i18n.locales import LOCALES, SOURCE
from service.paths import data_dir

QUESTIONS = tomllib.loads(Path(__file__).with_name("questions.toml").read_text(encoding="utf-8"))
READERS = tomllib.loads(Path(__file__).with_name("readers.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Score:
    """Shares of all questions: the right block first, among the first three."""

    first: float
    third: float
    missed: tuple[str, ...]


def searchable() -> Searchable:
    """Return the product's own help with its index."""
    pages = Pages(data_dir("content"), Catalogs(data_dir("locales")).catalog)
    return Searchable(pages, words_of(glossary.read(data_dir("locales") / "glossary.toml")))


def place_of(hit: Hit) -> str:
    """Return a block's name as the questions write it."""
    slug, section, number = hit.passage.place
    return f"{slug}#{section}/{number}"


def score(index: Index, kind: str, code: str) -> Score:
    """Ask all questions of a kind in one language."""
    asked = QUESTIONS[kind]
    first = third = 0
    missed = []
    for one in asked:
        places = [place_of(hit) for hit in index.ask(code, one[code])]
        first += bool(places) and places[0] in one["blocks"]
        there = any(place in one["blocks"] for place in places)
        third += there
        if not places or places[0] not in one["blocks"]:
            missed.append(f"{one[code]} {places}")
    return Score(first / len(asked), third / len(asked), tuple(missed))


def refused(index: Index, code: str) -> tuple[float, tuple[str, ...]]:
    """Return the share of questions about something else that are not answered, and the others."""
    answered = tuple(one for one in QUESTIONS["off"][code] if index.ask(code, one))
    return 1 - len(answered) / len(QUESTIONS["off"][code]), answered


class Sections:
    """Which sections of the pages lie in which: what is in a part of a section is in the section."""

    def __init__(self, pages: Pages) -> None:
        self._around: dict[str, str] = {}
        for slug in pages.slugs():
            page = pages.find(SOURCE, slug)
            assert page is not None
            outer = ""
            for heading in page.headings:
                outer = heading.id if heading.level == 2 else outer
                self._around[f"{slug}#{heading.id}"] = f"{slug}#{outer}"
            before = ""
            for passage in cut(page):
                if passage.anchor.startswith("tab-"):
                    self._around[f"{slug}#{passage.anchor}"] = f"{slug}#{before}"
                else:
                    before = passage.anchor

    def hold(self, wanted: Collection[str], hit: Hit) -> bool:
        """Tell whether a hit stands in one of the sections."""
        place = f"{hit.passage.slug}#{hit.passage.anchor}"
        while place not in wanted and self._around.get(place, place) != place:
            place = self._around[place]
        return place in wanted


def readers_score(index: Index, sections: Sections, kind: str, code: str) -> Score:
    """Ask what readers asked of a kind in one language, and was answered by the pages."""
    asked = [one for one in READERS[kind] if one["locale"] == code and one["sections"]]
    first = third = 0
    missed = []
    for one in asked:
        found = index.ask(code, one["question"])
        right = [sections.hold(one["sections"], hit) for hit in found]
        first += right[:1] == [True]
        third += any(right)
        if right[:1] != [True]:
            missed.append(f"{one['question']} {one['sections']} {list(map(place_of, found))}")
    return Score(first / len(asked), third / len(asked), tuple(missed))


def readers_refused(index: Index, kind: str, code: str) -> tuple[float, tuple[str, ...]]:
    """Return the share of questions that the pages do not answer that are not answered, and the others."""
    off = [one["question"] for one in READERS[kind] if one["locale"] == code and not one["sections"]]
    answered = tuple(question for question in off if index.ask(code, question))
    return 1 - len(answered) / len(off), answered


def codes() -> Iterator[str]:
    """Yield every language."""
    yield from LOCALES


def mean(values: Iterable[float]) -> float:
    """Return the mean."""
    kept = list(values)
    return sum(kept) / len(kept)
