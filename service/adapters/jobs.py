"""The job engine's client: enqueues in the caller's transaction, so that a row and its job are one commit.

The engine (DBOS) is known here and in `worker/app.py` only. A job says no more than "work on campaign 17":
what is to be done stands in our own tables, and doing the same job twice is harmless.
"""

import logging
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dbos import DBOS, DBOSClient, EnqueueOptions, error
from sqlalchemy import Engine, create_engine, event, make_url, select
from sqlalchemy.orm import Session

from service.db import NOTICE_SOON
from service.models import Campaign

# Pinned: by default the engine takes a hash of the code, and an update would leave old work lying.
APPLICATION_VERSION = "1"
APPLICATION_NAME = "prospectus"
SEND, SYSTEM, IMPORTS, SCANS, HOURLY = "send", "system", "imports", "scans", "hourly"
# Users' own mail servers may be slow: their campaigns take no place of those that go out the common way.
ACCOUNTS = "accounts"
DELIVER_JOB, SYSTEM_MAIL_JOB, IMPORT_JOB = "deliver", "system_mail", "run_import"
SCAN_JOB, HOURLY_JOB = "scan", "every_hour"

log = logging.getLogger(__name__)
logging.getLogger("dbos").setLevel(logging.WARNING)


class EngineJobs:
    """Fits `domain.jobs.Jobs`. Opens nothing before it is used; the caller's session carries the insert."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._made: tuple[DBOSClient, Engine] | None = None

    def deliver(self, session: Session, campaign_id: int) -> None:
        """Send what is queued of a campaign; two such jobs share the work."""
        account = session.scalar(select(Campaign.mail_account_id).where(Campaign.id == campaign_id))
        queue = SEND if account is None else ACCOUNTS
        self._enqueue(session, queue, DELIVER_JOB, _fresh(f"deliver-{campaign_id}"), campaign_id)

    def join(self, session: Session, campaign_id: int, executor_id: str) -> None:
        """Let one worker take its share of a campaign that others are at work on."""
        job_id = _fresh(f"join-{executor_id}-{campaign_id}")
        self._enqueue(session, own_queue(executor_id), DELIVER_JOB, job_id, campaign_id)

    def send_system_mail(self, session: Session, mail_id: int) -> None:
        """Send one system mail, and whatever else is due in its lane."""
        self._enqueue(session, SYSTEM, SYSTEM_MAIL_JOB, _fresh(f"system-{mail_id}"))

    def run_import(self, session: Session, import_id: int) -> None:
        """Plan or apply an import, whichever its state asks for."""
        self._enqueue(session, IMPORTS, IMPORT_JOB, _fresh(f"import-{import_id}"), import_id)

    def scan(self, session: Session, attachment_id: int) -> None:
        """Have the virus scanner look at an attached file."""
        self._enqueue(session, SCANS, SCAN_JOB, _fresh(f"scan-{attachment_id}"), attachment_id)

    def every_hour(self, session: Session, now: datetime) -> None:
        """Do the hourly work; a second asking in the same hour is nothing new, whoever asks."""
        self._enqueue(session, HOURLY, HOURLY_JOB, f"hourly-{now:%Y%m%d%H}", now.isoformat())

    def waiting(self, prefix: str) -> bool:
        """Tell whether a job whose id begins like this waits to be started, such as `deliver-17-`."""
        return bool(self._list(["ENQUEUED"], prefix=prefix, limit=1))

    def alive(self, prefix: str) -> bool:
        """Tell whether a job whose id begins like this waits or runs."""
        return bool(self._list(["ENQUEUED", "PENDING"], prefix=prefix, limit=1))

    def running(self) -> dict[str, str]:
        """Return the jobs that some worker has taken and not ended: job id -> executor id."""
        return {job.workflow_id: job.executor_id or "" for job in self._list(["PENDING"])}

    def start_again(self, job_ids: Sequence[str]) -> None:
        """Queue jobs anew whose worker is gone; one that has ended meanwhile stays as it is."""
        for job_id in job_ids:
            try:
                self._client.resume_workflows([job_id])
            except error.DBOSNonExistentWorkflowError:
                log.warning("the job %s is gone; the sweep starts another one if it is needed", job_id)

    def forget_before(self, moment: datetime) -> int:
        """Delete the engine's records of jobs that ended before a moment; return how many."""
        ended = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
        old = self._client.list_workflows(
            status=ended, end_time=moment.isoformat(), limit=5000, load_input=False, load_output=False
        )
        if old:
            self._client.delete_workflows([workflow.workflow_id for workflow in old])
        return len(old)

    def _list(self, status: list[str], *, prefix: str | None = None, limit: int = 10_000) -> list[Any]:
        # Of our version only: another one is left to its own workers.
        return self._client.list_workflows(
            workflow_id_prefix=prefix,
            status=status,
            app_version=APPLICATION_VERSION,
            limit=limit,
            load_input=False,
            load_output=False,
        )

    def close(self) -> None:
        """Close the client's own connections."""
        if self._made is not None:
            client, engine = self._made
            client.destroy()
            engine.dispose()
            self._made = None

    @property
    def _client(self) -> DBOSClient:
        if self._made is None:
            engine = engine_for_jobs(self._url)
            client = DBOSClient(system_database_engine=engine, application_name=APPLICATION_NAME, lazy=True)
            self._made = (client, engine)
        return self._made[0]

    def _enqueue(self, session: Session, queue: str, job: str, job_id: str, *arguments: object) -> None:
        options: EnqueueOptions = {
            "queue_name": queue,
            "workflow_name": job,
            "workflow_id": job_id,
            "app_version": APPLICATION_VERSION,
        }
        session.flush()
        self._client.enqueue_in_transaction(session, options, *arguments)


def own_queue(executor_id: str) -> str:
    """Return the queue that one worker alone listens to."""
    return f"{SEND}-{executor_id}"


def engine_for_jobs(database_url: str) -> Engine:
    """Return the job engine's own SQLAlchemy engine on the same database.

    Not ours: the engine begins and upgrades transactions by itself and cannot live with our BEGIN events.
    Left alone it would use SQLite without WAL and with less durability than the ledger has.
    """
    if not database_url.startswith("sqlite"):
        return create_engine(database_url, pool_pre_ping=True, pool_size=10, connect_args=NOTICE_SOON)
    engine = create_engine(database_url, connect_args={"timeout": 30, "check_same_thread": False})
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


def migrate_engine(database_url: str) -> None:
    """Create or update the job engine's tables."""
    url = make_url(database_url)
    if url.get_backend_name() == "postgresql":
        url = url.set(drivername="postgresql")
    DBOS.migrate(url.render_as_string(hide_password=False))


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = "IMMEDIATE"
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _fresh(stem: str) -> str:
    # A new id each time: an id that had ended would make the engine do nothing.
    return f"{stem}-{uuid.uuid4().hex[:12]}"
