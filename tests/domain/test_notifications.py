"""What users are told of conversations: whom, at once, once a day, or not at all."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.bootstrap import Services
from service.domain import messages, notices, notifications, system_mails, threads
from service.domain.system_mails import ClaimedSystemMail
from service.facts.messages import MailChoice, News, Side
from service.i18n.locales import LOCALES
from service.models import Digest, Notice, SystemMail, User
from tests.domain import factories
from tests.domain.factories import NOW, AskedJobs
from tests.domain.talks import Talk, talk
from tests.judged import faults

MINUTE = timedelta(minutes=1)
LATER = NOW + MINUTE


def told(session: Session) -> list[tuple[str, str, str | None]]:
    rows = session.execute(select(User.email, Notice.kind, Notice.mail).join(User).order_by(Notice.id))
    return [(row[0].partition("@")[0], row[1], row[2]) for row in rows]


def mails(session: Session, *, at: datetime = LATER) -> list[ClaimedSystemMail]:
    """Write what is due at once; return those mails to users as a worker gets them."""
    notifications.mail_due(session, jobs=AskedJobs(), now=at)
    return [mail for mail in system_mails.claim(session, token="t", now=at) if "news" in mail.values]


def choose(session: Session, here: Talk, choice: MailChoice, kind: News = News.MESSAGE) -> None:
    notifications.choose(session, here.user, {kind: choice})


def test_everybody_who_may_use_messages_is_told_or_the_one_it_is_assigned_to(session: Session) -> None:
    here = talk(session)
    other = factories.user(session, here.program, email="mei@brand.example")
    factories.user(session, email="elsewhere@brand.example")
    here.answer(session, key="a")
    assert told(session) == [
        ("alex", "message_received", "at_once"),
        ("mei", "message_received", "at_once"),
    ]
    threads.assign(session, here.thread, other.id)
    notifications.tell_report(session, here.thread, now=NOW)
    assert told(session)[2:] == [("mei", "thread_reported", "at_once")]


def test_the_brands_own_messages_tell_no_user(session: Session) -> None:
    talk(session).say(session, key="a")
    assert told(session) == []


@pytest.mark.parametrize("code", LOCALES)
def test_a_mail_at_once_in_the_users_language(services: Services, code: str) -> None:
    """P9, T-6: within a minute all messages in one; the words are data, the link leads to the thread."""
    with services.db.transaction() as session:
        here = talk(session, name="[x](https://evil.example)")
        here.user.locale = code
        here.answer(session, "**One**\n<b>", key="a")
        here.answer(session, "Two", key="b", at=NOW + timedelta(seconds=30))
        assert len(told(session)) == 1
        assert mails(session, at=NOW + timedelta(seconds=59)) == []
        (mail,) = mails(session)
        assert mail.values["lines"] == ["**One**", "<b>", "", "Two"]
        raw = services.composer.system(mail)
        assert faults(raw) == []
        assert b"/inbox/" in raw or code in {"ja", "zh"}  # base64 there
        assert mails(session, at=LATER) == []
        here.answer(session, "Three", key="c", at=LATER)
        (mail,) = mails(session, at=LATER + MINUTE)
        assert mail.values["lines"] == ["Three"]


def _read(session: Session, here: Talk) -> None:
    threads.mark_read(session, here.thread, now=NOW)


def _withdraw(session: Session, here: Talk) -> None:
    (message,) = messages.list_in(session, here.thread, side=Side.PARTNER)
    messages.withdraw(session, here.thread, message.id, actor=None, now=NOW)


def _disable(_session: Session, here: Talk) -> None:
    here.user.disabled_at = NOW


def _off(session: Session, here: Talk) -> None:
    choose(session, here, MailChoice.OFF)


@pytest.mark.parametrize("change", [_read, _withdraw, _disable, _off])
def test_what_is_not_needed_any_more_is_not_mailed(session: Session, change: object) -> None:
    """A-8: also to somebody who may not read messages any more."""
    here = talk(session)
    here.answer(session, key="a")
    change(session, here)  # type: ignore[operator]
    session.flush()
    assert mails(session) == []


def test_reading_the_thread_marks_the_news_of_everybody_as_read(session: Session) -> None:
    here = talk(session)
    factories.user(session, here.program, email="mei@brand.example")
    here.answer(session, key="a")
    threads.mark_read(session, here.thread, now=NOW)
    assert notices.count_unread(session, here.user.id) == 0


def test_without_mails_one_unread_notice_of_a_thread_is_enough(session: Session) -> None:
    here = talk(session)
    choose(session, here, MailChoice.OFF)
    for key in "abc":
        here.answer(session, key=key)
    assert told(session) == [("alex", "message_received", None)]


def test_a_report_is_mailed_with_its_words(session: Session) -> None:
    here = talk(session)
    threads.report(session, here.thread, words="Too\nloud", now=NOW)
    notifications.tell_report(session, here.thread, now=NOW)
    (mail,) = mails(session)
    assert (mail.values["news"], mail.values["lines"]) == (
        ["thread_reported", {"name": "Le Carnet"}],
        ["Too", "loud"],
    )


def test_choices_are_kept_and_have_defaults(session: Session) -> None:
    here = talk(session)
    defaults = {News.MESSAGE: "at_once", News.REPORT: "at_once", News.ATTACHMENT: "daily"}
    assert notifications.choices_of(session, here.user) == defaults
    choose(session, here, MailChoice.DAILY)
    choose(session, here, MailChoice.OFF)
    assert notifications.choices_of(session, here.user) == {**defaults, News.MESSAGE: "off"}


# Once a day


@pytest.mark.parametrize(
    ("zone", "now", "day", "begins"),
    [
        ("UTC", "2038-01-18 08:00", "2038-01-18", "2038-01-18 08:00"),
        ("UTC", "2038-01-18 07:59", "2038-01-17", "2038-01-17 08:00"),
        ("Asia/Tokyo", "2038-01-17 23:00", "2038-01-18", "2038-01-17 23:00"),
        ("Asia/Kathmandu", "2038-01-18 02:15", "2038-01-18", "2038-01-18 02:15"),
        ("Pacific/Kiritimati", "2038-01-17 18:00", "2038-01-18", "2038-01-17 18:00"),
        # The day clocks go forward, and the day they go back.
        ("Europe/Paris", "2037-03-29 06:00", "2037-03-29", "2037-03-29 06:00"),
        ("Europe/Paris", "2037-10-25 07:00", "2037-10-25", "2037-10-25 07:00"),
    ],
)
def test_a_day_begins_at_eight_in_the_users_zone(zone: str, now: str, day: str, begins: str) -> None:
    """F-11, T-10."""
    moments = [datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (now, begins)]
    assert notifications.day_of(zone, moments[0]) == (date.fromisoformat(day), moments[1])


def digests(session: Session, now: datetime) -> int:
    return notifications.send_digests(session, jobs=AskedJobs(), now=now)


def test_the_mail_of_a_day_is_sent_once_with_what_was_new_before(session: Session) -> None:
    """F-11: news of 12:00 waits for eight, later ones for the day after; an empty day has none."""
    here = talk(session)
    choose(session, here, MailChoice.DAILY)
    here.answer(session, key="a")
    eight = datetime(2038, 1, 19, 8, 0, tzinfo=UTC)
    assert digests(session, NOW) == 0
    assert digests(session, eight - timedelta(seconds=1)) == 0
    here.answer(session, key="b", at=eight)
    assert mails(session, at=eight) == []
    assert [digests(session, eight + MINUTE) for _ in range(3)] == [1, 0, 0]
    mail = session.scalars(select(SystemMail).where(SystemMail.template == "daily-digest")).one()
    assert (mail.address, mail.values["total"]) == (here.user.email, 1)
    assert digests(session, eight + timedelta(days=1)) == 0  # the second message joined the first notice
    assert digests(session, eight + timedelta(days=2)) == 0
    assert [row.day for row in session.scalars(select(Digest))] == [date(2038, 1, 19)]


def test_a_day_that_had_its_mail_has_no_second_one(session: Session) -> None:
    """F-11: whatever zone the user moves to; the news wait for the next day."""
    here = talk(session)
    choose(session, here, MailChoice.DAILY)
    session.add(Digest(user_id=here.user.id, day=date(2038, 1, 19), at=NOW))
    here.answer(session, key="a")
    assert digests(session, datetime(2038, 1, 19, 9, 0, tzinfo=UTC)) == 0
    assert digests(session, datetime(2038, 1, 20, 9, 0, tzinfo=UTC)) == 1


def test_what_was_read_needs_no_mail_of_the_day(session: Session) -> None:
    here = talk(session)
    choose(session, here, MailChoice.DAILY)
    here.answer(session, key="a")
    notices.mark_read(session, here.user.id, now=NOW)
    assert digests(session, NOW + timedelta(days=1)) == 0
    assert session.scalars(select(SystemMail)).all() == []
    assert told(session) == [("alex", "message_received", None)]


@pytest.mark.parametrize("code", LOCALES)
def test_the_mail_of_a_day_in_the_users_language(services: Services, code: str) -> None:
    """P9."""
    with services.db.transaction() as session:
        here = talk(session, name="花 <b>")
        here.user.locale = code
        notifications.choose(session, here.user, dict.fromkeys(News, MailChoice.DAILY))
        here.answer(session, key="a")
        notices.tell(
            session, here.user.id, "attachment_refused", now=NOW, subject_id=here.thread.id, file="x.pdf"
        )
        assert digests(session, NOW + timedelta(days=1)) == 1
        (mail,) = system_mails.claim(session, token="t", now=NOW + timedelta(days=1))
        assert faults(services.composer.system(mail)) == []


def test_old_days_are_forgotten(session: Session) -> None:
    here = talk(session)
    session.add(Digest(user_id=here.user.id, day=date(2038, 1, 19), at=NOW))
    notifications.forget_digests(session, now=NOW + timedelta(days=30))
    assert len(session.scalars(select(Digest)).all()) == 1
    notifications.forget_digests(session, now=NOW + timedelta(days=31))
    assert session.scalars(select(Digest)).all() == []
