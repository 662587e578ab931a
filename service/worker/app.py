"""The worker process: starts the job engine, gives it its queues, and sweeps until it is told to stop."""

import logging
import signal
import socket
import sqlite3
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

from dbos import DBOS, DBOSConfig

from service.adapters.jobs import (
    ACCOUNTS,
    APPLICATION_NAME,
    APPLICATION_VERSION,
    DELIVER_JOB,
    HOURLY,
    HOURLY_JOB,
    IMPORT_JOB,
    IMPORTS,
    SCAN_JOB,
    SCANS,
    SEND,
    SYSTEM,
    SYSTEM_MAIL_JOB,
    EngineJobs,
    engine_for_jobs,
    own_queue,
)
from service.bootstrap import Services
from service.domain.retention import Keep
from service.facts.limits import WORKER_DEAD
from service.worker import deliver, imports, scan, sweep, system_mail
from service.worker.account_rooms import AccountRooms
from service.worker.clock import SteadyClock
from service.worker.fence import Fence
from service.worker.office import OfficeDied, PostOffice
from service.worker.post import PostRoom
from service.worker.presence import Presence, WorkerRefused, only_one
from service.worker.rescue import Rescue, Running

__all__ = ["WorkerRefused", "run"]

log = logging.getLogger(__name__)
# Short parts keep campaigns fair to one another and a recovery's replay cheap.
BATCHES_A_PART = 20
BATCHES_A_STEP = 10
SWEEP_SECONDS = 5.0
POLL_SECONDS = 0.5
SCANS_AT_ONCE = 4
STOP_SECONDS = 25
EMBEDDED = "embedded"
COMMON = frozenset({SEND, ACCOUNTS, SYSTEM, IMPORTS, SCANS, HOURLY})


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
    data = services.settings.data
    lock, what = (
        (data / "worker.lock", str(data)) if embedded else (data / f"worker-{slot}.lock", f"slot {slot}")
    )
    with only_one(lock, what):
        # A thread of a larger process cannot fork; its mails are sent by a room beside it.
        office = open_office(services, ended.set) if stop is None else None
        worker = _Worker(services, EMBEDDED if embedded else f"{socket.gethostname()}-{slot}", office)
        worker.start(everything=embedded)
        try:
            worker.sweep_until(ended)
        finally:
            worker.close()
        if office is not None and office.lost:
            raise OfficeDied


def open_office(services: Services, died: Callable[[], object]) -> PostOffice:
    """Open the campaigns' room in a process of its own; `died` is called when that ends by itself."""
    services.db.dispose()  # no connection may be open in two processes

    def open_room() -> tuple[PostRoom, Callable[[], object]]:
        clock = SteadyClock(services.db.now)
        return deliver.open_room(services, clock), clock.look

    return PostOffice(open_room, died)


