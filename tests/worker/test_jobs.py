"""The job engine under the worker: jobs in the caller's transaction, and a ledger that needs none of it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import text

from service import bootstrap
from service.adapters.jobs import EngineJobs, migrate_engine
from service.bootstrap import Services
from service.config import Settings
from service.domain import outbox
from service.facts.states import CampaignState, DeliveryState
from service.models import Campaign, SystemMail
from service.worker import app
from tests.outbound import NOW, make_campaign
from tests.worker.oracle import wait_for


@pytest.fixture
def services(settings: Settings) -> Iterator[Services]:
    """An installation with the engine's tables and client."""
    migrate_engine(settings.database)
    made = bootstrap.build(settings)
    yield made
    jobs_of(made).close()
    made.db.dispose()


def jobs_of(services: Services) -> EngineJobs:
    assert isinstance(services.jobs, EngineJobs)
    return services.jobs


@contextmanager
def worker(services: Services) -> Iterator[None]:
    ended = threading.Event()
    failed: list[BaseException] = []

    def work() -> None:
        try:
            app.run(services, stop=ended)
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(90)
        # The engine is one for the process: the next test would meet this one's.
        assert not thread.is_alive(), "the worker does not stop"
    assert failed == []


def finished(services: Services, campaign_id: int) -> bool:
    with services.db.reading() as session:
        return session.get_one(Campaign, campaign_id).state == CampaignState.FINISHED.value


def queue_reset(services: Services) -> int:
    with services.db.transaction() as session:
        return outbox.queue_system_mail(
            session,
            services.jobs,
            template="password-reset",
            address="ada@brand.example",
            locale="fr",
            values={"url": "https://prospectus.example/fr/reset/x", "minutes": 60},
            now=NOW,
        )


def test_a_job_exists_only_if_its_rows_do(services: Services) -> None:
    """One commit for both: a rollback leaves neither."""
    with services.db.transaction() as session:
        campaign_id = make_campaign(session, 1).id
        services.jobs.deliver(session, campaign_id)
        session.rollback()
    assert not jobs_of(services).waiting("deliver-")
    with services.db.transaction() as session:
        campaign_id = make_campaign(session, 1).id
        services.jobs.deliver(session, campaign_id)
    assert jobs_of(services).waiting(f"deliver-{campaign_id}-")


def test_a_launch_asked_for_many_times_sends_each_mail_once(services: Services) -> None:
    """F-14: ten jobs for one campaign share its rows, and system mails go out beside them."""
    with services.db.transaction() as session:
        campaign_id = make_campaign(session, 25).id
        for _ in range(10):
            services.jobs.deliver(session, campaign_id)
    mail_id = queue_reset(services)
    with worker(services):
        wait_for(lambda: finished(services, campaign_id))
        wait_for(lambda: sent(services, mail_id))
    mails = services.mailer.mails(limit=100)  # type: ignore[attr-defined]
    assert len(mails) == 26
    assert len({mail.recipient for mail in mails}) == 26


def sent(services: Services, mail_id: int) -> bool:
    with services.db.reading() as session:
        return session.get_one(SystemMail, mail_id).state == DeliveryState.SENT.value


def test_wiped_engine_tables_are_made_good_from_the_ledger(services: Services) -> None:
    """The engine forgets every job before a worker starts; the sweep finds the work by itself."""
    with services.db.transaction() as session:
        campaign_id = make_campaign(session, 5).id
        services.jobs.deliver(session, campaign_id)
    mail_id = queue_reset(services)
    with services.db.transaction() as session:
        for table in ("workflow_input", "workflow_status", "queues"):
            session.execute(text(f"DELETE FROM {table}"))
    assert not jobs_of(services).alive("deliver-")
    with worker(services):
        wait_for(lambda: finished(services, campaign_id) and sent(services, mail_id))


def test_only_one_worker_works_on_an_embedded_database(services: Services) -> None:
    """A second worker would give back the leases of the first: it is refused."""
    with worker(services):
        lock = services.settings.data / "worker.lock"
        wait_for(lambda: lock.exists() and lock.read_text() != "")  # written once it is held
        stopped = threading.Event()
        stopped.set()  # or this test would never end if it were not refused
        with pytest.raises(app.WorkerRefused, match="another worker is running"):
            app.run(services, stop=stopped)


def test_the_hourly_job_is_one_an_hour(services: Services) -> None:
    """Whoever asks a second time within the hour asks for nothing new."""
    jobs = jobs_of(services)
    with services.db.transaction() as session:
        jobs.every_hour(session, NOW)
        jobs.every_hour(session, NOW.replace(minute=59))
        assert session.scalar(text("SELECT count(*) FROM workflow_status")) == 1
