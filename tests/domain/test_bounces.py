"""What a mail that comes back does to its address, its delivery and the program's campaigns."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.db import Database
from service.domain import bounces, campaigns, deliveries, notices, outbox, suppression
from service.domain.ledger import Attempt, Mark
from service.domain.suppression import SuppressionReason
from service.facts.bounces import BounceKind, PauseReason, reply_of
from service.facts.replies import Outcome, Reason, Reply, SmtpStep, words_of
from service.facts.states import CampaignState, DeliveryState
from service.models import Bounce, Campaign, Delivery, Notice, Program, Suppression, User
from tests.domain.factories import AskedJobs
from tests.outbound import NOW, make_campaign, settle

HARD = Reply(Outcome.PERMANENT, "550 5.1.1 User unknown", SmtpStep.RCPT)
SOFT = Reply(Outcome.PERMANENT, "550 5.4.1 No answer from host", SmtpStep.RCPT)
SENT = Reply(Outcome.ACCEPTED, "250 2.0.0 Ok")


def refused(text: str, step: SmtpStep = SmtpStep.RCPT) -> Reply:
    return Reply(Outcome.PERMANENT, text, step)


def send(session: Session, campaign_id: int, *replies: Reply) -> list[int]:
    """Send the campaign's next deliveries, answered in turn; return their ids."""
    claimed = deliveries.claim(session, campaign_id, token="t", now=NOW, limit=len(replies) or 1)
    assert len(claimed) == len(replies)
    deliveries.mark_in_flight(session.connection(), [Mark(mail.id, "t") for mail in claimed])
    answered = zip(claimed, replies, strict=True)
    settle(session, *(Attempt(mail.id, "t", reply) for mail, reply in answered))
    return [mail.id for mail in claimed]


def come_back(session: Session, delivery_id: int, text: str, *, days: float = 0) -> BounceKind | None:
    """Report a delivery as failed after it was sent."""
    code, status = reply_of(text)
    delivery = session.get_one(Delivery, delivery_id, populate_existing=True)
    now = NOW + timedelta(days=days)
    return bounces.record_report(session, delivery, code=code, status=status, text=text, now=now)


def author_of(session: Session, campaign: Campaign) -> User:
    return session.get_one(User, campaign.author_id)


def reasons(session: Session) -> dict[str, str]:
    return {row.address_key: row.reason for row in session.scalars(select(Suppression))}


@pytest.mark.parametrize(
    ("reply", "kind", "suppressed"),
    [
        (HARD, "hard", True),
        (refused("556 5.1.10 Null MX"), "hard", True),
        (SOFT, "soft", False),
        (refused("552 5.2.2 Over quota", SmtpStep.CONTENT), "full", False),
        (refused("550 5.7.1 Refused"), "policy", False),
        (refused("550 5.1.1 Sender unknown", SmtpStep.MAIL), "policy", False),
        (refused("554 5.6.0 Malformed", SmtpStep.CONTENT), "message", False),
        (Reply.because(Outcome.PERMANENT, Reason.NO_SMTPUTF8), None, False),
        (Reply.because(Outcome.PERMANENT, Reason.NOT_COMPOSABLE), None, False),
    ],
)
def test_a_refusal_in_the_conversation_is_judged(
    db: Database, reply: Reply, kind: str | None, suppressed: bool
) -> None:
    """M-15: what is about the address suppresses it at once, what is about the sender or us nobody."""
    with db.transaction() as session:
        campaign = make_campaign(session, 1)
        send(session, campaign.id, reply)
        assert session.scalar(select(Bounce.kind)) == kind
        expected = {"p0@example.com": "hard_bounce"} if suppressed else {}
        assert reasons(session) == expected
        assert outbox.counts(session, campaign.id)[DeliveryState.FAILED] == 1


