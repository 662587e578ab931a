"""Format directives of a text as Python's and C's `%` read them, also inside of tags and addresses."""

import re
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple


class Form(StrEnum):
    NAMED = "named"
    UNNAMED = "unnamed"
    BARE = "bare"


class Directive(NamedTuple):
    """One directive: `conversion` is its letter, empty where a translation lost it; a bare sign is none."""

    form: Form
    text: str
    start: int
    name: str = ""
    conversion: str = ""

    @property
    def end(self) -> int:
        return self.start + len(self.text)


_DIRECTIVE = re.compile(
    r"""%(?:
      (?P<literal>%)
    | \((?P<name>[^()\n]*)\)
        (?: (?P<tight>[#0+-]*[0-9]*(?:\.[0-9]+)?(?:hh|h|ll|l|L)?[diouxXeEfFgGcrsa])
          | (?P<loose>[ ][dfis](?![A-Za-z])) )?
    | (?P<unnamed>
        (?:[0-9]+\$)?[#0+'-]*(?:[0-9]+|\*)?(?:\.(?:[0-9]+|\*))?(?:hh|h|ll|l|L|q|j|z|t)?[diouxXeEfFgGcrsaA@] )
    )?""",
    re.VERBOSE | re.ASCII,
)


@lru_cache(maxsize=16384)
def directives(text: str, *, formatted: bool) -> tuple[Directive, ...]:
    """The directives of a text; where it may not be `formatted`, `5%de` is a percent sign and a word."""
    if "%" not in text:
        return ()
    return tuple(one for found in _DIRECTIVE.finditer(text) if (one := _one(found, text, formatted)))


def _one(found: re.Match[str], text: str, formatted: bool) -> Directive | None:
    kind, start = found.lastgroup, found.start()
    if kind == "literal":
        return None
    if kind in ("name", "tight", "loose"):
        letter = found[0][-1] if kind != "name" else ""
        return Directive(Form.NAMED, found[0], start, found["name"], letter)
    if kind == "unnamed" and (formatted or not text[found.end() : found.end() + 1].isalpha()):
        return Directive(Form.UNNAMED, found[0], start, "", found[0][-1])
    return Directive(Form.BARE, "%", start)
