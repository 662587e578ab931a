"""Leases and marks of the ledger: who holds a mail, who lost it, and what a sweep makes of what is left."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from service.db import Database
from service.domain import deliveries, ledger
from service.facts.replies import Outcome, Reason, Reply, words_of
from service.facts.states import CampaignState, DeliveryState, UnknownPolicy
from service.models import Campaign, Delivery, StageChange
from tests.domain.mailing import ACCEPTED, LATER, claim, mark, row, settle, start, sweep
from tests.outbound import NOW


def test_a_mail_goes_from_queued_to_sent_and_tells_its_prospect(db: Database) -> None:
    """The whole way of one row: every mark and moment of it."""
    campaign_id = start(db, 1)
    [mail_id] = claim(db, campaign_id, "t")
    assert mark(db, mail_id, "t")
    assert row(db, mail_id).state == DeliveryState.IN_FLIGHT.value
    settle(db, mail_id, ACCEPTED, "t")
    sent = row(db, mail_id)
    assert (sent.state, sent.attempts, sent.reply) == ("sent", 1, "250 2.0.0 Ok")
    assert (sent.claimed_at, sent.first_tried_at, sent.settled_at) == (NOW, NOW, NOW)
    assert (sent.lease_token, sent.lease_until) == (None, None)
    with db.transaction() as session:
        assert list(session.scalars(select(StageChange))) == []
        assert deliveries.tell_prospects(session, campaign_id) == 1
        assert deliveries.tell_prospects(session, campaign_id) == 0
    with db.reading() as session:
        [change] = session.scalars(select(StageChange))
        assert (change.stage, change.delivery_id, change.at) == ("outreach", mail_id, NOW)


@pytest.mark.parametrize("state", ["sending", "cancelled"])
def test_a_worker_that_died_before_it_told_a_prospect_leaves_that_to_the_next(
    db: Database, state: str
) -> None:
    """F-1: a mail is stored as sent and its prospect still New; a start, an hour or the end repairs that."""
    campaign_id = start(db, 2)
    first, second = claim(db, campaign_id, "t")
    for mail_id in (first, second):
        mark(db, mail_id, "t")
    settle(db, first, ACCEPTED, "t")
    with db.transaction() as session:
        campaign = session.get_one(Campaign, campaign_id)
        campaign.state, campaign.finished_at = state, NOW if state == "cancelled" else None
    with db.transaction() as session:
        assert deliveries.tell_all_prospects(session, now=NOW) == 1
        assert deliveries.tell_all_prospects(session, now=NOW) == 0
    settle(db, second, ACCEPTED, "t")
    with db.transaction() as session:
        session.get_one(Campaign, campaign_id).state = "sending"
        session.flush()
        assert deliveries.finish_if_done(session, campaign_id, now=NOW)
    with db.reading() as session:
        told = [
            change.delivery_id for change in session.scalars(select(StageChange).order_by(StageChange.id))
        ]
    assert told == [first, second]


def test_who_lost_the_lease_changes_nothing(db: Database) -> None:
    """A worker that slept past its lease may neither send nor settle what another one holds now."""
    campaign_id = start(db, 1)
    [mail_id] = claim(db, campaign_id, "old")
    assert sweep(db, LATER) == ledger.Swept(released=1, unknown=0)
    assert not mark(db, mail_id, "old", LATER)
    assert claim(db, campaign_id, "new", LATER) == [mail_id]
    settle(db, mail_id, ACCEPTED, "old", LATER)
    assert (row(db, mail_id).state, row(db, mail_id).lease_token) == ("claimed", "new")


def test_a_renewed_lease_is_not_swept(db: Database) -> None:
    """A slow relay costs time, not the lease."""
    campaign_id = start(db, 2)
    claim(db, campaign_id, "t")
    with db.transaction() as session:
        assert ledger.renew(session, Delivery, token="t", now=LATER) == 2
    assert sweep(db, LATER + timedelta(seconds=30)) == ledger.Swept(0, 0)


def test_what_was_in_flight_becomes_unknown_and_is_not_claimed_again(db: Database) -> None:
    """P2: after a crash nobody knows, so nobody sends again by themselves; the late answer still counts."""
    campaign_id = start(db, 1)
    [mail_id] = claim(db, campaign_id, "t")
    mark(db, mail_id, "t")
    assert sweep(db, LATER) == ledger.Swept(released=0, unknown=1, asking=(mail_id,))
    lost = row(db, mail_id)
    assert (lost.state, lost.reply) == ("unknown", words_of(Reason.INTERRUPTED))
    assert claim(db, campaign_id, "other", LATER) == []
    settle(db, mail_id, ACCEPTED, "t", LATER)
    assert row(db, mail_id).state == "sent"


def test_with_the_policy_retry_a_crash_is_followed_by_another_attempt(db: Database) -> None:
    """P2 by choice: the row waits its time and goes out again under a new lease."""
    campaign_id = start(db, 1, UnknownPolicy.RETRY)
    [mail_id] = claim(db, campaign_id, "t")
    mark(db, mail_id, "t")
    assert sweep(db, LATER).unknown == 1
    assert row(db, mail_id).state == "deferred"
    settle(db, mail_id, ACCEPTED, "t", LATER)
    assert row(db, mail_id).state == "deferred"
    assert claim(db, campaign_id, "u", LATER + timedelta(minutes=5)) == [mail_id]


def test_the_only_worker_releases_everything_at_its_start(db: Database) -> None:
    """An embedded worker that got the lock need not wait for leases to expire."""
    campaign_id = start(db, 3)
    first, *_ = claim(db, campaign_id, "t")
    mark(db, first, "t")
    assert sweep(db, NOW, everything=True) == ledger.Swept(released=2, unknown=1, asking=(first,))


def test_a_cancelled_campaign_does_not_call_cancelled_what_may_have_arrived(db: Database) -> None:
    """F-15: whatever its policy, a mail that was in flight ends as unknown."""
    campaign_id = start(db, 2, policy=UnknownPolicy.RETRY)
    first, second = claim(db, campaign_id, "t")
    for mail_id in (first, second):
        mark(db, mail_id, "t")
    with db.transaction() as session:
        session.get_one(Campaign, campaign_id).state = CampaignState.CANCELLED.value
    settle(db, first, Reply(Outcome.UNKNOWN, "lost"), "t")
    sweep(db, LATER)
    assert [row(db, mail_id).state for mail_id in (first, second)] == ["unknown", "unknown"]


def test_campaigns_without_a_worker_are_found(db: Database) -> None:
    """The sweep wakes a campaign that has work and nobody who holds any of it."""
    campaign_id = start(db, 2)
    with db.reading() as session:
        assert deliveries.wanting_work(session, now=NOW) == (campaign_id,)
    claim(db, campaign_id, "t")
    with db.reading() as session:
        assert deliveries.wanting_work(session, now=NOW) == ()


def test_a_suspect_among_the_retries_is_seen_before_the_new_mails(db: Database) -> None:
    """F-17: it is the next to be claimed, and goes alone."""
    campaign_id = start(db, 2)
    with db.transaction() as session:
        last = session.get_one(Delivery, 2)
        last.state, last.next_attempt_at = DeliveryState.DEFERRED.value, NOW
        last.crashes = ledger.SUSPECT
    with db.reading() as session:
        before = NOW - timedelta(seconds=1)
        assert not deliveries.next_is_suspect(session, campaign_id, now=before)
        assert deliveries.next_is_suspect(session, campaign_id, now=NOW)
