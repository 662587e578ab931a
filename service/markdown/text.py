"""The plain text face: what a mail's text part and a search index read."""

import unicodedata
from collections.abc import Iterator, Sequence

from markdown_it.token import Token

from service.markdown import html_blocks
from service.markdown.dialect import Document
from service.markdown.presented import shown

WIDEST_TABLE = 76
WIDEST_RULE = 40
# What stands before each item; notes are numbered from 1 too.
_LISTS = {"bullet_list_open": "- ", "ordered_list_open": "{}. ", "stepper_open": "{}. ", "cards_open": "- "}
_LISTS["footnotes_open"] = "[{}] "
_MARGIN = {"blockquote": "> "}


def render(document: Document) -> str:
    """Return plain text that ends in one newline: links as `label <url>`, lists with marks, quotes with `>`.

    Paragraphs are one line each; blocks stand apart by an empty line.
    """
    text = "\n".join(_Blocks(shown(document)).lines())
    return text.strip("\n") + "\n" if text.strip() else ""


def words(tokens: Sequence[Token]) -> str:
    """Return inline tokens as text; a hard break is a newline."""
    parts: list[str] = []
    links: list[tuple[int, str]] = []
    for token in tokens:
        if token.type == "link_open":
            links.append((len(parts), str(token.attrs.get("href", ""))))
        elif token.type == "link_close":
            start, address = links.pop()
            label = "".join(parts[start:])
            if address and address not in (label, f"mailto:{label}") and not address.startswith("#"):
                # In angle brackets a mail program finds the end of it (RFC 3986 appendix C).
                parts.append(f" <{address.removeprefix('mailto:')}>" if label.strip() else address)
        elif token.type == "hardbreak":
            parts.append("\n")
        elif token.type == "softbreak":
            parts.append(" ")
        elif token.type == "image":
            parts.append(words(token.children or []))
        elif token.type == "label":
            parts.append(token.content.join(token.meta.get("quotes", ("“", "”"))))
        elif token.type == "fact":
            parts.append(token.markup)
        elif token.type == "footnote_ref":
            parts.append(f"[{token.meta.get('number', '')}]")
        elif token.type == "task":
            parts.append(f"{token.content} ")
        else:
            parts.append(token.content)
    return "".join(parts)


def width(text: str) -> int:
    """Return the columns a text takes in a terminal (UAX 11: wide and full width count two)."""
    return sum(
        2 if unicodedata.east_asian_width(char) in "WF" else 0 if unicodedata.combining(char) else 1
        for char in text
    )


class _Blocks:
    """One run of sibling blocks; containers recurse and put their margin before each line."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens

    def lines(self, *, tight: bool = False) -> Iterator[str]:
        first = True
        for position, end in _siblings(self.tokens):
            block = list(self.block(position, end))
            if not block:
                continue
            if not first and not tight:
                yield ""
            first = False
            yield from block

    def block(self, position: int, end: int) -> Iterator[str]:
        token, inside = self.tokens[position], self.tokens[position + 1 : end]
        if token.type == "heading_open":
            yield from self.heading(token, inside)
        elif token.type in _LISTS:
            yield from self.items(token, inside)
        elif token.type == "table_open":
            yield from _table(inside)
        elif token.type == "inline":
            if token.meta.get("decoration"):
                return
            yield from words(token.children or []).split("\n")
        elif token.type == "hr":
            yield "-" * WIDEST_RULE
        elif token.type in ("fence", "code_block"):
            yield from ("    " + line for line in token.content.rstrip("\n").split("\n"))
        elif token.nesting == 1:
            yield from _headline(token)
            margin = _MARGIN.get(token.tag, "")
            yield from ((margin + line).rstrip() for line in _Blocks(inside).lines())
        elif token.type in ("generated", "include"):
            yield str(token.meta.get("0", ""))
        elif token.type == "vendor":
            _, label, further = html_blocks.vendor_words(token)
            yield label
            yield from ("    " + line for line in further.strip("\n").split("\n") if further.strip())
        elif token.content:
            yield from token.content.rstrip("\n").split("\n")

    def heading(self, token: Token, inside: Sequence[Token]) -> Iterator[str]:
        text = " ".join(" ".join(_Blocks(inside).lines()).split("\n")).strip()
        if text:
            yield text
        if token.tag in ("h1", "h2") and text:
            yield ("=" if token.tag == "h1" else "-") * min(width(text), WIDEST_RULE)

    def items(self, token: Token, inside: Sequence[Token]) -> Iterator[str]:
        number = int(token.attrs.get("start", 1))
        mark = _LISTS[token.type]
        loose = any(inner.type == "paragraph_open" and not inner.hidden for inner in inside)
        loose = loose or token.type == "stepper_open"
        for count, (position, end) in enumerate(_siblings(inside)):
            if count and loose:
                yield ""
            lines = _Blocks(inside[position + 1 : end]).lines(tight=not loose)
            written = mark.format(number + count)
            yield (written + next(lines, "")).rstrip()
            yield from ((" " * len(written) + line).rstrip() for line in lines)


def _headline(token: Token) -> Iterator[str]:
    """Yield what the tag of a block says itself."""
    if token.type in ("embed_open", "file_open"):
        yield str(token.meta.get("url") or token.meta.get("src") or "").strip("<>")
        return
    said = str(token.meta.get("title", "")) if token.block else ""
    if token.type == "api_open":
        said = html_blocks.api_words(token)
    elif token.type == "update_open":
        said = html_blocks.update_words(token)
    elif token.type == "prompt_open":
        said = str(token.meta.get("description", ""))
    if said:
        yield said
        yield ""


def _siblings(tokens: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Yield (first, last) positions of the outermost blocks in a token run."""
    depth = start = 0
    for position, token in enumerate(tokens):
        if depth == 0:
            start = position
        depth += token.nesting
        if depth == 0:
            yield start, position


def _table(inside: Sequence[Token]) -> Iterator[str]:
    rows: list[list[str]] = []
    for token in inside:
        if token.type == "tr_open":
            rows.append([])
        elif token.type in ("th_open", "td_open"):
            rows[-1].append("")
        elif token.type == "inline" and rows and rows[-1]:
            rows[-1][-1] = f"{rows[-1][-1]} {words(token.children or [])}".replace("\n", " ").strip()
    if not any(rows):
        return
    # Tables written as HTML may have rows of unequal length.
    columns = max(map(len, rows))
    rows = [row + [""] * (columns - len(row)) for row in rows]
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    if sum(widths) + 3 * len(widths) > WIDEST_TABLE:
        yield from _records(rows)
        return
    for count, row in enumerate(rows):
        cells = (cell + " " * (room - width(cell)) for cell, room in zip(row, widths, strict=True))
        yield " | ".join(cells).rstrip()
        if not count:
            yield "-+-".join("-" * room for room in widths)


def _records(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table too wide for a line: one `header: value` line for each filled cell."""
    for count, row in enumerate(rows[1:] or rows):
        if count:
            yield ""
        yield from (
            f"{name}: {cell}" if name else cell for name, cell in zip(rows[0], row, strict=True) if cell
        )
