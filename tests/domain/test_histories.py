"""What happened to one person: mails, failed attempts, stages and suppressions in one line of time."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.domain import attempts, deliveries, histories, subscriptions, suppression, suppression_list
from service.domain.histories import LiftEvent, MailEvent, StageStep, SuppressionEvent
from service.domain.ledger import Attempt, Mark
from service.domain.letters import UNSUBSCRIBE
from service.domain.signing import Signer
from service.domain.suppression import SuppressionReason
from service.facts.replies import Outcome, Reason, Reply, words_of
from service.models import Delivery, DeliveryAttempt, Program, Prospect, User
from tests.outbound import NOW, make_campaign, settle

LATER = NOW + timedelta(hours=1)


def attempt(session: Session, campaign_id: int, outcome: Outcome, text: str, *, now=NOW) -> int:  # type: ignore[no-untyped-def]
    """Claim the next mail and settle it like this; return its id."""
    [mail] = deliveries.claim(session, campaign_id, token="t", now=now, limit=1)
    deliveries.mark_in_flight(session.connection(), [Mark(mail.id, "t")])
    settle(session, Attempt(mail.id, "t", Reply(outcome, text)), now=now)
    return mail.id


def kept(session: Session) -> list[tuple[str, str | None]]:
    query = select(DeliveryAttempt.outcome, DeliveryAttempt.reply).order_by(DeliveryAttempt.id)
    return [(row.outcome, row.reply) for row in session.execute(query)]


def test_only_attempts_that_failed_leave_a_row(session: Session) -> None:
    campaign = make_campaign(session, 5)
    for outcome, text in (
        (Outcome.ACCEPTED, "250 Ok"),
        (Outcome.TEMPORARY, "450 later"),
        (Outcome.PERMANENT, "550 never"),
        (Outcome.UNKNOWN, words_of(Reason.ANSWER_LOST)),
    ):
        attempt(session, campaign.id, outcome, text)
    [mail] = deliveries.claim(session, campaign.id, token="u", now=NOW, limit=1)
    unreachable = Reply(Outcome.UNREACHABLE, "421 closing")
    settle(session, Attempt(mail.id, "u", unreachable))
    stranger = Attempt(mail.id, "not the token", Reply(Outcome.PERMANENT, "550 not ours"))
    settle(session, stranger)
    assert kept(session) == [
        ("temporary", "450 later"),
        ("permanent", "550 never"),
        ("unknown", words_of(Reason.ANSWER_LOST)),
    ]


def test_an_interrupted_attempt_is_kept_too(session: Session) -> None:
    campaign = make_campaign(session, 1)
    [mail] = deliveries.claim(session, campaign.id, token="t", now=NOW)
    deliveries.mark_in_flight(session.connection(), [Mark(mail.id, "t")])
    deliveries.sweep(session, now=NOW, everything=True)
    assert kept(session) == [("unknown", words_of(Reason.INTERRUPTED))]


def test_everything_in_one_line_of_time_newest_first(session: Session) -> None:
    campaign = make_campaign(session, 1)
    prospect = session.scalars(select(Prospect)).one()
    delivery_id = attempt(session, campaign.id, Outcome.TEMPORARY, "450 later")
    deliveries_again = NOW + timedelta(minutes=10)
    attempt(session, campaign.id, Outcome.ACCEPTED, "250 Ok", now=deliveries_again)
    key = session.scalars(select(Delivery.address_key)).one()
    suppression.suppress(session, campaign.program_id, key, reason=SuppressionReason.UNSUBSCRIBED, now=LATER)
    session.expire_all()
    events = histories.of_person(session, prospect)
    assert [type(event) for event in events] == [SuppressionEvent, MailEvent, StageStep]
    mail = events[1]
    assert isinstance(mail, MailEvent)
    assert (mail.delivery.id, mail.at) == (delivery_id, deliveries_again)
    assert [(row.outcome, row.reply) for row in mail.attempts] == [("temporary", "450 later")]
    entry = histories.suppression_of(session, campaign.program_id, key)
    assert entry is not None
    user = session.scalars(select(User)).one()
    suppression_list.lift(session, entry, note="She asked by phone", actor_id=user.id, now=LATER)
    [lifted] = [event for event in histories.of_person(session, prospect) if isinstance(event, LiftEvent)]
    assert (lifted.reason, lifted.note) == ("unsubscribed", "She asked by phone")


def test_consent_leaves_both_lines_whoever_takes_it_back(session: Session) -> None:
    """How the address got on the list stays told after it was lifted, by the person or by a user."""
    campaign = make_campaign(session, 1)
    prospect, user = session.scalars(select(Prospect)).one(), session.scalars(select(User)).one()
    delivery = session.scalars(select(Delivery)).one()
    program_id, key = campaign.program_id, delivery.address_key
    moments = [LATER + timedelta(hours=hours) for hours in range(4)]
    signer = Signer("key-of-enough-length")
    token = signer.sign(UNSUBSCRIBE, delivery.id)
    subscriptions.stop(session, subscriptions.find(session, signer, token), now=moments[0])
    again = subscriptions.find(session, signer, token)
    for _ in range(2):  # the second press of the button finds nothing to lift
        subscriptions.resume(session, again, program_id=program_id, now=moments[1])
    suppression.suppress(session, program_id, key, reason=SuppressionReason.COMPLAINT, now=moments[2])
    entry = histories.suppression_of(session, program_id, key)
    assert entry is not None
    suppression_list.lift(session, entry, note="By phone", actor_id=user.id, now=moments[3])
    told = [
        event
        for event in histories.of_person(session, prospect)
        if isinstance(event, LiftEvent | SuppressionEvent)
    ]
    assert told == [
        LiftEvent(moments[3], "complaint", "By phone", user.name),
        SuppressionEvent(moments[2], "complaint"),
        LiftEvent(moments[1], "unsubscribed", "", None),
        SuppressionEvent(moments[0], "unsubscribed"),
    ]


def test_a_stage_is_told_when_it_changes_and_a_mail_once(session: Session) -> None:
    first = make_campaign(session, 1)
    prospect = session.scalars(select(Prospect)).one()
    program, author = session.scalars(select(Program)).one(), session.scalars(select(User)).one()
    second = make_campaign(session, 1, program=program, author=author)
    again = session.scalars(select(Delivery).where(Delivery.campaign_id == second.id)).one()
    again.prospect_id = prospect.id
    session.flush()
    attempt(session, first.id, Outcome.ACCEPTED, "250 Ok")
    attempt(session, second.id, Outcome.ACCEPTED, "250 Ok")  # another mail, no new stage
    kinds = [type(event) for event in histories.of_person(session, prospect)]
    assert kinds.count(StageStep) == 1
    assert kinds.count(MailEvent) == 2


def test_other_peoples_mails_are_not_told(session: Session) -> None:
    campaign = make_campaign(session, 2)
    first, second = session.scalars(select(Prospect).order_by(Prospect.id))
    attempt(session, campaign.id, Outcome.PERMANENT, "550 never")
    told = [
        event.delivery.prospect_id
        for event in histories.of_person(session, second)
        if isinstance(event, MailEvent)
    ]
    assert (told, attempts.by_delivery(session, [])) == ([second.id], {})
    assert first.id != second.id
