"""Mails that tell a partner which files of their answer were left out: to whom, when, and what they say."""

from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.bootstrap import Services
from service.config import Settings
from service.db import Database
from service.domain import answer_mails, conversations, erased, messages, suppression, system_mails, threads
from service.domain.suppression import SuppressionReason
from service.facts.left_out import MOST_NAMED, LeftOut
from service.facts.messages import Channel
from service.i18n.locales import LOCALES
from service.models import Message, SystemMail
from tests.domain.factories import NOW
from tests.domain.talks import Talk, talk
from tests.judged import faults

ZIP = LeftOut("料金.zip", "NAME_EXTENSION", {"extension": ".zip", "extensions": (".csv", ".pdf")})
LARGE = LeftOut("a <b>*.pdf", "TOO_LARGE", {"size": 10 * 1024 * 1024})


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """An installation that reads answers."""
    return replace(settings, mail_replies="replies@brand.example")


@pytest.fixture
def db(services: Services) -> Database:
    """That installation's database."""
    return services.db


def answer(
    session: Session, here: Talk, *left_out: LeftOut, key: str = "k", channel: Channel = Channel.EMAIL
) -> Message:
    return messages.answer(
        session, here.thread.id, body="Here.", form_key=key, channel=channel, left_out=left_out, now=NOW
    )


def mails(session: Session) -> list[SystemMail]:
    return list(session.scalars(select(SystemMail).where(SystemMail.template == answer_mails.TEMPLATE)))


@pytest.mark.parametrize("code", LOCALES)
def test_it_names_the_files_and_the_reasons_in_the_partners_language(
    services: Services, session: Session, code: str
) -> None:
    """M-1, M-8, M-9, M-13, H-1: a link to attach them again, and the signed address to answer to."""
    here = talk(session, locale=code, email="p@people.example")
    answer(session, here, ZIP, LARGE)
    (claimed,) = system_mails.claim(session, token="t", now=NOW)
    raw = services.composer.system(claimed)
    assert faults(raw) == []
    mail = message_from_bytes(raw, policy=policy.default)
    body = mail.get_body(("plain",))  # type: ignore[attr-defined]
    text = str(body.get_content()).replace("\r\n", "\n")
    words = services.catalogs.catalog(code)
    size = words.formats.file_size(10 * 1024 * 1024)
    assert (mail["To"], mail["Content-Language"]) == ("p@people.example", LOCALES[code].tag)
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Reply-To"] == services.replies.of(here.thread.id, 1)
    unwrapped = text.replace("\n> ", " ")
    assert "料金.zip" in unwrapped
    assert ".zip" in unwrapped
    assert "a <b>*.pdf" in unwrapped
    assert size in unwrapped
    start = f"https://prospectus.example/{code}/conversation/"
    (link,) = {word.strip("<>") for word in text.split() if start in word}
    found = conversations.find(session, services.signer, link.removeprefix(start))
    assert found.thread is here.thread


def test_nobody_is_told_of_an_answer_that_is_whole_or_of_a_form(session: Session) -> None:
    here = talk(session, email="p@people.example")
    answer(session, here, key="a")
    answer(session, here, ZIP, key="b", channel=Channel.WEB)
    assert mails(session) == []


def test_who_must_not_be_written_to_is_not(session: Session) -> None:
    """P2: before the mail is queued, and before it goes out."""
    here = talk(session, email="p@people.example")
    answer(session, here, ZIP, key="a")
    threads.set_messaging(session, here.partner.id, enabled=False)
    answer(session, here, ZIP, key="b")
    (mail,) = mails(session)
    assert answer_mails.fill(session, mail) is None
    threads.set_messaging(session, here.partner.id, enabled=True)
    assert answer_mails.fill(session, mail) is not None
    suppression.suppress(
        session,
        here.program.id,
        "p@people.example",
        reason=SuppressionReason.UNSUBSCRIBED,
        now=NOW,
    )
    assert answer_mails.fill(session, mail) is None
    answer(session, here, ZIP, key="c")
    assert mails(session) == [mail]