def test_a_temporary_refusal_is_a_bounce_once_it_is_given_up(db: Database) -> None:
    """M-15, M-18: each attempt is not a bounce, the email is."""
    later = Reply(Outcome.TEMPORARY, "452 4.2.2 Over quota", SmtpStep.RCPT)
    with db.transaction() as session:
        campaign = make_campaign(session, 1)
        now = NOW
        for _ in range(100):
            (mail,) = deliveries.claim(session, campaign.id, token="t", now=now)
            assert session.scalar(select(func.count(Bounce.id))) == 0
            deliveries.settle(session, Attempt(mail.id, "t", later), now=now)
            row = session.get_one(Delivery, mail.id, populate_existing=True)
            if row.next_attempt_at is None:
                break
            now = row.next_attempt_at
        assert (row.state, row.reply) == ("failed", "452 4.2.2 Over quota")
        bounce = session.scalars(select(Bounce)).one()
        assert (bounce.kind, bounce.status, bounce.text) == ("full", "4.2.2", "452 4.2.2 Over quota")


def test_a_lost_connection_is_nobodys_bounce(db: Database) -> None:
    lost = Reply(Outcome.PERMANENT, "the server closed the connection")
    with db.transaction() as session:
        send(session, make_campaign(session, 1).id, lost)
        assert session.scalar(select(func.count(Bounce.id))) == 0


def test_what_came_back_later_is_no_longer_sent(db: Database) -> None:
    """M-15: the delivery shows the real answer, and the address is written to no more."""
    with db.transaction() as session:
        campaign = make_campaign(session, 2)
        first, _ = send(session, campaign.id, SENT, SENT)
        assert come_back(session, first, "550 5.1.1 User unknown") is BounceKind.HARD
        row = session.get_one(Delivery, first)
        assert (row.state, row.reply, row.settled_at) == ("failed", "550 5.1.1 User unknown", NOW)
        assert reasons(session) == {"p0@example.com": "hard_bounce"}
        assert outbox.counts(session, campaign.id)[DeliveryState.SENT] == 1


def test_the_same_report_twice_says_nothing_new(db: Database) -> None:
    """M-14: whether it came in the conversation first or twice by mail; a graver one counts."""
    with db.transaction() as session:
        first, second = send(session, make_campaign(session, 2).id, HARD, SENT)
        assert come_back(session, first, "550 5.1.1 Again") is None
        assert session.get_one(Delivery, first).reply == "550 5.1.1 User unknown"
        assert come_back(session, second, "550 5.4.1 No answer") is BounceKind.SOFT
        assert come_back(session, second, "550 5.4.4 No answer") is None
        assert come_back(session, second, "550 5.1.1 Unknown") is BounceKind.HARD
        kinds = session.execute(select(Bounce.delivery_id, Bounce.kind).order_by(Bounce.id)).all()
        assert kinds == [(first, "hard"), (second, "soft"), (second, "hard")]


@pytest.mark.parametrize("state", DeliveryState)
def test_only_what_counts_as_sent_is_belied(db: Database, state: DeliveryState) -> None:
    """P1: an unknown result is known by its report; a mail that waits to be sent again goes on waiting."""
    with db.transaction() as session:
        make_campaign(session, 1)
        row = session.scalars(select(Delivery)).one()
        row.state = state.value
        session.flush()
        assert come_back(session, row.id, "550 5.1.1 Unknown") is BounceKind.HARD
        belied = {DeliveryState.SENT, DeliveryState.UNKNOWN}
        assert row.state == ("failed" if state in belied else state.value)
        assert reasons(session) == {"p0@example.com": "hard_bounce"}


def soft_campaigns(session: Session, number: int) -> list[int]:
    """Send this many campaigns to one and the same person; return the deliveries."""
    first = make_campaign(session, 1)
    program = session.get_one(Program, first.program_id)
    ids = send(session, first.id, SENT)
    target = session.get_one(Delivery, ids[0])
    for _ in range(number - 1):
        again = make_campaign(session, 1, program=program, author=author_of(session, first))
        row = session.scalars(select(Delivery).where(Delivery.campaign_id == again.id)).one()
        row.prospect_id = target.prospect_id
        session.flush()
        ids += send(session, again.id, SENT)
    return ids


