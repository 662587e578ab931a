"""SIGKILL the worker in the middle of a campaign: nobody missing, nobody twice unless shown as unknown."""

import random
import time
from collections import Counter
from dataclasses import replace

import pytest
from sqlalchemy import select

from service import bootstrap
from service.adapters.jobs import EngineJobs, migrate_engine
from service.config import Settings
from service.domain import outbox
from service.facts.states import OPEN_DELIVERIES, CampaignState, DeliveryState
from service.models import Campaign, Delivery
from tests.outbound import make_campaign
from tests.sink import Sink
from tests.worker.process import Worker

CONNECTIONS = 4


def run_with_kills(sink: Sink, settings: Settings, *, recipients: int, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    settings = replace(settings, mail_url=sink.url, mail_connections=CONNECTIONS)
    # The server takes its time, so that kills come at every point of a conversation.
    sink.script = lambda _step, _to: time.sleep(chance.random() * 0.004) or "250 Ok"  # type: ignore[func-returns-value]
    migrate_engine(settings.database)
    services = bootstrap.build(settings)
    assert isinstance(services.jobs, EngineJobs)
    with services.db.transaction() as session:
        campaign_id = make_campaign(session, recipients).id
        services.jobs.deliver(session, campaign_id)
    worker = Worker(settings, settings.data / "worker.log")
    for number in range(kills):
        _wait_for_progress(sink, (number + 1) * recipients // (kills + 2), settings)
        time.sleep(chance.random() * 0.05)
        worker.kill()
        worker.again()
    _wait_until_done(services, campaign_id, settings)
    assert worker.stop() == 0
    _judge(services, sink, campaign_id, recipients, kills)


def _wait_for_progress(sink: Sink, mails: int, settings: Settings) -> None:
    end = time.monotonic() + 120
    while len(sink.taken()) < mails:
        assert time.monotonic() < end, (settings.data / "worker.log").read_text()
        time.sleep(0.01)


def _wait_until_done(services: bootstrap.Services, campaign_id: int, settings: Settings) -> None:
    end = time.monotonic() + 120
    while True:
        with services.db.reading() as session:
            state = session.get_one(Campaign, campaign_id).state
        if state == CampaignState.FINISHED.value:
            return
        assert time.monotonic() < end, (settings.data / "worker.log").read_text()
        time.sleep(0.1)


def _judge(services: bootstrap.Services, sink: Sink, campaign_id: int, recipients: int, kills: int) -> None:
    with services.db.reading() as session:
        counts = outbox.counts(session, campaign_id)
        rows = list(session.scalars(select(Delivery).where(Delivery.campaign_id == campaign_id)))
    arrived = Counter(taken.recipient for taken in sink.taken() if taken.accepted)
    unknown = {row.address for row in rows if row.state == DeliveryState.UNKNOWN.value}
    sent = {row.address for row in rows if row.state == DeliveryState.SENT.value}
    assert sum(counts.values()) == len(rows) == recipients
    assert not any(counts[state] for state in OPEN_DELIVERIES)
    assert len(sent) + len(unknown) == recipients
    assert len(unknown) <= kills * CONNECTIONS
    # Nobody whose mail counts as sent is missing from the server's own journal, and nobody is there twice.
    assert sent <= set(arrived)
    assert {address for address, times in arrived.items() if times > 1} == set()
    assert set(arrived) - sent <= unknown


def test_five_kills_lose_and_repeat_nothing(sink: Sink, settings: Settings) -> None:
    """F-1, P1, P2: five SIGKILLs during 300 mails."""
    run_with_kills(sink, settings, recipients=300, kills=5, seed=20260)


@pytest.mark.sweep
def test_twenty_kills_lose_and_repeat_nothing(sink: Sink, settings: Settings) -> None:
    """F-1, P1, P2: twenty SIGKILLs during 2,000 mails."""
    run_with_kills(sink, settings, recipients=2000, kills=20, seed=20261)
