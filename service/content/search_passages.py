"""A page cut into passages: the blocks a reader is led to and an answer quotes, each under its headings.

Cut from the page as it is served as Markdown, so that what is quoted stands there line by line.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from markdown_it.token import Token

from service.content.pages import INDEX, Page
from service.content.resolve import PAGE_LINK
from service.markdown import html
from service.markdown.dialect import Document, parse

LONGEST = 4000
"""Characters of a passage that an answer quotes at most."""


class Kind(StrEnum):
    """What a passage is; a numbered list is one, since its steps make sense together."""

    TEXT = "text"
    STEPS = "steps"
    ITEM = "item"
    ROW = "row"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Passage:
    """One block. `anchor` is the id to lead to, `path` the headings above it from the page's title down.

    `words` are its bare words on one line, `markdown` its lines as served, `html` the block for a page of
    help (empty for parts of a list or table). `place` names the block in every language alike: page, id of
    the section, number in the section.
    """

    slug: str
    language: str
    anchor: str
    path: tuple[str, ...]
    kind: Kind
    words: str
    markdown: str
    html: str
    place: tuple[str, str, int]


def cut(page: Page) -> tuple[Passage, ...]:
    """Return a page's passages in reading order."""
    return tuple(_Cutter(page).passages())


class _Cutter:
    def __init__(self, page: Page) -> None:
        self.page = page
        self.lines = page.own.split("\n")
        self.tokens = parse(page.own).tokens
        self.headings: list[tuple[int, str, str]] = []
        self.boxes: list[tuple[str, str]] = []
        self.outer: list[list[tuple[int, str, str]]] = []
        self.counts: dict[str, int] = {}

    def passages(self) -> Iterator[Passage]:
        position = 0
        while position < len(self.tokens):
            token = self.tokens[position]
            kind = _KINDS.get(token.type)
            if token.type == "tr_open" and self.tokens[position + 1].type == "th_open":
                kind = None
            if not kind and token.type not in ("heading_open", "summary_open"):
                self.open_or_close(token)
                position += 1
                continue
            end = _end(self.tokens, position)
            inside = self.tokens[position : end + 1]
            if token.type == "heading_open":
                self.enter(token, _words(inside))
            elif kind:
                yield from self.passage(token, inside, kind)
            elif self.boxes:
                # The summary of the details that have just begun.
                self.boxes[-1] = (_words(inside), "")
            position = end + 1

    def open_or_close(self, token: Token) -> None:
        """What is in a tab or a foldable block stands under its title; headings end with their box."""
        name = token.type.rpartition("_")[0]
        if name not in _BOXES:
            return
        if token.nesting == 1:
            self.outer.append(self.headings)
            self.boxes.append((str(token.meta.get("title", "")), str(token.meta.get("id", ""))))
            if name not in ("tab", "details"):
                self.boxes[-1] = ("", "")
        elif self.outer:
            self.headings = self.outer.pop()
            self.boxes.pop()

    def enter(self, token: Token, words: str) -> None:
        level = int(token.tag[1:])
        self.headings = [heading for heading in self.headings if heading[0] < level]
        self.headings.append((level, str(token.attrs.get("id", "")), words))

    def passage(self, token: Token, inside: Sequence[Token], kind: Kind) -> Iterator[Passage]:
        words = _words(inside)
        if not words:
            return
        section = self.headings[-1][1] if self.headings else ""
        boxed = next((anchor for _, anchor in reversed(self.boxes) if anchor), "")
        anchor = boxed or section
        number = self.counts[anchor] = self.counts.get(anchor, -1) + 1
        path = [words for _, _, words in self.headings] + [title for title, _ in self.boxes if title]
        yield Passage(
            slug=self.page.slug,
            language=self.page.language,
            anchor=anchor,
            path=tuple(path) or (self.page.title,),
            kind=kind,
            words=words,
            markdown=self.source(token, words)[:LONGEST],
            html="" if kind in (Kind.ITEM, Kind.ROW) else html.render(Document(tuple(self.linked(inside)))),
            place=(self.page.slug, anchor, number),
        )

    def linked(self, tokens: Sequence[Token]) -> Iterator[Token]:
        """The tokens with links that lead to the same places from any page of help."""
        for token in tokens:
            if token.children:
                token.children = list(self.linked(token.children))
            address = str(token.attrs.get("href", ""))
            other = PAGE_LINK.fullmatch(address)
            if other:
                token.attrs["href"] = ("./" if other[1] == INDEX else other[1]) + (other[2] or "")
            elif address.startswith("#"):
                token.attrs["href"] = ("./" if self.page.slug == INDEX else self.page.slug) + address
            yield token

    def source(self, token: Token, words: str) -> str:
        """Return the lines of a block, a table's row with the head of its table."""
        if not token.map:
            return words
        start, end = token.map
        lines = self.lines[start:end]
        if token.type == "tr_open":
            while start > 1 and self.lines[start - 1].lstrip().startswith("|"):
                start -= 1
            lines = [*self.lines[start : start + 2], *lines]
        indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
        return "\n".join(line[indent:].rstrip() for line in lines).strip("\n")


_BOXES = frozenset({"tab", "details", "step", "hint", "column"})
_KINDS = {
    "paragraph_open": Kind.TEXT,
    "ordered_list_open": Kind.STEPS,
    "list_item_open": Kind.ITEM,
    "tr_open": Kind.ROW,
    "fence": Kind.CODE,
    "code_block": Kind.CODE,
}


def _end(tokens: Sequence[Token], position: int) -> int:
    depth = 0
    for at in range(position, len(tokens)):
        depth += tokens[at].nesting
        if depth <= 0:
            return at
    return len(tokens) - 1


def _words(tokens: Sequence[Token]) -> str:
    """Return the bare words of blocks on one line, cells and items set apart."""
    parts = []
    for token in tokens:
        if token.type == "inline":
            parts.append(html.plain_words(token.children or []))
        elif token.type in ("fence", "code_block"):
            parts.append(token.content)
        elif token.type in ("td_close", "th_close"):
            parts.append("·")
    return " ".join(" ".join(parts).split()).strip(" ·")
