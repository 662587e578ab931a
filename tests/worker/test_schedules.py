"""Campaigns that start by themselves, and campaigns that are cancelled while a worker sends them."""

import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from service import bootstrap
from service.adapters.jobs import EngineJobs, migrate_engine
from service.bootstrap import Services
from service.config import Settings
from service.domain import campaigns, outbox
from service.facts.states import CampaignState, DeliveryState
from service.models import Campaign, CampaignMark, Delivery
from service.worker import sweep
from tests.outbound import NOW, make_campaign
from tests.sink import Sink
from tests.worker.oracle import wait_for
from tests.worker.process import Worker

SCHEDULED, SENT = CampaignState.SCHEDULED, DeliveryState.SENT


def schedule(services: Services, recipients: int, *, at: timedelta) -> int:
    with services.db.transaction() as session:
        campaign = make_campaign(session, recipients, state=SCHEDULED)
        campaign.scheduled_at = NOW + at
        return campaign.id


def state_of(services: Services, campaign_id: int) -> str:
    with services.db.reading() as session:
        return session.get_one(Campaign, campaign_id).state


def test_the_sweep_starts_what_is_due_and_nothing_else(services: Services) -> None:
    """F-11: once, however the clock jumps."""
    campaign_id = schedule(services, 2, at=timedelta(hours=1))
    seen = []
    for minutes in (0, 59, 60, -1440, 1440):
        sweep.repair(services, now=NOW + timedelta(minutes=minutes))
        seen.append(state_of(services, campaign_id))
    assert seen == ["scheduled", "scheduled", "sending", "sending", "sending"]
    with services.db.reading() as session:
        assert session.get_one(Campaign, campaign_id).launched_at == NOW + timedelta(hours=1)
        assert session.scalars(select(CampaignMark.campaign_id)).first() == campaign_id


def test_a_campaign_due_while_nothing_ran_is_sent_once(settings: Settings) -> None:
    """F-11: the worker comes back late, is stopped and comes back again; everybody has one mail."""
    migrate_engine(settings.database)
    services = bootstrap.build(settings)
    campaign_id = schedule(services, 40, at=timedelta(hours=1))
    worker = Worker(settings, settings.data / "worker.log")
    wait_for(lambda: state_of(services, campaign_id) == CampaignState.FINISHED.value)
    worker.kill()
    worker.again()
    lock = settings.data / "worker.lock"
    wait_for(lambda: lock.read_text() == str(worker.process.pid))
    with services.db.reading() as session:
        assert outbox.counts(session, campaign_id)[SENT] == 40
    assert worker.stop() == 0
    mails = Counter(mail.recipient for mail in services.mailer.mails(limit=100))  # type: ignore[attr-defined]
    assert (len(mails), set(mails.values())) == (40, {1})
    assert isinstance(services.jobs, EngineJobs)
    services.jobs.close()


def test_after_cancelled_is_shown_only_what_was_in_flight_arrives(sink: Sink, settings: Settings) -> None:
    """F-15: what the ledger counts as in flight at that moment is all that may still reach the server."""
    settings = replace(settings, mail_url=sink.url, mail_connections=4)
    sink.script = lambda _step, _to: time.sleep(0.01) or "250 Ok"  # type: ignore[func-returns-value]
    migrate_engine(settings.database)
    services = bootstrap.build(settings)
    with services.db.transaction() as session:
        campaign_id = make_campaign(session, 400).id
        services.jobs.deliver(session, campaign_id)
    worker = Worker(settings, settings.data / "worker.log")
    wait_for(lambda: len(sink.taken()) >= 40)
    with services.db.transaction() as session:
        campaign = session.get_one(Campaign, campaign_id)
        in_flight = campaigns.cancel(session, campaign, now=NOW)
        query = select(Delivery.address).where(Delivery.campaign_id == campaign_id)
        allowed = set(session.scalars(query.where(Delivery.state == DeliveryState.IN_FLIGHT.value)))
        allowed |= set(session.scalars(query.where(Delivery.state == SENT.value)))
    wait_for(lambda: not _open(services, campaign_id))
    assert worker.stop() == 0
    arrived = Counter(taken.recipient for taken in sink.taken())
    assert set(arrived.values()) == {1}
    assert set(arrived) - allowed == set()
    assert in_flight <= 4
    with services.db.reading() as session:
        counts = outbox.counts(session, campaign_id)
    assert counts[SENT] + counts[DeliveryState.CANCELLED] == 400
    assert counts[SENT] == len(arrived)
    assert counts[DeliveryState.CANCELLED] > 0
    assert isinstance(services.jobs, EngineJobs)
    services.jobs.close()


def _open(services: Services, campaign_id: int) -> int:
    with services.db.reading() as session:
        counts = outbox.counts(session, campaign_id)
    return counts[DeliveryState.CLAIMED] + counts[DeliveryState.IN_FLIGHT]
