"""How the blocks of the dialect look in HTML: hints, tabs, steps, code with a title, links to elsewhere.

A writer takes the level of the heading above and a token, and returns HTML in which every value is escaped.
"""

from collections.abc import Callable, Mapping
from html import escape
from posixpath import basename
from urllib.parse import unquote

from markdown_it.token import Token

from service.markdown import addresses

HINT_STYLES = {"info": "info", "working": "info", "success": "success", "tip": "success"} | {
    "warning": "warning",
    "danger": "danger",
}
# What the attributes of a description of an interface say, in the order they are read.
_API_WORDS = (
    *("method", "status", "httpCode", "host", "baseUrl", "path", "name", "in", "type", "required"),
    *("schemas", "summary", "title", "description"),
)

# The attributes of other services' blocks that hold words.
_VENDOR_WORDS = ("title", "description", "caption", "content", "code", "text")

Writer = Callable[[int, Token], str]


def attribute(name: str, value: object) -> str:
    """Return ` name="value"` with the value escaped."""
    return f' {name}="{escape(str(value))}"'


def words(text: object) -> str:
    """Return text as it stands between tags."""
    return escape(str(text), quote=False)


def link(address: str, label: str) -> str:
    """Return a link, or only its label where the address cannot be one."""
    if not address or not addresses.safe(address):
        return words(label)
    rel = attribute("rel", "noopener noreferrer") if addresses.external(address) else ""
    return f"<a{attribute('href', address)}{rel}>{words(label)}</a>"


def api_words(token: Token) -> str:
    """Return in one line what the tag of an interface's description says itself."""
    said = [str(token.meta[name]) for name in _API_WORDS if token.meta.get(name)]
    return " ".join(" ".join(said).split())


def update_words(token: Token) -> str:
    """Return date and tags of an entry of a list of changes."""
    said = [str(token.meta[name]) for name in ("date", "tags") if token.meta.get(name)]
    return " · ".join(said)


def file_name(address: str) -> str:
    """Return what a reader calls a file: the last part of its address."""
    return basename(unquote(address.partition("?")[0])) or address


def vendor_words(token: Token) -> tuple[str, str, str]:
    """Return address, label and further text of a block that another service would draw."""
    address = str(token.meta.get("url", "")).strip("<>")
    others = [str(token.meta[name]) for name in _VENDOR_WORDS if token.meta.get(name)]
    return address, address or str(token.meta.get("tag", "")), "\n".join(others)


def code(_level: int, token: Token) -> str:
    """Write a block of code; one whose lines are numbered has an element for each line."""
    language = (token.info.split() or [""])[0]
    mark = attribute("class", f"language-{language}") if language else ""
    written = words(token.content)
    if token.meta.get("numbered"):
        lines = written.removesuffix("\n").split("\n")
        written = "".join(f'<span class="line">{line}</span>\n' for line in lines)
    return f"<pre><code{mark}>{written}</code></pre>\n"


def _hint_open(_level: int, token: Token) -> str:
    style = HINT_STYLES.get(str(token.meta.get("style", "")), "info")
    title = token.meta.get("title", "")
    shown = f'<p class="hint-title">{words(title)}</p>\n' if title else ""
    return f'<aside class="hint hint-{style}" role="note">\n{shown}'


def _tabs_open(_level: int, token: Token) -> str:
    """Links to the panels below them, which the script makes into tabs; without it every panel is shown."""
    links = "".join(
        f'<a class="tab"{attribute("href", f"#{name}")}><span>{words(title)}</span></a>'
        for name, title in token.meta.get("tabs", ())
    )
    return f'<div data-tabs>\n<div class="tabs">{links}</div>\n'


def _tab_open(level: int, token: Token) -> str:
    name, title = str(token.meta.get("id", "tab")), words(token.meta.get("title", ""))
    deeper = min(level + 1, 6)
    heading = f'<h{deeper} class="tab-heading"{attribute("id", f"{name}-heading")}>{title}</h{deeper}>\n'
    label = attribute("aria-labelledby", f"{name}-heading") if title else ""
    return f'<section class="tab-panel"{attribute("id", name)}{label}>\n{heading if title else ""}'


def _titled_code_open(_level: int, token: Token) -> str:
    title = token.meta.get("title", "")
    shown = f'<p class="code-title">{words(title)}</p>\n' if title else ""
    return f'<div class="code">\n{shown}'


def _embed_open(_level: int, token: Token) -> str:
    """What another site shows is a link here: no page of ours loads anything from elsewhere."""
    address = str(token.meta.get("url", "")).strip("<>")
    return f'<div class="embed">\n<p>{link(address, address)}</p>\n'


def _file_open(_level: int, token: Token) -> str:
    address = str(token.meta.get("src", "")).strip("<>")
    return f'<div class="embed">\n<p>{link(address, file_name(address))}</p>\n'


