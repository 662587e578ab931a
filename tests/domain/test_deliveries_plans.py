"""What a worker asks the ledger costs no more when many mails wait for a later moment."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from service.db import Database
from service.domain import deliveries, outbox
from service.facts.states import DeliveryState
from service.models import Delivery
from tests.outbound import NOW, make_campaign

TOMORROW = NOW + timedelta(days=1)


def deferred(db: Database, campaign_id: int, number: int) -> None:
    """Let so many mails of a campaign wait until tomorrow."""
    with db.transaction() as session:
        last = session.scalar(select(func.max(Delivery.id))) or 0
        session.execute(
            insert(Delivery),
            [
                {
                    "campaign_id": campaign_id,
                    "address": f"d{n}@example.com",
                    "address_key": f"d{n}@example.com",
                    "locale": "en",
                    "time_zone": "UTC",
                    "values": {},
                    "message_id": f"d{n}@brand.example",
                    "state": DeliveryState.DEFERRED.value,
                    "next_attempt_at": TOMORROW,
                    "attempts": 1,
                }
                for n in range(last, last + number)
            ],
        )


def steps(db: Database, question: Callable[[Session], object]) -> int:
    """Return how many steps of its machine SQLite takes for a question."""
    taken = 0

    def count() -> None:
        nonlocal taken
        taken += 1

    with db.reading() as session:
        question(session)  # once unseen: what is looked up once is not counted
        driver = session.connection().connection.driver_connection
        assert driver is not None
        driver.set_progress_handler(count, 1)
        try:
            question(session)
        finally:
            driver.set_progress_handler(None, 1)
    return taken


@pytest.mark.parametrize(
    "question",
    [
        lambda session, _: deliveries.wanting_work(session, now=NOW),
        lambda session, campaign_id: deliveries.next_is_suspect(session, campaign_id, now=NOW),
        lambda session, campaign_id: deliveries.claim(session, campaign_id, token="t", now=NOW),
        lambda session, campaign_id: outbox.next_try(session, campaign_id),
    ],
    ids=["wanting work", "suspect", "claim", "next try"],
)
def test_mails_that_wait_cost_nothing(db: Database, question: Callable[[Session, int], object]) -> None:
    """P12: a server that defers a whole list; 1 time, 2 times, 4 times as many."""
    with db.transaction() as session:
        campaign_id = make_campaign(session, 0).id
    taken = []
    for number in (500, 500, 1000):
        deferred(db, campaign_id, number)
        taken.append(steps(db, lambda session: question(session, campaign_id)))
    assert max(taken) <= min(taken) + 50, taken
