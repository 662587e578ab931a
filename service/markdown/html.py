"""The HTML face: safe by construction, since every element and attribute written here is named here."""

from collections.abc import Callable, Sequence
from html import escape

from markdown_it.token import Token

from service.markdown import addresses
from service.markdown.dialect import Document

_INLINE = frozenset({"em", "strong", "s"})
_LINE_AFTER_OPEN = frozenset({"blockquote", "ul", "ol", "table", "thead", "tbody", "tr"})
_CONTAINERS = _INLINE | _LINE_AFTER_OPEN | {"p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "th", "td"}
_ALIGNMENTS = frozenset({"left", "center", "right"})

Writer = Callable[["_Page", Token], str]


def render(document: Document) -> str:
    """Return HTML for the document's body, without html or body elements."""
    return _Page().write(document.tokens)


class _Page:
    def write(self, tokens: Sequence[Token]) -> str:
        return "".join(self.token(token) for token in tokens)

    def token(self, token: Token) -> str:
        if token.type == "inline":
            return self.write(token.children or [])
        if token.tag in _CONTAINERS and token.nesting:
            return self.container(token)
        return _WRITERS.get(token.type, _text)(self, token)

    def container(self, token: Token) -> str:
        if token.hidden:
            # A paragraph of a tight list.
            return ""
        if token.nesting == -1:
            return f"</{token.tag}>" + ("" if token.tag in _INLINE else "\n")
        return f"<{token.tag}{_attributes(token)}>" + ("\n" if token.tag in _LINE_AFTER_OPEN else "")


def attribute(name: str, value: object) -> str:
    """Return ` name="value"` with the value escaped."""
    return f' {name}="{escape(str(value))}"'


def _attributes(token: Token) -> str:
    if token.tag == "ol" and (start := token.attrs.get("start")) is not None:
        return attribute("start", int(start))
    if token.tag in ("th", "td"):
        alignment = str(token.attrs.get("style", "")).removeprefix("text-align:")
        return attribute("align", alignment) if alignment in _ALIGNMENTS else ""
    return ""


def _text(_page: _Page, token: Token) -> str:
    return escape(token.content, quote=False)


def _link_open(_page: _Page, token: Token) -> str:
    address = str(token.attrs.get("href", ""))
    rel = attribute("rel", "noopener noreferrer") if addresses.external(address) else ""
    title = attribute("title", token.attrs["title"]) if token.attrs.get("title") else ""
    return f"<a{attribute('href', address)}{title}{rel}>"


def _image(_page: _Page, token: Token) -> str:
    title = attribute("title", token.attrs["title"]) if token.attrs.get("title") else ""
    alt = plain_words(token.children or [])
    return f"<img{attribute('src', token.attrs.get('src', ''))}{attribute('alt', alt)}{title}>"


def plain_words(tokens: Sequence[Token]) -> str:
    """Return the bare words of inline tokens, for an alternative text or a title."""
    parts = []
    for token in tokens:
        if token.type in ("softbreak", "hardbreak"):
            parts.append(" ")
        else:
            parts.append(plain_words(token.children) if token.children else token.content)
    return "".join(parts)


def _code(_page: _Page, token: Token) -> str:
    language = (token.info.split() or [""])[0]
    mark = attribute("class", f"language-{language}") if language else ""
    return f"<pre><code{mark}>{escape(token.content, quote=False)}</code></pre>\n"


_WRITERS: dict[str, Writer] = {
    "text": _text,
    "softbreak": lambda _page, _token: "\n",
    "hardbreak": lambda _page, _token: "<br>\n",
    "link_open": _link_open,
    "link_close": lambda _page, _token: "</a>",
    "image": _image,
    "hr": lambda _page, _token: "<hr>\n",
    "code_inline": lambda _page, token: f"<code>{escape(token.content, quote=False)}</code>",
    "code_block": _code,
    "fence": _code,
    "plain": lambda _page, token: f"<pre>{escape(token.content, quote=False)}</pre>\n",
}
