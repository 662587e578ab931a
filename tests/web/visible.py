"""What a reader sees of a page, and which of it no catalog knows: letters outside the brackets of en-XA."""

import re
from collections.abc import Iterator

from bs4 import BeautifulSoup, NavigableString, Tag
from bs4.element import PreformattedString

from service.i18n.pseudo import CLOSING, OPENING

_ATTRIBUTES = (
    "alt",
    "title",
    "aria-label",
    "placeholder",
    "label",
    "aria-description",
    "aria-roledescription",
)
_LETTER = re.compile(r"[^\W\d_]")
# Codes and addresses are data wherever they stand.
_DATA = re.compile(r"\S+@\S+|https?://\S+|[\w.-]+\.(?:example|invalid)(?::\d+)?|\bUTC\b")
EDGE = " :·–—-,;.()/"
_DATA_ELEMENTS = ("bdi", "code", "pre", "kbd", "script", "style", "template", "textarea")


def unknown(html: str) -> list[str]:
    """Return what stands outside the brackets on a page: the letters of texts and attributes, word by word.

    Left out is what people wrote or what is the same in every language: elements for data, addresses, codes.
    """
    page = BeautifulSoup(html, "html.parser")
    depth = 0
    found: list[str] = []
    for node in page.descendants:
        if isinstance(node, Tag):
            if not _is_data(node):
                found += [piece for text in _attributes(node) for piece in _outside(text)[0]]
        elif isinstance(node, NavigableString) and not isinstance(node, PreformattedString):
            if _is_data(node.parent):
                continue
            pieces, depth = _outside(str(node), depth)
            found += pieces
    assert depth == 0, "a text of the pseudo-language was cut"
    return found


def _attributes(tag: Tag) -> Iterator[str]:
    yield from (str(tag[name]) for name in _ATTRIBUTES if tag.has_attr(name))
    if tag.name == "input" and tag.get("type") in {"submit", "button", "reset"}:
        yield str(tag.get("value", ""))
    if tag.name == "meta" and tag.get("name") in {"description", "application-name"}:
        yield str(tag.get("content", ""))
    yield from (str(value) for name, value in tag.attrs.items() if name.startswith("data-label"))


def _is_data(tag: Tag | None) -> bool:
    """What people wrote, names in another language, and what is marked as no matter of translators."""
    while tag is not None:
        own_language = tag.has_attr("lang") and tag.name != "html"
        if tag.name in _DATA_ELEMENTS or own_language or tag.get("translate") == "no":
            return True
        tag = tag.parent
    return False


def _outside(text: str, depth: int = 0) -> tuple[list[str], int]:
    """The pieces with letters outside brackets, and how many brackets are open behind the text."""
    outside: list[str] = []
    for part in re.split(f"([{OPENING}{CLOSING}])", text):
        if part == OPENING:
            depth += 1
        elif part == CLOSING:
            depth -= 1
        elif depth == 0:
            pieces = (" ".join(piece.split()).strip(EDGE) for piece in _DATA.sub("", part).split(" · "))
            outside += [piece for piece in pieces if _LETTER.search(piece)]
    return outside, depth
