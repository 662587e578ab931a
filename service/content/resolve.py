"""A page's references filled in for one language: labels, facts, generated tables, links to other pages.

Done once, on the tokens that HTML, text and Markdown are all written from.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from copy import copy

from markdown_it.token import Token

from service.content.generated import FACTS, TABLES
from service.facts.findings import Finding, Severity
from service.facts.words import N_, NP_, Phrase
from service.i18n.catalogs import Catalog
from service.markdown import mentions, references
from service.markdown.dialect import Document, parse

QUOTES: Mapping[str, tuple[str, str]] = {
    "en": ("“", "”"),
    "fr": ("«\u00a0", "\u00a0»"),
    "ja": ("「", "」"),
    "zh": ("“", "”"),
}
HINT_TITLES: Mapping[str, Phrase] = {
    "info": NP_("hint", "Note"),
    "success": NP_("hint", "Tip"),
    "warning": NP_("hint", "Important"),
    "danger": NP_("hint", "Important"),
}
NO_FACT = N_("No fact has this name: %(name)s")
NO_TABLE = N_("No generated block has this name: %(name)s")

BROKEN = N_("This reference is not complete: %(name)s")

PAGE_LINK = re.compile(r"([a-z0-9]+(?:-[a-z0-9]+)*)\.md(#[^\s]*)?")
_BROKEN = re.compile(r"\{(?:label|fact)[(:][^}]{0,40}")

Titles = Callable[[str], str | None]


def resolve(document: Document, catalog: Catalog, title_of: Titles) -> Document:
    """Return the document as it reads in the catalog's language; a name that resolves to nothing stays."""
    walk = _Walk(catalog, title_of)
    tokens = tuple(walk.block(document.tokens))
    return Document(tokens, document.front_matter, document.findings, document.profile)


def unresolved(document: Document) -> Iterator[Finding]:
    """Yield a finding for each fact and generated block that does not exist; `check` judges labels."""
    for token, line in placed(document.tokens):
        if token.type == "fact" and token.content not in FACTS:
            yield Finding("no-fact", Severity.ERROR, NO_FACT, {"name": token.content}, line, 1)
        if token.type == "text" and (broken := _BROKEN.search(token.content)):
            yield Finding("broken-reference", Severity.ERROR, BROKEN, {"name": broken[0]}, line, 1)
        if token.type == "generated" and token.meta.get("0", "") not in TABLES:
            name = token.meta.get("0", "")
            yield Finding("no-table", Severity.ERROR, NO_TABLE, {"name": name}, line, 1)


def placed(tokens: tuple[Token, ...] | list[Token], line: int = 1) -> Iterator[tuple[Token, int]]:
    """Yield every token, inline ones too, with its line from 1."""
    for token in tokens:
        if token.map:
            line = token.map[0] + 1
        yield token, line
        if token.children:
            inner = line
            for child in token.children:
                yield child, inner
                inner += child.type in ("softbreak", "hardbreak")
                yield from placed(child.children or [], inner)


def _label(name: str, catalog: Catalog) -> str:
    """Return the string on the screen; where it counts something, it counts a dozen here."""
    phrase = references.phrase(name)
    return catalog.say(phrase, num=12) if phrase.plural else catalog.say(phrase)


class _Walk:
    def __init__(self, catalog: Catalog, title_of: Titles) -> None:
        self.catalog = catalog
        self.title_of = title_of
        self.quotes = QUOTES.get(catalog.locale.code, QUOTES["en"])
        # The page that an open content-ref names, whose title its link shows.
        self.reference: str | None = None

    def block(self, tokens: tuple[Token, ...]) -> Iterator[Token]:
        for position, token in enumerate(tokens):
            if token.type == "generated":
                yield from self.generated(token)
            elif token.type == "hint_open":
                yield self.hint(token, tokens, position)
            elif token.type in ("content-ref_open", "content-ref_close"):
                self.reference = str(token.meta.get("url", "")) if token.nesting == 1 else None
                yield token
            elif token.children:
                filled = copy(token)
                filled.children = self.inline(token.children)
                yield filled
            else:
                yield token

    def generated(self, token: Token) -> Iterator[Token]:
        """A generated table stands on the line of its tag."""
        table = TABLES.get(str(token.meta.get("0", "")))
        for made in parse(table(self.catalog)).tokens if table else ():
            made.map = token.map
            yield made
        if table is None:
            yield token

    def hint(self, token: Token, tokens: tuple[Token, ...], position: int) -> Token:
        """A hint bears the word for its kind, unless it begins with a heading of its own."""
        if tokens[position + 1].type == "heading_open":
            return token
        titled = copy(token)
        style = str(token.meta.get("style", "info"))
        titled.meta = {**token.meta, "title": self.catalog.say(HINT_TITLES.get(style, HINT_TITLES["info"]))}
        return titled

    def title(self, address: str) -> str | None:
        match = PAGE_LINK.fullmatch(address)
        return self.title_of(match[1]) if match else None

    def inline(self, children: list[Token]) -> list[Token]:
        out: list[Token] = []
        for child in mentions.titled(children, self.title):
            filled = copy(child)
            if child.type == "label":
                filled.content = _label(child.content, self.catalog)
                filled.meta = {"quotes": self.quotes, "name": child.content}
            elif child.type == "fact" and child.content in FACTS:
                filled = Token("text", "", 0, content=FACTS[child.content](self.catalog))
            elif child.type == "link_open":
                filled.attrs = {**child.attrs, **self.page_link(str(child.attrs.get("href", "")))}
                filled.meta = {**child.meta, "page": child.attrs.get("href", "")}
            elif child.type == "text" and self.reference:
                match = PAGE_LINK.fullmatch(self.reference)
                filled.content = (match and self.title_of(match[1])) or child.content
            if child.children:
                filled.children = self.inline(child.children)
            out.append(filled)
        return out

    def page_link(self, address: str) -> dict[str, str | int | float]:
        """A link to `page.md#id` leads to the page itself, beside this one."""
        match = PAGE_LINK.fullmatch(address)
        if not match:
            return {}
        name = "./" if match[1] == "index" else match[1]
        return {"href": name + (match[2] or "")}
