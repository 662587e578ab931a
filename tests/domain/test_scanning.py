"""Whether a scanner's word is worth anything: it is reached, and its signatures are new."""

from datetime import UTC, datetime, timedelta
from typing import BinaryIO

import pytest

from service.domain.scanning import ScannerState, state_of
from service.facts.verdicts import CLEAN, ScannerUnavailable, ScannerVersion, Verdict

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


class Known:
    """A scanner that says what it is told to."""

    def __init__(self, version: ScannerVersion | None) -> None:
        self._version = version

    def scan(self, content: BinaryIO) -> Verdict:
        return CLEAN

    def version(self) -> ScannerVersion:
        if self._version is None:
            raise ScannerUnavailable("gone")
        return self._version


def built(age: timedelta) -> ScannerVersion:
    return ScannerVersion("ClamAV 1.4.6", 27815, NOW - age)


@pytest.mark.parametrize(
    ("version", "accepts_local", "state"),
    [
        (built(timedelta(days=7)), False, ScannerState.READY),
        (built(timedelta(days=7, seconds=1)), False, ScannerState.OLD_SIGNATURES),
        (built(timedelta(days=8)), True, ScannerState.OLD_SIGNATURES),
        (built(timedelta(hours=-14)), False, ScannerState.READY),
        (ScannerVersion("ClamAV 1.4.6"), False, ScannerState.NO_SIGNATURES),
        (ScannerVersion("ClamAV 1.4.6"), True, ScannerState.READY),
        (None, False, ScannerState.UNREACHABLE),
        (None, True, ScannerState.UNREACHABLE),
    ],
)
def test_a_scanner_is_as_good_as_its_signatures(
    version: ScannerVersion | None, accepts_local: bool, state: ScannerState
) -> None:
    """U-11."""
    assert state_of(Known(version), accepts_local=accepts_local, now=NOW) is state
