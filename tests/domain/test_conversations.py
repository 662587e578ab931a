"""The partner's side: what a link leads to, and a report."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.domain import conversations, threads
from service.domain.conversations import Conversation
from service.domain.errors import DomainError
from service.domain.letters import CONVERSATION, JOIN
from service.domain.signing import Signer
from service.facts.limits import REPORT_CHARACTERS
from service.models import Notice
from tests.domain import factories
from tests.domain.factories import NOW
from tests.domain.talks import Talk, talk

SIGNER = Signer("k" * 40)


@pytest.fixture
def here(session: Session) -> Talk:
    return talk(session)


def test_a_link_leads_to_its_conversation_also_after_a_key_was_changed(session: Session, here: Talk) -> None:
    """D-7."""
    token = SIGNER.sign(CONVERSATION, [here.thread.id, 1])
    for signer in (SIGNER, Signer("n" * 40, "k" * 40)):
        assert conversations.find(session, signer, token).partner is here.partner


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        SIGNER.sign(JOIN, [1, 1]),
        Signer("f" * 40).sign(CONVERSATION, [1, 1]),
        *(
            SIGNER.sign(CONVERSATION, one)
            for one in (1, [1], [1, 2], [2, 1], [1, 1, 1], ["1", 1], [True, 1], {})
        ),
    ],
)
def test_any_other_link_is_gone(session: Session, here: Talk, token: str) -> None:
    """A-2, D-7: forged, of another purpose, revoked, of nothing; all the same."""
    assert here.thread.id == 1
    with pytest.raises(DomainError, match="CONVERSATION_GONE"):
        conversations.find(session, SIGNER, token)


def test_a_revoked_link_is_gone_for_good(session: Session, here: Talk) -> None:
    """D-7: who confirms twice has revoked once, so that the link sent in between still works."""
    token = SIGNER.sign(CONVERSATION, [here.thread.id, 1])
    threads.revoke_links(session, here.thread, version=1, actor=here.user, now=NOW)
    with pytest.raises(DomainError, match="CONVERSATION_GONE"):
        conversations.find(session, SIGNER, token)
    later, colleague = NOW + timedelta(hours=1), factories.user(session, email="mei@brand.example")
    assert not threads.revoke_links(session, here.thread, version=1, actor=colleague, now=later)
    assert conversations.find(session, SIGNER, SIGNER.sign(CONVERSATION, [here.thread.id, 2]))
    assert (here.thread.links_revoked_at, here.thread.links_revoked_by_id) == (NOW, here.user.id)
    assert threads.revoke_links(session, here.thread, version=2, actor=colleague, now=later)
    assert (here.thread.links_revoked_at, here.thread.links_revoked_by_id) == (later, colleague.id)


def test_a_report_reaches_the_brand_once(session: Session, here: Talk) -> None:
    conversation = Conversation(here.thread, here.program, here.partner)
    for words in ("Too loud. ", "Too loud."):
        conversations.report(session, conversation, words=words, now=NOW)
    assert (here.thread.report, here.thread.reported_at, here.thread.priority) == ("Too loud.", NOW, True)
    assert [one.kind for one in session.scalars(select(Notice))] == ["thread_reported"]
    for words, refusal in (("  ", "REPORT_EMPTY"), ("x" * (REPORT_CHARACTERS + 1), "REPORT_TOO_LONG")):
        with pytest.raises(DomainError, match=refusal):
            conversations.report(session, conversation, words=words, now=NOW)
