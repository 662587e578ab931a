"""Scanning attached files: each job asks the scanner about one file and stores its verdict."""

import logging
from datetime import datetime

from service.adapters.jobs import EngineJobs
from service.bootstrap import Services
from service.domain import attachments, scanning
from service.domain.scanning import ScannerState
from service.facts.verdicts import Verdict, unavailable
from service.worker.deliver import Clock

log = logging.getLogger(__name__)
# How many files a sweep starts jobs for.
BATCH = 100


def scan(services: Services, attachment_id: int, clock: Clock) -> int:
    """Scan one file if its turn has come; return how many verdicts were stored.

    The database is not held while the scanner reads: it may take as long as its time limit says.
    """
    with services.db.transaction() as session:
        due = attachments.begin(session, attachment_id, now=clock())
    if due is None:
        return 0
    verdict = _verdict(services, due, now=clock())
    if verdict.trouble:
        log.warning("attachment %d could not be scanned: %s", due.id, verdict.trouble)
    with services.db.transaction() as session:
        to_delete = attachments.settle(session, due.id, verdict, now=clock())
    if to_delete is not None:
        services.attachments.delete(to_delete)
    return 1


def wake(services: Services, jobs: EngineJobs, *, now: datetime) -> int:
    """Start a job for every file whose turn it is and that has none; return how many were started.

    Without a scanner too: what came while there was one is asked about until its time is over, and given up.
    """
    with services.db.reading() as session:
        due = attachments.list_due(session, now=now, limit=BATCH)
    started = 0
    for attachment_id in due:
        if not jobs.alive(f"scan-{attachment_id}-"):
            with services.db.transaction() as session:
                jobs.scan(session, attachment_id)
            started += 1
    return started


def clear(services: Services, *, now: datetime) -> None:
    """Delete what no message took, then whatever lies in the store without being known."""
    with services.db.transaction() as session:
        gone = attachments.sweep(session, now=now)
    for file_id in gone:
        services.attachments.delete(file_id)
    with services.db.reading() as session:
        kept = attachments.stored_ids(session)
    services.attachments.sweep(kept, now=now)


def _verdict(services: Services, due: attachments.Due, *, now: datetime) -> Verdict:
    if services.scanner is None:
        return unavailable("no scanner is configured")
    try:
        with services.attachments.open(due.file_id) as content:
            verdict = services.scanner.scan(content)
    except OSError as error:
        return unavailable(f"the stored file cannot be read: {type(error).__name__}")
    if not verdict.is_clean:
        return verdict
    accepts_local = services.settings.scanner_local_signatures
    state = scanning.state_of(services.scanner, accepts_local=accepts_local, now=now)
    if state is ScannerState.READY:
        return verdict
    return unavailable(f"the scanner's word does not count: {state.value}")