def test_who_was_erased_meanwhile_is_not_written_to(session: Session) -> None:
    """P2, D-: what was queued before does not go out, though no suppression says so."""
    here = talk(session, email="p@people.example")
    answer(session, here, ZIP)
    (mail,) = mails(session)
    erased.keep_out(session, here.program.id, here.partner.email_key, reason="unsubscribed", now=NOW)
    assert answer_mails.fill(session, mail) is None
    assert system_mails.claim(session, token="t", now=NOW) == ()
    assert mail.state == "cancelled"


@pytest.mark.parametrize("code", LOCALES)
def test_files_that_are_only_counted_are_told_of_too(services: Services, session: Session, code: str) -> None:
    """M-1: nobody knows their names; how many they were is known."""
    here = talk(session, locale=code, email="p@people.example")
    messages.answer(
        session, here.thread.id, body="Here.", form_key="k", channel=Channel.EMAIL, uncounted=3, now=NOW
    )
    (claimed,) = system_mails.claim(session, token="t", now=NOW)
    assert (claimed.template, claimed.values["files"], claimed.values["left_out"]) == (
        answer_mails.TEMPLATE,
        3,
        [],
    )
    raw = services.composer.system(claimed)
    assert faults(raw) == []
    body = message_from_bytes(raw, policy=policy.default).get_body(("plain",))  # type: ignore[attr-defined]
    text = str(body.get_content())
    assert "3" in text.split("https://", maxsplit=1)[0]
    assert ">" not in text.split("https://", maxsplit=1)[0].removesuffix("<")


def test_a_machine_that_answers_each_mail_with_a_file_is_told_a_few_times_a_day(session: Session) -> None:
    """M-13: no loop, whatever the other side forgets to say."""
    here = talk(session, email="p@people.example")
    for number in range(answer_mails.MOST_A_DAY + 3):
        answer(session, here, ZIP, key=str(number))
    assert len(mails(session)) == answer_mails.MOST_A_DAY
    late = {"now": NOW + timedelta(days=1, minutes=1)}
    message = messages.answer(
        session, here.thread.id, body="", form_key="late", channel=Channel.EMAIL, left_out=[ZIP], **late
    )
    assert len(mails(session)) == answer_mails.MOST_A_DAY + 1
    assert message.files_left_out == 1


def test_a_message_that_was_withdrawn_is_told_of_no_more(session: Session) -> None:
    here = talk(session, email="p@people.example")
    message = answer(session, here, ZIP)
    (mail,) = mails(session)
    messages.withdraw(session, here.thread, message.id, actor=None, now=NOW)
    assert (answer_mails.fill(session, mail), message.left_out) == (None, [])


def test_more_files_than_anybody_reads_are_counted(session: Session) -> None:
    here = talk(session, email="p@people.example")
    message = messages.answer(
        session,
        here.thread.id,
        body="",
        form_key="k",
        channel=Channel.EMAIL,
        left_out=[ZIP] * 30,
        uncounted=1000,
        now=NOW,
    )
    assert (message.files_left_out, len(message.left_out)) == (1030, MOST_NAMED)
    (mail,) = mails(session)
    filled = answer_mails.fill(session, mail)
    assert filled is not None
    assert filled["files"] == 1030


def test_names_are_stored_as_a_page_can_show_them() -> None:
    """T-1, T-8, U-1: of strangers, without controls of any kind, no longer than a name."""
    stored = LeftOut(
        "a\u202e\x00\r\n" + "b" * 500, "EMPTY", {"size": 1, "list": ("a",), "name": "\ud800x"}
    ).stored()
    assert stored == ["a" + "b" * 254, "EMPTY", {"size": 1, "list": ["a"], "name": "x"}]
    assert LeftOut.read(stored).reason == "EMPTY"
