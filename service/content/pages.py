"""The help pages of a reader's language: found by locale and name, rendered once for each content."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from markdown_it.token import Token

from service.content import lock, notices, resolve
from service.content.files import PageFile, Source, is_slug
from service.content.folder import Folder
from service.content.watch import Watch
from service.facts.findings import Finding
from service.i18n.catalogs import Catalog
from service.i18n.locales import ALL_LOCALES, LOCALES, SOURCE
from service.markdown import html, text
from service.markdown.dialect import Document
from service.markdown.source import render as write

INDEX = "index"
IMAGE = ".webp"


@dataclass(frozen=True, slots=True)
class Heading:
    """An entry of a page's table of contents; `level` 2 or 3."""

    level: int
    id: str
    words: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page as one language reads it; `language` is that of its text, another one in a fallback.

    `html` begins with the H1; `markdown` and `text` are the same page in its other faces. `digest` names the
    Markdown served, `updated` is when what it says last changed. `behind` counts the blocks whose source
    changed since they were translated; each has a notice in the page. `own` is the page's Markdown without
    these notices.
    """

    slug: str
    locale: str
    language: str
    title: str
    description: str
    html: str
    markdown: str
    text: str
    headings: tuple[Heading, ...]
    digest: str
    updated: date | None = None
    behind: int = 0
    own: str = ""

    @property
    def fallback(self) -> bool:
        """Whether the reader's language has no such page, and this is the source language's."""
        return self.locale != self.language


@dataclass(frozen=True, slots=True)
class Entry:
    """A page in the tree: its name, its title and a line about it in the reader's language."""

    slug: str
    title: str
    description: str


@dataclass(frozen=True, slots=True)
class _Rendered:
    version: tuple[object, ...]
    titles: tuple[tuple[str, str | None], ...]
    folder: Folder
    page: Page


@dataclass(frozen=True, slots=True)
class _Composed:
    """A page with and without notices, how many these are, and what they add to its Markdown."""

    shown: Document
    own: Document
    below: str = ""
    behind: int = 0


