"""A page cut into blocks: what kind each is, how deep, what it says, what in it no language changes."""

import hashlib
import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from markdown_it.token import Token

from service.markdown.dialect import Document

GAP = "\ufffc"
"""Stands in the words of a block for an image."""


class Part(StrEnum):
    """A stretch of a block's words that is not plain prose."""

    CODE = "code"
    LABEL = "label"
    FACT = "fact"
    LINK = "link"
    IMAGE = "image"
    EMPHASIS = "emphasis"


@dataclass(frozen=True, slots=True)
class Span:
    """A part and its place in the words; `value` is the code, the name, or the address."""

    part: Part
    start: int
    end: int
    value: str


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a page, in the order of the page.

    `kind` is the name of its token, `mark` what else belongs to its form: a heading's level, a hint's style,
    a fence's language, a table's columns. `depth` counts the blocks around it. `words` is what it says
    itself, references as written; `code` is the text of a code block. `line` and `end` are its first and last
    line, from 1; `position` is the place of its token in the document, `cell` that of a cell in its row.
    """

    kind: str
    mark: str
    depth: int
    line: int
    end: int
    position: int
    id: str = ""
    words: str = ""
    code: str = ""
    spans: tuple[Span, ...] = ()
    lang: str = ""
    cell: int = -1

    @property
    def form(self) -> tuple[int, str, str]:
        """What must be the same in every language."""
        return self.depth, self.kind, self.mark

    @property
    def said(self) -> str:
        """The words on one line, however the source breaks and spaces them."""
        return normal(self.words)

    @property
    def digest(self) -> str:
        """A name for what the block says; marks, line breaks and spaces do not change it."""
        return digest(self.said)

    def of(self, *parts: Part) -> tuple[Span, ...]:
        return tuple(span for span in self.spans if span.part in parts)


def normal(words: str) -> str:
    """Return words composed (NFC), with single spaces, without images."""
    return " ".join(unicodedata.normalize("NFC", words.replace(GAP, " ")).split())


def digest(words: str) -> str:
    """Return twelve hexadecimal digits that name these words."""
    return hashlib.blake2b(words.encode(), digest_size=6).hexdigest()


_SHAPES = {"thead", "tbody"}
_SPLIT = {"paragraph_open", "paragraph_close", "hardbreak", "list_item_open", "list_item_close"}
_MARKS = {"hint": "style", "column": "width"}


def cut(document: Document) -> tuple[Block, ...]:
    """Return the blocks of a page, without the words that a server put around it for programs."""
    return _own(tuple(_Cutter(document.tokens).blocks()))


_FOOTER = re.compile(r"Agent Instructions\b", re.IGNORECASE)


def _own(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """A page that was served as Markdown begins with a quote on `llms.txt` and ends in words to agents."""
    start = 0
    if len(blocks) > 1 and blocks[0].kind == "blockquote" and "llms.txt" in blocks[1].words:
        start = next((at for at, block in enumerate(blocks) if at and not block.depth), len(blocks))
    for at in range(start, len(blocks) - 1):
        ruled = blocks[at].kind == "hr" and blocks[at + 1].kind == "heading"
        if ruled and _FOOTER.match(blocks[at + 1].words):
            return blocks[start:at]
    return blocks[start:]


@dataclass(slots=True)
class _Open:
    """A block whose words are still to come."""

    token: Token
    position: int
    depth: int
    line: int
    end: int
    mark: str = ""
    words: str = ""
    spans: tuple[Span, ...] = ()
    cell: int = -1


class _Cutter:
    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens
        self.found: list[_Open] = []
        # Raw elements, whose tokens know no line: they begin where the next one does that knows.
        self.unplaced: list[_Open] = []
        self.line = self.end = 1

    def blocks(self) -> Iterator[Block]:
        depth = cell = 0
        inner: list[_Open | None] = []
        for position, token in enumerate(self.tokens):
            if token.map:
                self.line, self.end = token.map[0] + 1, max(token.map[1], token.map[0] + 1)
                for opened in self.unplaced:
                    opened.line = opened.end = self.line
                self.unplaced.clear()
            name = token.type.removesuffix("_open")
            if token.nesting == -1:
                closed = inner.pop()
                depth -= closed is not None
            elif token.type == "inline":
                self.say(inner[-1] if inner else None, token, depth, position)
            elif name in _SHAPES:
                inner.append(None)
            else:
                cell = cell + 1 if name in ("th", "td") else 0 if name == "tr" else cell
                opened = _Open(token, position, depth, self.line, self.end, self.mark(name, position))
                opened.cell = cell - 1 if name in ("th", "td") else -1
                self.found.append(opened)
                if not token.map and name not in ("th", "td"):
                    self.unplaced.append(opened)
                if token.nesting == 1:
                    inner.append(opened)
                    depth += 1
        return (_block(opened) for opened in self.found)

    def mark(self, name: str, position: int) -> str:
        token = self.tokens[position]
        if name == "heading":
            return token.tag
        if name == "fence":
            return (token.info.split() or [""])[0]
        if name in ("generated", "include"):
            return str(token.meta.get("0", ""))
        if name == "table":
            return str(self.columns(position))
        return str(token.meta.get(_MARKS.get(name, ""), ""))

    def columns(self, position: int) -> int:
        count = 0
        for at in range(position, len(self.tokens)):
            count += self.tokens[at].type in ("th_open", "td_open")
            if self.tokens[at].type == "tr_close":
                break
        return count

    def say(self, opened: _Open | None, token: Token, depth: int, position: int) -> None:
        words, spans = spoken(token.children or [])
        if opened is None or opened.words or opened.token.type in ("list_item_open", "blockquote_open"):
            # Words right inside a raw element that holds blocks too.
            opened = _Open(Token("paragraph", "p", 0), position, depth, self.line, self.end)
            self.found.append(opened)
        if token.map:
            opened.line, opened.end = min(opened.line, self.line), self.end
        opened.words, opened.spans = words, spans


def _block(opened: _Open) -> Block:
    token = opened.token
    kind = token.type.removesuffix("_open")
    words, code = opened.words, ""
    if kind == "tab":
        words = str(token.meta.get("title", ""))
    elif kind in ("fence", "code_block"):
        kind, code = "fence", token.content
    elif kind == "math_block":
        code = token.content
    elif kind == "pre":
        kind, words, code = "fence", "", words
    elif kind == "plain":
        words = token.content
    elif kind in ("code", "update") and token.block:
        words = str(token.meta.get("title", ""))
    spans = opened.spans if words else ()
    address = str(token.meta.get("url") or token.meta.get("src") or "").strip("<>")
    if address:
        spans = (*spans, Span(Part.LINK, 0, 0, address))
    return Block(
        kind=kind,
        mark=opened.mark,
        depth=opened.depth,
        line=opened.line,
        end=opened.end,
        position=opened.position,
        id=str(token.attrs.get("id", "")) if kind == "heading" else "",
        words=words,
        code=code,
        spans=spans,
        lang=str(token.attrs.get("lang", "")),
        cell=opened.cell,
    )


def spoken(children: Sequence[Token]) -> tuple[str, tuple[Span, ...]]:
    """Return inline tokens as words, and the parts of them that are not prose."""
    speaker = _Speaker()
    speaker.take(children)
    return speaker.words, tuple(sorted(speaker.spans, key=lambda span: (span.start, span.end)))


class _Speaker:
    def __init__(self) -> None:
        self.words = ""
        self.spans: list[Span] = []
        self.open: list[tuple[str, int, str]] = []

    def take(self, children: Sequence[Token]) -> None:
        for child in children:
            start = len(self.words)
            if child.nesting == 1 and child.type not in _SPLIT:
                self.open.append((child.type, start, str(child.attrs.get("href", ""))))
            elif child.nesting == -1 and child.type not in _SPLIT:
                self.close()
            elif child.type == "image":
                self.words += GAP
                self.spans.append(Span(Part.IMAGE, start, start + 1, str(child.attrs.get("src", ""))))
            elif child.type in _SPLIT:
                self.words += "\n"
            elif child.type == "softbreak":
                self.words += " "
            elif child.type in ("label", "fact"):
                self.words += child.markup
                self.spans.append(Span(Part(child.type), start, len(self.words), child.content))
            else:
                self.words += child.content
                if child.type in ("code_inline", "math"):
                    self.spans.append(Span(Part.CODE, start, len(self.words), child.content))
                elif child.children:
                    self.take(child.children)

    def close(self) -> None:
        if not self.open:
            return
        name, start, address = self.open.pop()
        end = len(self.words)
        part = _PARTS.get(name)
        if part is not None:
            value = address if part is Part.LINK else self.words[start:end]
            self.spans.append(Span(part, start, end, value))


_PARTS = {
    "link_open": Part.LINK,
    "code_open": Part.CODE,
    "strong_open": Part.EMPHASIS,
    "em_open": Part.EMPHASIS,
}


class Places:
    """Where the words of blocks stand in the source."""

    def __init__(self, source: str) -> None:
        self._traced: tuple[Block, str, int, list[int]] | None = None
        self.lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")

    def find(self, block: Block, at: int) -> tuple[int, int]:
        """Return line and column, from 1, of a character of a block's words; the block's own for none."""
        if self._traced is None or self._traced[0] is not block:
            source, start = self.source(block)
            self._traced = block, source, start, _trace(block, source)
        _, text, offset, places = self._traced
        index = places[at] if 0 <= at < len(places) else len(text) - len(text.lstrip())
        above = text.count("\n", 0, index)
        column = index - (text.rfind("\n", 0, index) + 1) + 1
        return block.line + above, column + (offset if not above else 0)

    def source(self, block: Block) -> tuple[str, int]:
        """Return the lines of a block, from its own cell on in a table row, and the column that starts at."""
        last = max(block.line, block.end)
        text = "\n".join(self.lines[block.line - 1 : last])
        if block.cell < 0:
            return text, 0
        row = self.lines[block.line - 1] if block.line <= len(self.lines) else ""
        bars = [0, *(match.start() + 1 for match in _BAR.finditer(row))]
        if row.lstrip().startswith("|"):
            bars = bars[1:]
        start = bars[block.cell] if block.cell < len(bars) else 0
        end = bars[block.cell + 1] - 1 if block.cell + 1 < len(bars) else len(row)
        return row[start:end], start


_BAR = re.compile(r"(?<!\\)\|")


# What stands in a source and is not said: tags, link destinations, the marks before a block.
_UNSAID = re.compile(
    r"</?[A-Za-z][^<>\n]*>|\]\((?:<[^<>\n]*>|[^()\s]*)[^()\n]*\)|^[ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]"
)
_RUN = re.compile(r"[^\s\ufffc]+")
_FAR = 600


def _trace(block: Block, text: str) -> list[int]:
    """Return where each character of a block's words stands in its source, as near as escapes allow."""
    said = {part for span in block.of(Part.CODE) for part in _UNSAID.findall(span.value)}
    blank = _UNSAID.sub(lambda part: part[0] if part[0] in said else "\0" * len(part[0]), text)
    borders = sorted({edge for span in block.spans for edge in (span.start, span.end)})
    places: list[int] = []
    cursor = 0
    for run in _RUN.finditer(block.words):
        gap = run.start() - len(places)
        inner = borders[bisect_right(borders, run.start()) : bisect_left(borders, run.end())]
        found: list[int] = []
        for start, end in pairwise((run.start(), *inner, run.end())):
            cursor = _follow(blank, block.words[start:end], cursor, found)
        places += [max(found[0] - gap + count, 0) for count in range(gap)]
        places += found
    return [*places, *[cursor] * (len(block.words) - len(places))]


def _follow(text: str, words: str, cursor: int, found: list[int]) -> int:
    """Add the places of words from a cursor on, whole or character by character; return the next cursor."""
    start = text.find(words, cursor, cursor + _FAR)
    if start >= 0:
        found += range(start, start + len(words))
        return start + len(words)
    for char in words:
        start = text.find(char, cursor, cursor + _FAR)
        cursor = start if start >= 0 else cursor
        found.append(cursor)
        cursor += start >= 0
    return cursor
