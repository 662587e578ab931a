"""The recipients whose mail is most likely to look wrong, with the reasons: a preview offers them first."""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from service.domain.recipients import Recipient
from service.facts.words import NP_, Phrase

RISKIEST = 10
# So many letters without a space or hyphen do not fit a narrow screen.
UNBROKEN = 20
_RIGHT_TO_LEFT = frozenset({"R", "AL"})
_BREAKS = str.maketrans({"-": " ", "/": " ", "\u200b": " ", "\u00ad": " "})


class Risk(Enum):
    """Why somebody's mail is worth a look."""

    MISSING = NP_("risk", "a value is missing")
    LONGEST = NP_("risk", "longest name")
    UNBROKEN = NP_("risk", "long name without a space")
    RIGHT_TO_LEFT = NP_("risk", "written from right to left")
    EMOJI = NP_("risk", "emoji in the name")
    LANGUAGE = NP_("risk", "first in this language")
    NO_LANGUAGE = NP_("risk", "language not known")
    NO_ZONE = NP_("risk", "time zone not known")
    NO_FIRST_NAME = NP_("risk", "no first name")
    NO_ACCOUNT = NP_("risk", "no account")

    @property
    def phrase(self) -> Phrase:
        """The words to translate."""
        return self.value


@dataclass(frozen=True, slots=True)
class Risky:
    """A recipient to look at first, and why, the gravest reason first."""

    recipient: Recipient
    risks: tuple[Risk, ...]


def riskiest(found: Sequence[Recipient], missing: Iterable[Recipient]) -> list[Risky]:
    """Return those whose mail is most likely to look wrong, at most ten, each with what it was picked for.

    Those who lack a value come first and take at most half of the places; then one for each other risk, in
    the order of `Risk`, and one for each language.
    """
    lacking = list(missing)
    risks: dict[int, list[Risk]] = {}
    people: dict[int, Recipient] = {}

    def add(item: Recipient, risk: Risk) -> None:
        people.setdefault(item.prospect_id, item)
        held = risks.setdefault(item.prospect_id, [])
        if risk not in held:
            held.append(risk)

    for item in lacking[: RISKIEST // 2]:
        add(item, Risk.MISSING)
    if found:
        add(max(found, key=lambda item: len(item.name)), Risk.LONGEST)
    for risk, shows in _SIGNS:
        first = next((item for item in found if shows(item)), None)
        if first is not None:
            add(first, risk)
    for item in _one_of_each_language(found):
        add(item, Risk.LANGUAGE if item.locale else Risk.NO_LANGUAGE)
    for risk, lacks in _LACKS:
        first = next((item for item in found if lacks(item)), None)
        if first is not None:
            add(first, risk)
    order = list(Risk)
    return [
        Risky(people[key], tuple(sorted(held, key=order.index)))
        for key, held in list(risks.items())[:RISKIEST]
    ]


def _one_of_each_language(found: Sequence[Recipient]) -> list[Recipient]:
    first: dict[str | None, Recipient] = {}
    for item in found:
        first.setdefault(item.locale, item)
    return list(first.values())


def _written(item: Recipient) -> str:
    return " ".join(filter(None, (item.name, item.first_name, item.last_name)))


def _is_unbroken(item: Recipient) -> bool:
    # Han, kana and hangul break anywhere.
    parts = _written(item).translate(_BREAKS).split()
    return any(len(part) >= UNBROKEN and not any(map(_is_wide, part)) for part in parts)


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in {"W", "F"}


def _turns(item: Recipient) -> bool:
    return any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in _written(item))


def _has_emoji(item: Recipient) -> bool:
    return any(
        unicodedata.category(character) == "So" and ord(character) >= 0x2600 for character in _written(item)
    )


Sign = Callable[[Recipient], bool]
_SIGNS: tuple[tuple[Risk, Sign], ...] = (
    (Risk.UNBROKEN, _is_unbroken),
    (Risk.RIGHT_TO_LEFT, _turns),
    (Risk.EMOJI, _has_emoji),
)
_LACKS: tuple[tuple[Risk, Sign], ...] = (
    (Risk.NO_ZONE, lambda item: not item.zone_known),
    (Risk.NO_FIRST_NAME, lambda item: not item.first_name),
    (Risk.NO_ACCOUNT, lambda item: not item.mpid),
)
