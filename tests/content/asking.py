"""How well the help answers the questions of `questions.toml`."""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from service.content.pages import Pages
from service.content.search import Hit, Index
from service.content.search_glossary import words_of
from service.content.search_index import Searchable
from service.i18n import glossary
from service.i18n.catalogs import Catalogs
from service.i18n.locales import LOCALES
from service.paths import data_dir

QUESTIONS = tomllib.loads(Path(__file__).with_name("questions.toml").read_text(encoding="utf-8"))


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


def codes() -> Iterator[str]:
    """Yield every language."""
    yield from LOCALES


def mean(values: Iterable[float]) -> float:
    """Return the mean."""
    kept = list(values)
    return sum(kept) / len(kept)
