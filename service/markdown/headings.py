"""Ids of headings: written as `{#id}` or `<a id="id"></a>`, or made from the words; unique on a page."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from markdown_it.token import Token

from service.facts.findings import Finding, Severity
from service.facts.words import N_

LONGEST_SLUG = 80

SAME_ID = N_("Two headings have the same id: %(id)s")

BRACED_ID = re.compile(r"\{#([^\s{}\"'<>&]{1,100})\}[ \t]*$")
_NOT_IN_SLUG = re.compile(r"[^\w\- ]+")


class HeadingIds:
    """The ids that a page has given out, by how often each was asked for."""

    def __init__(self) -> None:
        self.given: Counter[str] = Counter()

    def name(self, opening: Token, inline: Token, line: int) -> list[Finding]:
        """Give a heading its id, and take what only names it out of its words."""
        children = inline.children or []
        name = _taken_out(children)
        found = (
            [Finding("same-id", Severity.ERROR, SAME_ID, {"id": name}, line, 1)] if self.given[name] else []
        )
        name = name or slug("".join(child.content for child in children))
        if children and children[-1].type == "text":
            children[-1].content = children[-1].content.rstrip(" \t")
        opening.attrs["id"] = self.unique(name)
        return found

    def unique(self, name: str) -> str:
        """Return the id itself, or with the first number that makes it one nobody has."""
        while (unique := f"{name}-{self.given[name]}" if self.given[name] else name) in self.given:
            self.given[name] += 1
        self.given[unique] += 1
        return unique


def _taken_out(children: list[Token]) -> str:
    name = ""
    for position, child in enumerate(children):
        if child.type == "link_open" and child.meta.get("id") and _empty_link(children, position):
            name = str(child.meta["id"])
            del children[position : position + 2]
            break
    last = children[-1] if children and children[-1].type == "text" else None
    if last and (match := BRACED_ID.search(last.content)):
        name = match[1]
        last.content = last.content[: match.start()]
    return name


def _empty_link(children: Sequence[Token], position: int) -> bool:
    return position + 1 < len(children) and children[position + 1].type == "link_close"


def slug(words: str) -> str:
    """Return an id made from a heading's words: Unicode letters kept, an `id-` before a leading digit."""
    text = unicodedata.normalize("NFC", words).strip().lower()
    name = re.sub(r"[\s_]+", "-", _NOT_IN_SLUG.sub("", text)).strip("-")[:LONGEST_SLUG].rstrip("-")
    return f"id-{name}" if not name or name[0].isdigit() else name
