"""Decisions about many mails: sent again or let be, once for each form, with the Message-ID they had."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.domain import decisions, deliveries, outbox, suppression
from service.domain.errors import DomainError
from service.domain.suppression import SuppressionReason
from service.facts.refusals import Refusal
from service.facts.states import CampaignState, DeliveryState
from service.models import Bounce, Campaign, Delivery, Prospect, StageChange
from tests.domain.factories import AskedJobs
from tests.outbound import NOW, make_campaign

FAILED, UNKNOWN, SENT = DeliveryState.FAILED, DeliveryState.UNKNOWN, DeliveryState.SENT


@pytest.fixture
def jobs() -> AskedJobs:
    return AskedJobs()


@pytest.fixture
def campaign(session: Session) -> Callable[..., Campaign]:
    """Make a campaign whose deliveries are in these states."""

    def make(*states: DeliveryState, state: CampaignState = CampaignState.FINISHED) -> Campaign:
        made = make_campaign(session, len(states), state=state)
        for row, wanted in zip(rows(session), states, strict=True):
            row.state, row.attempts, row.first_tried_at, row.claimed_at = wanted.value, 9, NOW, NOW
            row.settled_at, row.reply, row.lease_token = NOW, "550 no", "old"
        session.flush()
        return made

    return make


def rows(session: Session) -> list[Delivery]:
    return list(
        session.scalars(select(Delivery).order_by(Delivery.id).execution_options(populate_existing=True))
    )


def test_failed_mails_go_back_as_they_were(
    session: Session, jobs: AskedJobs, campaign: Callable[..., Campaign]
) -> None:
    made = campaign(FAILED, SENT, FAILED)
    before = [(row.message_id, row.claimed_at) for row in rows(session)]
    decisions.resend_failed(session, jobs, made, round_=0)
    found = rows(session)
    assert [row.state for row in found] == ["queued", "sent", "queued"]
    assert [(row.message_id, row.claimed_at) for row in found] == before
    assert (found[0].attempts, found[0].first_tried_at, found[0].reply) == (0, None, None)
    assert (made.state, made.finished_at, jobs.delivered) == ("sending", None, [made.id])
    assert len(deliveries.claim(session, made.id, token="t", now=NOW)) == 2


@pytest.mark.parametrize("single", [False, True])
def test_what_came_back_before_does_not_hide_what_comes_back_again(
    session: Session, jobs: AskedJobs, campaign: Callable[..., Campaign], single: bool
) -> None:
    """M-14, M-15: a mail that is sent again may bounce again, and that counts."""
    made = campaign(UNKNOWN if single else FAILED)
    [row] = rows(session)
    for _ in range(2):
        session.add(Bounce(delivery_id=row.id, kind="soft", status="4.2.2", text="452 Full", at=NOW))
        session.flush()
        row.state = (UNKNOWN if single else FAILED).value
        session.flush()
        if single:
            outbox.resend(session, jobs, made.id, row.id, now=NOW)
        else:
            decisions.resend_failed(session, jobs, made, round_=made.rounds)
        session.refresh(row)
        assert (row.state, row.attempts, row.first_tried_at) == ("queued", 0, None)
    assert session.scalars(select(Bounce)).all() == []


def test_a_mail_that_was_told_before_can_be_treated_as_sent(
    session: Session, campaign: Callable[..., Campaign]
) -> None:
    """Accepted, bounced, sent again, its answer lost: the prospect's history already has it."""
    made = campaign(SENT)
    [row] = rows(session)
    deliveries.tell_prospects(session, made.id)
    row.state = UNKNOWN.value
    session.flush()
    outbox.treat_as_sent(session, made.id, row.id, now=NOW)
    assert [change.event for change in session.scalars(select(StageChange))] == ["email_accepted"]


def test_a_form_sent_again_changes_nothing(
    session: Session, jobs: AskedJobs, campaign: Callable[..., Campaign]
) -> None:
    """F-14: also when the mails have failed once more in the meantime."""
    made = campaign(FAILED)
    decisions.resend_failed(session, jobs, made, round_=0)
    rows(session)[0].state = FAILED.value
    session.flush()
    decisions.resend_failed(session, jobs, made, round_=0)
    assert ([row.state for row in rows(session)], jobs.delivered) == (["failed"], [made.id])
    decisions.resend_failed(session, jobs, made, round_=made.rounds)
    assert [row.state for row in rows(session)] == ["queued"]


def test_suppressed_addresses_stay_failed(
    session: Session, jobs: AskedJobs, campaign: Callable[..., Campaign]
) -> None:
    """M-23: a hard bounce puts an address on the list, and nothing goes there again."""
    made = campaign(FAILED, FAILED)
    key = rows(session)[0].address_key
    suppression.suppress(session, made.program_id, key, reason=SuppressionReason.HARD_BOUNCE, now=NOW)
    assert decisions.count_failed(session, made) == 1
    decisions.resend_failed(session, jobs, made, round_=0)
    assert [row.state for row in rows(session)] == ["failed", "queued"]


def test_all_unknown_mails_at_once(
    session: Session, jobs: AskedJobs, campaign: Callable[..., Campaign]
) -> None:
    """F-7: by a person's word only, and once."""
    made = campaign(UNKNOWN, SENT, UNKNOWN)
    decisions.resend_unknown(session, jobs, made, round_=0)
    decisions.treat_unknown_as_sent(session, made, round_=0, now=NOW)  # a form of the round that is over
    assert [row.state for row in rows(session)] == ["queued", "sent", "queued"]


def test_unknown_mails_that_count_as_sent_move_the_stages(
    session: Session, campaign: Callable[..., Campaign]
) -> None:
    made = campaign(UNKNOWN, UNKNOWN, state=CampaignState.CANCELLED)
    decisions.treat_unknown_as_sent(session, made, round_=0, now=NOW)
    assert [row.state for row in rows(session)] == ["sent", "sent"]
    stages = session.scalars(select(Prospect.stage).execution_options(populate_existing=True))
    assert set(stages) == {"outreach"}
    assert made.state == "cancelled"


@pytest.mark.parametrize("act", [decisions.resend_failed, decisions.resend_unknown])
def test_a_cancelled_campaign_sends_nothing_again(
    session: Session, jobs: AskedJobs, campaign: Callable[..., Campaign], act: Callable[..., None]
) -> None:
    made = campaign(FAILED, UNKNOWN, state=CampaignState.CANCELLED)
    with pytest.raises(DomainError) as refused:
        act(session, jobs, made, round_=0)
    assert refused.value.refusal is Refusal.CAMPAIGN_NOT_IN_STATE
    assert ([row.state for row in rows(session)], made.rounds) == (["failed", "unknown"], 0)
