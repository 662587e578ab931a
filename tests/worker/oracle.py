"""A campaign sent while things go wrong, and its judge: the sink's journal held against the ledger."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from service import bootstrap
from service.adapters.jobs import EngineJobs, migrate_engine
from service.bootstrap import Services
from service.config import Settings
from service.domain import outbox
from service.facts.states import OPEN_DELIVERIES, CampaignState, DeliveryState, UnknownPolicy
from service.migrations import environment
from service.models import Campaign, Delivery, Program, User
from tests.outbound import make_campaign
from tests.sink import Sink


@contextmanager
def installed(settings: Settings) -> Iterator[Services]:
    """Give an installation with the engine's tables and client."""
    services = bootstrap.build(settings)
    environment.upgrade(services.db.engine)
    migrate_engine(settings.database)
    try:
        yield services
    finally:
        assert isinstance(services.jobs, EngineJobs)
        services.jobs.close()
        services.db.dispose()


def launch(services: Services, recipients: int, *, policy: UnknownPolicy = UnknownPolicy.ASK) -> int:
    """Launch a campaign and return its id."""
    with services.db.transaction() as session:
        program, user = session.scalar(select(Program)), session.scalar(select(User))
        campaign = make_campaign(session, recipients, policy=policy, program=program, author=user)
        services.jobs.deliver(session, campaign.id)
        return campaign.id


def wait_for(what: Callable[[], object], *, seconds: float = 150, log: Path | None = None) -> None:
    """Wait until something is so; a database that is away for the moment is asked again."""
    end = time.monotonic() + seconds
    while True:
        try:
            if what():
                return
        except DBAPIError:
            pass
        assert time.monotonic() < end, log.read_text()[-4000:] if log is not None else "it did not come about"
        time.sleep(0.05)


def state_of(services: Services, campaign_id: int) -> CampaignState:
    """Return where a campaign stands."""
    with services.db.reading() as session:
        return CampaignState(session.get_one(Campaign, campaign_id).state)


def finished(services: Services, campaign_id: int) -> bool:
    """Tell whether nothing of a campaign is open any more."""
    return state_of(services, campaign_id) is CampaignState.FINISHED


def counts(services: Services, campaign_id: int) -> dict[DeliveryState, int]:
    """Return the counts that the campaign's page shows, the zeros left out."""
    with services.db.reading() as session:
        found = outbox.counts(session, campaign_id)
    return {state: number for state, number in found.items() if number}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a campaign: people by what the ledger says, and what the server took."""

    sent: frozenset[str]
    unknown: frozenset[str]
    others: dict[str, str]
    arrived: Counter[str]

    @property
    def twice(self) -> set[str]:
        """People who got more than one mail."""
        return {address for address, times in self.arrived.items() if times > 1}


def judge(services: Services, sink: Sink, campaign_id: int, *, most_unknown: int) -> Verdict:
    """Hold the ledger, the counts that users see and the server's journal against one another.

    Nobody is missing, nobody got a mail twice, and what is unknown is within the bound.
    """
    with services.db.reading() as session:
        rows = list(session.scalars(select(Delivery).where(Delivery.campaign_id == campaign_id)))
    shown = counts(services, campaign_id)
    ours = {row.message_id for row in rows}
    arrived = Counter(
        taken.recipient for taken in sink.taken() if taken.accepted and taken.message_id.strip("<>") in ours
    )
    by_state = {
        state: frozenset(row.address for row in rows if row.state == state.value) for state in DeliveryState
    }
    sent, unknown = by_state[DeliveryState.SENT], by_state[DeliveryState.UNKNOWN]
    assert shown == {state: len(people) for state, people in by_state.items() if people}
    assert not any(shown.get(state) for state in OPEN_DELIVERIES)
    others = {
        row.address: row.state
        for row in rows
        if row.state not in {DeliveryState.SENT.value, DeliveryState.UNKNOWN.value}
    }
    verdict = Verdict(sent, unknown, others, arrived)
    # Whoever counts as sent is in the server's own journal, and who is there is sent or shown as unknown.
    assert sent <= set(arrived)
    assert set(arrived) <= sent | unknown
    assert verdict.twice == set()
    assert len(unknown) <= most_unknown
    return verdict
