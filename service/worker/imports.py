"""Running imports: a batch of rows in each transaction, so that nothing else waits long for the database."""

import logging
import threading
from datetime import datetime

from service.adapters.jobs import EngineJobs
from service.bootstrap import Services
from service.domain import imports
from service.worker.deliver import Clock

log = logging.getLogger(__name__)
# An import that ends in an error is started again by the sweep, but not for ever (check F-17).
MOST_FAILURES = 5


def run(services: Services, import_id: int, clock: Clock, stopping: threading.Event) -> int:
    """Go on with one import until it waits for a decision or is over; return how many batches that took.

    What was committed is not done again, whoever goes on: after a stop or a kill the sweep starts it anew.
    """
    runner = imports.Runner(import_id, base_url=services.settings.base_url)
    batches = 0
    while not stopping.is_set():
        with services.db.transaction() as session:
            if not runner.step(session, services.jobs, now=clock()):
                break
        batches += 1
    return batches


def wake(services: Services, jobs: EngineJobs, *, now: datetime) -> int:
    """Start a job for every import that should be running and is not; return how many were started.

    One that failed too often is stopped, with a reason its user can see.
    """
    with services.db.reading() as session:
        interrupted = imports.list_interrupted(session)
    started = 0
    for import_id in interrupted:
        prefix = f"import-{import_id}-"
        if jobs.alive(prefix):
            continue
        failures = jobs.failures(prefix)
        with services.db.transaction() as session:
            if failures >= MOST_FAILURES:
                log.error("import %d failed %d times and is given up", import_id, failures)
                imports.give_up(session, import_id, failures=failures, now=now)
                continue
            jobs.run_import(session, import_id)
        started += 1
    return started
