"""What a check says about somebody's text: the rule, how bad it is, where, and in which words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from service.facts.words import N_, Phrase


class Severity(StrEnum):
    """How bad a finding is: an error blocks, a warning is shown and counted, advice is shown."""

    ERROR = "error"
    WARNING = "warning"
    ADVICE = "advice"


SEVERITY_LABELS: dict[Severity, Phrase] = {
    Severity.ERROR: N_("Error"),
    Severity.WARNING: N_("Warning"),
    Severity.ADVICE: N_("Advice"),
}


@dataclass(frozen=True, slots=True)
class Fix:
    """A mend that needs no judgement: the characters from `start` to `end` become `text`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found; `line` and `column` count from 1, 0 where there is no place to name.

    A `fix` counts in the decoded file and is written as the file writes it, escapes and all.
    `times` is how often it is there, in this block or, as advice, on this page; the place is the first one's.
    """

    rule: str
    severity: Severity
    phrase: Phrase
    values: Mapping[str, object] = field(default_factory=dict)
    line: int = 0
    column: int = 0
    path: str | None = None
    fix: Fix | None = None
    times: int = 1
