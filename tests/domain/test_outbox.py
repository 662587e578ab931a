"""The delivery ledger: leases, marks, results, sweeps, and what a person may decide."""

from contextlib import nullcontext
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from service.bootstrap import Services
from service.db import Database
from service.domain import deliveries, ledger, notices, outbox, suppression, system_mails
from service.domain.errors import DomainError
from service.domain.ledger import Attempt
from service.facts.bounces import PauseReason
from service.facts.limits import LEASE, MOST_CRASHES, RETRY_GIVE_UP
from service.facts.refusals import Refusal
from service.facts.replies import Outcome, Reason, Reply, words_of
from service.facts.states import CAMPAIGN_STATE_LABELS, CampaignState, DeliveryState, UnknownPolicy
from service.models import Campaign, Delivery, Notice, StageChange, SystemMail, User
from tests.outbound import NOW, make_campaign

ACCEPTED = Reply(Outcome.ACCEPTED, "250 2.0.0 Ok")
LATER = NOW + LEASE + timedelta(seconds=1)


@pytest.fixture
def db(services: Services) -> Database:
    """The migrated database of an installation: this ledger needs the real one."""
    return services.db


def start(db: Database, recipients: int, policy: UnknownPolicy = UnknownPolicy.ASK) -> int:
    with db.transaction() as session:
        return make_campaign(session, recipients, policy=policy).id


def claim(db: Database, campaign_id: int, token: str, now: datetime = NOW) -> list[int]:
    with db.transaction() as session:
        return [mail.id for mail in deliveries.claim(session, campaign_id, token=token, now=now)]


def mark(db: Database, mail_id: int, token: str, now: datetime = NOW) -> bool:
    with db.transaction() as session:
        mark = ledger.Mark(mail_id, token)
        return deliveries.mark_in_flight(session.connection(), [mark]) == {mail_id}


def settle(db: Database, mail_id: int, reply: Reply, token: str, now: datetime = NOW) -> None:
    with db.transaction() as session:
        attempt = Attempt(mail_id, token, reply)
        if reply.outcome is Outcome.ACCEPTED:
            deliveries.settle_sent(session.connection(), [attempt], now=now)
        else:
            deliveries.settle(session, attempt, now=now)


def row(db: Database, mail_id: int) -> Delivery:
    with db.reading() as session:
        return session.get_one(Delivery, mail_id)


def sweep(db: Database, now: datetime, *, everything: bool = False) -> ledger.Swept:
    with db.transaction() as session:
        return deliveries.sweep(session, now=now, everything=everything)


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


def test_a_person_settles_an_unknown_mail(services: Services, db: Database) -> None:
    """Send again keeps the Message-ID; treat as sent moves the stage; neither works twice."""
    campaign_id = start(db, 2)
    for mail_id in claim(db, campaign_id, "t"):
        mark(db, mail_id, "t")
        settle(db, mail_id, Reply.because(Outcome.UNKNOWN, Reason.ANSWER_LOST), "t")
    message_id = row(db, 1).message_id
    with db.transaction() as session:
        deliveries.finish_if_done(session, campaign_id, now=NOW)
        outbox.resend(session, services.jobs, campaign_id, 1, now=NOW)
        outbox.treat_as_sent(session, campaign_id, 2, now=NOW)
    assert (row(db, 1).state, row(db, 1).message_id) == ("queued", message_id)
    assert (row(db, 2).state, row(db, 2).reply) == ("sent", words_of(Reason.TREATED_AS_SENT))
    with db.transaction() as session:
        assert session.get_one(Campaign, campaign_id).state == CampaignState.SENDING.value
        with pytest.raises(DomainError) as refused:
            outbox.resend(session, services.jobs, campaign_id, 2, now=NOW)
        assert refused.value.refusal is Refusal.DELIVERY_NOT_UNKNOWN
        with pytest.raises(DomainError) as missing:
            outbox.treat_as_sent(session, campaign_id + 1, 1, now=NOW)
        assert missing.value.refusal is Refusal.NOT_FOUND


