"""SIGKILL at each named step of a campaign: what the ledger says afterwards is what the server has."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from service.config import Settings
from service.models import Campaign
from tests.sink import Sink
from tests.worker.oracle import finished, installed, judge, launch, wait_for
from tests.worker.process import FAULTS, Worker, environment_of

# The rest of the steps, where a few stand for all in the quick run.
SWEEP = pytest.mark.sweep
MAILS = 12
CONNECTIONS = 2
Killer = Callable[[str, str], None]


def killer(step: str, number: int, worker: Callable[[], Worker]) -> Killer:
    """Return what a sink calls at each step: the N-th time of this one it kills the worker."""
    seen = [0]

    def watch(at: str, _recipient: str) -> None:
        if at == step:
            seen[0] += 1
            if seen[0] == number:
                os.killpg(worker().process.pid, signal.SIGKILL)

    return watch


@pytest.mark.parametrize("number", [pytest.param(1, marks=SWEEP), 6, pytest.param(MAILS, marks=SWEEP)])
@pytest.mark.parametrize("step", ["mail", "rcpt", "data", "dot", "replied"])
def test_a_kill_at_each_step_of_the_conversation(
    sink: Sink, settings: Settings, step: str, number: int
) -> None:
    """F-1: at MAIL, RCPT, DATA, the final dot, and after the answer to it; first, middle and last mail."""
    settings = replace(settings, mail_url=sink.url, mail_connections=CONNECTIONS)
    log = settings.data / "worker.log"
    with installed(settings) as services:
        campaign_id = launch(services, MAILS)
        worker = Worker(settings, log)
        sink.watch = killer(step, number, lambda: worker)
        wait_for(lambda: worker.process.poll() is not None, log=log)
        worker.again()
        wait_for(lambda: finished(services, campaign_id), log=log)
        assert worker.stop() == 0
        verdict = judge(services, sink, campaign_id, most_unknown=CONNECTIONS)
    assert verdict.others == {}
    assert len(verdict.sent | verdict.unknown) == MAILS


@pytest.mark.parametrize(
    "place",
    [
        pytest.param("service.domain.deliveries:claim:before:1", marks=SWEEP),
        "service.domain.deliveries:claim:after:1",
        pytest.param("service.domain.letters:Composer.delivery:before:1", marks=SWEEP),
        pytest.param("service.domain.letters:Composer.delivery:after:7", marks=SWEEP),
        pytest.param("service.domain.deliveries:finish_if_done:before:1", marks=SWEEP),
        "service.domain.deliveries:finish_if_done:after:1",
        pytest.param("service.domain.deliveries:sweep:before:1", marks=SWEEP),
        pytest.param("service.domain.deliveries:sweep:after:2", marks=SWEEP),
        pytest.param("service.domain.fence:settle_here:after:1", marks=SWEEP),
        "service.domain.fence:settle_here:after:2",
        pytest.param("service.domain.workers:beat:after:1", marks=SWEEP),
    ],
)
def test_a_kill_at_each_step_of_the_ledger(sink: Sink, settings: Settings, place: str) -> None:
    """F-1: in the middle of a transaction of each kind, at start, sending, sweeping and finishing."""
    settings = replace(settings, mail_url=sink.url, mail_connections=CONNECTIONS)
    log = settings.data / "worker.log"
    with installed(settings) as services:
        campaign_id = launch(services, MAILS)
        first = Worker(settings, log, env={"PYTHONPATH": str(FAULTS), "KILL_AT": place})
        assert first.process.wait(90) == -signal.SIGKILL, first.text()
        worker = Worker(settings, log)
        wait_for(lambda: finished(services, campaign_id), log=log)
        assert worker.stop() == 0
        verdict = judge(services, sink, campaign_id, most_unknown=CONNECTIONS)
    assert verdict.others == {}
    assert len(verdict.sent | verdict.unknown) == MAILS


LAUNCH = """
import os, sys
from service.bootstrap import build
from service.config import Settings
from service.models import Campaign
from tests.outbound import make_campaign
from service.worker import deliver

services = build(Settings.from_env(os.environ))
with services.db.transaction() as session:
    campaign = make_campaign(session, 12)
    services.jobs.deliver(session, campaign.id)
    if sys.argv[1] == "before":
        os.kill(os.getpid(), 9)
os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize(("moment", "campaigns"), [("before", 0), ("after", 1)])
def test_a_kill_at_launch_launches_whole_or_not_at_all(
    sink: Sink, settings: Settings, moment: str, campaigns: int
) -> None:
    """F-1: rows and job are one commit."""
    settings = replace(settings, mail_url=sink.url, mail_connections=CONNECTIONS)
    log = settings.data / "worker.log"
    with installed(settings) as services:
        root = Path(__file__).parents[2]
        ran = subprocess.run(
            [sys.executable, "-c", LAUNCH, moment],
            env=environment_of(settings),
            cwd=root,
            check=False,
            timeout=120,
        )
        assert ran.returncode == -signal.SIGKILL
        with services.db.reading() as session:
            found = [campaign.id for campaign in session.query(Campaign)]
        assert len(found) == campaigns
        for campaign_id in found:
            worker = Worker(settings, log)
            wait_for(lambda campaign_id=campaign_id: finished(services, campaign_id), log=log)  # type: ignore[misc]
            assert worker.stop() == 0
            assert len(judge(services, sink, campaign_id, most_unknown=0).sent) == MAILS
