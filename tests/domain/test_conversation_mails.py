"""Mails that tell a partner of messages: when one is written, what it says, and what is in its bytes."""

from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from service import bootstrap
from service.bootstrap import Services
from service.config import Settings
from service.db import Database
from service.domain import (
    conversation_mails,
    conversations,
    erased,
    messages,
    suppression,
    system_mails,
    thread_list,
    threads,
)
from service.domain.suppression import SuppressionReason
from service.domain.thread_list import ThreadFilter
from service.facts.messages import UnreachableReason
from service.i18n.locales import LOCALES
from service.models import SystemMail
from service.worker import system_mail
from tests.domain import factories
from tests.domain.factories import NOW
from tests.domain.talks import Talk, talk
from tests.judged import faults

LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """An installation that reads answers."""
    return replace(settings, mail_replies="replies@brand.example")


@pytest.fixture
def db(services: Services) -> Database:
    """That installation's database."""
    return services.db


def claim(session: Session, *, at: object = LATER) -> tuple[system_mails.ClaimedSystemMail, ...]:
    return system_mails.claim(session, token="t", now=at)  # type: ignore[arg-type]


def written(services: Services, session: Session) -> EmailMessage:
    (claimed,) = claim(session)
    raw = services.composer.system(claimed)
    assert faults(raw) == []
    parsed = message_from_bytes(raw, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def plain(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


@pytest.mark.parametrize("code", LOCALES)
def test_it_goes_out_in_the_partners_language(services: Services, session: Session, code: str) -> None:
    """M-1, M-8, M-9, M-13: who wrote, the words themselves, a link that leads to the conversation."""
    here = talk(session, locale=code, email="p@people.example")
    message = here.say(session, "# 300 × 250\n\n**好** <b>はい</b> {firstName}", key="a")
    mail = written(services, session)
    text = plain(mail)
    assert (mail["Content-Language"], mail["To"]) == (LOCALES[code].tag, "p@people.example")
    assert "> # 300 × 250\n>\n> **好** <b>はい</b> {firstName}\n" in text
    assert here.user.name in text
    assert here.user.name in mail["Subject"]
    assert mail["From"].addresses[0].display_name == here.user.name
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == f"<{message.message_id}@{services.composer.host}>"
    start = f"https://prospectus.example/{code}/conversation/"
    (link,) = {word.strip("<>") for word in text.split() if start in word}
    found = conversations.find(session, services.signer, link.removeprefix(start))
    assert (found.thread.id, found.partner.id) == (here.thread.id, here.partner.id)
    # D-7: neither address nor name in the link.
    assert "people" not in link


@pytest.mark.parametrize(
    ("own", "default", "got"),
    [
        ("fr", "ja", "fr"),
        ("fr-CA", "ja", "fr"),
        ("zh_TW", "en", "zh"),
        ("de", "ja", "ja"),
        (None, "zh", "zh"),
    ],
)
def test_the_language_is_theirs_its_base_or_the_programs(
    session: Session, own: str | None, default: str, got: str
) -> None:
    here = talk(session, locale=own)
    here.program.default_locale = default
    here.say(session, key="a")
    assert session.scalars(select(SystemMail)).one().locale == got


def test_messages_within_a_minute_share_one_mail(services: Services, session: Session) -> None:
    """The first one's minute decides; what comes after that mail was claimed begins another."""
    here = talk(session)
    here.say(session, "One.", key="a")
    here.say(session, "Two.", key="b", at=NOW + timedelta(seconds=50))
    assert claim(session, at=NOW + timedelta(seconds=59)) == ()
    assert "> One.\n>\n> Two.\n" in plain(written(services, session))
    here.say(session, "Three.", key="c", at=LATER)
    assert claim(session, at=LATER) == ()
    (late,) = claim(session, at=LATER + timedelta(minutes=1))
    assert late.values["lines"] == ["Three."]
    rows = session.scalars(select(SystemMail).order_by(SystemMail.id)).all()
    assert late.values["references"] == [rows[0].message_id]
    raw = services.composer.system(late)
    assert f"In-Reply-To: <{rows[0].message_id}@{services.composer.host}>\r\n".encode() in raw
    assert faults(raw) == []


def test_the_mail_says_what_the_message_says_when_it_leaves(session: Session) -> None:
    """Edited: the new words. Nothing of a message is kept in the row."""
    here = talk(session)
    message = here.say(session, "Tomrrow", key="a")
    assert session.scalars(select(SystemMail)).one().values == {}
    messages.edit(session, here.thread, message.id, actor=here.user, body="Tomorrow", now=NOW)
    (claimed,) = claim(session)
    assert claimed.values["lines"] == ["Tomorrow"]
    assert session.scalars(select(SystemMail)).one().values == {}


def _withdraw(session: Session, here: Talk, message_id: int) -> None:
    messages.withdraw(session, here.thread, message_id, actor=here.user, now=NOW)


def _read(session: Session, here: Talk, _message_id: int) -> None:
    messages.mark_read_by_partner(session, here.thread, now=NOW)


def _switch_off(session: Session, here: Talk, _message_id: int) -> None:
    threads.set_messaging(session, here.partner.id, enabled=False)


def _suppress(session: Session, here: Talk, _message_id: int) -> None:
    reason = SuppressionReason.HARD_BOUNCE
    suppression.suppress(session, here.program.id, here.partner.email_key, reason=reason, now=NOW)


def _erase(session: Session, here: Talk, _message_id: int) -> None:
    key = here.prospect.custom_email_key or here.partner.email_key
    erased.keep_out(session, here.program.id, key, reason="unsubscribed", now=NOW)


@pytest.mark.parametrize("change", [_withdraw, _read, _switch_off, _suppress, _erase])
def test_what_is_not_needed_any_more_is_not_sent(session: Session, change: object) -> None:
    here = talk(session)
    message = here.say(session, key="a")
    change(session, here, message.id)  # type: ignore[operator]
    assert claim(session) == ()
    assert session.scalars(select(SystemMail)).one().state == "cancelled"


@pytest.mark.parametrize("reason", SuppressionReason)
def test_a_suppressed_address_is_not_written_to(session: Session, reason: SuppressionReason) -> None:
    here = talk(session)
    other = factories.program(session, "Kumo")
    suppression.suppress(session, other.id, here.partner.email_key, reason=reason, now=NOW)
    assert conversation_mails.find_unreachable(session, here.thread) is None
    suppression.suppress(session, here.program.id, here.partner.email_key, reason=reason, now=NOW)
    assert conversation_mails.find_unreachable(session, here.thread) == reason.value
    here.say(session, key="a")
    assert session.scalars(select(SystemMail)).all() == []


@pytest.mark.parametrize("custom", [None, "custom@people.example"])
def test_an_address_whose_owner_was_erased_is_not_written_to(session: Session, custom: str | None) -> None:
    """D-: also where somebody imports it again."""
    here = talk(session)
    here.prospect.custom_email = here.prospect.custom_email_key = custom
    other = factories.program(session, "Kumo")
    erased.keep_out(session, other.id, custom or here.partner.email_key, reason="unsubscribed", now=NOW)
    assert conversation_mails.find_unreachable(session, here.thread) is None
    _erase(session, here, 0)
    assert conversation_mails.find_unreachable(session, here.thread) is UnreachableReason.ERASED
    here.say(session, key="a")
    assert session.scalars(select(SystemMail)).all() == []
    [row] = thread_list.list_page(session, [here.program.id], ThreadFilter(), user_id=here.user.id).rows
    assert not row.is_reachable


def test_why_nobody_is_told(session: Session) -> None:
    """Messaging comes first: without it no address helps."""
    here = talk(session)
    here.partner.email = here.partner.email_key = ""
    assert conversation_mails.find_unreachable(session, here.thread) is UnreachableReason.NO_ADDRESS
    _switch_off(session, here, 0)
    assert conversation_mails.find_unreachable(session, here.thread) is UnreachableReason.MESSAGING_OFF


def test_a_mail_that_was_refused_is_told_of_until_another_goes_out(session: Session) -> None:
    here = talk(session)
    assert conversation_mails.failed_at(session, here.thread) is None
    here.say(session, key="a")
    assert conversation_mails.failed_at(session, here.thread) is None
    mail = session.scalars(select(SystemMail)).one()
    mail.state, mail.settled_at = "failed", LATER
    assert conversation_mails.failed_at(session, here.thread) == LATER
    here.say(session, key="b")
    assert conversation_mails.failed_at(session, here.thread) is None


def test_a_link_works_from_the_mail_that_brought_it_until_it_is_revoked(session: Session) -> None:
    here = talk(session)
    here.say(session, key="a")
    assert not conversation_mails.has_link(session, here.thread)
    mail = session.scalars(select(SystemMail)).one()
    mail.state, mail.settled_at = "sent", LATER
    assert conversation_mails.has_link(session, here.thread)
    here.thread.links_revoked_at = LATER
    assert not conversation_mails.has_link(session, here.thread)


def test_the_address_the_brand_imported_is_written_to(session: Session) -> None:
    here = talk(session)
    here.prospect.custom_email = here.prospect.custom_email_key = "custom@people.example"
    assert conversation_mails.reachable_address(session, here.thread) == "custom@people.example"


def test_answers_go_to_a_signed_address_or_to_nobody(
    services: Services, session: Session, settings: Settings
) -> None:
    here = talk(session)
    here.say(session, key="a")
    (claimed,) = claim(session)
    mail = message_from_bytes(services.composer.system(claimed), policy=policy.default)
    assert services.replies.read(mail["Reply-To"]) == (here.thread.id, here.thread.link_version)
    silent = bootstrap.build(replace(settings, mail_replies="", mail_bounce=""), jobs=False)
    mail = message_from_bytes(silent.composer.system(claimed), policy=policy.default)
    silent.db.dispose()
    assert mail["Reply-To"] is None


def test_revoked_links_lead_nowhere_and_the_next_mail_has_a_new_one(
    services: Services, session: Session
) -> None:
    """D-7: the link is made with the bytes, so one that waits is never an old one."""
    here = talk(session)
    here.say(session, key="a")
    threads.revoke_links(session, here.thread, version=1, actor=here.user, now=NOW)
    (claimed,) = claim(session)
    assert claimed.values["link_version"] == 2


@pytest.mark.parametrize("code", LOCALES)
@pytest.mark.parametrize(
    "name",
    ["[x](https://evil.example)", "<b>x</b>\"'", "{firstName}", "a\u202eb", "𠮷野 🎉", "=?utf-8?q?x?="],
)
def test_hostile_names_and_messages_are_text(
    services: Services, session: Session, name: str, code: str
) -> None:
    """H-3, T-3, T-6, T-9: in every header and part; the only address is the link."""
    here = talk(session, locale=code, name=name)
    here.user.name = here.program.name = name
    here.say(session, name, key="a")
    mail = written(services, session)
    html = mail.get_body(("html",))
    assert html is not None
    page = str(html.get_content())
    assert page.count("href=") == 1
    assert "<b>x" not in page


def test_several_authors_are_named(services: Services, session: Session) -> None:
    here = talk(session)
    here.say(session, "One.", key="a")
    here.user = factories.user(session, here.program, email="mei@brand.example")
    here.user.name = "Mei"
    here.say(session, "Two.", key="b")
    assert "> Alex Morgan:\n> One.\n>\n> Mei:\n> Two.\n" in plain(written(services, session))


def test_a_worker_sends_it_and_the_outbox_keeps_no_link(services: Services) -> None:
    """P9: through the post room into the captured outbox, which is judged at the end."""
    with services.db.transaction() as session:
        talk(session).say(session, key="a")
    room = system_mail.open_room(services, lambda: LATER)
    assert system_mail.send_due(services, room, lambda: LATER) == 1
    room.close()
    with services.db.reading() as session:
        row = session.scalars(select(SystemMail)).one()
        assert (row.state, row.values) == ("sent", {})
