"""What a person may decide of mails in the outbox: to send again, to treat as sent, to cancel."""

from contextlib import nullcontext

import pytest
from sqlalchemy import select

from service.db import Database
from service.domain import deliveries, outbox
from service.domain.errors import DomainError
from service.facts.refusals import Refusal
from service.facts.replies import Outcome, Reason, Reply, words_of
from service.facts.states import CAMPAIGN_STATE_LABELS, CampaignState
from service.models import Campaign, Delivery
from tests.domain.factories import AskedJobs
from tests.domain.mailing import LATER, claim, mark, row, settle, start, sweep, unknown_mails
from tests.outbound import NOW


def test_a_person_settles_an_unknown_mail(db: Database) -> None:
    """Send again keeps the Message-ID; treat as sent moves the stage; neither works twice."""
    campaign_id = start(db, 2)
    for mail_id in claim(db, campaign_id, "t"):
        mark(db, mail_id, "t")
        settle(db, mail_id, Reply.because(Outcome.UNKNOWN, Reason.ANSWER_LOST), "t")
    message_id = row(db, 1).message_id
    with db.transaction() as session:
        deliveries.finish_if_done(session, campaign_id, now=NOW)
        outbox.resend(session, AskedJobs(), campaign_id, 1, now=NOW)
        outbox.treat_as_sent(session, campaign_id, 2, now=NOW)
    assert (row(db, 1).state, row(db, 1).message_id) == ("queued", message_id)
    assert (row(db, 2).state, row(db, 2).reply) == ("sent", words_of(Reason.TREATED_AS_SENT))
    with db.transaction() as session:
        assert session.get_one(Campaign, campaign_id).state == CampaignState.SENDING.value
        with pytest.raises(DomainError) as refused:
            outbox.resend(session, AskedJobs(), campaign_id, 2, now=NOW)
        assert refused.value.refusal is Refusal.DELIVERY_NOT_UNKNOWN
        with pytest.raises(DomainError) as missing:
            outbox.treat_as_sent(session, campaign_id + 1, 1, now=NOW)
        assert missing.value.refusal is Refusal.NOT_FOUND


@pytest.mark.parametrize("state", CampaignState)
def test_only_a_campaign_that_still_sends_sends_again(db: Database, state: CampaignState) -> None:
    """F-7: what a cancelled campaign would never send stays unknown, and the page is told so."""
    campaign_id = unknown_mails(db, 1)
    sends = state in {CampaignState.SENDING, CampaignState.PAUSED, CampaignState.FINISHED}
    with db.transaction() as session:
        session.get_one(Campaign, campaign_id).state = state.value
    with db.transaction() as session, nullcontext() if sends else pytest.raises(DomainError) as refused:
        outbox.resend(session, AskedJobs(), campaign_id, 1, now=NOW)
    if refused is not None:
        assert refused.value.refusal is Refusal.CAMPAIGN_NOT_IN_STATE
        assert refused.value.values == {"state": CAMPAIGN_STATE_LABELS[state]}
    sweep(db, LATER)
    assert row(db, 1).state == ("queued" if sends else "unknown")


def test_a_cancelled_campaign_holds_no_lease(db: Database) -> None:
    """F-15: what was claimed is let go of altogether, and no sweep counts it as a crash."""
    campaign_id = start(db, 2)
    claim(db, campaign_id, "t")
    with db.transaction() as session:
        assert outbox.cancel_open(session, campaign_id, now=NOW) == 0
    with db.reading() as session:
        found = session.execute(select(Delivery.state, Delivery.lease_token, Delivery.lease_until)).all()
    assert [tuple(one) for one in found] == [("cancelled", None, None)] * 2
