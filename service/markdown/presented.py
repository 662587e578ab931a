"""From a parsed page to what a reader is shown: cards and typed columns of tables, icons, numbered code.

Both the HTML and the text face read these tokens; the Markdown face reads those of the page itself.
"""

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field
from itertools import zip_longest

from markdown_it.token import Token

from service.markdown import addresses
from service.markdown.dialect import Document, Profile

_COLOURS = frozenset({"red", "orange", "yellow", "green", "blue", "purple", "pink", "gray"})
_BOXES = {"true": "☑", "false": "☐"}
_PLAIN_TYPES = frozenset({"", "text", "number", "rating"})


def shown(document: Document) -> Sequence[Token]:
    """Return the tokens that a reader is shown; those of a mail are shown as they are."""
    if document.profile is Profile.MAIL:
        return document.tokens
    return list(_blocks(list(document.tokens)))


def _blocks(tokens: Sequence[Token]) -> Iterator[Token]:
    numbered = False
    position = 0
    while position < len(tokens):
        token = tokens[position]
        position += 1
        if token.type == "table_open":
            end = _end(tokens, position)
            yield from _table(token, tokens[position:end], tokens[end])
            position = end + 1
        elif token.type == "inline":
            yield _inline(token)
        elif token.type == "code_open" and token.block:
            numbered = token.meta.get("lineNumbers") == "true"
            yield token
        elif token.type == "fence" and numbered:
            numbered = False
            lined = copy(token)
            lined.meta = {**token.meta, "numbered": True}
            yield lined
        else:
            numbered = numbered and token.type != "code_close"
            yield token


def _end(tokens: Sequence[Token], position: int) -> int:
    """Return the place of the closing of the element whose inside begins here."""
    depth = 1
    while True:
        depth += tokens[position].nesting
        if depth == 0:
            return position
        position += 1


def _inline(token: Token) -> Token:
    if not any(child.markup[:1] == "<" for child in token.children or ()):
        return token
    filled = copy(token)
    filled.children = list(_pieces(token.children or []))
    return filled


def _pieces(children: Sequence[Token]) -> Iterator[Token]:
    """Yield inline tokens with icons and emoji as one token each, and without the lists of options."""
    position = 0
    while position < len(children):
        token = children[position]
        position += 1
        if token.type in ("icon_open", "emoji_open"):
            end = _end(children, position)
            inside = children[position:end]
            position = end + 1
            if token.type == "emoji_open":
                yield Token("emoji", "", 0, content=token.meta["emoji"])
            else:
                yield Token("icon", "", 0, content="", meta={"label": token.meta["icon"]})
                if not _is_icon_text(inside):
                    yield from _pieces(inside)
        elif token.tag not in ("select", "option"):
            yield token


def _is_icon_text(inside: Sequence[Token]) -> bool:
    words = "".join(token.content for token in inside).strip()
    return not words or (words[0] == words[-1] == ":")


@dataclass(slots=True)
class _Column:
    """What the head of a table says about a column."""

    kind: str = ""
    hidden: bool = False
    target: bool = False
    # `cover` or `cover-dark` for the picture of a card.
    cover: str = ""
    options: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def special(self) -> bool:
        return self.hidden or bool(self.options) or self.kind not in _PLAIN_TYPES


@dataclass(slots=True)
class _Cell:
    opening: Token
    inside: list[Token]
    closing: Token

    def tokens(self) -> Iterator[Token]:
        yield self.opening
        yield from self.inside
        yield self.closing

    @property
    def words(self) -> str:
        return "".join(
            child.content for token in self.inside for child in token.children or () if not child.nesting
        )


def _table(opening: Token, inside: Sequence[Token], closing: Token) -> Iterator[Token]:
    raw = opening.meta.get("raw", {})
    if opening.markup[:1] != "<":
        # A table of pipes says nothing about its columns.
        yield opening
        yield from _blocks(inside)
        yield closing
        return
    columns = [_column(cell.opening, cell.inside) for cell in next(_rows(inside), [])]
    if raw.get("data-view") == "cards":
        yield from _cards(raw, columns, list(_rows(inside, head=False)))
        return
    table = copy(opening)
    if raw.get("data-header-hidden", "false") != "false":
        table.attrs = {**table.attrs, "class": "headless"}
    yield table
    if any(column.special for column in columns):
        yield from _columns(columns, inside)
    else:
        yield from _blocks(inside)
    yield closing


def _column(opening: Token, inside: Sequence[Token]) -> _Column:
    raw = opening.meta.get("raw", {})
    column = _Column(raw.get("data-type", ""), "data-hidden" in raw, "data-card-target" in raw)
    column.cover = next((name for name in ("cover-dark", "cover") if f"data-card-{name}" in raw), "")
    for token in inside:
        for child in token.children or ():
            if child.type == "option_open":
                option = child.meta["raw"]
                column.options[option.get("value", "")] = (option.get("label", ""), option.get("color", ""))
    return column


def _rows(inside: Sequence[Token], *, head: bool = True) -> Iterator[list[_Cell]]:
    """Yield the rows of a table, with or without those of its head; tables in cells belong to the cells."""
    position, in_head = 0, False
    row: list[_Cell] | None = None
    while position < len(inside):
        token = inside[position]
        position += 1
        if token.type in ("thead_open", "thead_close"):
            in_head = token.nesting == 1
        elif token.type == "tr_open":
            row = []
        elif token.type == "tr_close":
            if row is not None and (head or not in_head):
                yield row
            row = None
        elif token.type in ("th_open", "td_open") and row is not None:
            end = _end(inside, position)
            row.append(_Cell(token, list(inside[position:end]), inside[end]))
            position = end + 1


