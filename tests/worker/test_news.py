"""Mails about messages when several workers are at it, and after a worker died: each is written once."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from service import bootstrap
from service.bootstrap import Services
from service.config import Settings
from service.domain import notifications, system_mails
from service.facts.messages import MailChoice, News
from service.models import Digest, Notice, SystemMail
from service.worker import sweep
from tests import postgres
from tests.domain.factories import NOW, AskedJobs
from tests.domain.talks import talk
from tests.worker.oracle import wait_for

DAY_LATER = NOW + timedelta(days=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def address(postgres_server: postgres.Server) -> str:
    """A database for the tests here."""
    return postgres_server.migrated_database()


@pytest.fixture
def services(settings: Settings, address: str) -> Iterator[Services]:
    """An installation on that database."""
    made = bootstrap.build(replace(settings, database_url=address), jobs=False)
    yield made
    made.db.dispose()


def count(session: Session, what: type[Digest] | type[SystemMail]) -> int:
    return session.scalar(select(func.count()).select_from(what)) or 0


def test_two_workers_write_one_mail_for_each_news_and_day(services: Services) -> None:
    """F-1, F-11: both sweep at the same moment, again and again, without the lock that keeps them apart."""
    with services.db.transaction() as session:
        here = talk(session, email="both@people.example")
        notifications.choose(session, here.user, {News.MESSAGE: MailChoice.DAILY})
        here.answer(session, key="a")
        notifications.tell_report(session, here.thread, now=NOW)
        before = count(session, SystemMail)
    start = threading.Barrier(2, timeout=30)

    def work() -> None:
        start.wait()
        for _ in range(5):
            with services.db.transaction() as session:
                notifications.send_digests(session, jobs=AskedJobs(), now=DAY_LATER)
                notifications.mail_due(session, jobs=AskedJobs(), now=DAY_LATER)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)
    assert not any(worker.is_alive() for worker in workers)
    with services.db.reading() as session:
        assert count(session, SystemMail) == before + 2
        assert count(session, Digest) == 1
        assert session.scalars(select(Notice.mail)).all() == [None, None]


def test_a_message_written_while_its_mail_is_claimed_has_one_of_its_own(services: Services) -> None:
    """P1: whoever comes second waits, and sees that the mail is on its way."""
    with services.db.transaction() as session:
        here = talk(session, email="claimed@people.example", name="Claimed")
        here.say(session, "One.", key="a")

    def write() -> None:
        with services.db.transaction() as session:
            here.say(session, "Two.", key="b", at=NOW + MINUTE)

    writer = threading.Thread(target=write)
    with services.db.transaction() as session:
        system_mails.claim(session, token="t", now=NOW + MINUTE)
        writer.start()
        wait_for(lambda: is_somebody_waiting(services))
    writer.join(timeout=30)
    assert not writer.is_alive()
    with services.db.transaction() as session:
        found = system_mails.claim(session, token="u", now=NOW + 2 * MINUTE)
        (mail,) = [mail for mail in found if mail.template == "message-notification"]
        assert mail.values["lines"] == ["Two."]


def is_somebody_waiting(services: Services) -> bool:
    with services.db.reading() as session:
        return bool(session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))


def test_the_sweep_of_a_worker_writes_them(settings: Settings) -> None:
    """F-1: whatever was left by a worker that died is in the notices themselves; nothing is written twice."""
    services = bootstrap.build(settings, jobs=False)
    with services.db.transaction() as session:
        here = talk(session)
        here.answer(session, key="a")
        notifications.choose(session, here.user, {News.REPORT: MailChoice.DAILY})
        notifications.tell_report(session, here.thread, now=NOW)
    for _ in range(3):
        assert sweep.repair(services, now=DAY_LATER) == ""
    with services.db.reading() as session:
        found = session.scalars(select(SystemMail.template).order_by(SystemMail.template))
        assert list(found) == ["daily-digest", "message-received"]
    services.db.dispose()
