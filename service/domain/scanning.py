"""The virus scanner as the product sees it: what it must do, and whether its word is worth anything now."""

from datetime import datetime
from enum import StrEnum
from typing import BinaryIO, Protocol

from service.facts.limits import SIGNATURES_MOST_AGE
from service.facts.verdicts import ScannerUnavailable, ScannerVersion, Verdict


class Scanner(Protocol):
    """Something that looks for viruses in one file at a time; safe to use from several threads."""

    def scan(self, content: BinaryIO) -> Verdict:
        """Read a file from where it stands and return the verdict; raises OSError if it cannot be read."""

    def version(self) -> ScannerVersion:
        """Ask what the scanner is, within seconds; raises ScannerUnavailable."""


class ScannerState(StrEnum):
    """Whether files can be scanned now: only READY lets a clean verdict count."""

    READY = "ready"
    UNREACHABLE = "unreachable"
    NO_SIGNATURES = "no_signatures"
    OLD_SIGNATURES = "old_signatures"


def state_of(scanner: Scanner, *, accepts_local: bool, now: datetime) -> ScannerState:
    """Ask a scanner and judge its signatures; `accepts_local` is satisfied with local ones of no date (U-11).

    A database that says when it was built must be new in either case.
    """
    try:
        version = scanner.version()
    except ScannerUnavailable:
        return ScannerState.UNREACHABLE
    if version.built is None:
        return ScannerState.READY if accepts_local else ScannerState.NO_SIGNATURES
    if now - version.built > SIGNATURES_MOST_AGE:
        return ScannerState.OLD_SIGNATURES
    return ScannerState.READY