def _columns(columns: Sequence[_Column], inside: Sequence[Token]) -> Iterator[Token]:
    """Yield the rows of a table without its hidden columns, each cell as its column's type shows it."""
    position = place = 0
    while position < len(inside):
        token = inside[position]
        position += 1
        if token.type == "tr_open":
            place = 0
        if token.type not in ("th_open", "td_open"):
            yield token
            continue
        end = _end(inside, position)
        column = columns[place] if place < len(columns) else _Column()
        cell = _Cell(token, list(inside[position:end]), inside[end])
        place += 1
        position = end + 1
        if not column.hidden:
            yield token
            yield from _typed(column, cell)
            yield cell.closing


def _typed(column: _Column, cell: _Cell) -> Iterator[Token]:
    words = cell.words.strip()
    if column.kind == "checkbox" and words in _BOXES and cell.opening.type == "td_open":
        yield _line(Token("task", "", 0, content=_BOXES[words]))
        return
    for token in _blocks(cell.inside):
        yield _tagged(token, column) if column.options and token.children else token


def _tagged(token: Token, column: _Column) -> Token:
    """Give each `<span data-option>` the colour of its option, and its label where it has no words."""
    filled = copy(token)
    filled.children = []
    children = token.children or []
    for position, child in enumerate(children):
        option = column.options.get(child.meta.get("raw", {}).get("data-option", ""))
        if child.nesting == 1 and option:
            tag = copy(child)
            colour = option[1].strip("$")
            tag.attrs = {**child.attrs, "class": f"tag tag-{colour if colour in _COLOURS else 'gray'}"}
            filled.children.append(tag)
            if children[position + 1].nesting == -1:
                filled.children.append(Token("text", "", 0, content=option[0]))
        else:
            filled.children.append(child)
    return filled


def _line(*children: Token) -> Token:
    return Token("inline", "", 0, children=list(children))


def _cards(
    raw: dict[str, str], columns: Sequence[_Column], rows: Sequence[Sequence[_Cell]]
) -> Iterator[Token]:
    """Yield a table as a list of cards: the picture, the shown columns, where the card leads."""
    yield Token("cards_open", "ul", 1, meta={"large": raw.get("data-card-size") == "large"}, block=True)
    for row in rows:
        pairs = [(column or _Column(), cell) for column, cell in zip_longest(columns, row) if cell]
        yield Token("card_open", "li", 1, block=True)
        yield from _cover(pairs)
        target = next(
            (address for column, cell in pairs if column.target and (address := _address(cell))), ""
        )
        linked = False
        for column, cell in pairs:
            inside = list(_typed(column, cell))
            if column.hidden or column.cover or not _said(inside):
                continue
            if target and not linked and not _leads(inside):
                inside, linked = _linked(inside, target), True
            yield Token("card_cell_open", "div", 1, block=True)
            yield from inside
            yield Token("card_cell_close", "div", -1, block=True)
        if target and not linked:
            yield Token("card_cell_open", "div", 1, block=True)
            yield from _linked([_line(Token("text", "", 0, content=target))], target)
            yield Token("card_cell_close", "div", -1, block=True)
        yield Token("card_close", "li", -1, block=True)
    yield Token("cards_close", "ul", -1, block=True)


def _cover(pairs: Sequence[tuple[_Column, _Cell]]) -> Iterator[Token]:
    covers = {column.cover: _address(cell) for column, cell in pairs if column.cover}
    light, dark = covers.get("cover", ""), covers.get("cover-dark", "")
    light = light or dark
    if not light or not addresses.safe(light, addresses.IMAGE_SCHEMES):
        return
    image = Token("image", "img", 0, attrs={"src": light}, children=[])
    if not dark or dark == light or not addresses.safe(dark, addresses.IMAGE_SCHEMES):
        yield _picture(image)
        return
    source = Token("source", "source", 0)
    source.attrs = {"srcset": dark, "media": "(prefers-color-scheme: dark)"}
    yield _picture(Token("picture_open", "picture", 1), source, image, Token("picture_close", "picture", -1))


def _picture(*children: Token) -> Token:
    line = _line(*children)
    line.meta = {"decoration": True}
    return line


def _address(cell: _Cell) -> str:
    for token in cell.inside:
        for child in token.children or ():
            if child.type in ("link_open", "image"):
                found = child.attrs.get("href") or child.attrs.get("src")
                if found:
                    return str(found)
    return ""


def _said(inside: Sequence[Token]) -> bool:
    return any(
        child.content.strip() or child.type == "image" for token in inside for child in token.children or ()
    )


def _leads(inside: Sequence[Token]) -> bool:
    return any(child.type == "link_open" for token in inside for child in token.children or ())


def _linked(inside: list[Token], target: str) -> list[Token]:
    """Put the first line with words into a link."""
    for position, token in enumerate(inside):
        if token.children and _said([token]):
            opening = Token("link_open", "a", 1, attrs={"href": target})
            children = [opening, *token.children, Token("link_close", "a", -1)]
            return [*inside[:position], _line(*children), *inside[position + 1 :]]
    return inside
