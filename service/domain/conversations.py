"""A conversation as its partner has it: behind a signed link, without an account."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from service.domain import checks, messages, notifications, terms, threads
from service.domain.errors import DomainError
from service.domain.letters import CONVERSATION
from service.domain.signing import Signer
from service.facts.limits import REPORT_CHARACTERS
from service.facts.refusals import Refusal
from service.models import Message, Partner, Program, Thread


@dataclass(frozen=True, slots=True)
class Conversation:
    """A program's conversation with one partner."""

    thread: Thread
    program: Program
    partner: Partner


def find(session: Session, signer: Signer, token: str) -> Conversation:
    """Return the conversation of a signed link.

    Raises DomainError(CONVERSATION_GONE), which says the same of a link that is forged, revoked, or leads to
    nothing.
    """
    payload = signer.read(CONVERSATION, token)
    if not isinstance(payload, list) or len(payload) != 2 or not all(type(one) is int for one in payload):
        raise DomainError(Refusal.CONVERSATION_GONE)
    thread = session.get(Thread, payload[0])
    if thread is None or thread.link_version != payload[1]:
        raise DomainError(Refusal.CONVERSATION_GONE)
    return Conversation(thread, session.get_one(Program, thread.program_id), thread.partner)


def answer(
    session: Session,
    conversation: Conversation,
    *,
    body: str,
    form_key: str,
    accepted_terms: int = 0,
    now: datetime,
) -> Message:
    """Write to the brand; `accepted_terms` is the version that the partner accepts with it.

    Raises DomainError as `messages.answer` does, and TERMS_NOT_ACCEPTED.
    """
    if accepted_terms:
        terms.accept(session, accepted_terms, partner_id=conversation.partner.id, now=now)
    terms.require_accepted(session, partner_id=conversation.partner.id)
    return messages.answer(session, conversation.thread.id, body=body, form_key=form_key, now=now)


def report(session: Session, conversation: Conversation, *, words: str, now: datetime) -> None:
    """Report the conversation to the brand; raise DomainError(REPORT_EMPTY, REPORT_TOO_LONG)."""
    if len(words) > REPORT_CHARACTERS:
        raise DomainError(Refusal.REPORT_TOO_LONG, field="words", num=REPORT_CHARACTERS)
    said = checks.paragraphs(words, field="words")
    if not said:
        raise DomainError(Refusal.REPORT_EMPTY, field="words")
    thread = threads.lock(session, conversation.thread.id)
    if thread.report == said:
        return  # the same form again
    threads.report(session, thread, words=said, now=now)
    notifications.tell_report(session, thread, now=now)
