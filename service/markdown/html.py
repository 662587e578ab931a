"""The HTML face: safe by construction, since every element and attribute written here is named here."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from urllib.parse import quote

from markdown_it.token import Token

from service.markdown import addresses, html_blocks
from service.markdown.dialect import Document
from service.markdown.html_blocks import Writer, attribute
from service.markdown.presented import shown

_INLINE = frozenset(
    {"em", "strong", "s", "del", "b", "i", "u", "ins", "mark", "kbd", "code", "sub", "sup", "small", "span"}
    | {"abbr", "ruby", "rt", "rp", "picture"}
)
_LINE_AFTER_OPEN = frozenset(
    {"blockquote", "ul", "ol", "table", "thead", "tbody", "tr", "details", "figure", "div"}
)
_CONTAINERS = (
    _INLINE
    | _LINE_AFTER_OPEN
    | {"p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "th", "td", "summary", "figcaption"}
)
_ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "ol": ("start",),
    "th": ("colspan", "rowspan", "lang"),
    "td": ("colspan", "rowspan", "lang"),
    "table": ("class",),
    "details": ("open",),
    "div": ("class", "lang"),
    "span": ("class", "lang"),
    "mark": ("class",),
    "p": ("class", "lang"),
    "abbr": ("title",),
    **{f"h{level}": ("id", "lang") for level in range(1, 7)},
}
# Blocks in the flow of a page; what lies in a table or in the words of a foldable block is one with it.
_BEGINNINGS = frozenset(
    {f"{name}_open" for name in ("paragraph", "heading", "table", "hint", "blockquote", "stepper")}
    | {f"{name}_open" for name in ("bullet_list", "ordered_list", "tabs", "embed", "file", "code")}
    | {"fence", "code_block", "plain", "math_block", "vendor", "generated", "include", "hr"}
)
_WHOLE = frozenset({"table", "summary", "pre", "cards", "figure"})
_ALIGNMENTS = frozenset({"left", "center", "right"})


def render(document: Document) -> str:
    """Return HTML for the document's body, without html or body elements."""
    return _Page().write(shown(document))


def pieces(document: Document) -> Iterator[tuple[int, str]]:
    """Yield what `render` returns, cut before each block that a remark may stand before, with its line.

    Lines count from 1, 0 for what stands above the first block; each is greater than the one before.
    """
    page, line, inside, before = _Page(), 0, 0, ""
    parts: list[str] = []
    for token in shown(document):
        inside += token.nesting * (token.type.rpartition("_")[0] in _WHOLE)
        begins = token.type in _BEGINNINGS and not (inside and token.tag != "table") and before != "code_open"
        if begins and token.map and token.map[0] + 1 > line:
            yield line, "".join(parts)
            line, parts = token.map[0] + 1, []
        parts.append(page.token(token))
        before = token.type
    yield line, "".join(parts)


class _Page:
    def __init__(self) -> None:
        self.level = 1

    def write(self, tokens: Sequence[Token]) -> str:
        return "".join(self.token(token) for token in tokens)

    def token(self, token: Token) -> str:
        if token.type == "inline":
            return self.write(token.children or [])
        writer = _WRITERS.get(token.type)
        if writer:
            return writer(self.level, token)
        if token.tag in _CONTAINERS and token.nesting:
            return self.container(token)
        return escape(token.content, quote=False)

    def container(self, token: Token) -> str:
        if token.hidden:
            # A paragraph of a tight list.
            return ""
        if token.tag[0] == "h" and token.tag[1:].isdigit():
            self.level = int(token.tag[1:])
        if token.nesting == -1:
            return f"</{token.tag}>" + ("" if token.tag in _INLINE else "\n")
        return f"<{token.tag}{_attributes(token)}>" + ("\n" if token.tag in _LINE_AFTER_OPEN else "")