class Pages:
    """All pages below a directory that has one folder for each language.

    `catalog_of` gives the catalog of a locale code; `good_copies` is where the last good version of each file
    is kept across restarts.
    """

    def __init__(
        self, directory: Path, catalog_of: Callable[[str], Catalog], good_copies: Path | None = None
    ) -> None:
        self.directory = directory
        self._catalog_of = catalog_of
        self._copies = good_copies
        self._files: dict[tuple[str, str], PageFile] = {}
        self._locks: dict[tuple[str, str], lock.LockFile] = {}
        self._rendered: dict[tuple[str, str], _Rendered] = {}
        self._watch = Watch(directory)

    def revision(self, locale: str) -> str:
        """Return a name for everything the pages of a language are made of; it changes when one may have."""
        catalogs = (self._catalog_of(code).version for code in dict.fromkeys((locale, SOURCE)))
        return f"{self._watch.state()}{''.join(catalogs)}"

    def find(self, locale: str, slug: str) -> Page | None:
        """Return a page in a language, or in the source language where that one lacks it; None for no page.

        Only names that could be ours are looked up, and only as files of the language's folder (check X-8).
        """
        if locale not in ALL_LOCALES or not is_slug(slug):
            return None
        for language in dict.fromkeys((locale, SOURCE)):
            source = self._source(language, slug)
            if source:
                return self._page(locale, language, slug, source)
        return None

    def image(self, locale: str, name: str) -> bytes | None:
        """Return a picture of a language or of the source language; None for no name of a picture of ours."""
        slug, dot, ending = name.partition(".")
        if locale not in ALL_LOCALES or not is_slug(slug) or dot + ending != IMAGE:
            return None
        for language in dict.fromkeys((locale, SOURCE)):
            path = self.directory / language / "images" / name
            # A link could lead out of the tree.
            if path.is_file() and not path.is_symlink():
                return path.read_bytes()
        return None

    def written_in(self, code: str) -> list[Page]:
        """Return the pages that stand in a language themselves, none that stands in for one."""
        found = (self.find(code, slug) for slug in self.slugs())
        return [page for page in found if page and not page.fallback]

    def slugs(self) -> tuple[str, ...]:
        """Return the names of the pages of the source language, in the order their front matter gives.

        A page that calls itself hidden is read by those who have its address, and listed nowhere.
        """
        found = []
        for path in (self.directory / SOURCE).glob("*.md"):
            source = self._source(SOURCE, path.stem) if is_slug(path.stem) else None
            if source and source.document.front_matter.get("hidden") is not True:
                order = source.document.front_matter.get("order")
                number = order if isinstance(order, int) else 1000
                found.append((path.stem != INDEX, number, path.stem))
        return tuple(slug for _, _, slug in sorted(found))

    def tree(self, locale: str) -> tuple[Entry, ...]:
        """Return all pages but the index, in order, with their titles in a language."""
        pages = (self.find(locale, slug) for slug in self.slugs() if slug != INDEX)
        return tuple(Entry(page.slug, page.title, page.description) for page in pages if page)

    def problem(self, language: str, slug: str) -> Finding | None:
        """Return why a page is served as an older version, if it is."""
        file = self._files.get((language, slug))
        return file.problem if file else None

    def problems(self) -> tuple[tuple[Path, Finding], ...]:
        """Return the files that are served as an older version, with the reason."""
        return tuple((file.path, file.problem) for file in self._files.values() if file.problem)

    def _source(self, language: str, slug: str) -> Source | None:
        key = (language, slug)
        file = self._files.get(key)
        if file is None:
            name = f"{slug}.md"
            copy = self._copies / language / name if self._copies else None
            file = PageFile(self.directory / language / name, copy)
        source = file.source()
        if source or file.problem:
            # Names nobody has are not remembered: anyone may ask for them.
            self._files[key] = file
        return source

    def _title(self, locale: str, slug: str) -> str | None:
        source = self._source(locale, slug) or self._source(SOURCE, slug)
        return title_of(source.document.tokens) if source and is_slug(slug) else None

    def _page(self, locale: str, language: str, slug: str, source: Source) -> Page:
        # A fallback is whole in the source language: its labels too, so that one text has one language.
        catalog = self._catalog_of(language)
        kept = self._rendered.get((locale, slug))
        original = self._source(SOURCE, slug) if language != SOURCE else None
        file = self._lock(language, slug) if original else None
        if file:
            file.locked()  # so that its stamp is that of what is read below
        version: tuple[object, ...] = (source.digest, language, catalog.version)
        if original and file:
            version = (*version, original.digest, file.stamp, self._catalog_of(SOURCE).version)
        if (
            kept
            and kept.version == version
            and all(self._title(language, one) == title for one, title in kept.titles)
            and kept.folder.unchanged()
        ):
            return kept.page
        titles: dict[str, str | None] = {}
        folder = Folder(self.directory / language)
        made = self._compose(language, slug, source, folder, titles)
        written = write(made.own)
        page = render(made.shown, written + made.below, slug=slug, locale=locale, language=language)
        page = replace(page, behind=made.behind, own=written)
        self._rendered[locale, slug] = _Rendered(version, tuple(titles.items()), folder, page)
        return page

    def document(self, locale: str, slug: str) -> Document | None:
        """Return what a page's HTML is written from, made anew; None for no page."""
        page = self.find(locale, slug)
        source = self._source(page.language, slug) if page else None
        if page is None or source is None:
            return None
        folder = Folder(self.directory / page.language)
        return self._compose(page.language, slug, source, folder, {}).shown

    def _compose(
        self, language: str, slug: str, source: Source, folder: Folder, titles: dict[str, str | None]
    ) -> _Composed:
        """Fill in a page's references, and notices where it is behind; the titles it takes are noted."""
        catalog, path = self._catalog_of(language), self.directory / language / f"{slug}.md"

        def title(one: str) -> str | None:
            titles[one] = self._title(language, one)
            return titles[one]

        def whole(document: Document) -> Document:
            return resolve.resolve(folder.included(document, path), catalog, title)

        document = whole(source.document)
        original = self._source(SOURCE, slug) if language != SOURCE else None
        locked = self._lock(language, slug).locked() if original else None
        if original is None or locked is None:
            return _Composed(document, document)
        behind = lock.stale(lock.pairs(original.document, source.document, locked), locked)
        voice, marked = self._voice(catalog), whole(notices.place(source.document, behind))
        noted = notices.fill(marked, original.document, behind, voice)
        below = notices.markdown(original.document, behind, voice)
        return _Composed(noted, document, below, sum(notices.shown(one) for one in behind))

    def _lock(self, language: str, slug: str) -> lock.LockFile:
        path = lock.path_of(self.directory / language / f"{slug}.md")
        return self._locks.setdefault((language, slug), lock.LockFile(path))

    def _voice(self, catalog: Catalog) -> notices.Voice:
        """Titles of notices are in the page's language, what they hold is in the source's."""
        own = self._catalog_of(SOURCE)
        name = catalog.formats.language_name(LOCALES[SOURCE].tag)
        return notices.Voice(
            LOCALES[SOURCE],
            lambda phrase: catalog.say(phrase, language=name),
            lambda inside: resolve.resolve(inside, own, lambda slug: self._title(SOURCE, slug)),
        )


def render(document: Document, markdown: str, *, slug: str, locale: str, language: str) -> Page:
    """Make a page of a resolved document and the Markdown it is served as."""
    description = document.front_matter.get("description")
    return Page(
        slug=slug,
        locale=locale,
        language=language,
        title=title_of(document.tokens) or slug,
        description=" ".join(description.split()) if isinstance(description, str) else "",
        html=html.render(document),
        markdown=markdown,
        text=text.render(document),
        headings=tuple(_headings(document)),
        digest=hashlib.blake2b(markdown.encode(), digest_size=8).hexdigest(),
        own=markdown,
        updated=_day(document.front_matter.get("updated")),
    )


def _day(value: object) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else None


def title_of(tokens: Sequence[Token]) -> str | None:
    """Return the words of the first H1."""
    return next((heading.words for heading in _outline(tokens) if heading.level == 1), None)


def _headings(document: Document) -> Iterator[Heading]:
    return (heading for heading in _outline(document.tokens) if heading.level in (2, 3))


def _outline(tokens: Sequence[Token]) -> Iterator[Heading]:
    for position, token in enumerate(tokens):
        if token.type == "heading_open" and tokens[position + 1].type == "inline":
            words = html.plain_words(tokens[position + 1].children or []).strip()
            yield Heading(int(token.tag[1:]), str(token.attrs.get("id", "")), words)
