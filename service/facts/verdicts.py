"""What a virus scanner says of a file, and of itself."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ScanOutcome(StrEnum):
    """What one scan came to.

    NOT_SCANNED: the scanner works, and cannot look into this file; asking again changes nothing.
    UNAVAILABLE: it gave no answer that can be believed; the file waits and is scanned again.
    """

    CLEAN = "clean"
    INFECTED = "infected"
    NOT_SCANNED = "not_scanned"
    UNAVAILABLE = "unavailable"


class Unscannable(StrEnum):
    """Why a scanner could not look into a file."""

    LIMITS = "limits"
    ENCRYPTED = "encrypted"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one scan of one file; never kept for another scan of the same bytes.

    `threat` is the scanner's name for what it found, `trouble` says to operators what went wrong.
    """

    outcome: ScanOutcome
    threat: str = ""
    unscannable: Unscannable | None = None
    trouble: str = ""

    @property
    def is_clean(self) -> bool:
        """Whether the file may be handed out: nothing but a clean answer says so."""
        return self.outcome is ScanOutcome.CLEAN


CLEAN = Verdict(ScanOutcome.CLEAN)


def infected(threat: str) -> Verdict:
    """Return the verdict on a file in which something was found."""
    return Verdict(ScanOutcome.INFECTED, threat=threat)


def not_scanned(why: Unscannable) -> Verdict:
    """Return the verdict on a file that the scanner cannot look into."""
    return Verdict(ScanOutcome.NOT_SCANNED, unscannable=why)


def unavailable(trouble: str) -> Verdict:
    """Return what stands for a verdict when there is none."""
    return Verdict(ScanOutcome.UNAVAILABLE, trouble=trouble)


@dataclass(frozen=True, slots=True)
class ScannerVersion:
    """What a scanner says it is; `database` and `built` are None where it has local signatures only."""

    program: str
    database: int | None = None
    built: datetime | None = None


class ScannerUnavailable(Exception):
    """The scanner does not say what it is; the text says why, for the people who run the installation."""
