"""Running imports: a batch of rows in each transaction, so that nothing else waits long for the database."""

import gc
import logging
import threading
from datetime import datetime, timedelta

from service.adapters.jobs import EngineJobs
from service.bootstrap import Services
from service.domain import import_runs
from service.worker.deliver import Clock

log = logging.getLogger(__name__)
# One that ends in an error, or takes the worker with it, is started again, but not for ever (check F-17).
MOST_FAILURES = 5
# SQLite has one writer and no queue: those who wait for it look again every tenth of a second, and would not
# find it free between two batches. So it is left alone, after each turn, for longer than that (in seconds).
TURN, BREATH = timedelta(seconds=1), 0.15


def run(
    services: Services, import_id: int, clock: Clock, stopping: threading.Event, *, holder: str = ""
) -> int:
    """Go on with one import until it waits for a decision or is over; return how many batches that took.

    What was committed is not done again, whoever goes on: after a stop or a kill the sweep starts it anew.
    An import that another `holder` is at is left to it.
    """
    with services.db.transaction() as session:
        tries = import_runs.begin(session, import_id, holder=holder, now=clock())
        if tries > MOST_FAILURES:
            log.error("import %d failed %d times and is given up", import_id, MOST_FAILURES)
            import_runs.give_up(session, import_id, failures=MOST_FAILURES, now=clock())
            return 0
    if not gc.get_freeze_count():
        # What is loaded by now stays: looking through it for garbage again and again takes a tenth of the
        # time. Once in a process: what an import leaves behind must not stay as well.
        gc.collect()
        gc.freeze()
    runner = import_runs.Runner(import_id, base_url=services.settings.base_url, holder=holder)
    batches = 0
    one_writer, since = services.db.engine.dialect.name == "sqlite", clock()
    while tries and not stopping.is_set():
        with services.db.transaction() as session:
            if not runner.step(session, services.jobs, now=clock()):
                break
            if batches == 0:
                import_runs.got_on(session, import_id)
        batches += 1
        if one_writer and clock() - since >= TURN:
            stopping.wait(BREATH)
            since = clock()
    if stopping.is_set():
        with services.db.transaction() as session:
            import_runs.release(session, import_id, holder=holder)
    return batches


def wake(services: Services, jobs: EngineJobs, *, holder: str = "", now: datetime) -> int:
    """Start a job for every import that should be running and is not; return how many were started."""
    with services.db.reading() as session:
        interrupted = import_runs.list_interrupted(session, holder=holder, now=now)
    started = 0
    for import_id in interrupted:
        if not jobs.alive(f"import-{import_id}-"):
            with services.db.transaction() as session:
                jobs.run_import(session, import_id)
            started += 1
    return started
