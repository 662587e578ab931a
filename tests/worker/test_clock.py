"""F-11: a clock that jumps a day, either way, loses no lease and holds nothing up."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from service.bootstrap import Services
from service.config import Settings
from service.domain import ledger
from service.facts.limits import LEASE
from service.facts.states import DeliveryState
from service.models import Delivery
from service.worker import sweep
from service.worker.clock import SteadyClock
from tests.outbound import NOW, make_campaign
from tests.sink import Sink
from tests.worker.oracle import counts, finished, installed, judge, launch, wait_for
from tests.worker.process import FAULTS, Worker

DAY = timedelta(days=1)


class Machine:
    """The wall clock and the monotonic clock of a machine."""

    def __init__(self) -> None:
        self.wall, self.counted = NOW, 0.0

    def pass_by(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.counted += seconds


@pytest.mark.parametrize("jump", [DAY, -DAY])
def test_between_two_looks_no_jump_is_felt(jump: timedelta) -> None:
    machine = Machine()
    clock = SteadyClock(lambda: machine.wall, count=lambda: machine.counted)
    machine.pass_by(3)
    machine.wall += jump
    assert clock() == NOW + timedelta(seconds=3)
    machine.pass_by(2)
    assert clock.look() == jump
    assert clock() == NOW + jump + timedelta(seconds=5)
    assert clock.look() == timedelta(0)


def test_what_clocks_drift_is_no_jump() -> None:
    machine = Machine()
    clock = SteadyClock(lambda: machine.wall, count=lambda: machine.counted)
    machine.pass_by(5)
    machine.wall += timedelta(milliseconds=300)
    assert clock.look() == timedelta(0)
    assert clock() == NOW + timedelta(seconds=5.3)


@pytest.mark.parametrize("jump", [DAY, -DAY])
def test_after_a_jump_every_lease_lasts_a_full_time(services: Services, jump: timedelta) -> None:
    """Neither is a living worker's row called unknown, nor does a dead one's wait for a day."""
    with services.db.transaction() as session:
        make_campaign(session, 3)
        for row, state in zip(session.query(Delivery), ("claimed", "in_flight", "deferred"), strict=True):
            row.state, row.lease_token = state, "t"
            row.lease_until = NOW + LEASE if state != "deferred" else None
            row.next_attempt_at = NOW + timedelta(minutes=5) if state == "deferred" else None
    then = NOW + jump
    sweep.begin_anew(services, now=then)
    sweep.repair(services, now=then + LEASE - timedelta(seconds=1))
    assert states(services) == ["claimed", "in_flight", "deferred"]
    with services.db.reading() as session:
        waits = session.scalar(select(Delivery.next_attempt_at).where(Delivery.state == "deferred"))
    assert waits is not None
    assert waits - then <= timedelta(minutes=ledger.RETRY_MINUTES[-1])
    sweep.repair(services, now=then + LEASE + timedelta(seconds=1))
    assert states(services) == ["queued", "unknown", "deferred"]


def states(services: Services) -> list[str]:
    with services.db.reading() as session:
        return list(session.scalars(select(Delivery.state).order_by(Delivery.id)))


@pytest.mark.parametrize("days", [1, pytest.param(-1, marks=pytest.mark.sweep)])
def test_a_campaign_goes_on_while_the_clock_jumps(
    sink: Sink, settings: Settings, tmp_path: Path, days: int
) -> None:
    """The clock that the worker looks at jumps in the middle of a campaign, and back."""
    sink.pause = 0.02
    settings = replace(settings, mail_url=sink.url, mail_connections=2)
    jump = tmp_path / "jump"
    jump.write_text("0")
    log = settings.data / "worker.log"
    with installed(settings) as services:
        campaign_id = launch(services, 800)
        worker = Worker(settings, log, env={"PYTHONPATH": str(FAULTS), "CLOCK_JUMP": str(jump)})
        wait_for(lambda: len(sink.taken()) > 40, log=log)
        for number, offset in enumerate((days * 86400, 0)):
            jump.write_text(str(offset))
            wait_for(lambda number=number: worker.text().count("the clock jumped") > number, log=log)  # type: ignore[misc]
        wait_for(lambda: finished(services, campaign_id), log=log)
        assert worker.stop() == 0
        assert counts(services, campaign_id) == {DeliveryState.SENT: 800}
        assert len(judge(services, sink, campaign_id, most_unknown=0).sent) == 800
        with services.db.reading() as session:
            assert session.scalar(text("SELECT count(*) FROM deliveries WHERE crashes > 0")) == 0


@pytest.mark.sweep
def test_workers_of_different_days_follow_one_another(sink: Sink, settings: Settings, tmp_path: Path) -> None:
    """Killed today, started tomorrow, killed, started yesterday."""
    sink.pause = 0.02
    settings = replace(settings, mail_url=sink.url, mail_connections=2)
    day = tmp_path / "day"
    log = settings.data / "worker.log"
    with installed(settings) as services:
        campaign_id = launch(services, 200)
        for goal, days in ((20, 0), (60, 1), (100, -1)):
            day.write_text(str(days * 86400))
            worker = Worker(settings, log, env={"PYTHONPATH": str(FAULTS), "CLOCK_JUMP": str(day)})
            wait_for(lambda goal=goal: len(sink.taken()) > goal, log=log)  # type: ignore[misc]
            worker.kill()
        worker = Worker(settings, log)
        wait_for(lambda: finished(services, campaign_id), log=log)
        assert worker.stop() == 0
        verdict = judge(services, sink, campaign_id, most_unknown=3 * 2)
        assert (verdict.others, len(verdict.sent | verdict.unknown)) == ({}, 200)
