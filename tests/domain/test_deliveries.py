"""Which mails of a campaign a worker is given, in which order, and when there are none left."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from service.db import Database
from service.domain import deliveries, suppression
from service.facts.bounces import PauseReason
from service.facts.limits import RETRY_GIVE_UP
from service.facts.replies import Outcome, Reason, Reply
from service.facts.states import CampaignState, DeliveryState
from service.models import Campaign, Delivery
from tests.domain.mailing import ACCEPTED, claim, mark, row, settle, start
from tests.outbound import NOW, make_campaign


def test_temporary_refusals_are_retried_ever_more_slowly_for_four_days(db: Database) -> None:
    """M-18: five minutes at first, then longer; at the end it fails with the server's real last answer."""
    campaign_id = start(db, 1)
    moment, waits = NOW, []
    while True:
        mails = claim(db, campaign_id, "t", moment)
        if not mails:
            break
        settle(db, mails[0], Reply(Outcome.TEMPORARY, f"451 try {len(waits)}"), "t", moment)
        again = row(db, mails[0]).next_attempt_at
        if again is None:
            break
        assert claim(db, campaign_id, "early", again - timedelta(seconds=1)) == []
        waits.append(again - moment)
        moment = again
    assert [wait.total_seconds() / 60 for wait in waits[:4]] == [5, 10, 20, 40]
    assert waits == sorted(waits)
    assert moment - NOW <= RETRY_GIVE_UP < moment - NOW + waits[-1]
    failed = row(db, 1)
    assert (failed.state, failed.reply, failed.attempts) == (
        "failed",
        f"451 try {len(waits)}",
        len(waits) + 1,
    )


def test_suppressed_recipients_are_settled_at_the_claim(db: Database) -> None:
    """M-7, M-23: nobody who unsubscribed is even claimed; another program's suppression does not count."""
    campaign_id = start(db, 3)
    with db.transaction() as session:
        program_id = session.get_one(Campaign, campaign_id).program_id
        reason = suppression.SuppressionReason.UNSUBSCRIBED
        assert suppression.suppress(session, program_id, "p1@example.com", reason=reason, now=NOW)
        assert not suppression.suppress(session, program_id, "p1@example.com", reason=reason, now=NOW)
    assert len(claim(db, campaign_id, "t")) == 2
    assert row(db, 2).state == "suppressed"
    with db.transaction() as session:
        assert suppression.is_suppressed(session, program_id, "p1@example.com")
        assert suppression.lift(session, program_id, "p1@example.com", now=NOW)
        assert not suppression.is_suppressed(session, program_id, "p1@example.com")


@pytest.mark.parametrize("state", [CampaignState.PAUSED, CampaignState.CANCELLED, CampaignState.FINISHED])
def test_only_a_campaign_that_is_being_sent_gives_out_work(db: Database, state: CampaignState) -> None:
    """F-15: neither a claim nor a mark is granted once the campaign has stopped."""
    campaign_id = start(db, 2)
    first, _ = claim(db, campaign_id, "t")
    with db.transaction() as session:
        session.get_one(Campaign, campaign_id).state = state.value
    assert not mark(db, first, "t")
    assert claim(db, campaign_id, "u") == []


def test_retries_come_before_what_waits_for_its_first_try(db: Database) -> None:
    """M-18: behind a long queue their four days would be over before the second try."""
    campaign_id = start(db, 3)
    with db.transaction() as session:
        [mail] = deliveries.claim(session, campaign_id, token="t", now=NOW, limit=1)
    settle(db, mail.id, Reply(Outcome.TEMPORARY, "451 4.7.1 Greylisted"), "t")
    later = NOW + timedelta(minutes=6)
    with db.transaction() as session:
        claimed = deliveries.claim(session, campaign_id, token="u", now=later, limit=2)
    assert [one.id for one in claimed] == [1, 2]


def test_the_longest_due_is_tried_first(db: Database) -> None:
    """M-18: retries before new mails, each in the order in which they became due."""
    with db.transaction() as session:
        campaign_id = make_campaign(session, 4).id
        mails = session.scalars(select(Delivery).order_by(Delivery.id)).all()
        for waiting, minutes in zip(mails, (5, 10, None, -5), strict=True):
            if minutes is not None:
                waiting.state = DeliveryState.DEFERRED.value
                waiting.next_attempt_at = NOW - timedelta(minutes=minutes)
    with db.transaction() as session:
        assert deliveries.wanting_work(session, now=NOW) == (campaign_id,)
        claimed = deliveries.claim(session, campaign_id, token="t", now=NOW)
    assert [mail.address for mail in claimed] == ["p1@example.com", "p0@example.com", "p2@example.com"]


def test_suppressed_rows_at_the_head_do_not_end_the_work(db: Database) -> None:
    """M-23: a batch of nobody is followed by the next one at once."""
    campaign_id = start(db, 4)
    with db.transaction() as session:
        program_id = session.get_one(Campaign, campaign_id).program_id
        reason = suppression.SuppressionReason.MANUAL
        for number in range(3):
            suppression.suppress(session, program_id, f"p{number}@example.com", reason=reason, now=NOW)
    with db.transaction() as session:
        claimed = deliveries.claim(session, campaign_id, token="t", now=NOW, limit=2)
    assert [one.address for one in claimed] == ["p3@example.com"]


def test_a_campaign_ends_when_nothing_is_open(db: Database) -> None:
    """Unknown rows do not keep a campaign open; sending one again opens it."""
    campaign_id = start(db, 2)
    first, second = claim(db, campaign_id, "t")
    for mail_id in (first, second):
        mark(db, mail_id, "t")
    settle(db, first, ACCEPTED, "t")
    with db.transaction() as session:
        assert not deliveries.finish_if_done(session, campaign_id, now=NOW)
    settle(db, second, Reply.because(Outcome.UNKNOWN, Reason.ANSWER_LOST), "t")
    with db.transaction() as session:
        assert deliveries.finish_if_done(session, campaign_id, now=NOW)


@pytest.mark.parametrize(
    ("reason", "ends"), [(PauseReason.HARD_BOUNCES.name, True), (None, False)], ids=["by itself", "by hand"]
)
def test_a_campaign_that_paused_by_itself_with_its_last_mails_ends(
    db: Database, reason: str | None, ends: bool
) -> None:
    """M-16: there is nothing left to resume; one that somebody paused waits for that person."""
    campaign_id = start(db, 1)
    [mail_id] = claim(db, campaign_id, "t")
    mark(db, mail_id, "t")
    with db.transaction() as session:
        campaign = session.get_one(Campaign, campaign_id)
        campaign.state, campaign.pause_reason = CampaignState.PAUSED.value, reason
    settle(db, mail_id, ACCEPTED, "t")
    with db.transaction() as session:
        assert deliveries.finish_all_done(session, now=NOW) == int(ends)