def _column_open(_level: int, token: Token) -> str:
    try:
        share = float(str(token.meta.get("width", "")).strip().removesuffix("%"))
    except ValueError:
        share = 0.0
    twelfths = round(share * 12 / 100) if 0 < share < 100 else 0
    return f'<div class="doc-column{f" doc-column-{twelfths}" if 0 < twelfths < 12 else ""}">\n'


def _titled(name: str, say: Callable[[Token], str]) -> Writer:
    def opening(_level: int, token: Token) -> str:
        said = words(say(token))
        return f'<div class="{name}">\n' + (f'<p class="{name}-title">{said}</p>\n' if said else "")

    return opening


def _vendor(_level: int, token: Token) -> str:
    address, label, further = vendor_words(token)
    shown = f"<pre><code>{words(further)}</code></pre>\n" if further.strip() else ""
    return f'<div class="embed">\n<p>{link(address, label)}</p>\n{shown}</div>\n'


def _footnote_open(_level: int, token: Token) -> str:
    label, number = str(token.meta.get("id", "")), words(token.meta.get("number", ""))
    if token.meta.get("used"):
        number = f"<a{attribute('href', f'#fnref-{label}')}>{number}</a>"
    return (
        f'<div class="footnote"{attribute("id", f"fn-{label}")}>\n<p class="footnote-number">{number}</p>\n'
    )


def _pre_open(_level: int, token: Token) -> str:
    language = token.attrs.get("class")
    mark = attribute("class", language) if language else ""
    title = token.meta.get("title", "")
    return (
        f'<div class="code">\n<p class="code-title">{words(title)}</p>\n' if title else ""
    ) + f"<pre{mark}>"


def _pre_close(_level: int, token: Token) -> str:
    return "</pre>\n" + ("</div>\n" if token.meta.get("title") else "")


def _step(token: Token) -> str:
    return "div" if token.meta.get("apart") else "li"


def _fixed(text: str) -> Writer:
    return lambda _level, _token: text


WRITERS: Mapping[str, Writer] = {
    "hint_open": _hint_open,
    "hint_close": _fixed("</aside>\n"),
    "embed_open": _embed_open,
    "embed_close": _fixed("</div>\n"),
    "file_open": _file_open,
    "file_close": _fixed("</div>\n"),
    "vendor": _vendor,
    "include": lambda _level, token: f"<p><code>{words(token.meta.get('0', ''))}</code></p>\n",
    "generated": lambda _level, token: f"<p>{words(token.meta.get('0', ''))}</p>\n",
    "tabs_open": _tabs_open,
    "tabs_close": _fixed("</div>\n"),
    "tab_open": _tab_open,
    "tab_close": _fixed("</section>\n"),
    "stepper_open": _fixed('<ol class="stepper">\n'),
    "stepper_close": _fixed("</ol>\n"),
    "step_open": lambda _level, token: f'<{_step(token)} class="step">\n',
    "step_close": lambda _level, token: f"</{_step(token)}>\n",
    "columns_open": _fixed('<div class="doc-columns">\n'),
    "columns_close": _fixed("</div>\n"),
    "column_open": _column_open,
    "column_close": _fixed("</div>\n"),
    "content-ref_open": _fixed('<div class="content-ref">\n'),
    "content-ref_close": _fixed("</div>\n"),
    "updates_open": _fixed('<div class="updates">\n'),
    "updates_close": _fixed("</div>\n"),
    "update_open": _titled("update", update_words),
    "update_close": _fixed("</div>\n"),
    "prompt_open": _titled("prompt", lambda token: str(token.meta.get("description", ""))),
    "prompt_close": _fixed("</div>\n"),
    "api_open": _titled("api", api_words),
    "api_close": _fixed("</div>\n"),
    # What is said on a condition that only the reader's own data could decide is shown to everybody.
    "if_open": _fixed(""),
    "if_close": _fixed(""),
    # The one element whose raw form is inline and whose tag-line form is a block.
    "code_open": lambda level, token: _titled_code_open(level, token) if token.block else "<code>",
    "code_close": lambda _level, token: "</div>\n" if token.block else "</code>",
    "pre_open": _pre_open,
    "pre_close": _pre_close,
    "fence": code,
    "code_block": code,
    "plain": lambda _level, token: f"<pre>{words(token.content)}</pre>\n",
    "math_block": lambda _level, token: f'<div class="math">{words(token.content)}</div>\n',
    "cards_open": lambda _level, token: (
        f'<ul class="cards{" cards-large" if token.meta.get("large") else ""}">\n'
    ),
    "cards_close": _fixed("</ul>\n"),
    "card_open": _fixed("<li>\n"),
    "card_close": _fixed("</li>\n"),
    "card_cell_open": _fixed('<div class="card-line">'),
    "card_cell_close": _fixed("</div>\n"),
    "footnotes_open": _fixed('<section class="footnotes">\n'),
    "footnotes_close": _fixed("</section>\n"),
    "footnote_open": _footnote_open,
    "footnote_close": _fixed("</div>\n"),
}
