"""F-20: a backup taken while mails were being sent, restored, sends nothing that the server already has."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from service.bootstrap import Services
from service.config import Settings
from service.domain import fence, notices, schedules
from service.facts.replies import Reason, words_of
from service.facts.states import CampaignState, DeliveryState
from service.models import Campaign, Delivery, Installation, Notice
from tests import postgres
from tests.backups import back_up
from tests.outbound import NOW, make_campaign
from tests.sink import Sink
from tests.worker.oracle import counts, finished, installed, judge, launch, state_of, wait_for
from tests.worker.process import Worker, environment_of

MAILS = 200


def send_and_back_up(services: Services, sink: Sink, to: Path) -> int:
    """Send a campaign, with a copy of the database made in the middle of it."""
    sink.pause = 0.01
    campaign_id = launch(services, MAILS)
    worker = Worker(services.settings, services.settings.data / "worker.log")
    wait_for(lambda: len(sink.taken()) > 30)
    back_up(services.settings, to)
    wait_for(lambda: finished(services, campaign_id))
    assert worker.stop() == 0
    return campaign_id


def expect_nothing_sent(settings: Settings, sink: Sink, campaign_id: int) -> None:
    """Start a worker on the restored copy, and hold it against the server's journal."""
    with installed(settings) as restored:
        worker = Worker(settings, settings.data / "again.log")
        wait_for(lambda: finished(restored, campaign_id), log=settings.data / "again.log")
        assert worker.stop() == 0
        verdict = judge(restored, sink, campaign_id, most_unknown=MAILS)
        assert len(verdict.arrived) == MAILS
        assert len(verdict.unknown) > 0
        assert verdict.others == {}
        with restored.db.reading() as session:
            replies = set(session.scalars(select(Delivery.reply).where(Delivery.state == "unknown")))
            kinds = set(session.scalars(select(Notice.kind)))
        assert replies == {words_of(Reason.RESTORED)}
        assert notices.UNKNOWN in kinds


@pytest.fixture
def at_the_sink(settings: Settings, sink: Sink) -> Settings:
    """An installation that sends to the sink."""
    return replace(settings, mail_url=sink.url, mail_connections=2)


def test_a_copy_restored_on_another_machine_sends_nothing_again(
    at_the_sink: Settings, sink: Sink, tmp_path: Path
) -> None:
    """F-20: there is no stamp beside it."""
    with installed(at_the_sink) as services:
        campaign_id = send_and_back_up(services, sink, tmp_path / "backup.db")
    elsewhere = replace(at_the_sink, data=tmp_path / "elsewhere")
    elsewhere.data.mkdir()
    shutil.copy(tmp_path / "backup.db", elsewhere.data / "prospectus.db")
    expect_nothing_sent(elsewhere, sink, campaign_id)


def test_a_copy_written_over_the_database_sends_nothing_again(
    at_the_sink: Settings, sink: Sink, tmp_path: Path
) -> None:
    """F-20: the same file on the same disk; its stamp is an old one."""
    with installed(at_the_sink) as services:
        campaign_id = send_and_back_up(services, sink, tmp_path / "backup.db")
    file = at_the_sink.data / "prospectus.db"
    number = file.stat().st_ino
    for beside in ("-wal", "-shm"):
        file.with_name(file.name + beside).unlink(missing_ok=True)
    file.write_bytes((tmp_path / "backup.db").read_bytes())
    assert file.stat().st_ino == number
    expect_nothing_sent(at_the_sink, sink, campaign_id)


@pytest.mark.sweep
def test_the_whole_folder_restored_sends_nothing_again(
    at_the_sink: Settings, sink: Sink, tmp_path: Path
) -> None:
    """F-20: database and stamp are of one age, but stand in new files."""
    with installed(at_the_sink) as services:
        campaign_id = send_and_back_up(services, sink, tmp_path / "backup.db")
    elsewhere = replace(at_the_sink, data=tmp_path / "elsewhere")
    shutil.copytree(at_the_sink.data, elsewhere.data)
    shutil.copy(tmp_path / "backup.db", elsewhere.data / "prospectus.db")
    for beside in ("-wal", "-shm"):
        (elsewhere.data / f"prospectus.db{beside}").unlink(missing_ok=True)
    expect_nothing_sent(elsewhere, sink, campaign_id)