def _attributes(token: Token) -> str:
    parts = [
        attribute(name, token.attrs[name]) for name in _ATTRIBUTES.get(token.tag, ()) if name in token.attrs
    ]
    if token.meta.get("task"):
        parts.append(attribute("class", "task"))
    if token.tag in ("th", "td"):
        alignment = str(token.attrs.get("style", "")).removeprefix("text-align:")
        if alignment in _ALIGNMENTS:
            parts.append(attribute("align", alignment))
    return "".join(parts)


def _link_open(_level: int, token: Token) -> str:
    address = token.attrs.get("href")
    parts = [attribute(name, token.attrs[name]) for name in ("title", "class") if token.attrs.get(name)]
    if token.meta.get("id"):
        parts.append(attribute("id", token.meta["id"]))
    if address is not None:
        parts.insert(0, attribute("href", address))
        if addresses.external(str(address)):
            parts.append(attribute("rel", "noopener noreferrer"))
    return f"<a{''.join(parts)}>"


def _button_open(_level: int, token: Token) -> str:
    """A button of the page's own search is a link to it, which needs no script."""
    raw = token.meta.get("raw", {})
    name = {"ask": "ask", "search": "q"}.get(raw.get("data-action", ""))
    href = attribute("href", f"?{name}={quote(raw.get('data-query', ''))}") if name else ""
    return f"<a{href}{attribute('class', token.attrs.get('class') or 'button')}>"


def _image(_level: int, token: Token) -> str:
    parts = [
        attribute(name, token.attrs[name])
        for name in ("title", "width", "height", "class")
        if token.attrs.get(name)
    ]
    alt = plain_words(token.children or [])
    return f"<img{attribute('src', token.attrs.get('src', ''))}{attribute('alt', alt)}{''.join(parts)}>"


def _source(_level: int, token: Token) -> str:
    parts = [attribute(name, token.attrs[name]) for name in ("srcset", "media") if token.attrs.get(name)]
    return f"<source{''.join(parts)}>"


def _footnote(_level: int, token: Token) -> str:
    label, number, use = token.meta.get("label", ""), token.meta.get("number", ""), token.meta.get("use", 1)
    if token.meta.get("plain"):
        return f"<sup>{number}</sup>"
    name = f"fnref-{label}" + (f"-{use}" if use > 1 else "")
    return f"<sup><a{attribute('href', f'#fn-{label}')}{attribute('id', name)}>{number}</a></sup>"


def _icon(_level: int, token: Token) -> str:
    label = attribute("aria-label", token.meta.get("label", ""))
    return f'<span class="icon-name" role="img"{label}></span>'


def plain_words(tokens: Sequence[Token]) -> str:
    """Return the bare words of inline tokens, for an alternative text or a title."""
    parts = []
    for token in tokens:
        if token.type in ("softbreak", "hardbreak"):
            parts.append(" ")
        elif token.type == "fact":
            parts.append(token.markup)
        else:
            parts.append(plain_words(token.children) if token.children else token.content)
    return "".join(parts)


_WRITERS: Mapping[str, Writer] = {
    **html_blocks.WRITERS,
    "text": lambda _level, token: escape(token.content, quote=False),
    "softbreak": lambda _level, _token: "\n",
    "hardbreak": lambda _level, _token: "<br>\n",
    "wbr": lambda _level, _token: "<wbr>",
    "link_open": _link_open,
    "link_close": lambda _level, _token: "</a>",
    "button_open": _button_open,
    "button_close": lambda _level, _token: "</a>",
    "image": _image,
    "source": _source,
    "hr": lambda _level, _token: "<hr>\n",
    "code_inline": lambda _level, token: f"<code>{escape(token.content, quote=False)}</code>",
    "label": lambda _level, token: f'<strong class="label">{escape(token.content, quote=False)}</strong>',
    "fact": lambda _level, token: escape(token.markup, quote=False),
    "math": lambda _level, token: f'<span class="math">{escape(token.content, quote=False)}</span>',
    "task": lambda _level, token: f'<span class="task-box">{token.content}</span> ',
    "footnote_ref": _footnote,
    "icon": _icon,
}
