"""Every hole that a crash or a wiped table can leave, dug on purpose, and mended by a running worker."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from service import csvfile
from service.bootstrap import Services
from service.config import Settings
from service.csvfile.source import InMemory
from service.domain import imports
from service.facts.states import CampaignState, DeliveryState, ImportState
from service.models import Campaign, Delivery, Import, SystemMail
from service.worker import app
from tests.domain import factories
from tests.outbound import NOW
from tests.worker.oracle import counts, finished, installed, launch, wait_for
from tests.worker.test_jobs import jobs_of, queue_reset, worker

LONG_AGO = NOW - timedelta(days=400)
TABLES = (
    "operation_outputs",
    "workflow_events",
    "notifications",
    "workflow_input",
    "workflow_status",
    "queues",
)


@pytest.fixture
def services(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """An installation with the engine's tables, whose worker sweeps without delay."""
    monkeypatch.setattr(app, "SWEEP_SECONDS", 0.2)
    with installed(settings) as made:
        yield made


def wipe(services: Services) -> None:
    """Empty the engine's tables, its memory of queues too."""
    with services.db.transaction() as session:
        there = set(session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'")))
        for table in TABLES:
            if table in there:
                session.execute(text(f"DELETE FROM {table}"))


def system_state(services: Services, mail_id: int) -> str:
    with services.db.reading() as session:
        return session.get_one(SystemMail, mail_id).state


def upload(services: Services) -> int:
    file = csvfile.read(
        InMemory(b"Partner name,Contact email,Media property\nA,a@x.example,https://x.example\n"), locale="en"
    )
    with services.db.transaction() as session:
        program = factories.program(session)
        user = factories.user(session, program)
        return imports.upload(
            session,
            services.jobs,
            program.id,
            file_name="a.csv",
            file=file,
            locale="en",
            dry_run=False,
            overwrite=False,
            actor_id=user.id,
            now=NOW,
        ).id


def import_state(services: Services, import_id: int) -> str:
    with services.db.reading() as session:
        return session.get_one(Import, import_id).state


def set_rows(services: Services, campaign_id: int, state: DeliveryState, limit: int) -> None:
    with services.db.transaction() as session:
        session.execute(
            text(
                "UPDATE deliveries SET state = :state, lease_token = 'gone', lease_until = :until "
                "WHERE id IN (SELECT id FROM deliveries WHERE campaign_id = :campaign ORDER BY id LIMIT :n)"
            ),
            {"state": state.value, "until": "2020-01-01 00:00:00", "campaign": campaign_id, "n": limit},
        )


def test_expired_leases_come_back_while_the_worker_runs(services: Services) -> None:
    """Claimed rows are sent, rows in flight become unknown: dug under a live worker, not at its start."""
    with worker(services):
        campaign_id = launch_paused(services)
        set_rows(services, campaign_id, DeliveryState.CLAIMED, 6)
        set_rows(services, campaign_id, DeliveryState.IN_FLIGHT, 2)
        with services.db.transaction() as session:
            session.get_one(Campaign, campaign_id).state = CampaignState.SENDING.value
        wait_for(lambda: finished(services, campaign_id))
    assert counts(services, campaign_id) == {DeliveryState.SENT: 8, DeliveryState.UNKNOWN: 2}


def launch_paused(services: Services) -> int:
    campaign_id = launch(services, 10)
    with services.db.transaction() as session:
        session.get_one(Campaign, campaign_id).state = CampaignState.PAUSED.value
    return campaign_id


def test_a_campaign_with_nothing_open_is_finished(services: Services) -> None:
    """The worker died between the last result and the campaign's own end."""
    campaign_id = launch(services, 3)
    with services.db.transaction() as session:
        session.execute(text("UPDATE deliveries SET state = 'sent', settled_at = '2026-11-21 09:30:00'"))
    wipe(services)
    with worker(services):
        wait_for(lambda: finished(services, campaign_id))
    assert counts(services, campaign_id) == {DeliveryState.SENT: 3}


def test_work_without_jobs_is_found_while_the_worker_runs(services: Services) -> None:
    """The engine's tables are wiped under a live worker: campaign, system mail and import all get done."""
    with worker(services):
        first = launch(services, 5)
        wait_for(lambda: finished(services, first))
        campaign_id, mail_id, import_id = launch(services, 300), queue_reset(services), upload(services)
        wipe(services)
        wait_for(lambda: finished(services, campaign_id))
        wait_for(lambda: system_state(services, mail_id) == DeliveryState.SENT.value)
        wait_for(lambda: import_state(services, import_id) == ImportState.DONE.value)
    assert counts(services, campaign_id) == {DeliveryState.SENT: 300}
    assert len(services.mailer.mails(limit=1000)) in {306, 307}  # type: ignore[attr-defined]


def test_queues_that_the_engine_forgot_are_opened_again(services: Services) -> None:
    """It listens to no queue that is not in its tables."""

    def queues() -> int:
        with services.db.reading() as session:
            return session.scalar(text("SELECT count(*) FROM queues")) or 0

    with worker(services):
        wait_for(lambda: queues() == len(app.COMMON) + 1)
        wipe(services)
        wait_for(lambda: queues() == len(app.COMMON) + 1)
        campaign_id = launch(services, 5)
        wait_for(lambda: finished(services, campaign_id))


def test_work_without_jobs_is_found_at_the_start(services: Services) -> None:
    """The tables were wiped while no worker ran."""
    campaign_id, mail_id, import_id = launch(services, 5), queue_reset(services), upload(services)
    wipe(services)
    with worker(services):
        wait_for(lambda: finished(services, campaign_id))
        wait_for(lambda: system_state(services, mail_id) == DeliveryState.SENT.value)
        wait_for(lambda: import_state(services, import_id) == ImportState.DONE.value)


def test_a_job_that_the_engine_forgot_to_run_is_run(services: Services) -> None:
    """The job of an import is noted as running here, and nobody runs it: the rescue starts it again."""
    with worker(services):
        wait_for(lambda: jobs_of(services).running() == {})
        import_id = upload(services)
        with services.db.transaction() as session:
            session.execute(
                text(
                    "UPDATE workflow_status SET status = 'PENDING', executor_id = 'embedded' "
                    "WHERE workflow_uuid LIKE :prefix AND status = 'ENQUEUED'"
                ),
                {"prefix": f"import-{import_id}-%"},
            )
        wait_for(lambda: import_state(services, import_id) == ImportState.DONE.value)


def test_a_deferred_mail_is_sent_when_its_time_has_come(services: Services) -> None:
    """Nobody holds a job for it meanwhile."""
    campaign_id = launch(services, 2)
    with services.db.transaction() as session:
        for delivery in session.query(Delivery):
            delivery.state = DeliveryState.DEFERRED.value
            delivery.next_attempt_at = LONG_AGO
    wipe(services)
    with worker(services):
        wait_for(lambda: finished(services, campaign_id))
    assert counts(services, campaign_id) == {DeliveryState.SENT: 2}