@pytest.mark.parametrize(
    ("days", "suppressed"),
    [
        ([0, 1, 2, 3, 4], True),
        ([0, 1, 2, 3], False),
        ([0, 3, 6, 9, 13.9], True),
        ([0, 3, 6, 9, 14], False),
        ([0, 3, 6, 9, 14, 14.1], True),
    ],
)
def test_soft_bounces_suppress_after_five_in_14_days(
    db: Database, days: list[float], suppressed: bool
) -> None:
    """M-15: five emails that came back, full mailboxes among them, within the period."""
    with db.transaction() as session:
        for number, (mail, day) in enumerate(zip(soft_campaigns(session, len(days)), days, strict=True)):
            text = "552 5.2.2 Over quota" if number % 2 else "550 5.4.1 No answer"
            come_back(session, mail, text, days=day)
        assert reasons(session) == ({"p0@example.com": "hard_bounce"} if suppressed else {})


def test_a_complaint_suppresses_and_leaves_the_delivery_sent(db: Database) -> None:
    """M-15: it did arrive; the row says what the recipient thought of it."""
    with db.transaction() as session:
        (mail,) = send(session, make_campaign(session, 1).id, SENT)
        row = session.get_one(Delivery, mail)
        assert bounces.record_complaint(session, row, now=NOW)
        assert not bounces.record_complaint(session, row, now=NOW)
        assert (row.state, row.reply) == ("sent", words_of(Reason.REPORTED_AS_SPAM))
        assert reasons(session) == {"p0@example.com": "complaint"}


def test_who_has_unsubscribed_stays_so(db: Database) -> None:
    with db.transaction() as session:
        campaign = make_campaign(session, 1)
        (mail,) = send(session, campaign.id, SENT)
        suppression.suppress(
            session, campaign.program_id, "p0@example.com", reason=SuppressionReason.UNSUBSCRIBED, now=NOW
        )
        come_back(session, mail, "550 5.1.1 Unknown")
        assert reasons(session) == {"p0@example.com": "unsubscribed"}


# Automatic pause


def state(session: Session, campaign_id: int) -> tuple[str, str | None]:
    query = select(Campaign.state, Campaign.pause_reason).where(Campaign.id == campaign_id)
    row = session.execute(query).one()
    return row.state, row.pause_reason


SENDING = ("sending", None)


@pytest.mark.parametrize(
    ("every", "paused_after"),
    [
        (1, 10),  # all of them: as soon as there are enough to be no accident
        (10, 100),
        (20, 200),  # 5 %
        (21, None),
        (100, None),
    ],
)
def test_hard_bounces_pause_the_campaign_at_one_in_20(
    db: Database, every: int, paused_after: int | None
) -> None:
    """M-16: a campaign of which every n-th address does not exist."""
    with db.transaction() as session:
        campaign = make_campaign(session, 1200)
        sent, replies = 0, [*[SENT] * (every - 1), HARD]
        while sent < 1200 and state(session, campaign.id) == SENDING:
            sent += len(send(session, campaign.id, *replies[: 1200 - sent]))
        expected = SENDING if paused_after is None else ("paused", PauseReason.HARD_BOUNCES.name)
        assert (sent, state(session, campaign.id)) == (paused_after or 1200, expected)


@pytest.mark.parametrize(("recipients", "hard"), [(3, 1), (3, 3), (9, 9), (400, 9)])
def test_a_few_bounces_pause_nothing(db: Database, recipients: int, hard: int) -> None:
    """M-16: one of three is no pattern."""
    with db.transaction() as session:
        campaign = make_campaign(session, recipients + 1)
        send(session, campaign.id, *[HARD] * hard, *[SENT] * (recipients - hard))
        assert state(session, campaign.id) == SENDING


def test_reports_that_come_after_the_campaign_are_counted_where_their_mails_stood(db: Database) -> None:
    """M-16: all mails go out in a moment; what came back of one part is not diluted by those after it."""
    with db.transaction() as session:
        campaign = make_campaign(session, 1601)
        mails = [mail for _ in range(16) for mail in send(session, campaign.id, *[SENT] * 100)]
        for number, mail in enumerate(mails[100:1100:20], 1):
            assert state(session, campaign.id) == SENDING, number
            come_back(session, mail, "550 5.1.1 Unknown")
            if state(session, campaign.id) != SENDING:
                break
        assert state(session, campaign.id) == ("paused", PauseReason.HARD_BOUNCES.name)
        # The 1,000 mails up to the last of the fifty are the first that hold all of them.
        assert number == 50