def unknown_mails(db: Database, recipients: int, **options: UnknownPolicy) -> int:
    """Launch a campaign whose mails all lost their answer."""
    campaign_id = start(db, recipients, **options)
    for mail_id in claim(db, campaign_id, "t"):
        mark(db, mail_id, "t")
        settle(db, mail_id, Reply.because(Outcome.UNKNOWN, Reason.ANSWER_LOST), "t")
    return campaign_id


@pytest.mark.parametrize("state", CampaignState)
def test_only_a_campaign_that_still_sends_sends_again(
    services: Services, db: Database, state: CampaignState
) -> None:
    """F-7: what a cancelled campaign would never send stays unknown, and the page is told so."""
    campaign_id = unknown_mails(db, 1)
    sends = state in {CampaignState.SENDING, CampaignState.PAUSED, CampaignState.FINISHED}
    with db.transaction() as session:
        session.get_one(Campaign, campaign_id).state = state.value
    with db.transaction() as session, nullcontext() if sends else pytest.raises(DomainError) as refused:
        outbox.resend(session, services.jobs, campaign_id, 1, now=NOW)
    if refused is not None:
        assert refused.value.refusal is Refusal.CAMPAIGN_NOT_IN_STATE
        assert refused.value.values == {"state": CAMPAIGN_STATE_LABELS[state]}
    sweep(db, LATER)
    assert row(db, 1).state == ("queued" if sends else "unknown")


def told(db: Database) -> list[tuple[str, int | None, object]]:
    with db.reading() as session:
        found = session.scalars(select(Notice).order_by(Notice.id))
        return [(item.kind, item.subject_id, item.values["subject"]) for item in found]


def test_the_author_is_told_once_that_a_campaign_is_finished(services: Services, db: Database) -> None:
    """In the author's language; sending one mail again does not make it news a second time."""
    campaign_id = start(db, 2)
    with db.transaction() as session:
        session.scalars(select(User)).one().locale = "ja"
    for mail_id in claim(db, campaign_id, "t"):
        mark(db, mail_id, "t")
        settle(db, mail_id, ACCEPTED, "t")
    assert told(db) == []
    for _ in range(2):
        with db.transaction() as session:
            deliveries.finish_all_done(session, now=NOW)
    assert told(db) == [("campaign_finished", campaign_id, "Auroraとの提携")]
    with db.transaction() as session:
        session.get_one(Campaign, campaign_id).state = CampaignState.SENDING.value
        session.flush()
        assert deliveries.finish_if_done(session, campaign_id, now=NOW)
    assert len(told(db)) == 1


def test_the_author_is_told_of_unknown_mails_until_they_have_read_it(db: Database) -> None:
    """Two lost answers are one line of news; one after it was read is another."""
    campaign_id = unknown_mails(db, 2)
    line = ("campaign_unknown", campaign_id, "A partnership with Aurora")
    assert told(db) == [line]
    with db.transaction() as session:
        notices.mark_read(session, session.scalars(select(User.id)).one(), now=NOW)
        deliveries.settle(session, Attempt(1, "t", Reply(Outcome.UNKNOWN, "lost")), now=NOW)
    assert told(db) == [line, line]


def test_the_author_is_told_what_a_sweep_called_unknown(db: Database) -> None:
    """F-7: a worker that died in flight; a campaign that repeats by itself asks nobody."""
    campaign_id = start(db, 2)
    for mail_id in claim(db, campaign_id, "t"):
        mark(db, mail_id, "t")
    assert sweep(db, LATER) == ledger.Swept(0, 2, (1, 2))
    sweep(db, LATER)
    assert told(db) == [("campaign_unknown", campaign_id, "A partnership with Aurora")]


