"""The page with what a search of the help pages found: an answer where there is one, then the places."""

from dataclasses import dataclass

from flask import render_template

from service.content.search import Hit
from service.content.search_excerpt import Piece, excerpt
from service.i18n.locales import LOCALES
from service.web import help_site
from service.web.context import here


@dataclass(frozen=True, slots=True)
class Shown:
    """A passage as the page shows it: where it is, and its words or itself."""

    slug: str
    anchor: str
    language: str
    path: tuple[str, ...]
    pieces: tuple[Piece, ...]
    html: str


def results(question: str) -> str:
    """Return the page for a question, which may be empty."""
    code, index = here().locale.code, help_site.searchable().index()
    answers = index.ask(code, question, most=1) if question else ()
    places = {hit.passage.place for hit in answers}
    hits = (
        [hit for hit in index.search(code, question) if hit.passage.place not in places] if question else []
    )
    return render_template(
        "help/search.html",
        question=question,
        answers=[_shown(hit, question) for hit in answers],
        hits=[_shown(hit, question) for hit in hits],
        locales=LOCALES,
        entries=help_site.pages().tree(code),
    )


def _shown(hit: Hit, question: str) -> Shown:
    one = hit.passage
    pieces = excerpt(one.words, question, one.language)
    return Shown(one.slug, one.anchor, one.language, one.path, pieces, one.html)
