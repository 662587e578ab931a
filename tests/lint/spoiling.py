"""How one entry is spoiled: texts changed in one place, and functions kept by the rule they break."""

import re
from collections.abc import Callable
from random import Random

from service.i18n import po
from service.i18n.locales import Locale

Mutate = Callable[[po.Entry, Locale, Random], po.Entry | None]


class Spoiling(dict[str, Mutate]):
    """What spoils an entry, by the rule that must find it again: filled by decorating, `@spoils("RULE")`."""

    def __call__(self, *rules: str) -> Callable[[Mutate], Mutate]:
        def add(mutate: Mutate) -> Mutate:
            self.update(dict.fromkeys(rules, mutate))
            return mutate

        return add


def says(entry: po.Entry, string: str | None, form: int = 0) -> po.Entry | None:
    """The entry with another text in one form; None where it is the same."""
    if string is None or string == entry.strings[form]:
        return None
    return entry._replace(strings=(*entry.strings[:form], string, *entry.strings[form + 1 :]))


def swapped(entry: po.Entry, pattern: re.Pattern[str], by: Callable[[re.Match[str]], str], random: Random,
            *, plain: bool = True) -> po.Entry | None:  # fmt: skip
    """The entry with one place that matches written otherwise; entries with a plural only if not `plain`."""
    if plain and entry.plural is not None:
        return None
    places = list(pattern.finditer(entry.strings[0]))
    if not places:
        return None
    found = random.choice(places)
    return says(entry, entry.strings[0][: found.start()] + by(found) + entry.strings[0][found.end() :])


def inside(entry: po.Entry, sign: str, random: Random) -> po.Entry | None:
    """The entry with something put between two of its letters."""
    text = entry.strings[0]
    places = [at for at in range(1, len(text)) if text[at - 1].isalpha() and text[at].isalpha()]
    places = [at for at in places if not covered(text, at)]
    if not places:
        return None
    at = random.choice(places)
    return says(entry, text[:at] + sign + text[at:])


def covered(text: str, at: int) -> bool:
    """Whether a place of a text is within a placeholder, a tag, an address or quotes."""
    parts = re.finditer(
        r"%\(\w+\)[sd]|\{[^{}]*\}|<[^<>]*>|`[^`]*`|\S+://\S+|\[\[.*?\]\]|“[^”]*”|「[^」]*」", text
    )
    return any(part.start() < at < part.end() for part in parts)
