"""Several workers on one PostgreSQL: names of their own, shared work, and what happens when one dies."""

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from service.bootstrap import Services
from service.config import Settings
from service.db import Trouble, trouble_of
from service.domain import workers
from service.facts.states import DeliveryState
from service.models import Campaign, WorkerBeat
from tests import postgres
from tests.outbound import NOW
from tests.sink import Sink
from tests.worker.oracle import counts, finished, installed, judge, launch, wait_for
from tests.worker.process import Worker
from tests.worker.test_kill_steps import killer

CONNECTIONS = 2


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    """A server of this module."""
    with postgres.started() as running:
        yield running


@pytest.fixture
def services(settings: Settings, sink: Sink, server: postgres.Server) -> Iterator[Services]:
    """An installation on a database of its own."""
    chosen = replace(
        settings, database_url=server.migrated_database(), mail_url=sink.url, mail_connections=CONNECTIONS
    )
    with installed(chosen) as made:
        yield made


def start(services: Services, slot: str, **options: dict[str, str]) -> Worker:
    return Worker(services.settings, log_of(services, slot), slot=slot, **options)  # type: ignore[arg-type]


def log_of(services: Services, slot: str) -> Path:
    return services.settings.data / f"worker-{slot}.log"


def alive(services: Services) -> list[str]:
    with services.db.reading() as session:
        found = workers.list_alive(session, now=services.db.now())
        return [beat.executor_id.rpartition("-")[2] for beat in found]


def slowly(sink: Sink, milliseconds: int) -> None:
    sink.pause = milliseconds / 1000


def test_two_workers_share_a_campaign_and_one_of_them_dies(services: Services, sink: Sink) -> None:
    """F-1 on PostgreSQL: the living one takes over after the silence; nobody lost, nobody twice."""
    slowly(sink, 20)
    campaign_id = launch(services, 600)
    first, second = start(services, "a"), start(services, "b")
    wait_for(lambda: alive(services) == ["a", "b"], log=log_of(services, "a"))
    wait_for(lambda: len(sink.taken()) > 60, log=log_of(services, "a"))
    with services.db.reading() as session:
        engaged = session.scalar(
            text("SELECT count(DISTINCT executor_id) FROM dbos.workflow_status WHERE status = 'PENDING'")
        )
    assert engaged in {1, 2}
    first.kill()
    wait_for(lambda: finished(services, campaign_id), seconds=180, log=log_of(services, "b"))
    assert second.stop() == 0
    verdict = judge(services, sink, campaign_id, most_unknown=CONNECTIONS)
    assert (verdict.others, len(verdict.sent | verdict.unknown)) == ({}, 600)


@pytest.mark.sweep
def test_both_workers_are_at_work_on_one_campaign(services: Services, sink: Sink) -> None:
    """Throughput: whoever has nothing to do joins in."""
    slowly(sink, 20)
    campaign_id = launch(services, 1500)
    both = [start(services, "a"), start(services, "b")]
    connections = set()

    def shared() -> bool:
        with services.db.reading() as session:
            query = text(
                "SELECT DISTINCT executor_id FROM dbos.workflow_status WHERE status = 'PENDING' "
                "AND name = 'deliver'"
            )
            connections.update(session.scalars(query))
        return len(connections) == 2

    wait_for(shared, log=log_of(services, "a"))
    wait_for(lambda: finished(services, campaign_id), log=log_of(services, "a"))
    assert [worker.stop() for worker in both] == [0, 0]
    assert counts(services, campaign_id) == {DeliveryState.SENT: 1500}
    assert len(judge(services, sink, campaign_id, most_unknown=0).sent) == 1500


def test_a_dead_workers_jobs_are_taken_over(services: Services) -> None:
    """What the engine notes as running on a worker that is gone is started again here, more than once."""
    worker = start(services, "a")
    wait_for(lambda: alive(services) == ["a"], log=log_of(services, "a"))
    for _ in range(2):
        with services.db.transaction() as session:
            services.jobs.run_import(session, 4711)
            session.execute(
                text(
                    "UPDATE dbos.workflow_status SET status = 'PENDING', executor_id = 'gone-1' "
                    "WHERE workflow_uuid LIKE 'import-4711-%' AND status = 'ENQUEUED'"
                )
            )
        wait_for(lambda: ended(services) == 1, log=log_of(services, "a"))
        with services.db.transaction() as session:
            session.execute(text("DELETE FROM dbos.workflow_status"))
    assert worker.stop() == 0


def ended(services: Services) -> int:
    with services.db.reading() as session:
        query = text(
            "SELECT count(*) FROM dbos.workflow_status WHERE workflow_uuid LIKE 'import-4711-%' "
            "AND status = 'SUCCESS' AND executor_id != 'gone-1'"
        )
        return session.scalar(query) or 0


@pytest.mark.sweep
def test_the_same_slot_runs_once(services: Services, tmp_path: Path) -> None:
    """On one machine a file says so at once; elsewhere PostgreSQL's lock does."""
    first = start(services, "a")
    wait_for(lambda: alive(services) == ["a"], log=log_of(services, "a"))
    again = start(services, "a")
    assert again.process.wait(60) == 75
    elsewhere = replace(services.settings, data=tmp_path / "elsewhere")
    elsewhere.data.mkdir()
    third = Worker(elsewhere, elsewhere.data / "log", slot="a")
    assert third.process.wait(90) == 75
    assert "--slot" in third.text()
    assert first.stop() == 0
    assert alive(services) == []