def test_a_campaign_that_repeats_by_itself_asks_nobody(db: Database) -> None:
    campaign_id = unknown_mails(db, 1, policy=UnknownPolicy.RETRY)
    assert told(db) == []
    with db.reading() as session:
        assert outbox.next_try(session, campaign_id) == NOW + timedelta(minutes=5)
        assert outbox.next_try(session, campaign_id + 1) is None


def test_system_mails_have_their_own_lane_and_forget_their_links(services: Services, db: Database) -> None:
    """A reset link does not stay in the ledger once the mail is out; one whose answer is lost goes again."""
    with db.transaction() as session:
        values = {"url": "https://prospectus.example/en/reset/secret", "minutes": 60}
        for _ in range(2):
            outbox.queue_system_mail(
                session,
                services.jobs,
                template="password-reset",
                address="ada@brand.example",
                locale="en",
                values=values,
                now=NOW,
            )
        assert system_mails.wanting_work(session, now=NOW) == 1
    with db.transaction() as session:
        claimed = system_mails.claim(session, token="t", now=NOW)
        assert [(mail.id, mail.values) for mail in claimed] == [(1, values), (2, values)]
        assert system_mails.wanting_work(session, now=NOW) is None
        for mail in claimed:
            mark = ledger.Mark(mail.id, "t")
            assert system_mails.mark_in_flight(session.connection(), [mark]) == {mail.id}
        system_mails.settle_sent(session.connection(), [Attempt(1, "t", ACCEPTED)], now=NOW)
    with db.transaction() as session:
        assert system_mails.sweep(session, now=LATER).unknown == 1
    with db.reading() as session:
        found = [
            (mail.state, mail.values) for mail in session.scalars(select(SystemMail).order_by(SystemMail.id))
        ]
    assert found == [("sent", {}), ("deferred", values)]


def test_campaigns_without_a_worker_are_found(db: Database) -> None:
    """The sweep wakes a campaign that has work and nobody who holds any of it."""
    campaign_id = start(db, 2)
    with db.reading() as session:
        assert deliveries.wanting_work(session, now=NOW) == (campaign_id,)
    claim(db, campaign_id, "t")
    with db.reading() as session:
        assert deliveries.wanting_work(session, now=NOW) == ()


def test_a_system_mail_that_is_given_up_forgets_its_link(services: Services, db: Database) -> None:
    """D-1, F-17: parked while it waited or while it was sent, it has failed, and no secret stays with it."""
    values = {"url": "https://prospectus.example/en/reset/canary", "minutes": 60}
    with db.transaction() as session:
        for state in ("claimed", "in_flight", "claimed", "queued"):
            mail_id = outbox.queue_system_mail(
                session, services.jobs, template="password-reset", address="ada@brand.example", locale="en",
                values=values, now=NOW,
            )  # fmt: skip
            mail = session.get_one(SystemMail, mail_id)
            mail.state, mail.lease_token = state, "t"
            mail.lease_until = NOW + LEASE if state != "queued" else None
            mail.crashes = MOST_CRASHES - 1 if mail_id < 3 else 0
        session.flush()
        system_mails.sweep(session, now=LATER)
    with db.reading() as session:
        mails = session.scalars(select(SystemMail).order_by(SystemMail.id)).all()
    assert [(mail.state, mail.values, mail.settled_at) for mail in mails] == [
        ("failed", {}, LATER),
        ("failed", {}, LATER),
        ("queued", values, None),
        ("queued", values, None),
    ]


def test_a_cancelled_campaign_holds_no_lease(db: Database) -> None:
    """F-15: what was claimed is let go of altogether, and no sweep counts it as a crash."""
    campaign_id = start(db, 2)
    claim(db, campaign_id, "t")
    with db.transaction() as session:
        assert outbox.cancel_open(session, campaign_id, now=NOW) == 0
    with db.reading() as session:
        found = session.execute(select(Delivery.state, Delivery.lease_token, Delivery.lease_until)).all()
    assert [tuple(one) for one in found] == [("cancelled", None, None)] * 2


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
