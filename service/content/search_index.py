"""The search index of a set of pages: made at the first question, and again when a page reads differently."""

import threading

from service.content import search_asked
from service.content.pages import Page, Pages
from service.content.search import Index
from service.content.search_asked import NOTHING, Asked
from service.content.search_glossary import EMPTY, Words
from service.content.search_passages import Passage, cut
from service.i18n.locales import LOCALES


class Searchable:
    """Pages with an index over them. A page is cut anew only when its content changed."""

    def __init__(self, pages: Pages, words: Words = EMPTY) -> None:
        self.pages = pages
        self._words = words
        self._asked: dict[str, Asked] = {}
        self._cut: dict[tuple[str, str], tuple[str, tuple[Passage, ...]]] = {}
        self._made: tuple[tuple[object, ...], Index] | None = None
        self._revision: tuple[str, ...] = ()
        self._lock = threading.Lock()

    def index(self) -> Index:
        """Return the index of the pages as they are now."""
        revision = tuple(self.pages.revision(code) for code in LOCALES)
        with self._lock:
            if self._made is None or revision != self._revision:
                self._made, self._revision = self._fresh(), revision
            return self._made[1]

    def _fresh(self) -> tuple[tuple[object, ...], Index]:
        shelves = {code: self.pages.written_in(code) for code in LOCALES}
        for code in LOCALES:
            self._asked[code] = self._said(code)
        digests = (*(page.digest for pages in shelves.values() for page in pages), str(self._asked))
        if self._made and self._made[0] == digests:
            return self._made
        passages = {
            code: [passage for page in pages for passage in self._passages(page)]
            for code, pages in shelves.items()
        }
        return digests, Index(passages, self._words, dict(self._asked))

    def _said(self, code: str) -> Asked:
        """Return what people say in a language, as it was while its file is broken."""
        said = search_asked.read(self.pages.directory, code)
        return self._asked.get(code, NOTHING) if said is None else said

    def _passages(self, page: Page) -> tuple[Passage, ...]:
        key = (page.language, page.slug)
        kept = self._cut.get(key)
        if kept is None or kept[0] != page.digest:
            kept = self._cut[key] = (page.digest, cut(page))
        return kept[1]
