"""Invitations and subscriptions: what the signed links of a mail can do, and nothing more."""

import pytest
from sqlalchemy.orm import Session

from service.domain import invitations, prospects, subscriptions, suppression
from service.domain.errors import DomainError
from service.domain.letters import JOIN, UNSUBSCRIBE
from service.domain.signing import Signer
from service.facts.refusals import Refusal
from service.facts.stages import Stage, StageEvent
from service.models import Campaign, Delivery, Program
from tests.domain import factories
from tests.domain.factories import NOW

SIGNER = Signer("new-key-of-enough-length", "old-key-of-enough-length")


def delivery(session: Session, program: Program, address: str = "anna@people.example") -> Delivery:
    campaign = Campaign(
        program_id=program.id,
        author_id=factories.user(session, program, email=f"by-{address}").id,
        form_key=address,
        state="sending",
        from_name="A",
        source_locale="en",
        unknown_policy="ask",
        selection={},
        created_at=NOW,
    )
    session.add(campaign)
    session.flush()
    row = Delivery(
        campaign_id=campaign.id,
        address=address,
        address_key=address,
        locale="fr",
        time_zone="UTC",
        values={},
        message_id=address,
        state="sent",
    )
    session.add(row)
    session.flush()
    return row


@pytest.mark.parametrize(
    ("answers", "stage"),
    [
        ([True], Stage.JOINED),
        ([False], Stage.DECLINED),
        ([False, True], Stage.JOINED),
        ([True, False], Stage.JOINED),
        ([False, False], Stage.DECLINED),
    ],
)
def test_answers_move_the_stage(session: Session, answers: list[bool], stage: Stage) -> None:
    prospect = factories.prospect(session, factories.program(session))
    token = SIGNER.sign(JOIN, prospect.id)
    for accepted in answers:
        invitations.answer(session, invitations.find(session, SIGNER, token), accepted=accepted, now=NOW)
    assert prospect.stage == stage.value


@pytest.mark.parametrize(
    "token", ["", "x", "1.abc", SIGNER.sign(UNSUBSCRIBE, 1), SIGNER.sign(JOIN, 999), SIGNER.sign(JOIN, "1")]
)
def test_a_link_that_is_not_ours_is_nothing(session: Session, token: str) -> None:
    """D-7: a token is bound to its purpose."""
    factories.prospect(session, factories.program(session))
    with pytest.raises(DomainError) as refused:
        invitations.find(session, SIGNER, token)
    assert refused.value.refusal is Refusal.JOIN_LINK_BROKEN


def test_unsubscribing_holds_for_the_program(session: Session) -> None:
    """M-6: bound to the list and the recipient; asking twice is harmless."""
    program, other = factories.program(session), factories.program(session, "Other")
    row = delivery(session, program)
    subscription = subscriptions.find(session, SIGNER, SIGNER.sign(UNSUBSCRIBE, row.id))
    assert (subscription.written_by.program, subscription.written_by.stopped) == (program, False)
    for _ in range(2):
        subscriptions.stop(session, subscription, program_id=program.id, now=NOW)
    assert suppression.is_suppressed(session, program.id, row.address_key)
    assert not suppression.is_suppressed(session, other.id, row.address_key)
    subscriptions.stop(session, subscription, now=NOW)
    again = subscriptions.find(session, SIGNER, SIGNER.sign(UNSUBSCRIBE, row.id))
    assert (again.written_by.stopped, again.stopped_everywhere) == (True, True)
    subscriptions.resume(session, again, program_id=program.id, now=NOW)
    assert not suppression.is_suppressed(session, program.id, row.address_key)
    assert suppression.is_suppressed(session, other.id, row.address_key)


def test_a_link_outlives_a_change_of_keys(session: Session) -> None:
    """D-7, P10: the link of a mail sent two years and one key ago still works."""
    row = delivery(session, factories.program(session))
    old = Signer("old-key-of-enough-length").sign(UNSUBSCRIBE, row.id)
    assert subscriptions.find(session, SIGNER, old).address_key == row.address_key
    with pytest.raises(DomainError):
        subscriptions.find(session, Signer("new-key-of-enough-length"), old)


def test_a_link_tells_nothing_of_the_person(session: Session) -> None:
    """D-7: no address in clear."""
    row = delivery(session, factories.program(session))
    assert "anna" not in SIGNER.sign(UNSUBSCRIBE, row.id)


@pytest.mark.parametrize("happened", [None, StageEvent.EXPIRED])
def test_answering_again_writes_nothing(session: Session, happened: StageEvent | None) -> None:
    """A button pressed five times is one answer, also where the answer leaves the stage."""
    prospect = factories.prospect(session, factories.program(session))
    if happened is not None:
        prospects.record(session, prospect.id, happened, now=NOW)
    found = invitations.find(session, SIGNER, SIGNER.sign(JOIN, prospect.id))
    for accepted in (False, False, False, True, True, False):
        invitations.answer(session, found, accepted=accepted, now=NOW)
    events = [change.event for change in reversed(prospects.history(session, prospect.id))]
    assert events == ["marked", *([happened.value] if happened else []), "declined", "joined"]
    assert found.stage is Stage.JOINED


@pytest.mark.parametrize(
    ("before", "said", "after"), [(False, True, True), (True, False, False), (True, None, True)]
)
def test_accepting_says_whether_messages_are_taken(
    session: Session, before: bool, said: bool | None, after: bool
) -> None:
    """Declining changes nothing about messages, nor does a second answer."""
    program = factories.program(session)
    prospect = factories.prospect(session, program)
    prospect.partner.messaging_enabled = before
    invitation = invitations.Invitation(prospect, program)
    invitations.answer(session, invitation, accepted=False, messaging=not after, now=factories.NOW)
    assert prospect.partner.messaging_enabled is before
    invitations.answer(session, invitation, accepted=True, messaging=said, now=factories.NOW)
    assert prospect.partner.messaging_enabled is after
    invitations.answer(session, invitation, accepted=True, messaging=not after, now=factories.NOW)
    assert prospect.partner.messaging_enabled is after