def test_few_reports_after_a_large_campaign_pause_nothing(db: Database) -> None:
    """M-16: 1 % of 2,000 mails come back when all of them are out."""
    with db.transaction() as session:
        campaign = make_campaign(session, 2001)
        mails = [mail for _ in range(20) for mail in send(session, campaign.id, *[SENT] * 100)]
        for mail in mails[::100]:
            come_back(session, mail, "550 5.1.1 Unknown")
        assert state(session, campaign.id) == SENDING


@pytest.mark.parametrize(("at", "paused"), [((500,), False), ((1, 999), True), ((0, 1100), False)])
def test_complaints_pause_at_one_in_1000(db: Database, at: tuple[int, ...], paused: bool) -> None:
    """M-16: two of the last 1,000; a single one is one person's click."""
    with db.transaction() as session:
        campaign = make_campaign(session, 1201)
        mails = [mail for _ in range(12) for mail in send(session, campaign.id, *[SENT] * 100)]
        for place in at:
            bounces.record_complaint(session, session.get_one(Delivery, mails[place]), now=NOW)
        expected = ("paused", PauseReason.COMPLAINTS.name) if paused else SENDING
        assert state(session, campaign.id) == expected


def test_a_refused_sender_is_held_after_three(db: Database) -> None:
    """M-15: 5.7.x is about the sender: nobody is suppressed, and no more than three mails are lost."""
    policy = refused("550 5.7.26 Not authenticated")
    with db.transaction() as session:
        campaign = make_campaign(session, 200)
        send(session, campaign.id, *[SENT] * 100, policy, SENT, policy)
        assert state(session, campaign.id) == SENDING
        send(session, campaign.id, policy)
        assert state(session, campaign.id) == ("paused", PauseReason.SENDER_REFUSED.name)
        assert reasons(session) == {}
        assert outbox.counts(session, campaign.id)[DeliveryState.FAILED] == 3


def test_a_server_that_refuses_us_now_and_then_holds_nothing(db: Database) -> None:
    """F-8: the policy of one domain does not concern the others."""
    policy = refused("550 5.7.1 Refused")
    with db.transaction() as session:
        campaign = make_campaign(session, 301)
        for _ in range(10):
            send(session, campaign.id, policy, *[SENT] * 29)
        assert state(session, campaign.id) == SENDING


def test_all_running_campaigns_of_the_program_are_held_and_their_authors_told(db: Database) -> None:
    """M-16: the program's, and no other program's; one told once, again only when it was read."""
    with db.transaction() as session:
        first = make_campaign(session, 20)
        program = session.get_one(Program, first.program_id)
        author = author_of(session, first)
        second = make_campaign(session, 1, program=program, author=author)
        over = make_campaign(session, 1, program=program, author=author, state=CampaignState.CANCELLED)
        other = Program(
            name="Boréal", name_key="boréal", default_locale="fr", time_zone="UTC", created_at=NOW
        )
        session.add(other)
        session.flush()
        elsewhere = make_campaign(session, 1, program=other, author=author)
        send(session, first.id, *[HARD] * 10)
        held = ("paused", PauseReason.HARD_BOUNCES.name)
        found = [state(session, one.id) for one in (first, second, over, elsewhere)]
        assert found == [held, held, ("cancelled", None), SENDING]
        told = session.scalars(select(Notice).order_by(Notice.id)).all()
        assert [(one.kind, one.subject_id, one.user_id) for one in told] == [
            (notices.PAUSED, first.id, author.id),
            (notices.PAUSED, second.id, author.id),
        ]


