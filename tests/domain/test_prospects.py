"""Prospects: marking, adding, stages, archiving, expiry."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.domain import prospects
from service.domain.errors import DomainError
from service.domain.partners import Profile
from service.facts.refusals import Refusal
from service.facts.sources import Source
from service.facts.stages import Stage, StageEvent, advance
from service.facts.states import DeliveryState
from service.models import Delivery, Program, Prospect
from tests.domain import factories
from tests.domain.factories import NOW
from tests.outbound import make_campaign

RANK = {
    Stage.NEW: 0,
    Stage.OUTREACH: 1,
    Stage.IN_CONVERSATION: 2,
    Stage.DECLINED: 3,
    Stage.EXPIRED: 3,
    Stage.JOINED: 4,
}


def test_it_works(session: Session) -> None:
    marked = factories.prospect(session, factories.program(session))
    assert (marked.stage, marked.source, marked.archived_at) == ("new", "marketplace", None)
    assert [(change.event, change.stage) for change in prospects.history(session, marked.id)] == [
        ("marked", "new")
    ]


def test_the_same_partner_is_marked_once(session: Session) -> None:
    program = factories.program(session)
    marked = factories.prospect(session, program)
    with pytest.raises(DomainError) as refused:
        prospects.mark(session, program.id, marked.partner, source=Source.MANUAL, now=NOW)
    assert refused.value.refusal is Refusal.ALREADY_PROSPECT


def test_the_same_partner_may_be_a_prospect_of_two_programs(session: Session) -> None:
    marked = factories.prospect(session, factories.program(session))
    other = factories.program(session, "Kumo")
    twin = prospects.mark(session, other.id, marked.partner, source=Source.MANUAL, now=NOW)
    assert twin.partner_id == marked.partner_id
    with pytest.raises(DomainError) as refused:
        prospects.find(session, other.id, marked.id)
    assert refused.value.refusal is Refusal.NOT_FOUND


def test_somebody_added_by_hand_twice_is_named(session: Session) -> None:
    program = factories.program(session)
    actor = factories.user(session, program)
    added = prospects.add(session, program.id, Profile("Anna", "Anna@X.example"), now=NOW, actor_id=actor.id)
    assert (added.source, added.partner.email) == ("manual", "Anna@X.example")
    with pytest.raises(DomainError) as refused:
        prospects.add(session, program.id, Profile("Other", "anna@x.EXAMPLE"), now=NOW, actor_id=actor.id)
    assert (refused.value.refusal, refused.value.values) == (Refusal.PARTNER_KNOWN, {"name": "Anna"})


def test_somebody_known_keeps_what_is_known_and_gains_what_is_not(session: Session) -> None:
    """C-14: the same person is one prospect, by hand as in an import."""
    program, other = factories.program(session), factories.program(session, "Other")
    actor = factories.user(session, program)
    account = factories.prospect(
        session, other, "Account", email="anna@x.example", mpid="7", first_name="Anna"
    )
    typed = Profile("Typed", "Anna@x.example", first_name="Other", last_name="Berg", locale="fr")
    added = prospects.add(session, program.id, typed, now=NOW, actor_id=actor.id)
    assert added.partner_id == account.partner_id
    assert (added.partner.name, added.partner.first_name) == ("Account", "Anna")
    assert (added.partner.last_name, added.partner.locale) == ("Berg", "fr")
    with pytest.raises(DomainError) as refused:
        prospects.add(session, program.id, typed, now=NOW, actor_id=actor.id)
    assert (refused.value.refusal, refused.value.values) == (Refusal.PARTNER_KNOWN, {"name": "Account"})


@pytest.mark.parametrize(
    ("events", "stage"),
    [
        ([], Stage.NEW),
        ([StageEvent.EMAIL_ACCEPTED], Stage.OUTREACH),
        ([StageEvent.MESSAGE_SENT], Stage.OUTREACH),
        ([StageEvent.EMAIL_ACCEPTED, StageEvent.ANSWERED], Stage.IN_CONVERSATION),
        ([StageEvent.ANSWERED, StageEvent.EMAIL_ACCEPTED], Stage.IN_CONVERSATION),
        ([StageEvent.DECLINED, StageEvent.JOINED], Stage.JOINED),
        ([StageEvent.JOINED, StageEvent.DECLINED], Stage.JOINED),
        ([StageEvent.EXPIRED, StageEvent.ANSWERED], Stage.EXPIRED),
        ([StageEvent.DECLINED, StageEvent.EXPIRED], Stage.DECLINED),
        ([StageEvent.EXPIRED, StageEvent.DECLINED], Stage.EXPIRED),
    ],
)
def test_events_lead_to_stages(session: Session, events: list[StageEvent], stage: Stage) -> None:
    marked = factories.prospect(session, factories.program(session))
    for event in events:
        prospects.record(session, marked.id, event, now=NOW)
    assert marked.stage == stage.value


@given(st.lists(st.sampled_from(StageEvent), max_size=12))
def test_a_stage_never_moves_backwards(events: list[StageEvent]) -> None:
    stage = Stage.NEW
    for event in events:
        after = advance(stage, event)
        assert RANK[after] >= RANK[stage]
        stage = after


def test_archiving_keeps_the_stage(session: Session) -> None:
    program = factories.program(session)
    actor = factories.user(session, program)
    marked = factories.prospect(session, program)
    prospects.record(session, marked.id, StageEvent.EMAIL_ACCEPTED, now=NOW)
    prospects.archive(session, marked, now=NOW, actor_id=actor.id)
    prospects.archive(session, marked, now=NOW + timedelta(days=1), actor_id=actor.id)
    assert (marked.archived_at, marked.stage) == (NOW, "outreach")
    assert prospects.count_by_stage(session, program.id)["outreach"] == 0
    prospects.restore(session, marked, now=NOW, actor_id=actor.id)
    assert (marked.archived_at, marked.stage) == (None, "outreach")
    events = [change.event for change in prospects.history(session, marked.id)]
    assert events == ["restored", "archived", "email_accepted", "marked"]


def test_an_unanswered_invitation_expires_after_the_programs_period(session: Session) -> None:
    program = factories.program(session, invitation_days=60)
    waiting = factories.prospect(session, program, "Waiting")
    answered = factories.prospect(session, program, "Answered")
    fresh = factories.prospect(session, program, "Fresh")
    for prospect in (waiting, answered):
        prospects.record(session, prospect.id, StageEvent.EMAIL_ACCEPTED, now=NOW)
    prospects.record(session, answered.id, StageEvent.ANSWERED, now=NOW)
    assert prospects.expire(session, now=NOW + timedelta(days=60)) == 0
    assert prospects.expire(session, now=NOW + timedelta(days=60, seconds=1)) == 1
    assert prospects.expire(session, now=NOW + timedelta(days=61)) == 0
    assert [waiting.stage, answered.stage, fresh.stage] == ["expired", "in_conversation", "new"]


def delivery_ids(session: Session, into: Program, prospect_ids: list[int], at: datetime = NOW) -> list[int]:
    """Make one mail to each of these prospects that has been accepted."""
    author = factories.user(session, into)
    campaign = make_campaign(session, len(prospect_ids), program=into, author=author)
    mails = list(session.scalars(select(Delivery).where(Delivery.campaign_id == campaign.id)))
    for mail, prospect_id in zip(mails, prospect_ids, strict=True):
        mail.prospect_id = prospect_id
        mail.state, mail.settled_at = DeliveryState.SENT.value, at
    session.flush()
    return [mail.id for mail in mails]


def test_many_mails_are_written_down_as_one_would_be(session: Session) -> None:
    """Each history line, stage and first day of an invitation, whatever stood there before."""
    into = factories.program(session)
    before = [None, StageEvent.ANSWERED, StageEvent.EXPIRED, StageEvent.EMAIL_ACCEPTED, StageEvent.JOINED]
    pairs = []
    for number, event in enumerate(before):
        pair = [factories.prospect(session, into, f"{number}{side}") for side in "ab"]
        for prospect in pair:
            if event is not None:
                prospects.record(session, prospect.id, event, now=NOW)
        pairs.append(pair)
    later = NOW + timedelta(days=1)
    for one, _ in pairs:
        prospects.record(session, one.id, StageEvent.EMAIL_ACCEPTED, now=later)
    prospects.record_sent(session, [])
    mails = delivery_ids(session, into, [many.id for _, many in pairs], at=later)
    prospects.record_sent(session, mails)
    prospects.record_sent(session, mails)  # said twice, written once
    session.expire_all()

    def told(prospect: Prospect) -> object:
        events = [(line.event, line.stage, line.at) for line in prospects.history(session, prospect.id)]
        return prospect.stage, prospect.invited_at, events

    assert [told(many) for _, many in pairs] == [told(one) for one, _ in pairs]


def test_a_prospect_with_two_mails_in_one_batch_has_two_lines(session: Session) -> None:
    into = factories.program(session)
    prospect = factories.prospect(session, into)
    first, second = delivery_ids(session, into, [prospect.id] * 2)
    prospects.record_sent(session, [second, first])
    lines = [(line.event, line.delivery_id) for line in prospects.history(session, prospect.id)]
    assert sorted(lines[:2]) == [("email_accepted", first), ("email_accepted", second)]
    assert lines[2:] == [("marked", None)]
