"""Mails that always raise, or take the worker down with them: parked with a reason, and the others go on."""

from collections import Counter

import pytest
from sqlalchemy import select, text

from service.config import Settings
from service.domain import ledger
from service.facts.limits import MOST_CRASHES
from service.facts.replies import Outcome, Reason, Reply, words_of
from service.facts.states import DeliveryState
from service.models import Delivery, SystemMail
from tests.outbound import NOW
from tests.worker.oracle import counts, finished, installed, launch, wait_for
from tests.worker.process import FAULTS, Worker


def test_a_mail_that_kills_the_worker_is_parked_and_the_others_go_on(
    settings: Settings,
) -> None:
    """F-17: after five crashes the mail, alone by then, ends as failed with the reason; nobody else does."""
    log = settings.data / "worker.log"
    with installed(settings) as services:
        campaign_id = launch(services, 150)
        other_id = launch(services, 30)
        worker = Worker(settings, log, env={"PYTHONPATH": str(FAULTS), "POISON": "p77@example.com"})
        crashes = 0

        def over() -> bool:
            nonlocal crashes
            if worker.process.poll() is not None:
                crashes += 1
                worker.again()
            return finished(services, campaign_id) and finished(services, other_id)

        wait_for(over, log=log)
        assert worker.stop() == 0
        assert crashes == MOST_CRASHES
        ended = Counter(counts(services, campaign_id)) + Counter(counts(services, other_id))
        # What was in flight beside it when it struck is unknown, as after any crash.
        assert ended.pop(DeliveryState.UNKNOWN, 0) <= MOST_CRASHES * settings.mail_connections
        assert set(ended) == {DeliveryState.SENT, DeliveryState.FAILED}
        assert ended[DeliveryState.FAILED] == 1
        with services.db.reading() as session:
            parked = session.scalars(
                select(Delivery).where(Delivery.state == DeliveryState.FAILED.value)
            ).one()
        assert (parked.address, parked.reply) == ("p77@example.com", words_of(Reason.STOPPED_WORKER))


def test_a_mail_that_always_raises_is_parked_after_five_tries(settings: Settings) -> None:
    """F-17: a fault of ours is tried again, but not for days."""
    with installed(settings) as services, services.db.transaction() as session:
        mail = SystemMail(
            template="no such template",
            address="a@x.example",
            locale="en",
            message_id="m",
            state=DeliveryState.CLAIMED.value,
            lease_token="t",
            created_at=NOW,
        )
        session.add(mail)
        session.flush()
        states = []
        for _ in range(MOST_CRASHES):
            session.execute(text("UPDATE system_mails SET state = 'claimed', lease_token = 't'"))
            reply = Reply.because(Outcome.TEMPORARY, Reason.NOT_COMPOSABLE)
            states.append(ledger.settle(session, SystemMail, ledger.Attempt(mail.id, "t", reply), now=NOW))
        assert states == [DeliveryState.DEFERRED] * 4 + [DeliveryState.FAILED]


@pytest.mark.parametrize(
    ("crashes", "together"),
    [([0] * 300, 200), ([1] * 300, 50), ([2] * 300, 12), ([3] * 300, 3), ([4] * 9, 1)],
)
def test_the_company_of_a_suspect_shrinks(crashes: list[int], together: int) -> None:
    """F-17: four times smaller with each crash, down to the mail itself."""
    rows = [Delivery(crashes=number) for number in crashes]
    assert len(ledger.cautious(rows, 200)) == together


def test_suspects_are_not_claimed_with_the_innocent() -> None:
    """F-17: what did not crash goes before, by itself."""
    rows = [Delivery(crashes=number) for number in (0, 0, 1, 2, 0)]
    assert len(ledger.cautious(rows, 200)) == 3
    assert len(ledger.cautious(rows[3:], 200)) == 1
