"""Taking over the jobs of workers that are gone, again and again, so that a lost rescue is made good."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from service.adapters.jobs import EngineJobs
from service.db import RESCUING, Database, first_at
from service.domain import workers


class Running:
    """The jobs that this process is at work on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[str, object] = {}

    @contextmanager
    def noting(self, job_id: str | None, subject: object = None) -> Iterator[None]:
        """Note a job while it runs; `subject` is what it works on."""
        with self._lock:
            self._jobs[job_id or ""] = subject
        try:
            yield
        finally:
            with self._lock:
                self._jobs.pop(job_id or "", None)

    def ids(self) -> frozenset[str]:
        """Return the ids of the running jobs."""
        with self._lock:
            return frozenset(self._jobs)

    def subjects(self) -> frozenset[object]:
        """Return what the running jobs work on."""
        with self._lock:
            return frozenset(self._jobs.values())


class Rescue:
    """Finds jobs that the engine believes to be running and nobody runs."""

    def __init__(self, executor_id: str, running: Running) -> None:
        self._executor_id = executor_id
        self._running = running
        self._strays: frozenset[str] = frozenset()

    def sweep(self, db: Database, jobs: EngineJobs, *, now: datetime) -> list[str]:
        """Start again what dead workers left, and what the engine forgot to start here; return the jobs.

        A job of ours is a stray only when two sweeps in a row found it not running: the engine may be about
        to start it.
        """
        taken = jobs.running()
        ours = {job_id for job_id, executor in taken.items() if executor == self._executor_id}
        strays = frozenset(ours - self._running.ids())
        lost, self._strays = strays & self._strays, strays
        jobs.start_again(sorted(lost))
        others = {job_id: executor for job_id, executor in taken.items() if job_id not in ours}
        return sorted(lost) + (self._take_over(db, jobs, others, now) if others else [])

    def _take_over(self, db: Database, jobs: EngineJobs, others: dict[str, str], now: datetime) -> list[str]:
        with db.transaction() as session:
            if not first_at(session, RESCUING):
                return []
            alive = {beat.executor_id for beat in workers.list_alive(session, now=now)}
            orphans = sorted(job_id for job_id, executor in others.items() if executor not in alive)
            jobs.start_again(orphans)
        return orphans
