"""The HTML face: safe by construction, since every element and attribute written here is named here."""

from collections.abc import Callable, Mapping, Sequence
from html import escape

from markdown_it.token import Token

from service.markdown import addresses
from service.markdown.dialect import Document

HINT_STYLES = {"info": "info", "working": "info", "success": "success", "tip": "success"} | {
    "warning": "warning",
    "danger": "danger",
}

_INLINE = frozenset(
    {"em", "strong", "s", "del", "b", "i", "u", "ins", "mark", "kbd", "code", "sub", "sup", "small", "span"}
    | {"abbr", "ruby", "rt", "rp"}
)
_LINE_AFTER_OPEN = frozenset(
    {"blockquote", "ul", "ol", "table", "thead", "tbody", "tr", "details", "figure", "div"}
)
_CONTAINERS = (
    _INLINE
    | _LINE_AFTER_OPEN
    | {"p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "th", "td", "summary", "figcaption", "pre"}
)
_ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "ol": ("start",),
    "th": ("colspan", "rowspan", "lang"),
    "td": ("colspan", "rowspan", "lang"),
    "details": ("open",),
    "div": ("class", "lang"),
    "span": ("lang",),
    "p": ("lang",),
    "abbr": ("title",),
    **{f"h{level}": ("id", "lang") for level in range(1, 7)},
}
_ALIGNMENTS = frozenset({"left", "center", "right"})

Writer = Callable[["_Page", Token], str]


def render(document: Document) -> str:
    """Return HTML for the document's body, without html or body elements."""
    return _Page().write(document.tokens)


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
            return writer(self, token)
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


def attribute(name: str, value: object) -> str:
    """Return ` name="value"` with the value escaped."""
    return f' {name}="{escape(str(value))}"'


def _attributes(token: Token) -> str:
    parts = [
        attribute(name, token.attrs[name]) for name in _ATTRIBUTES.get(token.tag, ()) if name in token.attrs
    ]
    if token.tag in ("th", "td"):
        alignment = str(token.attrs.get("style", "")).removeprefix("text-align:")
        if alignment in _ALIGNMENTS:
            parts.append(attribute("align", alignment))
    return "".join(parts)


def _link_open(_page: _Page, token: Token) -> str:
    address = token.attrs.get("href")
    parts = [attribute(name, token.attrs[name]) for name in ("title", "class") if token.attrs.get(name)]
    if token.meta.get("id"):
        parts.append(attribute("id", token.meta["id"]))
    if address is not None:
        parts.insert(0, attribute("href", address))
        if addresses.external(str(address)):
            parts.append(attribute("rel", "noopener noreferrer"))
    return f"<a{''.join(parts)}>"


def _image(_page: _Page, token: Token) -> str:
    parts = [
        attribute(name, token.attrs[name]) for name in ("title", "width", "height") if token.attrs.get(name)
    ]
    alt = plain_words(token.children or [])
    return f"<img{attribute('src', token.attrs.get('src', ''))}{attribute('alt', alt)}{''.join(parts)}>"


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


def _code(_page: _Page, token: Token) -> str:
    language = (token.info.split() or [""])[0]
    mark = attribute("class", f"language-{language}") if language else ""
    return f"<pre><code{mark}>{escape(token.content, quote=False)}</code></pre>\n"


def _hint_open(_page: _Page, token: Token) -> str:
    style = HINT_STYLES.get(str(token.meta.get("style", "")), "info")
    title = str(token.meta.get("title", ""))
    shown = f'<p class="hint-title">{escape(title, quote=False)}</p>\n' if title else ""
    return f'<aside class="hint hint-{style}" role="note">\n{shown}'


def _tabs_open(_page: _Page, token: Token) -> str:
    """Links to the panels below them, which the script makes into tabs; without it every panel is shown."""
    links = "".join(
        f'<a class="tab"{attribute("href", f"#{name}")}><span>{escape(title, quote=False)}</span></a>'
        for name, title in token.meta.get("tabs", ())
    )
    return f'<div data-tabs>\n<div class="tabs">{links}</div>\n'


def _tab_open(page: _Page, token: Token) -> str:
    name, title = str(token.meta.get("id", "tab")), escape(str(token.meta.get("title", "")), quote=False)
    level = min(page.level + 1, 6)
    heading = f'<h{level} class="tab-heading"{attribute("id", f"{name}-heading")}>{title}</h{level}>\n'
    label = attribute("aria-labelledby", f"{name}-heading") if title else ""
    return f'<section class="tab-panel"{attribute("id", name)}{label}>\n{heading if title else ""}'


def _code_title(_page: _Page, token: Token) -> str:
    title = str(token.meta.get("title", ""))
    shown = f'<p class="code-title">{escape(title, quote=False)}</p>\n' if title else ""
    return f'<div class="code">\n{shown}'


def _embed_open(_page: _Page, token: Token) -> str:
    """What another site shows is a link here: no page of ours loads anything from elsewhere."""
    address = str(token.meta.get("url") or token.meta.get("src") or "").strip("<>")
    shown = escape(address, quote=False)
    if addresses.safe(address):
        rel = attribute("rel", "noopener noreferrer") if addresses.external(address) else ""
        shown = f"<a{attribute('href', address)}{rel}>{shown}</a>"
    return f'<div class="embed">\n<p>{shown}</p>\n'


def _box(name: str) -> tuple[Writer, Writer]:
    return (lambda _page, _token: f'<div class="{name}">\n'), (lambda _page, _token: "</div>\n")


_BOXES = {
    f"{name}_{end}": writer
    for name in ("columns", "column", "content-ref", "code")
    for end, writer in zip(("open", "close"), _box(name), strict=True)
}

_WRITERS: dict[str, Writer] = {
    "text": lambda _page, token: escape(token.content, quote=False),
    "softbreak": lambda _page, _token: "\n",
    "hardbreak": lambda _page, _token: "<br>\n",
    "wbr": lambda _page, _token: "<wbr>",
    "link_open": _link_open,
    "link_close": lambda _page, _token: "</a>",
    "image": _image,
    "hr": lambda _page, _token: "<hr>\n",
    "code_inline": lambda _page, token: f"<code>{escape(token.content, quote=False)}</code>",
    "code_block": _code,
    "fence": _code,
    "plain": lambda _page, token: f"<pre>{escape(token.content, quote=False)}</pre>\n",
    "label": lambda _page, token: f'<strong class="label">{escape(token.content, quote=False)}</strong>',
    "fact": lambda _page, token: escape(token.markup, quote=False),
    "generated": lambda _page, token: f"<p>{escape(str(token.meta.get('0', '')), quote=False)}</p>\n",
    "hint_open": _hint_open,
    "hint_close": lambda _page, _token: "</aside>\n",
    "embed_open": _embed_open,
    "embed_close": lambda _page, _token: "</div>\n",
    "file_open": _embed_open,
    "file_close": lambda _page, _token: "</div>\n",
    "tabs_open": _tabs_open,
    "tabs_close": lambda _page, _token: "</div>\n",
    "tab_open": _tab_open,
    "tab_close": lambda _page, _token: "</section>\n",
    "stepper_open": lambda _page, _token: '<ol class="stepper">\n',
    "stepper_close": lambda _page, _token: "</ol>\n",
    "step_open": lambda _page, _token: '<li class="step">\n',
    "step_close": lambda _page, _token: "</li>\n",
    **_BOXES,
    # The one element whose raw form is inline and whose tag-line form is a block.
    "code_open": lambda page, token: _code_title(page, token) if token.block else "<code>",
    "code_close": lambda _page, token: "</div>\n" if token.block else "</code>",
}