@pytest.mark.sweep
def test_a_kill_is_no_restore(at_the_sink: Settings, sink: Sink) -> None:
    """The database that was left in the middle of something is still the one that belongs here."""
    sink.pause = 0.01
    with installed(at_the_sink) as services:
        campaign_id = launch(services, 60)
        worker = Worker(at_the_sink, at_the_sink.data / "worker.log")
        for goal in (10, 30):
            wait_for(lambda goal=goal: len(sink.taken()) > goal)  # type: ignore[misc]
            worker.kill()
            worker.again()
        wait_for(lambda: finished(services, campaign_id))
        assert worker.stop() == 0
        assert len(judge(services, sink, campaign_id, most_unknown=4).sent) >= 56
        with services.db.reading() as session:
            assert session.scalars(select(Installation.held_back_at)).all() == [None]


@pytest.mark.sweep
def test_a_dump_restored_on_postgresql_sends_nothing_again(
    at_the_sink: Settings, sink: Sink, tmp_path: Path, need: Callable[[str], str]
) -> None:
    """F-20: the tables of a restored dump are others than those it was made of."""
    dump_program, psql = postgres.program("pg_dump"), postgres.program("psql")
    if dump_program is None or psql is None:
        need("pg_dump")
    with postgres.started() as server:
        first = replace(at_the_sink, database_url=server.new_database())
        second = replace(at_the_sink, database_url=server.new_database(), data=tmp_path / "second")
        second.data.mkdir()
        dump = tmp_path / "dump.sql"
        sink.pause = 0.01
        with installed(first) as services:
            campaign_id = launch(services, MAILS)
            worker = Worker(first, first.data / "worker.log")
            wait_for(lambda: len(sink.taken()) > 30, log=first.data / "worker.log")
            plain = [url.database_url.replace("+psycopg", "") for url in (first, second)]
            subprocess.run([str(dump_program), "-f", str(dump), plain[0]], check=True, timeout=120)
            wait_for(lambda: finished(services, campaign_id))
            assert worker.stop() == 0
        quiet = subprocess.DEVNULL
        subprocess.run([str(psql), "-q", "-f", str(dump), plain[1]], check=True, stdout=quiet, timeout=120)
        expect_nothing_sent(second, sink, campaign_id)


def test_the_command_holds_back_and_lets_go(settings: Settings) -> None:
    """For a restored disk, which nothing can recognise from within; and for a mere move."""
    with installed(settings) as services:
        with services.db.transaction() as session:
            campaign_id = make_campaign(session, 7).id
            fence.settle_here(session, place="here", stamp="x")
        assert run_command(settings) == (
            "Emails held back until you decide: 7\nThey are listed as unknown in their campaigns.\n"
        )
        assert counts(services, campaign_id) == {DeliveryState.UNKNOWN: 7}
        with services.db.transaction() as session:
            session.get_one(Campaign, campaign_id).state = CampaignState.FINISHED.value
        assert run_command(settings, "--nothing-was-sent") == "Emails that wait to be sent again: 7\n"
        assert counts(services, campaign_id) == {DeliveryState.QUEUED: 7}
        assert state_of(services, campaign_id) is CampaignState.SENDING


def test_a_scheduled_campaign_is_held_back_too(settings: Settings) -> None:
    """It may have started since the backup: it waits for a person, its mails unknown."""
    with installed(settings) as services:
        with services.db.transaction() as session:
            campaign_id = make_campaign(session, 3, state=CampaignState.SCHEDULED).id
            assert fence.hold_back(session, now=NOW) == 3
        assert state_of(services, campaign_id) is CampaignState.PAUSED
        assert counts(services, campaign_id) == {DeliveryState.UNKNOWN: 3}


@pytest.mark.parametrize(
    ("hours", "state"), [(1, CampaignState.SCHEDULED), (-1, CampaignState.PAUSED)], ids=["ahead", "over"]
)
def test_what_was_let_go_has_its_schedule_again(settings: Settings, hours: int, state: CampaignState) -> None:
    """F-20, F-11: a moment still to come counts; one that went by is for a person to say."""
    with installed(settings) as services:
        with services.db.transaction() as session:
            campaign = make_campaign(session, 3, state=CampaignState.SCHEDULED)
            campaign.scheduled_at = NOW + timedelta(hours=hours)
            session.flush()
            assert fence.hold_back(session, now=NOW) == 3
        with services.db.transaction() as session:
            assert fence.let_go(session, now=NOW) == 3
        assert state_of(services, campaign.id) is state
        assert counts(services, campaign.id) == {DeliveryState.QUEUED: 3}
        with services.db.transaction() as session:
            due = schedules.start_due(session, now=NOW + timedelta(hours=2))
        assert due == (1 if state is CampaignState.SCHEDULED else 0)


def run_command(settings: Settings, *options: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-m", "service", "db", "restored", *options],
        env={**environment_of(settings), "LC_ALL": "C.UTF-8", "LANGUAGE": ""},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return ran.stdout
