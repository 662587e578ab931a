"""The terms for messages: versions, who accepted them, and that nobody writes without."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from service.domain import conversations, terms
from service.domain.conversations import Conversation
from service.domain.errors import DomainError
from service.facts.limits import TERMS_BYTES
from service.facts.refusals import Refusal
from tests.domain.factories import NOW
from tests.domain.talks import Talk, talk

LATER = NOW + timedelta(days=1)


def publish(session: Session, here: Talk, **texts: str) -> int:
    latest = terms.find_latest(session)
    based_on = latest.id if latest else 0
    made = terms.publish(session, texts, based_on=based_on, actor=here.user, now=NOW)
    return made.id if made else 0


def refused(session: Session, here: Talk, *, key: str) -> Refusal | None:
    try:
        with session.begin_nested():
            here.say(session, key=key)
    except DomainError as error:
        return error.refusal
    return None


def test_nothing_is_asked_without_terms(session: Session) -> None:
    here = talk(session)
    terms.require_accepted(session, here.user)
    assert refused(session, here, key="a") is None


def test_a_user_accepts_each_version_once(session: Session) -> None:
    here = talk(session)
    first = publish(session, here, en="Be kind.")
    assert refused(session, here, key="a") is Refusal.TERMS_NOT_ACCEPTED
    for moment in (NOW, LATER):
        terms.accept(session, first, user=here.user, now=moment)
    current = terms.find_current(session)
    assert current is not None
    assert terms.accepted_at(session, current, user=here.user) == NOW
    assert refused(session, here, key="a") is None
    second = publish(session, here, en="Be very kind.")
    assert refused(session, here, key="b") is Refusal.TERMS_NOT_ACCEPTED
    with pytest.raises(DomainError, match="TERMS_NOT_ACCEPTED"):
        terms.accept(session, first, user=here.user, now=NOW)
    terms.accept(session, second, user=here.user, now=NOW)
    assert refused(session, here, key="b") is None
    assert publish(session, here) == 0
    assert terms.find_unaccepted(session, here.user) is None


def test_a_partner_accepts_with_an_answer(session: Session) -> None:
    here = talk(session)
    version = publish(session, here, fr="Soyez aimable.")
    conversation = Conversation(here.thread, here.program, here.partner)
    with pytest.raises(DomainError, match="TERMS_NOT_ACCEPTED"):
        conversations.answer(session, conversation, body="Oui", form_key="a", now=NOW)
    conversations.answer(session, conversation, body="Oui", form_key="a", accepted_terms=version, now=NOW)
    conversations.answer(session, conversation, body="Oui", form_key="b", now=NOW)
    assert terms.find_unaccepted(session, here.user) is not None


def test_versions_are_kept(session: Session) -> None:
    here = talk(session)
    first = publish(session, here, en="One", ja="一")
    assert publish(session, here, en="One ", ja="一") == first
    second = publish(session, here, en="Two")
    terms.accept(session, second, user=here.user, now=NOW)
    assert [(one.id, author, number) for one, author, number in terms.list_versions(session)] == [
        (second, "Alex Morgan", 1),
        (first, "Alex Morgan", 0),
    ]
    assert terms.find_version(session, first).texts == {"en": "One", "ja": "一"}
    assert terms.text_in(terms.find_version(session, first), "ja") == ("ja", "一")
    assert terms.text_in(terms.find_version(session, second), "zh") == ("en", "Two")
    with pytest.raises(DomainError, match="NOT_FOUND"):
        terms.find_version(session, 99)


def test_what_is_refused(session: Session) -> None:
    """F-13: over somebody else's version nothing is saved."""
    here = talk(session)
    publish(session, here, en="One")
    for texts, based_on, refusal in (
        ({"en": "Two"}, 0, Refusal.EDITED_MEANWHILE),
        ({"xx": "Two"}, 1, Refusal.LOCALE_UNKNOWN),
        ({"ja": "字" * (TERMS_BYTES // 3 + 1)}, 1, Refusal.TERMS_TOO_LONG),
        ({"en": "a\0b"}, 1, Refusal.TEXT_UNPRINTABLE),
    ):
        with pytest.raises(DomainError) as caught:
            terms.publish(session, texts, based_on=based_on, actor=here.user, now=NOW)
        assert caught.value.refusal is refusal
