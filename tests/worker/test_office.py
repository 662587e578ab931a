"""F-1, F-2: the worker and its post office are two processes, of which neither outlives the other."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from service.bootstrap import Services
from service.config import Settings
from service.domain import deliveries
from service.facts.limits import DELIVERY_BATCH
from service.facts.replies import Reason, words_of
from service.facts.states import DeliveryState
from service.models import Delivery, Program, ProgramMinute
from service.worker.office import PostOffice
from service.worker.post import PostRoom
from tests.sink import Sink
from tests.worker.oracle import counts, finished, installed, judge, launch, wait_for
from tests.worker.process import Worker, alive

MAILS = 60
CONNECTIONS = 3


@pytest.fixture
def chosen(sink: Sink, settings: Settings) -> Settings:
    sink.pause = 0.02
    return replace(settings, mail_url=sink.url, mail_connections=CONNECTIONS)


@pytest.fixture
def services(chosen: Settings) -> Iterator[Services]:
    with installed(chosen) as made:
        yield made


@pytest.fixture
def worker(services: Services, chosen: Settings) -> Iterator[Worker]:
    started = Worker(chosen, chosen.data / "worker.log")
    yield started
    started.kill()


def office_of(worker: Worker) -> int:
    """Return the id of the one child of a worker."""
    pid = worker.process.pid
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(child)


def test_a_worker_whose_office_dies_ends_and_the_next_goes_on(
    services: Services, worker: Worker, sink: Sink
) -> None:
    """F-1: nobody is missing, nobody twice, and at most one mail a connection is unknown."""
    campaign_id = launch(services, MAILS)
    with services.db.transaction() as session:
        session.scalars(select(Program)).one().hourly_limit = 10 * MAILS
    wait_for(lambda: len(sink.taken()) > MAILS // 3)
    os.kill(office_of(worker), signal.SIGKILL)
    assert worker.process.wait(60) == 1, worker.text()
    assert "OfficeDied" in worker.text()
    with services.db.reading() as session:
        taken = session.scalar(select(func.sum(ProgramMinute.mails)))
    assert taken == MAILS - counts(services, campaign_id)[DeliveryState.QUEUED]
    worker.again()
    wait_for(lambda: finished(services, campaign_id), log=services.settings.data / "worker.log")
    assert worker.stop() == 0
    verdict = judge(services, sink, campaign_id, most_unknown=CONNECTIONS)
    assert (len(verdict.sent | verdict.unknown), verdict.others) == (MAILS, {})


def test_an_office_whose_room_is_dead_ends(services: Services) -> None:
    """F-1: the worker hears of it and is started anew, instead of waiting for mails that never leave."""

    class Deserted(PostRoom):
        def _run(self) -> None:
            """Nobody works here."""

    def open_room() -> tuple[PostRoom, Callable[[], object]]:
        clock = services.db.now
        room = Deserted(
            services.db, services.mailer, deliveries, sender="a@b.example", connections=1, clock=clock
        )
        return room, lambda: None

    services.db.dispose()
    died = threading.Event()
    office = PostOffice(open_room, died.set)
    assert died.wait(60)
    assert (office.alive, office.lost) == (False, True)
    office.close()


def test_an_office_does_not_outlive_its_worker(services: Services, worker: Worker, sink: Sink) -> None:
    """F-1: only the worker is killed; the next one may take its place at once."""
    campaign_id = launch(services, MAILS)
    wait_for(lambda: len(sink.taken()) > MAILS // 3)
    office = office_of(worker)
    os.kill(worker.process.pid, signal.SIGKILL)
    assert worker.process.wait(60) == -signal.SIGKILL
    wait_for(lambda: not alive(office))
    worker.again()
    wait_for(lambda: finished(services, campaign_id), log=services.settings.data / "worker.log")
    assert worker.stop() == 0
    verdict = judge(services, sink, campaign_id, most_unknown=CONNECTIONS)
    assert (len(verdict.sent | verdict.unknown), verdict.others) == (MAILS, {})


def test_a_signal_to_both_leaves_nothing_unknown(services: Services, worker: Worker, sink: Sink) -> None:
    """F-2: a service manager tells every process of a group to stop."""
    campaign_id = launch(services, MAILS)
    wait_for(lambda: len(sink.taken()) > MAILS // 3)
    os.killpg(worker.process.pid, signal.SIGTERM)
    assert worker.process.wait(60) == 0, worker.text()
    after = counts(services, campaign_id)
    assert set(after) == {DeliveryState.SENT, DeliveryState.QUEUED}
    assert after[DeliveryState.SENT] == len(sink.taken())


def test_a_mail_that_cannot_be_written_fails_alone(services: Services, worker: Worker) -> None:
    """F-17: the office hears that it cannot be, and the log keeps where that came from."""
    campaign_id = launch(services, 3)
    with services.db.transaction() as session:
        session.scalars(select(Delivery)).first().locale = "fr"  # type: ignore[union-attr]
    wait_for(lambda: finished(services, campaign_id), log=services.settings.data / "worker.log")
    assert worker.stop() == 0
    assert counts(services, campaign_id) == {DeliveryState.SENT: 2, DeliveryState.FAILED: 1}
    with services.db.reading() as session:
        failed = session.scalars(select(Delivery.reply).where(Delivery.state == "failed")).one()
    assert failed == words_of(Reason.NOT_COMPOSABLE)
    assert "KeyError: 'fr'" in worker.text()


def test_the_next_batch_is_claimed_while_one_is_on_its_way(
    services: Services, worker: Worker, sink: Sink
) -> None:
    """Both are given back by the one that stops, and nothing of them is lost."""
    campaign_id = launch(services, 2 * DELIVERY_BATCH)

    def held() -> int:
        found = counts(services, campaign_id)
        held = (DeliveryState.CLAIMED, DeliveryState.IN_FLIGHT, DeliveryState.SENT)
        return sum(found.get(state, 0) for state in held)

    wait_for(lambda: held() == 2 * DELIVERY_BATCH, log=services.settings.data / "worker.log")
    assert worker.stop() == 0
    sent = len(sink.taken())  # none, where it stopped at once
    expected = {DeliveryState.SENT: sent, DeliveryState.QUEUED: 2 * DELIVERY_BATCH - sent}
    assert counts(services, campaign_id) == {state: number for state, number in expected.items() if number}
    with services.db.reading() as session:
        assert deliveries.wanting_work(session, now=services.db.now()) == (campaign_id,)
