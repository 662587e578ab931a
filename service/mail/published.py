"""What is published about a domain: asking for it, and what a look at one record came to."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from service.facts.findings import Finding, Severity
from service.facts.words import Phrase


class LookupFailed(Exception):
    """No answer came, or none that could be used: nobody knows what is published."""


class Lookup(Protocol):
    """Whoever can ask the DNS."""

    def txt(self, name: str) -> tuple[str, ...]:
        """Return the texts published under a name, none where there are none; raises LookupFailed."""


class Status(StrEnum):
    """What a look at one record came to."""

    GOOD = "good"
    DOUBTFUL = "doubtful"
    BAD = "bad"
    ABSENT = "absent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Record:
    """One kind of record: where it stands, what was found, what is wrong, what to publish instead."""

    kind: str
    name: str
    found: tuple[str, ...]
    findings: tuple[Finding, ...]
    publish: str | None
    status: Status

    @property
    def helps(self) -> bool:
        """Whether receivers can use the record."""
        return self.status in {Status.GOOD, Status.DOUBTFUL}


def record(
    kind: str, name: str, found: tuple[str, ...], findings: Sequence[Finding], publish: str | None
) -> Record:
    """Return a record with the status that its findings give it."""
    worst = {finding.severity for finding in findings}
    if not found:
        status = Status.ABSENT
    elif Severity.ERROR in worst:
        status = Status.BAD
    else:
        status = Status.DOUBTFUL if Severity.WARNING in worst else Status.GOOD
    return Record(kind, name, found, tuple(findings), publish, status)


def error(rule: str, phrase: Phrase, **values: object) -> Finding:
    """Return a finding of something that receivers cannot use."""
    return Finding(rule, Severity.ERROR, phrase, values)


def warning(rule: str, phrase: Phrase, **values: object) -> Finding:
    """Return a finding of something that works and should be better."""
    return Finding(rule, Severity.WARNING, phrase, values)
