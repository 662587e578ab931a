"""Where each text is shown: `locales/places.json`, which `make places` writes from pages that tests open."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NOWHERE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class EmptyState:
    """What a list says when nothing is in it: the ids of its two texts, its icon, and its template."""

    title: str
    text: str
    icon: str
    template: str


@dataclass(frozen=True, slots=True)
class Places:
    """Texts, by their ids, with what shows them. `frame` are those of nearly every page.

    `pages` has rules such as `/groups/<group_id>`, in order; `titles` the text that is a page's heading.
    `known` are the texts there were when the table was made.
    """

    pages: Mapping[str, frozenset[str]] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    mails: Mapping[str, frozenset[str]] = field(default_factory=dict)
    frame: frozenset[str] = NOWHERE
    errors: frozenset[str] = NOWHERE
    notices: frozenset[str] = NOWHERE
    refusals: frozenset[str] = NOWHERE
    commands: frozenset[str] = NOWHERE
    known: frozenset[str] = NOWHERE
    empty: tuple[EmptyState, ...] = ()

    def pages_of(self, message: str) -> tuple[str, ...]:
        """The rules of the pages that show a text; of one on nearly all those that it is the heading of."""
        return tuple(
            place
            for place, texts in self.pages.items()
            if message in texts or self.titles.get(place) == message
        )

    def mails_of(self, message: str) -> tuple[str, ...]:
        """The names of the mails that say a text."""
        return tuple(name for name, texts in self.mails.items() if message in texts)

    def nowhere(self) -> frozenset[str]:
        """The texts that nothing is known to show."""
        lists = frozenset(one for state in self.empty for one in (state.title, state.text))
        rest = (self.frame, self.errors, self.notices, self.refusals, self.commands, lists)
        return self.known.difference(*self.pages.values(), *self.mails.values(), *rest)


NONE_KNOWN = Places()


def read(path: Path) -> Places:
    """Read the table; nothing is known where there is none, or one that cannot be read."""
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        return _places(table)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return NONE_KNOWN


def _places(table: Mapping[str, Any]) -> Places:
    def ids(name: str) -> frozenset[str]:
        return frozenset(table[name])

    pages = table["pages"]
    return Places(
        pages={place: frozenset(page["texts"]) for place, page in pages.items()},
        titles={place: page["title"] for place, page in pages.items() if page["title"]},
        mails={name: frozenset(texts) for name, texts in table["mails"].items()},
        frame=ids("frame"),
        errors=ids("errors"),
        notices=ids("notices"),
        refusals=ids("refusals"),
        commands=ids("commands"),
        known=ids("known"),
        empty=tuple(EmptyState(**state) for state in table["empty"]),
    )
