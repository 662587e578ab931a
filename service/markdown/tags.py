"""The tags of the dialect by name, and one tag line as it is read: what stands between `{%` and `%}`."""

import re
from dataclasses import dataclass
from enum import Enum
from html import unescape

# What describes an interface of a program; the body says the same in words or as a link, and is shown.
API = frozenset(
    {"openapi", "openapi-operation", "openapi-schemas", "openapi-webhook"}
    | {"swagger", "swagger-description", "swagger-parameter", "swagger-response"}
    | {"api-method", "api-method-summary", "api-method-description", "api-method-spec", "api-method-request"}
    | {"api-method-path-parameters", "api-method-query-parameters", "api-method-body-parameters"}
    | {"api-method-headers", "api-method-form-data-parameters", "api-method-parameter"}
    | {"api-method-response", "api-method-response-example", "api-method-response-example-description"}
)
CONTAINERS = API | {
    *("hint", "tabs", "tab", "stepper", "step", "columns", "column", "code", "content-ref", "embed", "file"),
    *("updates", "update", "prompt", "if"),
}
# These may stand alone or have a caption and a closing tag.
OPTIONAL = frozenset({"embed", "file"})
VOID = frozenset({"generated", "include"})
# Alone it is a link; newer pages write it around one.
ALONE = "page-ref"
# A part ends where the next one begins or its whole ends, as list items do in HTML.
PARTS = {"tab": "tabs", "step": "stepper", "column": "columns", "update": "updates"}
OLDER_NAMES = {"code-tabs": "tabs", "code-tabs-item": "tab", "page-ref": "content-ref"}
_OLDER_KEYS = {"page-ref": {"page": "url"}}

TAG = re.compile(r"\{%-?\s*+(@?[A-Za-z][\w/-]*+)((?>(?:[^%]++|%(?!\}))*))%\}")
_ATTRIBUTE = re.compile(
    r"(?>(?:(?P<key>[\w-]++)\s*+=\s*+)?)"
    r"(?:\"(?P<double>[^\"]*+)\"|'(?P<single>[^']*+)'|“(?P<curly>[^”]*+)”|(?P<bare>[^\s\"'“=]++))"
)
# A value over several lines may hold quotes of its own: it ends at the last one of the tag.
_LONG_VALUE = re.compile(r"([\w-]++)\s*+=\s*+\"([^\"\n]*+\n.*)\"[^\"]*\Z", re.DOTALL)


class Kind(Enum):
    """What a tag line does."""

    OPEN = "open"
    CLOSE = "close"
    VOID = "void"
    WHOLE = "whole"


@dataclass(slots=True)
class TagLine:
    """One tag, on line `line` from 0; `first` is the line after it, where its body begins.

    `end` is the line after its body, `after` the line where its parent goes on.
    """

    kind: Kind
    name: str
    attributes: dict[str, str]
    line: int
    column: int
    first: int
    end: int = 0
    after: int = 0
    body: str = ""
    # Nothing closes it. Told where the parse meets it: in indented code it is no tag.
    open: bool = False

    @property
    def shown(self) -> str:
        """The tag as a finding names it."""
        return f"{{% {'end' if self.kind is Kind.CLOSE else ''}{self.name} %}}"

    @property
    def known(self) -> bool:
        """Whether this is a tag of the dialect; any integration's is, as something that stands alone."""
        if self.kind is Kind.VOID:
            return True
        return self.name in CONTAINERS


def read(match: re.Match[str], line: int, column: int, first: int) -> TagLine:
    """Return the tag that a match of `TAG` is, known or not; `column` from 1."""
    written = match[1]
    closing = written.startswith("end") and written not in CONTAINERS
    written = written.removeprefix("end") if closing else written
    name = OLDER_NAMES.get(written, written)
    void = not closing and (name in VOID or name.startswith("@") or written == ALONE)
    kind = Kind.CLOSE if closing else Kind.VOID if void else Kind.OPEN
    attributes = {} if closing else _attributes(name, match[2])
    for key, newer in _OLDER_KEYS.get(written, {}).items():
        attributes[newer] = attributes.pop(key, "")
    return TagLine(kind, name, attributes, line, column, first, first, first)


def _attributes(name: str, text: str) -> dict[str, str]:
    """Read `key="value"` pairs and bare values; a bare value is kept under its place (`0`, `1`, ...)."""
    text = text.strip().removesuffix("-").strip()
    if name == "if":
        return {"0": text}
    attributes: dict[str, str] = {}
    long = _LONG_VALUE.search(text) if "\n" in text else None
    for match in _ATTRIBUTE.finditer(text[: long.start()] if long else text):
        value = next(value for value in match.group("double", "single", "curly", "bare") if value is not None)
        attributes[match["key"] or str(len(attributes))] = unescape(value)
    if long:
        attributes[long[1]] = unescape(long[2])
    return attributes
