"""The attributes of raw elements: which of them a page shows, and which it only understands.

What is understood stays in a token's `meta["raw"]`, so that the Markdown face can write it again; what is
shown becomes `attrs`. Everything else is dropped.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from html import escape, unescape

_ATTRIBUTE = re.compile(r"([^\s\"'<>/=]++)(?>(?:\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'=<>`]++)))?)")
_UNDERSTOOD = re.compile(
    r"align|alt|class|color|colspan|data-[a-z0-9-]+|height|href|id|label|lang|media|open|rowspan|src|srcset|start"
    r"|style|title|value|width"
)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
_CODE_LANGUAGE = re.compile(r"language-[\w+#.-]{1,40}")
_SCHEME = re.compile(r"\(\s*prefers-color-scheme:\s*(dark|light)\s*\)")
_COLOUR = re.compile(r"(background-color|color)\s*:\s*\$?([a-z]+)")
_COLOURS = frozenset({"red", "orange", "yellow", "green", "blue", "purple", "pink", "gray"})
_NAMED = {"grey": "gray", "primary": "blue", "info": "blue", "success": "green", "warning": "orange"} | {
    "danger": "red"
}
_SIDES = frozenset({"left", "center", "right"})
_BUTTONS = frozenset({"button", "primary", "secondary"})

_TEXTS = {"a": ("href", "title"), "img": ("src", "title"), "abbr": ("title",), "iframe": ("src",)}
_TEXTS["source"] = ("srcset",)
_NUMBERS = {
    "img": ("width", "height"),
    "td": ("colspan", "rowspan"),
    "th": ("colspan", "rowspan"),
    "ol": ("start",),
}


def read(text: str) -> dict[str, str]:
    """Return the understood attributes of a tag as written, names in lower case, values unescaped."""
    if not text or text.isspace():
        return {}
    found: dict[str, str] = {}
    for key, *values in _ATTRIBUTE.findall(text):
        name = key.lower()
        if _UNDERSTOOD.fullmatch(name):
            found.setdefault(name, unescape(next((value for value in values if value), "")))
    return found


def write(written: Mapping[str, str]) -> str:
    """Return attributes as HTML on one line; nothing in a value can end a line or begin a tag line."""
    parts = []
    for name, value in written.items():
        safe = escape(value).replace("\n", "&#10;").replace("\r", "&#13;").replace("{", "&#123;")
        parts.append(f' {name}="{safe}"' if value else f" {name}")
    return "".join(parts)


def shown(name: str, written: Mapping[str, str]) -> Iterator[tuple[str, str | int]]:
    """Yield the attributes that are both known and well formed; addresses are judged by `settle`."""
    for key, value in written.items():
        if key in _TEXTS.get(name, ()):
            yield key, value
        elif key in _NUMBERS.get(name, ()):
            if value.isascii() and value.isdigit() and 0 < int(value[:5]) < 10_000:
                yield key, int(value)
        elif key == "lang" and _LANGUAGE.fullmatch(value):
            yield key, value
        elif key == "open" and name == "details":
            yield key, ""
        elif key == "align" and name in ("td", "th") and value in _SIDES:
            yield "style", f"text-align:{value}"
        elif key == "media" and (scheme := _SCHEME.fullmatch(value)):
            yield key, f"(prefers-color-scheme: {scheme[1]})"
    classes = " ".join(dict.fromkeys(_CLASSES[name](written))) if name in _CLASSES else ""
    if classes:
        yield "class", classes


def _of_link(written: Mapping[str, str]) -> Iterator[str]:
    classes = written.get("class", "").split()
    if classes and set(classes) <= _BUTTONS:
        yield "button"
        if "primary" in classes:
            yield "button-primary"


def _of_box(written: Mapping[str, str]) -> Iterator[str]:
    if "data-with-frame" in written:
        yield "image-frame"
    if written.get("align") in _SIDES:
        yield f"align-{written['align']}"
    if written.get("data-full-width", "false") != "false":
        yield "doc-wide"


def _of_mark(written: Mapping[str, str]) -> Iterator[str]:
    for prop, colour in _COLOUR.findall(written.get("style", "").lower()):
        named = _NAMED.get(colour, colour)
        if named in _COLOURS:
            yield f"{'fill' if prop[0] == 'b' else 'ink'}-{named}"


def _of_image(written: Mapping[str, str]) -> Iterator[str]:
    if written.get("data-size") == "line":
        yield "line-image"


def _of_code(written: Mapping[str, str]) -> Iterator[str]:
    found = _CODE_LANGUAGE.search(written.get("class", ""))
    if found:
        yield found[0]


_CLASSES: Mapping[str, Callable[[Mapping[str, str]], Iterator[str]]] = {
    "a": _of_link,
    "button": _of_link,
    "div": _of_box,
    "p": _of_box,
    "img": _of_image,
    "mark": _of_mark,
    "span": _of_mark,
    "pre": _of_code,
}
