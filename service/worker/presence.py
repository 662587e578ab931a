"""Being one worker among several: a name that nobody else has, and a sign of life every few seconds."""

import contextlib
import fcntl
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError

from service.db import LOCKS, Database
from service.domain import workers

log = logging.getLogger(__name__)
BEAT_SECONDS = 2.0
# On SQLite nobody waits to take over; the health page is content with less.
ALONE_BEAT_SECONDS = 10.0
# How long PostgreSQL may take to notice that the machine of an earlier worker of this name is gone.
PATIENCE_SECONDS = 40.0
_NOTICE_SOON = ("tcp_keepalives_idle = 10", "tcp_keepalives_interval = 5", "tcp_keepalives_count = 3")


class WorkerRefused(Exception):
    """The worker cannot run here; the text says why."""


@contextlib.contextmanager
def only_one(file: Path, what: str) -> Iterator[None]:
    """Hold a lock of this machine; the kernel lets go of it when we die. Raises WorkerRefused."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise WorkerRefused(f"another worker is running on {what}") from error
        opened.seek(0)
        opened.truncate()
        opened.write(str(os.getpid()))
        opened.flush()
        yield


class Presence:
    """Beats for one executor id, and on PostgreSQL holds its lock, on a connection of its own."""

    def __init__(
        self, db: Database, executor_id: str, *, version: str, clock: Callable[[], datetime]
    ) -> None:
        self._db = db
        self._executor_id = executor_id
        self._version = version
        self._clock = clock
        self._ended = threading.Event()
        self._lock: Connection | None = None
        self._thread = threading.Thread(target=self._run, name="presence", daemon=True)
        self.trouble = ""

    def begin(self) -> None:
        """Take the name and say that we live; raises WorkerRefused when another worker has it."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not self._hold():
            if time.monotonic() > end:
                raise WorkerRefused(
                    f"another worker is called {self._executor_id}; give this one a --slot of its own"
                )
            time.sleep(1)
        self._beat()
        self._thread.start()

    def end(self) -> None:
        """Say that we are gone, so that others need not wait for our silence, and give the name back."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
        with contextlib.suppress(DBAPIError), self._db.transaction() as session:
            workers.leave(session, self._executor_id)
        self._let_go()

    def _run(self) -> None:
        alone = self._db.engine.dialect.name == "sqlite"
        while not self._ended.wait(ALONE_BEAT_SECONDS if alone else BEAT_SECONDS):
            try:
                if not self._hold():
                    log.error("the lock of worker %s is not ours now", self._executor_id)
                self._beat()
            except DBAPIError as error:
                log.warning("worker %s could not say that it lives: %s", self._executor_id, error)
                self._let_go()
            except Exception:
                log.exception("worker %s could not say that it lives", self._executor_id)

    def _beat(self) -> None:
        with self._db.transaction() as session:
            workers.beat(
                session, self._executor_id, version=self._version, trouble=self.trouble, now=self._clock()
            )

    def _hold(self) -> bool:
        """Tell whether the name is ours; a lock lost with its connection is taken again."""
        if self._db.engine.dialect.name == "sqlite":
            return True
        if self._lock is not None:
            self._lock.exec_driver_sql("SELECT 1")
            return True
        connection = self._db.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            for setting in _NOTICE_SOON:
                connection.exec_driver_sql(f"SET {setting}")
            name = func.hashtext(self._executor_id)
            if connection.scalar(select(func.pg_try_advisory_lock(LOCKS, name))):
                self._lock = connection
        finally:
            if self._lock is None:
                connection.invalidate()
                connection.close()
        return self._lock is not None

    def _let_go(self) -> None:
        if self._lock is not None:
            # Closed, not given back to the pool: its lock ends with it.
            with contextlib.suppress(DBAPIError):
                self._lock.invalidate()
                self._lock.close()
            self._lock = None
