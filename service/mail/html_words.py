"""The words of an HTML mail as plain text: blocks on lines of their own, quotations behind ">", links named.

Read in linear time whatever it holds: a tag ends at its ">" or before the next "<"; what is none stays text.
"""

import re
from html import unescape

_TAG = re.compile(r"<(?P<close>/?)(?P<name>[a-zA-Z][a-zA-Z0-9]*+)(?P<rest>[^<>]*+)>")
_HREF = re.compile(r"\bhref\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE)
_HIDDEN = frozenset({"style", "script", "head", "title", "template"})
_BLOCKS = frozenset(
    {"address", "article", "blockquote", "center", "dd", "div", "dl", "dt", "footer", "h1", "h2", "h3", "h4"}
    | {"h5", "h6", "header", "hr", "li", "main", "ol", "p", "pre", "section", "table", "tr", "ul"}
)
_SPACED = frozenset({"p", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "ul", "table", "pre"})
MOST_QUOTES = 10


def words(html: str) -> str:
    """Return the text that a reader of the page would see."""
    page = _Page()
    source = _without_comments(html)
    position = 0
    for tag in _TAG.finditer(source):
        page.text(source[position : tag.start()])
        position = tag.end()
        page.tag(tag["name"].lower(), closes=bool(tag["close"]), rest=tag["rest"])
    page.text(source[position:])
    return page.done()


def _without_comments(html: str) -> str:
    parts: list[str] = []
    position = 0
    while (start := html.find("<!--", position)) >= 0:
        parts.append(html[position:start])
        end = html.find("-->", start + 4)
        if end < 0:
            return "".join(parts)
        position = end + 3
    return "".join([*parts, html[position:]])


class _Page:
    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line = ""
        self._quotes = 0
        self._pre = 0
        self._hidden = ""
        self._gap = False
        self._link: tuple[str, int] | None = None

    def text(self, source: str) -> None:
        if self._hidden or not source:
            return
        text = unescape(source)
        if self._pre:
            first, *more = text.split("\n")
            self._add(first)
            for line in more:
                self._end(forced=True)
                self._add(line)
            return
        # A no-break space is one that somebody typed; others are how the source is laid out.
        self._add(re.sub(r"[ \t\r\n\f]+", " ", text))

    def tag(self, name: str, *, closes: bool, rest: str) -> None:
        if self._hidden:
            if closes and name == self._hidden:
                self._hidden = ""
        elif name in _HIDDEN and not closes and not rest.endswith("/"):
            self._hidden = name
        elif name == "br":
            self._end(forced=True)
        elif name in {"td", "th"} and closes:
            self._add(" ")
        elif name == "a":
            self._anchor(rest, closes=closes)
        elif name in _BLOCKS:
            self._block(name, closes=closes)

    def done(self) -> str:
        self._end()
        return "\n".join(line.rstrip() for line in self._lines).strip("\n").replace("\u00a0", " ")

    def _block(self, name: str, *, closes: bool) -> None:
        self._end()
        if name in _SPACED and self._lines:
            self._gap = True
        if name == "blockquote":
            self._quotes = max(0, min(self._quotes + (-1 if closes else 1), MOST_QUOTES))
        elif name == "pre":
            self._pre = max(0, self._pre + (-1 if closes else 1))
        elif name == "li" and not closes:
            self._add("- ")

    def _anchor(self, rest: str, *, closes: bool) -> None:
        if not closes:
            found = _HREF.search(rest)
            address = unescape(next(filter(None, found.groups()), "")) if found else ""
            self._link = (address.strip(), len(self._line))
            return
        if self._link is not None:
            address, start = self._link
            label = self._line[start:] if start <= len(self._line) else ""
            plain = address.removeprefix("mailto:").rstrip("/")
            if re.match(r"https?://", address) and plain and plain not in label:
                self._add(f" <{address}>")
        self._link = None

    def _add(self, text: str) -> None:
        if not self._pre and (not self._line or self._line.endswith(" ")):
            text = text.lstrip(" ")
        self._line += text

    def _end(self, *, forced: bool = False) -> None:
        """End the line, if anything is on it or the page says so."""
        if not self._line.strip(" ") and not forced:
            self._line = ""
            return
        prefix = ">" * self._quotes
        if self._gap and self._lines and self._lines[-1].strip("> "):
            self._lines.append(prefix)
        self._gap = False
        self._lines.append(f"{prefix} {self._line}" if prefix else self._line)
        self._line = ""
