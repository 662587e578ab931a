"""Attached files scanned by a worker of its own process and the real daemon, also while things go wrong."""

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from service.bootstrap import Services
from service.config import Settings
from service.domain import attachments
from service.domain.answer_mails import TEMPLATE as LEFT_OUT
from service.facts.limits import SCAN_GIVE_UP, UPLOAD_LIFE
from service.facts.messages import News, ScanState
from service.models import Attachment, Notice
from service.worker import scan
from tests.clamd import EICAR, Clamd
from tests.worker.attaching import CSV, begin, known, stored
from tests.worker.oracle import installed, wait_for
from tests.worker.process import FAULTS, Worker

SWEEP = pytest.mark.sweep
MAIL = "message-notification"


@pytest.fixture
def settings(settings: Settings, clamd: Clamd) -> Settings:
    return replace(settings, scanner_url=clamd.url, scanner_local_signatures=True)


@pytest.fixture
def services(settings: Settings) -> Iterator[Services]:
    """An installation with the engine's tables and client."""
    with installed(settings) as made:
        yield made


@pytest.fixture
def paused(clamd: Clamd) -> Iterator[Clamd]:
    """The daemon, stopped where it is."""
    clamd.pause()
    yield clamd
    clamd.go_on()


def test_a_file_is_scanned_and_its_message_goes_out(settings: Settings, services: Services) -> None:
    """U-12: a mail for the message that is shown, none for the one with a threat in it."""
    log = settings.data / "worker.log"
    here = begin(services)
    worker = Worker(settings, log)
    here.attach()
    fine = here.send()
    here.attach(b"name\r\n" + EICAR, key="other")
    bad = here.send(key="other")
    wait_for(lambda: here.states() == [ScanState.CLEAN, ScanState.REFUSED], log=log)
    assert worker.stop() == 0
    assert (here.is_shown(fine), here.is_shown(bad)) == (True, False)
    assert here.mails()[MAIL] == 1
    assert stored(services) == known(services)
    assert len(stored(services)) == 1


def test_a_worker_killed_while_a_file_is_scanned(
    settings: Settings, services: Services, paused: Clamd
) -> None:
    """F-1, F-10: the next one scans it at once; the message is neither lost nor shown early."""
    log = settings.data / "worker.log"
    here = begin(services)
    worker = Worker(settings, log)
    attachment_id = here.attach()
    message_id = here.send()
    wait_for(lambda: is_at_work(services, attachment_id), log=log)
    worker.kill()
    assert (here.states(), here.is_shown(message_id), here.mails()) == (["waiting"], False, {})
    paused.go_on()
    worker.again()
    wait_for(here.is_clean, log=log)
    assert worker.stop() == 0
    assert (here.is_shown(message_id), here.mails()[MAIL], here.tries()) == (True, 1, 0)


def is_at_work(services: Services, attachment_id: int) -> bool:
    """Whether a worker has taken the file: its next turn is later than it was made."""
    with services.db.reading() as session:
        found = session.get_one(Attachment, attachment_id)
        return found.next_try_at is not None and found.next_try_at > found.created_at + timedelta(seconds=30)


def test_an_outage_over_several_tries(
    settings: Settings, services: Services, paused: Clamd, tmp_path: Path
) -> None:
    """U-9, U-10, F-10: asked again after 1 and 5 minutes, and clean as soon as the scanner answers."""
    log = settings.data / "worker.log"
    jump = tmp_path / "jump"
    jump.write_text("0")
    here = begin(services)
    here.attach()
    message_id = here.send()
    quick = replace(settings, scanner_timeout=1)
    worker = Worker(quick, log, env={"PYTHONPATH": str(FAULTS), "CLOCK_JUMP": str(jump)})
    seconds = 0
    for tries, wait in enumerate((0, 1, 5), 1):
        seconds += 60 * wait + 5
        jump.write_text(str(seconds))
        wait_for(lambda tries=tries: here.tries() == tries, log=log)  # type: ignore[misc]
        assert (here.states(), here.is_shown(message_id)) == (["waiting"], False)
    paused.go_on()
    jump.write_text(str(seconds + 15 * 60 + 5))
    wait_for(here.is_clean, log=log)
    assert worker.stop() == 0
    assert (here.is_shown(message_id), here.mails()[MAIL]) == (True, 1)


def test_a_scanner_that_is_no_more_holds_nothing_for_ever(
    settings: Settings, services: Services, tmp_path: Path
) -> None:
    """U-9, F-3: words by email are shown after a day and both sides told, as is a page's author."""
    log = settings.data / "worker.log"
    jump = tmp_path / "jump"
    jump.write_text("0")
    here = begin(services)
    here.attach()
    written = here.send()
    answered = here.answer_by_email()
    without = replace(settings, scanner_url="")
    worker = Worker(without, log, env={"PYTHONPATH": str(FAULTS), "CLOCK_JUMP": str(jump)})
    wait_for(lambda: here.tries() == 2, log=log)
    assert (here.states(), here.is_shown(answered)) == (["waiting", "waiting"], False)
    jump.write_text(str(int(SCAN_GIVE_UP.total_seconds()) + 60))
    wait_for(lambda: here.states() == ["unscanned", "unscanned"], log=log)
    assert worker.stop() == 0
    assert (here.is_shown(written), here.is_shown(answered)) == (False, True)
    assert (here.mails()[LEFT_OUT], here.mails()[MAIL]) == (1, 0)
    with services.db.reading() as session:
        assert sorted(session.scalars(select(Notice.kind))) == [News.ATTACHMENT.value, News.MESSAGE.value]
    assert stored(services) == known(services) == set()


