"""The recipients whose mail is most likely to look wrong, with the reasons: a preview offers them first."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from service.domain.recipients import Recipient
from service.facts.words import NP_, Phrase

RISKIEST = 10
# So many letters without a space or hyphen do not fit a narrow screen.
UNBROKEN = 20


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

    Those who lack a value come first and take at most half of the places, fewer where a language would be
    left out for them; then one for each other risk, in the order of `Risk`, and one for each language.
    """
    lacking = list(missing)
    signs = [(max(found, key=_longest), Risk.LONGEST), *_first_signs(found)] if found else []
    languages = _one_of_each_language(found)
    spare = RISKIEST - len({item.prospect_id for item in (*(item for item, _ in signs), *languages)})
    most = RISKIEST // 2 if spare < 1 else min(RISKIEST // 2, spare)
    risks: dict[int, list[Risk]] = {}
    people: dict[int, Recipient] = {}

    def add(item: Recipient, risk: Risk) -> None:
        people.setdefault(item.prospect_id, item)
        held = risks.setdefault(item.prospect_id, [])
        if risk not in held:
            held.append(risk)

    for item in lacking[:most]:
        add(item, Risk.MISSING)
    for item, risk in signs:
        add(item, risk)
    for item in languages:
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


def _longest(item: Recipient) -> int:
    return max(len(item.name), len(f"{item.first_name or ''} {item.last_name or ''}"))


def _one_of_each_language(found: Sequence[Recipient]) -> list[Recipient]:
    first: dict[str | None, Recipient] = {}
    for item in found:
        first.setdefault(item.locale, item)
    return list(first.values())


def _first_signs(found: Sequence[Recipient]) -> list[tuple[Recipient, Risk]]:
    """Return the first recipient whose name shows each sign; one pass, for there may be many thousands."""
    wanted, first = dict(_SIGNS), []
    for item in found:
        written = f"{item.name} {item.first_name or ''} {item.last_name or ''}"
        shown = [risk for risk, sign in wanted.items() if sign.search(written)]
        first += [(item, risk) for risk in shown]
        for risk in shown:
            del wanted[risk]
        if not wanted:
            break
    return first


# Han, kana and hangul break anywhere; spaces, hyphens, slashes and soft hyphens are places to break.
_SIGNS: dict[Risk, re.Pattern[str]] = {
    Risk.UNBROKEN: re.compile(
        rf"[^\s\-/\u00ad\u1100-\u11ff\u200b\u2e80-\ud7ff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]{{{UNBROKEN},}}"
    ),
    Risk.RIGHT_TO_LEFT: re.compile(
        r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
    ),
    Risk.EMOJI: re.compile(r"[\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]"),
}
Sign = Callable[[Recipient], bool]
_LACKS: tuple[tuple[Risk, Sign], ...] = (
    (Risk.NO_ZONE, lambda item: not item.zone_known),
    (Risk.NO_FIRST_NAME, lambda item: not item.first_name),
    (Risk.NO_ACCOUNT, lambda item: not item.mpid),
)