@pytest.mark.sweep
def test_a_frozen_worker_does_no_harm_when_it_wakes(services: Services, sink: Sink) -> None:
    """F-1: stopped past its lease, its rows done by another; it settles what is its own and no more."""
    slowly(sink, 20)
    campaign_id = launch(services, 300)
    first = start(services, "a")
    wait_for(lambda: len(sink.taken()) > 20, log=log_of(services, "a"))
    os.killpg(first.process.pid, signal.SIGSTOP)
    with services.db.transaction() as session:
        session.execute(
            text(
                "UPDATE deliveries SET lease_until = now() - interval '1 hour' WHERE lease_until IS NOT NULL"
            )
        )
    second = start(services, "b")
    wait_for(
        lambda: counts(services, campaign_id).get(DeliveryState.SENT, 0) > 200, log=log_of(services, "b")
    )
    os.killpg(first.process.pid, signal.SIGCONT)
    wait_for(lambda: finished(services, campaign_id), log=log_of(services, "b"))
    assert [first.stop(), second.stop()] == [0, 0]
    verdict = judge(services, sink, campaign_id, most_unknown=CONNECTIONS)
    assert len(verdict.sent | verdict.unknown) == 300


def test_another_versions_jobs_stay_queued(services: Services) -> None:
    """F-2: old and new side by side on one database; each leaves the other's jobs alone."""
    with services.db.transaction() as session:
        services.jobs.run_import(session, 99)
        session.execute(text("UPDATE dbos.workflow_status SET application_version = '0'"))
    campaign_id = launch(services, 10)
    worker = start(services, "a")
    wait_for(lambda: finished(services, campaign_id), log=log_of(services, "a"))
    assert worker.stop() == 0
    with services.db.reading() as session:
        query = text("SELECT status FROM dbos.workflow_status WHERE application_version = '0'")
        assert list(session.scalars(query)) == ["ENQUEUED"]


def test_the_silent_are_told_from_the_living(services: Services) -> None:
    """A beat is good for half a minute; a worker that says goodbye leaves no silence behind."""
    with services.db.transaction() as session:
        workers.beat(session, "h-1", version="1", now=NOW)
        workers.beat(session, "h-2", version="1", now=NOW - timedelta(seconds=31))
        assert [beat.executor_id for beat in workers.list_alive(session, now=NOW)] == ["h-1"]
        assert [beat.executor_id for beat in workers.list_silent(session, now=NOW)] == ["h-2"]
        workers.leave(session, "h-1")
        workers.forget_silent(session, now=NOW + timedelta(days=2))
        assert list(session.scalars(select(WorkerBeat))) == []


@pytest.mark.parametrize("how", ["fast", pytest.param("immediate", marks=pytest.mark.sweep)])
def test_a_restart_of_the_database_heals(
    services: Services, sink: Sink, server: postgres.Server, how: str
) -> None:
    """F-5: in the middle of a campaign, a commit's answer lost perhaps; work goes on by itself, once."""
    slowly(sink, 10)
    campaign_id = launch(services, 500)
    worker = start(services, "a")
    wait_for(lambda: len(sink.taken()) > 50, log=log_of(services, "a"))
    server.restart(how)
    taken = len(sink.taken())
    wait_for(lambda: len(sink.taken()) > taken + 10, seconds=15, log=log_of(services, "a"))
    wait_for(lambda: finished(services, campaign_id), log=log_of(services, "a"))
    assert worker.process.poll() is None
    assert worker.stop() == 0
    verdict = judge(services, sink, campaign_id, most_unknown=CONNECTIONS)
    assert (verdict.others, len(verdict.sent | verdict.unknown)) == ({}, 500)


@pytest.mark.sweep
@pytest.mark.parametrize("step", ["mail", "data", "dot", "replied"])
def test_a_kill_at_each_step_on_postgresql(services: Services, sink: Sink, step: str) -> None:
    """F-1 on the other database; the name of the killed worker is free at once, and its jobs go on."""
    campaign_id = launch(services, 12)
    worker = start(services, "a")
    sink.watch = killer(step, 6, lambda: worker)
    wait_for(lambda: worker.process.poll() is not None, log=log_of(services, "a"))
    worker.again()
    wait_for(lambda: finished(services, campaign_id), log=log_of(services, "a"))
    assert worker.stop() == 0
    verdict = judge(services, sink, campaign_id, most_unknown=CONNECTIONS)
    assert (verdict.others, len(verdict.sent | verdict.unknown)) == ({}, 12)


def test_nobody_waits_long_for_a_lock(services: Services) -> None:
    """F-4: a row that somebody holds for half a minute is read; a writer gives up after five seconds."""
    campaign_id = launch(services, 1)
    change = update(Campaign).where(Campaign.id == campaign_id).values(from_name="x")
    with services.db.transaction() as holder:
        holder.execute(change)
        with services.db.reading() as reader:
            assert reader.get_one(Campaign, campaign_id).from_name != "x"
        with pytest.raises(DBAPIError) as raised, services.db.transaction() as other:
            other.execute(change)
    assert trouble_of(raised.value) is Trouble.BUSY