class _Worker:
    def __init__(self, services: Services, executor_id: str, office: PostOffice | None) -> None:
        self._jobs = EngineJobs(services.settings.database)
        self._services = replace(services, jobs=self._jobs)
        self._executor_id = executor_id
        self._embedded = executor_id == EMBEDDED
        self._own = own_queue(executor_id)
        self._queues = COMMON | {self._own}
        self._clock = SteadyClock(services.db.now)
        self._fence = Fence(services, self._clock)
        self._presence = Presence(services.db, executor_id, version=APPLICATION_VERSION, clock=self._clock)
        self._running = Running()
        self._rescue = Rescue(executor_id, self._running)
        self._rescue_from = self._clock()
        self._office = office
        self._room = office or deliver.open_room(services, self._clock)
        self._system_room = system_mail.open_room(services, self._clock)
        self._account_rooms = AccountRooms(services, self._clock)
        self._engine = engine_for_jobs(services.settings.database)
        self._hour = ""
        self._hourly_fault = ""
        self._leases_in_doubt = False
        self._stopping = threading.Event()

    def start(self, *, everything: bool) -> None:
        """Take our name, give back all leases before the engine recovers what was running, then start it."""
        self._presence.begin()
        self._fence.check()
        self._presence.trouble = sweep.repair(self._services, now=self._clock(), everything=everything)
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
        # Each listens to its own queue besides the common ones, or one would take another's share.
        DBOS.listen_queues(sorted(self._queues))
        self._register()
        DBOS.launch()
        self._open_queues()

    def _open_queues(self) -> None:
        # A job of a campaign runs in one worker at a time for each slot of this queue; connections are
        # limited by the post room.
        for queue in (SEND, ACCOUNTS, self._own):
            DBOS.register_queue(queue, worker_concurrency=4, polling_interval_sec=POLL_SECONDS)
        DBOS.register_queue(SYSTEM, worker_concurrency=1, polling_interval_sec=POLL_SECONDS)
        DBOS.register_queue(IMPORTS, worker_concurrency=1, polling_interval_sec=POLL_SECONDS)
        DBOS.register_queue(SCANS, worker_concurrency=SCANS_AT_ONCE, polling_interval_sec=POLL_SECONDS)
        DBOS.register_queue(HOURLY, worker_concurrency=1, polling_interval_sec=POLL_SECONDS)

    def sweep_until(self, ended: threading.Event) -> None:
        """Sweep every few seconds; what fails is told in the log and by our beat, and tried again."""
        while True:
            self._presence.trouble = self._sweep(ended) or self._hourly_fault
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
        try:
            self._fence.mark()  # a copy made a moment ago is an old one
        except Exception:
            log.exception("the database could not be marked")
        self._jobs.close()
        self._engine.dispose()
        self._presence.end()

    def _sweep(self, ended: threading.Event) -> str:
        """Do every part, each for itself, unless the end comes before it; return the first fault."""
        of_the_clock = sweep.each([("clock", self._look_at_the_clock)])
        # After a jump no lease is judged before all of them could be begun anew.
        repairs = [] if self._leases_in_doubt else sweep.repairs(self._services, self._clock)
        of_the_rest = sweep.each(
            [
                ("fence", self._fence.mark_if_due),
                ("queues", self._keep_queues_open),
                *repairs,
                ("rescue", self._take_over),
                ("imports", self._wake_imports),
                ("scans", self._wake_scans),
                ("campaigns", self._wake),
                ("system mails", self._wake_system),
                ("accounts", self._account_rooms.sweep),
                ("hour", self._begin_hour),
            ],
            ended=ended.is_set,
        )
        return of_the_clock or of_the_rest

    def _keep_queues_open(self) -> None:
        if not {queue.name for queue in DBOS.list_queues()} >= self._queues:
            # The engine keeps them in its tables, and listens to none that is not there.
            self._open_queues()

    def _take_over(self) -> None:
        now = self._clock()
        if now >= self._rescue_from:
            self._rescue.sweep(self._services.db, self._jobs, now=now)

    def _wake(self) -> None:
        if self._room.resting:
            return
        now = self._clock()
        besides = {*self._running.subjects(), *self._account_rooms.resting()}
        sweep.wake(self._services, self._jobs, now=now, besides=besides)
        if not self._embedded:
            sweep.join_in(self._services, self._jobs, self._executor_id, now=now, besides=besides)

    def _wake_imports(self) -> None:
        imports.wake(self._services, self._jobs, holder=self._executor_id, now=self._clock())

    def _wake_scans(self) -> None:
        scan.wake(self._services, self._jobs, now=self._clock())

    def _wake_system(self) -> None:
        if not self._room.resting:
            sweep.wake_system(self._services, self._jobs, now=self._clock())

    def _begin_hour(self) -> None:
        now = self._clock()
        if self._hour != f"{now:%Y%m%d%H}":
            with self._services.db.transaction() as session:
                self._jobs.every_hour(session, now)
            self._hour = f"{now:%Y%m%d%H}"

    def _look_at_the_clock(self) -> None:
        if self._office is not None:
            self._office.look()
        jumped = self._clock.look()
        if jumped != timedelta(0):
            log.warning("the clock jumped by %s: every lease begins anew", jumped)
            self._rescue_from = self._clock() + WORKER_DEAD
            self._leases_in_doubt = True
        if self._leases_in_doubt:
            sweep.begin_anew(self._services, now=self._clock())
            self._leases_in_doubt = False

    def _register(self) -> None:
        """Tell the engine its jobs: thin loops over steps that may run twice without harm."""
        step, noting = _step, self._running.noting

        @DBOS.workflow(name=DELIVER_JOB)
        def deliver_part(campaign_id: int) -> None:
            with noting(DBOS.workflow_id, campaign_id):
                for _ in range(BATCHES_A_PART // BATCHES_A_STEP):
                    if step("batches", lambda: self._deliver(campaign_id)) == 0:
                        return
                step("next_part", lambda: self._next_part(campaign_id))

        @DBOS.workflow(name=SYSTEM_MAIL_JOB)
        def send_system_mails() -> None:
            with noting(DBOS.workflow_id):
                while step("batch", self._send_system_mails) > 0:
                    pass

        @DBOS.workflow(name=IMPORT_JOB)
        def run_import(import_id: int) -> None:
            with noting(DBOS.workflow_id):
                step("rows", lambda: self._run_import(import_id))

        @DBOS.workflow(name=SCAN_JOB)
        def scan_file(attachment_id: int) -> None:
            with noting(DBOS.workflow_id):
                step("file", lambda: scan.scan(self._services, attachment_id, self._clock))

        @DBOS.workflow(name=HOURLY_JOB)
        def every_hour(_at: str) -> None:
            with noting(DBOS.workflow_id):
                step("hourly", self._do_hourly)
                step("files", self._clear_files)
                step("forget", lambda: self._jobs.forget_before(self._clock() - sweep.KEEP_JOBS))

    def _run_import(self, import_id: int) -> int:
        return imports.run(self._services, import_id, self._clock, self._stopping, holder=self._executor_id)

    def _deliver(self, campaign_id: int) -> int:
        # An author's own mail account has a room of its own; the others share the installation's.
        own = self._account_rooms.deliver_batch(campaign_id)
        if own is not None:
            return own
        return deliver.deliver_batches(
            self._services, self._room, campaign_id, self._clock, most=BATCHES_A_STEP
        )

    def _send_system_mails(self) -> int:
        return system_mail.send_due(self._services, self._system_room, self._clock)

    def _next_part(self, campaign_id: int) -> int:
        with self._services.db.transaction() as session:
            self._jobs.deliver(session, campaign_id)
        return 1

    def _clear_files(self) -> int:
        scan.clear(self._services, now=self._clock())
        return 0

    def _do_hourly(self) -> int:
        settings, now = self._services.settings, self._clock()
        keep = Keep(
            imports=settings.keep_imports_days,
            notices=settings.keep_notices_days,
            audit_months=settings.keep_audit_months,
            conversations_months=settings.keep_conversations_months,
        )
        rest = partial(self._stopping.wait, imports.BREATH)
        self._hourly_fault = sweep.every_hour(self._services.db, keep, rest=rest, now=now)
        if self._services.captured is not None and settings.keep_outbox_days:
            self._services.captured.forget_before(now - timedelta(days=settings.keep_outbox_days))
        return 0


def _step(name: str, work: Callable[[], int]) -> int:
    return DBOS.run_step({"name": name}, work)


def _check_versions(embedded: bool) -> None:
    """From Python 3.12 on the job engine asks SQLite for what it can do since 3.42."""
    if embedded and sys.version_info >= (3, 12) and sqlite3.sqlite_version_info < (3, 42):
        raise WorkerRefused(
            f"Python {sys.version_info[0]}.{sys.version_info[1]} needs SQLite 3.42 or newer here, not "
            f"{sqlite3.sqlite_version}; use Python 3.11 or PostgreSQL"
        )
