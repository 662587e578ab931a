"""The worker process: starts the job engine, gives it its queues, and sweeps until it is told to stop."""

import contextlib
import fcntl
import logging
import os
import signal
import socket
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from dbos import DBOS, DBOSConfig

from service.adapters.jobs import (
    APPLICATION_NAME,
    APPLICATION_VERSION,
    DELIVER_JOB,
    HOURLY,
    HOURLY_JOB,
    IMPORT_JOB,
    IMPORTS,
    SEND,
    SYSTEM,
    SYSTEM_MAIL_JOB,
    EngineJobs,
    engine_for_jobs,
)
from service.bootstrap import Services
from service.worker import deliver, imports, sweep, system_mail
from service.worker.account_rooms import AccountRooms

log = logging.getLogger(__name__)
# Short parts keep campaigns fair to one another and a recovery's replay cheap.
BATCHES_A_PART = 20
SWEEP_SECONDS = 5.0
POLL_SECONDS = 0.5
STOP_SECONDS = 25
EMBEDDED = "embedded"


class WorkerRefused(Exception):
    """The worker cannot run here; the text says why."""


def _now() -> datetime:
    return datetime.now(UTC)


def run(services: Services, *, slot: str = "1", stop: threading.Event | None = None) -> None:
    """Work until SIGTERM, SIGINT or `stop`; raises WorkerRefused when another one holds the lock.

    On SQLite there is one worker, and it knows at its start that every lease is over. On PostgreSQL each
    worker needs a `slot` of its own on its machine, the same one after a restart.
    """
    ended = stop or threading.Event()
    if stop is None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: ended.set())
    embedded = services.settings.database.startswith("sqlite")
    _check_versions(embedded)
    lock = _exclusive(services.settings.data) if embedded else contextlib.nullcontext()
    with lock:
        worker = _Worker(services, EMBEDDED if embedded else f"{socket.gethostname()}-{slot}")
        worker.start(everything=embedded)
        try:
            worker.sweep_until(ended)
        finally:
            worker.close()


class _Worker:
    def __init__(self, services: Services, executor_id: str) -> None:
        self._jobs = EngineJobs(services.settings.database)
        self._services = replace(services, jobs=self._jobs)
        self._executor_id = executor_id
        self._room = deliver.open_room(services, _now)
        self._system_room = system_mail.open_room(services, _now)
        self._account_rooms = AccountRooms(services, _now)
        self._engine = engine_for_jobs(services.settings.database)
        self._hour = ""
        self._stopping = threading.Event()

    def start(self, *, everything: bool) -> None:
        """Give back all leases before the engine recovers what was running, then start it."""
        sweep.repair(self._services, now=_now(), everything=everything)
        config: DBOSConfig = {
            "name": APPLICATION_NAME,
            "system_database_url": self._services.settings.database,
            "system_database_engine": self._engine,
            "application_version": APPLICATION_VERSION,
            "executor_id": self._executor_id,
            "log_level": "WARNING",
            "enable_otlp": False,
        }
        DBOS(config=config)
        self._register()
        DBOS.launch()
        # A job of a campaign runs in one worker at a time for each slot of this queue; connections are
        # limited by the post room.
        DBOS.register_queue(SEND, worker_concurrency=4, polling_interval_sec=POLL_SECONDS)
        DBOS.register_queue(SYSTEM, worker_concurrency=1, polling_interval_sec=POLL_SECONDS)
        DBOS.register_queue(IMPORTS, worker_concurrency=1, polling_interval_sec=POLL_SECONDS)
        DBOS.register_queue(HOURLY, worker_concurrency=1, polling_interval_sec=POLL_SECONDS)

    def sweep_until(self, ended: threading.Event) -> None:
        """Sweep every few seconds; one that fails is told in the log and tried again."""
        while True:
            try:
                self._sweep()
            except Exception:
                log.exception("a sweep failed")
            if ended.wait(SWEEP_SECONDS):
                return

    def close(self) -> None:
        """Finish the mails that are being sent, store their results, and stop."""
        self._room.stop()
        self._system_room.stop()
        self._account_rooms.stop()
        self._stopping.set()
        DBOS.destroy(workflow_completion_timeout_sec=STOP_SECONDS, destroy_registry=True)
        self._room.close()
        self._system_room.close()
        self._account_rooms.close()
        self._jobs.close()
        self._engine.dispose()

    def _sweep(self) -> None:
        now = _now()
        sweep.repair(self._services, now=now)
        imports.wake(self._services, self._jobs, now=now)
        if not self._room.resting:
            sweep.wake(self._services, self._jobs, now=now, besides=self._account_rooms.resting())
        self._account_rooms.sweep()
        if self._hour != f"{now:%Y%m%d%H}":
            with self._services.db.transaction() as session:
                self._jobs.every_hour(session, now)
            self._hour = f"{now:%Y%m%d%H}"

    def _register(self) -> None:
        """Tell the engine its jobs: thin loops over steps that may run twice without harm."""
        step, services, room, rooms = _step, self._services, self._room, self._account_rooms

        def deliver_batch(campaign_id: int) -> int:
            # An author's own mail account has a room of its own; the others share the installation's.
            own = rooms.deliver_batch(campaign_id)
            return deliver.deliver_batch(services, room, campaign_id, _now) if own is None else own

        @DBOS.workflow(name=DELIVER_JOB)
        def deliver_part(campaign_id: int) -> None:
            for _ in range(BATCHES_A_PART):
                batch = step("batch", lambda: deliver_batch(campaign_id))
                if batch == 0:
                    return
            step("next_part", lambda: self._next_part(campaign_id))

        @DBOS.workflow(name=SYSTEM_MAIL_JOB)
        def send_system_mails() -> None:
            while step("batch", lambda: system_mail.send_due(services, self._system_room, _now)) > 0:
                pass

        @DBOS.workflow(name=IMPORT_JOB)
        def run_import(import_id: int) -> None:
            step("rows", lambda: imports.run(services, import_id, _now, self._stopping))

        @DBOS.workflow(name=HOURLY_JOB)
        def every_hour(_at: str) -> None:
            step("expire", self._expire)
            step("forget", lambda: self._jobs.forget_before(_now() - sweep.KEEP_JOBS))

    def _next_part(self, campaign_id: int) -> int:
        with self._services.db.transaction() as session:
            self._jobs.deliver(session, campaign_id)
        return 1

    def _expire(self) -> int:
        with self._services.db.transaction() as session:
            return sweep.every_hour(session, now=_now())


def _step(name: str, work: Callable[[], int]) -> int:
    return DBOS.run_step({"name": name}, work)


@contextlib.contextmanager
def _exclusive(data: Path) -> Iterator[None]:
    """Hold the lock of the one worker of an embedded database; the kernel lets go of it when we die."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / "worker.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise WorkerRefused(f"another worker is running on {data}") from error
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        yield


def _check_versions(embedded: bool) -> None:
    """From Python 3.12 on the job engine asks SQLite for what it can do since 3.42."""
    if embedded and sys.version_info >= (3, 12) and sqlite3.sqlite_version_info < (3, 42):
        raise WorkerRefused(
            f"Python {sys.version_info[0]}.{sys.version_info[1]} needs SQLite 3.42 or newer here, not "
            f"{sqlite3.sqlite_version}; use Python 3.11 or PostgreSQL"
        )
