"""Whether the virus scanner works, as pages tell it: asked beside the requests, so that none waits for it."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import cast

from flask import Flask, current_app

from service.bootstrap import Services
from service.domain import scanning
from service.domain.scanning import ScannerState
from service.facts.limits import SIGNATURES_MOST_AGE
from service.facts.permissions import Permission
from service.facts.words import N_, NN_
from service.web.context import here, services
from service.web.forms import say

log = logging.getLogger(__name__)
# Seconds for which an answer stands.
EVERY = 60.0
UNREACHABLE = N_("The virus scanner cannot be reached. Attachments wait until it answers.")
NO_SIGNATURES = N_("The virus scanner has no dated signatures. Attachments wait until it has them.")
OLD_SIGNATURES = NN_(
    "The signatures of the virus scanner are older than %(num)s day. Attachments wait until it has new ones.",
    "The signatures of the virus scanner are older than %(num)s days. "
    "Attachments wait until it has new ones.",
)
Start = Callable[[Callable[[], None]], object]


def _beside(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="scanner-watch", daemon=True).start()


class ScannerWatch:
    """Remembers the last answer of the scanner, and asks again once it is a minute old."""

    def __init__(
        self,
        ask: Callable[[datetime], ScannerState],
        *,
        seconds: Callable[[], float] = time.monotonic,
        start: Start = _beside,
    ) -> None:
        self._ask = ask
        self._seconds = seconds
        self._start = start
        self._due = seconds()
        self._lock = threading.Lock()
        self._state = ScannerState.READY

    def state(self, now: datetime) -> ScannerState:
        """Return what is known, and have it renewed where that is due; READY until the first answer."""
        if self._is_due() and self._lock.acquire(blocking=False):
            try:
                # Somebody may have asked between the two.
                if self._is_due():
                    self._start(lambda: self._renew(now))
                    return self._state
            except RuntimeError:
                log.warning("no thread could be had to ask the scanner")
            self._lock.release()
        return self._state

    def _is_due(self) -> bool:
        return self._seconds() >= self._due

    def _renew(self, now: datetime) -> None:
        try:
            self._state = self._ask(now)
        except Exception:
            # Nobody waits for this to be told.
            log.exception("the scanner could not be asked")
        finally:
            self._due = self._seconds() + EVERY
            self._lock.release()


def install(app: Flask, parts: Services) -> None:
    """Give the application its watch, and every template the words for a scanner in trouble."""
    scanner, accepts_local = parts.scanner, parts.settings.scanner_local_signatures
    if scanner is not None:
        app.extensions["scanner_watch"] = ScannerWatch(
            lambda now: scanning.state_of(scanner, accepts_local=accepts_local, now=now)
        )
    app.context_processor(lambda: {"scanner_trouble": _trouble()})


def waits() -> bool:
    """Whether files that are attached now wait, because the scanner's word does not count (U-11)."""
    return _state() is not ScannerState.READY


def _state() -> ScannerState:
    if services().scanner is None:
        return ScannerState.READY
    watch = cast(ScannerWatch, current_app.extensions["scanner_watch"])
    return watch.state(here().now)


def _trouble() -> str:
    """Say to those who run the installation what is wrong; empty for everybody else and where all is well."""
    if not here().may(Permission.SETTINGS_MANAGE):
        return ""
    match _state():
        case ScannerState.UNREACHABLE:
            return say(UNREACHABLE)
        case ScannerState.NO_SIGNATURES:
            return say(NO_SIGNATURES)
        case ScannerState.OLD_SIGNATURES:
            return say(OLD_SIGNATURES, num=SIGNATURES_MOST_AGE.days)
        case ScannerState.READY:
            return ""
