"""Raw HTML in a source, read against an allow-list: known elements become tokens, everything else text.

A raw element becomes the token that Markdown itself would make (`<strong>` like `**`), so that every face
knows one kind of table, list or link.
"""

import re
from collections.abc import Iterator, Mapping
from html import unescape

from markdown_it.token import Token

from service.markdown import attributes, references

VOID = frozenset({"br", "hr", "img", "source", "wbr"})
PHRASING = frozenset(
    {"a", "abbr", "b", "br", "button", "code", "del", "em", "i", "iframe", "img", "ins", "kbd", "mark"}
    | {"option", "picture", "rp", "rt", "ruby", "s", "select", "small", "source", "span", "strong", "sub"}
    | {"sup", "u", "wbr"}
)
FLOW = frozenset(
    {"blockquote", "details", "div", "figcaption", "figure", "hr", "li", "ol", "p", "pre", "summary"}
    | {"table", "tbody", "td", "th", "thead", "tr", "ul", "h1", "h2", "h3", "h4", "h5", "h6"}
)
# These lead somewhere, so none of them stands in another.
LINKS = frozenset({"a", "button"})
ALLOWED = PHRASING | FLOW
PARENTS: Mapping[str, frozenset[str]] = {
    "summary": frozenset({"details"}),
    "figcaption": frozenset({"figure"}),
    "li": frozenset({"ul", "ol"}),
    "thead": frozenset({"table"}),
    "tbody": frozenset({"table"}),
    "tr": frozenset({"thead", "tbody", "table"}),
    "th": frozenset({"tr"}),
    "td": frozenset({"tr"}),
    "rt": frozenset({"ruby"}),
    "rp": frozenset({"ruby"}),
    "option": frozenset({"select"}),
    "source": frozenset({"picture"}),
}
# What may stand directly inside these; anything else there would be moved elsewhere by a browser.
CHILDREN: Mapping[str, frozenset[str]] = {
    "table": frozenset({"thead", "tbody", "tr"}),
    "thead": frozenset({"tr"}),
    "tbody": frozenset({"tr"}),
    "tr": frozenset({"th", "td"}),
    "ul": frozenset({"li"}),
    "ol": frozenset({"li"}),
    "select": frozenset({"option"}),
    "picture": frozenset({"source", "img"}),
}
_TOKEN_TYPES = {
    "a": "link",
    "b": "strong",
    "i": "em",
    "del": "s",
    "p": "paragraph",
    "ul": "bullet_list",
    "ol": "ordered_list",
    "li": "list_item",
    **{f"h{level}": "heading" for level in range(1, 7)},
}
_VOID_TYPES = {"br": "hardbreak", "hr": "hr", "img": "image", "source": "source", "wbr": "wbr"}

_PIECE = re.compile(
    r"<(?P<close>/?)(?P<name>[A-Za-z][A-Za-z0-9-]*+)"
    r"(?P<attributes>(?>(?:\s++[^\s\"'<>/=]++(?>(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s\"'=<>`]++))?))*))\s*+/?+>"
)
_ID = re.compile(r"[^\s\x00-\x20\"'<>&{}]{1,100}")
_FOOTNOTE = "#user-content-fn-"


def pieces(source: str) -> Iterator[Token]:
    """Cut raw HTML into tokens: elements of the allow-list, references, text. Comments are left out.

    Tokens come unbalanced, as written; closings carry only their tag. `markup` holds the source of each.
    """
    for part in _without_comments(source):
        position = 0
        for match in _PIECE.finditer(part):
            yield from _words(part[position : match.start()])
            position = match.end()
            name = match["name"].lower()
            if name in ALLOWED:
                yield _element(name, match)
            else:
                yield Token("text", "", 0, content=match[0], markup=match[0])
        yield from _words(part[position:])


def _without_comments(source: str) -> Iterator[str]:
    """Yield what stands outside `<!-- -->`; a comment that is not closed is text."""
    position = 0
    while (start := source.find("<!--", position)) >= 0:
        end = source.find("-->", start + 4)
        if end < 0:
            break
        yield source[position:start]
        position = end + 3
    yield source[position:]


def _words(text: str) -> Iterator[Token]:
    position = 0
    for match in references.REFERENCE.finditer(text):
        if match.start() > position:
            yield Token("text", "", 0, content=unescape(text[position : match.start()]))
        yield references.token(match)
        position = match.end()
    if position < len(text):
        yield Token("text", "", 0, content=unescape(text[position:]))


def _element(name: str, match: re.Match[str]) -> Token:
    if name in VOID:
        token = Token(_VOID_TYPES[name], name, 0)
    else:
        kind = _TOKEN_TYPES.get(name, name)
        closing = bool(match["close"])
        token = Token(f"{kind}_{'close' if closing else 'open'}", name, -1 if closing else 1)
    token.markup = match[0]
    token.block = name in FLOW
    if not match["close"]:
        raw = attributes.read(match["attributes"])
        token.attrs = dict(attributes.shown(name, raw))
        # Heading anchors are read by `settle`; no other element takes an id from a source.
        token.meta = {"raw": raw}
        if name == "a":
            _link(token, raw)
        elif name == "code" and "expression" in raw.get("class", "").split():
            token.meta["expression"] = True
        elif name == "img":
            token.children = [Token("text", "", 0, content=raw.get("alt", ""))]
    return token


def _link(token: Token, raw: Mapping[str, str]) -> None:
    if _ID.fullmatch(raw.get("id", "")):
        token.meta["id"] = raw["id"]
    if "data-mention" in raw:
        token.meta["mention"] = True
    if "data-footnote-ref" in raw and raw.get("href", "").startswith(_FOOTNOTE):
        token.attrs["href"] = "#fn-" + raw["href"].removeprefix(_FOOTNOTE)
