"""The same ledger, engine and worker on PostgreSQL."""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import select

from service import bootstrap
from service.adapters.jobs import EngineJobs, migrate_engine
from service.config import Settings
from service.domain import deliveries, outbox
from service.facts.states import CampaignState, DeliveryState
from service.migrations import environment
from service.models import Campaign, Program, User
from tests import postgres
from tests.outbound import NOW, make_campaign
from tests.worker.process import Worker
from tests.worker.test_jobs import wait_for


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server with an empty database."""
    if postgres.program("postgres") is None:
        if os.environ.get("CI"):
            pytest.fail("PostgreSQL is not installed, and CI must have it")
        pytest.skip("PostgreSQL is not installed")
    with postgres.server() as url:
        yield url


@pytest.fixture
def services(settings: Settings, address: str) -> Iterator[bootstrap.Services]:
    """An installation on that server."""
    made = bootstrap.build(replace(settings, database_url=address))
    environment.upgrade(made.db.engine)
    migrate_engine(address)
    yield made
    assert isinstance(made.jobs, EngineJobs)
    made.jobs.close()
    made.db.dispose()


def test_a_campaign_is_sent_once_to_everybody(services: bootstrap.Services) -> None:
    """P1, on the other database: migrations agree, a worker sends, the ledger says so."""
    with services.db.engine.connect() as connection:
        assert environment.differences(connection) == []
    with services.db.transaction() as session:
        campaign_id = make_campaign(session, 250).id
        services.jobs.deliver(session, campaign_id)
    worker = Worker(services.settings, services.settings.data / "worker.log")
    try:
        wait_for(lambda: state_of(services, campaign_id) == CampaignState.FINISHED.value)
    finally:
        assert worker.stop() == 0
    with services.db.reading() as session:
        assert outbox.counts(session, campaign_id)[DeliveryState.SENT] == 250
    mails = Counter(mail.recipient for mail in services.mailer.mails(limit=500))  # type: ignore[attr-defined]
    assert (len(mails), set(mails.values())) == (250, {1})


def state_of(services: bootstrap.Services, campaign_id: int) -> str:
    with services.db.reading() as session:
        return session.get_one(Campaign, campaign_id).state


def test_claims_pass_by_one_anothers_rows(services: bootstrap.Services) -> None:
    """SKIP LOCKED: a worker in the middle of a claim holds up nobody."""
    with services.db.transaction() as session:
        program, author = session.scalar(select(Program)), session.scalar(select(User))
        campaign_id = make_campaign(session, 10, program=program, author=author).id
    with services.db.transaction() as first, services.db.transaction() as second:
        ours = deliveries.claim(first, campaign_id, token="a", now=NOW, limit=6)
        theirs = deliveries.claim(second, campaign_id, token="b", now=NOW, limit=6)
    assert (len(ours), len(theirs)) == (6, 4)
    assert not {mail.id for mail in ours} & {mail.id for mail in theirs}