def test_a_campaign_of_which_nothing_is_left_ends_instead(db: Database) -> None:
    """M-16: there is nothing to resume; what came back counts for the program's next campaign."""
    with db.transaction() as session:
        first = make_campaign(session, 10)
        send(session, first.id, *[HARD] * 10)
        assert state(session, first.id) == SENDING
        assert deliveries.finish_if_done(session, first.id, now=NOW)
        program, author = session.get_one(Program, first.program_id), author_of(session, first)
        second = make_campaign(session, 12, program=program, author=author)
        for row in session.scalars(select(Delivery).where(Delivery.campaign_id == second.id)):
            row.address_key = f"second.{row.address_key}"
        session.flush()
        send(session, second.id, HARD)
        assert state(session, second.id) == ("paused", PauseReason.HARD_BOUNCES.name)


def test_many_small_campaigns_are_counted_together(db: Database) -> None:
    """M-16: one email to one person at a time is a campaign each."""
    with db.transaction() as session:
        first = make_campaign(session, 1)
        program, author = session.get_one(Program, first.program_id), author_of(session, first)
        send(session, first.id, HARD)
        for number in range(8):
            one = make_campaign(session, 1, program=program, author=author)
            row = session.scalars(select(Delivery).where(Delivery.campaign_id == one.id)).one()
            row.address_key = f"q{number}@example.com"
            session.flush()
            send(session, one.id, HARD)
        last = make_campaign(session, 3, program=program, author=author)
        send(session, last.id, HARD)  # the first of them is suppressed by now, and passed by
        assert state(session, last.id) == ("paused", PauseReason.HARD_BOUNCES.name)


def test_somebody_resumes_and_the_count_begins_anew(db: Database) -> None:
    """M-16: what was counted once does not pause again, what comes after it does."""
    jobs = AskedJobs()
    with db.transaction() as session:
        campaign = make_campaign(session, 100)
        send(session, campaign.id, *[HARD] * 10)
        row = session.get_one(Campaign, campaign.id, populate_existing=True)
        assert row.state == CampaignState.PAUSED.value
        campaigns.resume(session, jobs, row)
        assert (row.state, row.pause_reason, row.auto_paused_at) == ("sending", None, NOW)
        assert jobs.delivered == [campaign.id]
    later = NOW + timedelta(hours=1)
    with db.transaction() as session:
        for number in range(10):
            assert state(session, campaign.id) == SENDING, number
            (mail,) = deliveries.claim(session, campaign.id, token="t", now=later, limit=1)
            deliveries.settle(session, Attempt(mail.id, "t", HARD), now=later)
        assert state(session, campaign.id) == ("paused", PauseReason.HARD_BOUNCES.name)


def test_old_mails_of_one_campaign_hide_no_new_ones_of_another(db: Database) -> None:
    """M-16: after a pause each campaign goes on where it stood, the earlier ones too."""
    later = NOW + timedelta(hours=1)
    with db.transaction() as session:
        first = make_campaign(session, 20)
        program, author = session.get_one(Program, first.program_id), author_of(session, first)
        second = make_campaign(session, 3, program=program, author=author)
        first.auto_paused_at = second.auto_paused_at = NOW
        failed = session.scalars(select(Delivery).where(Delivery.campaign_id == first.id).limit(9)).all()
        old, new, _ = session.scalars(
            select(Delivery).where(Delivery.campaign_id == second.id).order_by(Delivery.id)
        ).all()
        for row, at in ((old, NOW), *((row, later) for row in (*failed, new))):
            row.state, row.settled_at = DeliveryState.FAILED.value, at
        session.add_all(
            Bounce(delivery_id=row.id, kind=BounceKind.HARD.value, text="", at=later) for row in failed
        )
        session.flush()
        assert come_back(session, new.id, "550 5.1.1 Unknown") is BounceKind.HARD
        assert state(session, second.id) == ("paused", PauseReason.HARD_BOUNCES.name)


def test_somebody_who_pauses_gives_no_reason(db: Database) -> None:
    with db.transaction() as session:
        campaign = make_campaign(session, 1)
        campaigns.pause(session, campaign)
        assert state(session, campaign.id) == ("paused", None)