def test_a_stored_file_that_vanished_is_given_up(services: Services) -> None:
    """F-3: tried like a scanner that says nothing, then its author is told; no error is thrown on the way."""
    here = begin(services)
    attachment_id = here.attach()
    here.send()
    (file_id,) = stored(services)
    services.attachments.delete(file_id)
    now, verdicts = datetime.now(UTC), 0
    while here.states() == [ScanState.WAITING.value]:
        verdicts += scan.scan(services, attachment_id, lambda now=now: now)  # type: ignore[misc]
        with services.db.reading() as session:
            now = session.get_one(Attachment, attachment_id).next_try_at or now
    assert here.states() == [ScanState.UNSCANNED.value]
    # At ever longer intervals within the first hours, then hourly.
    assert verdicts == len(attachments.RETRY_MINUTES) + 24
    with services.db.reading() as session:
        told = session.execute(select(Notice.kind, Notice.values)).all()
    assert [tuple(one) for one in told] == [("attachment_refused", {"file": "rates.csv"})]


def test_the_hourly_clearing_deletes_no_kept_file(services: Services) -> None:
    """P1: unsent files after their time and orphans go; what a message has, and what is young, stays."""
    here = begin(services)
    for key in ("sent", "unsent"):
        here.attach(key=key)
    here.send(key="sent")
    (sent, unsent) = ids_of(services)
    orphan, young = services.attachments.put(b"old"), services.attachments.put(b"young")
    folder = settings_folder(services)
    for file_id in (sent, unsent, orphan):
        os.utime(folder / file_id[:2] / file_id, (0, 0))
    scan.clear(services, now=datetime.now(UTC))
    assert stored(services) == {sent, unsent, young}
    with services.db.transaction() as session:
        long_ago = datetime.now(UTC) - UPLOAD_LIFE - timedelta(minutes=1)
        session.execute(update(Attachment).values(created_at=long_ago))
    scan.clear(services, now=datetime.now(UTC))
    assert stored(services) == {sent, young}
    assert known(services) == {sent}
    with services.attachments.open(sent) as content:
        assert content.read() == CSV


def ids_of(services: Services) -> list[str]:
    with services.db.reading() as session:
        return [str(one) for one in session.scalars(select(Attachment.file_id).order_by(Attachment.id))]


def settings_folder(services: Services) -> Path:
    return services.settings.data / "attachments"


def test_a_worker_alone_asks_at_once(services: Services) -> None:
    """F-10: whatever waited for its turn; what is settled stays as it is."""
    here = begin(services)
    for key in ("a", "b"):
        here.attach(key=key)
    later = datetime.now(UTC) + timedelta(hours=1)
    with services.db.transaction() as session:
        session.execute(update(Attachment).values(next_try_at=later))
        session.execute(
            update(Attachment).where(Attachment.id == 2).values(state=ScanState.CLEAN.value, next_try_at=None)
        )
        attachments.ask_at_once(session, now=later - timedelta(minutes=30))
        assert attachments.list_due(session, now=later - timedelta(minutes=30), limit=10) == [1]


@pytest.mark.parametrize(
    "place",
    [
        pytest.param("service.domain.attachments:begin:before:1", marks=SWEEP),
        "service.domain.attachments:begin:after:1",
        pytest.param("service.adapters.clamd:Clamd.scan:before:1", marks=SWEEP),
        pytest.param("service.adapters.clamd:Clamd.scan:after:1", marks=SWEEP),
        pytest.param("service.domain.scanning:state_of:after:1", marks=SWEEP),
        pytest.param("service.domain.attachments:settle:before:1", marks=SWEEP),
        "service.domain.attachments:settle:after:1",
        pytest.param("service.domain.messages:show_if_ready:before:1", marks=SWEEP),
        pytest.param("service.domain.messages:show_if_ready:after:1", marks=SWEEP),
        pytest.param("service.domain.attachments:settle:after:2", marks=SWEEP),
        pytest.param("service.adapters.attachment_files:AttachmentFiles.delete:before:1", marks=SWEEP),
        pytest.param("service.adapters.attachment_files:AttachmentFiles.delete:after:1", marks=SWEEP),
    ],
)
def test_a_kill_at_each_step_of_a_scan(settings: Settings, services: Services, place: str) -> None:
    """F-1: one message with a clean file is shown once, one with a threat never, and its bytes go."""
    log = settings.data / "worker.log"
    here = begin(services)
    here.attach()
    fine = here.send()
    here.attach(b"name\r\n" + EICAR, key="other")
    bad = here.send(key="other")
    first = Worker(settings, log, env={"PYTHONPATH": str(FAULTS), "KILL_AT": place})
    assert first.process.wait(90) == -signal.SIGKILL, first.text()
    worker = Worker(settings, log)
    wait_for(lambda: here.states() == [ScanState.CLEAN, ScanState.REFUSED], log=log)
    wait_for(lambda: here.mails()[MAIL] == 1, log=log)
    # Where the kill came last, nothing was left to do, and this may reach it before it has begun.
    assert worker.stop() in {0, -signal.SIGTERM}
    assert (here.is_shown(fine), here.is_shown(bad)) == (True, False)
    scan.clear(services, now=datetime.now(UTC) + timedelta(hours=2))
    assert stored(services) == known(services)
    assert len(stored(services)) == 1
