"""F-2, F-18: told to stop, or short of what a process needs, a worker leaves everything in order."""

import json
import os
import resource
import signal
import time
from dataclasses import replace

import pytest
from sqlalchemy import text

from service.config import Settings
from service.facts.states import DeliveryState
from service.web.app import create_app
from tests.sink import HANG, Sink
from tests.worker.oracle import counts, finished, installed, judge, launch, wait_for
from tests.worker.process import Worker


def test_a_signal_lets_it_finish_what_it_is_sending(sink: Sink, settings: Settings) -> None:
    """F-2: the mails that are being sent are settled, the others are given back, and the code is 0."""
    sink.pause = 0.5
    settings = replace(settings, mail_url=sink.url, mail_connections=4)
    log = settings.data / "worker.log"
    with installed(settings) as services:
        campaign_id = launch(services, 300)
        worker = Worker(settings, log)
        wait_for(lambda: len(sink.taken()) >= 6, log=log)
        worker.process.send_signal(signal.SIGTERM)
        assert worker.process.wait(90) == 0
        after = counts(services, campaign_id)
        assert set(after) == {DeliveryState.SENT, DeliveryState.QUEUED}
        assert after[DeliveryState.SENT] == len(sink.taken())
        with services.db.reading() as session:
            assert session.scalar(text("SELECT count(*) FROM deliveries WHERE crashes > 0")) == 0
            assert session.scalar(text("SELECT count(*) FROM worker_beats")) == 0
        sink.pause = 0.0
        worker.again()
        wait_for(lambda: finished(services, campaign_id), log=log)
        assert worker.stop() == 0
        assert len(judge(services, sink, campaign_id, most_unknown=0).sent) == 300


@pytest.mark.sweep
@pytest.mark.parametrize("where", ["greeting", "content"])
def test_a_signal_ends_it_beside_a_server_that_says_nothing(
    sink: Sink, settings: Settings, where: str
) -> None:
    """F-2: with the limits of the standard, which are minutes; at most the mail on its way is in doubt."""
    settings = replace(settings, mail_url=sink.url, mail_connections=1, mail_timeout=0)
    log = settings.data / "worker.log"
    heard: list[str] = []
    sink.watch = lambda step, _: heard.append(step)
    if where == "greeting":
        sink.mute = frozenset(range(100))
    else:
        sink.script = lambda step, _: HANG if step == "data" else "250 Ok"
    with installed(settings) as services:
        campaign_id = launch(services, 5)
        worker = Worker(settings, log)
        wait_for(lambda: sink.connections > 0 if where == "greeting" else "dot" in heard, log=log)
        worker.process.send_signal(signal.SIGTERM)
        assert worker.process.wait(60) == 0
        after = counts(services, campaign_id)
        in_doubt = {DeliveryState.UNKNOWN: 1} if where == "content" else {}
        assert after == {DeliveryState.QUEUED: 5 - len(in_doubt)} | in_doubt
        with services.db.reading() as session:
            assert session.scalar(text("SELECT count(*) FROM deliveries WHERE crashes > 0")) == 0


@pytest.mark.sweep
def test_with_few_open_files_it_does_what_it_can(sink: Sink, settings: Settings) -> None:
    """F-18: the limit falls to what is open and rises again; health tells, nothing is lost."""
    settings = replace(settings, mail_url=sink.url, mail_connections=2)
    log = settings.data / "worker.log"
    with installed(settings) as services:
        first = launch(services, 5)
        worker = Worker(settings, log)
        wait_for(lambda: finished(services, first), log=log)
        health = create_app(services).test_client()
        assert json.loads(health.get("/healthz").text) == {
            "status": "ok",
            "workers": {"alive": 1, "in_trouble": 0, "silent": 0},
        }
        usual = resource.prlimit(worker.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(worker.process.pid, resource.RLIMIT_NOFILE, (5, usual[1]))
        campaign_id = launch(services, 50)
        wait_for(lambda: json.loads(health.get("/healthz").text)["status"] == "degraded", log=log)
        assert worker.process.poll() is None
        resource.prlimit(worker.process.pid, resource.RLIMIT_NOFILE, usual)
        wait_for(lambda: finished(services, campaign_id), log=log)
        wait_for(lambda: json.loads(health.get("/healthz").text)["status"] == "ok", log=log)
        assert worker.stop() == 0
        assert len(judge(services, sink, campaign_id, most_unknown=2).sent) >= 48


@pytest.mark.sweep
def test_short_of_memory_it_goes_on_when_there_is_some_again(sink: Sink, settings: Settings) -> None:
    """F-18: allocations fail for a while; whether it lives or is started anew, nothing is lost."""
    sink.pause = 0.005
    settings = replace(settings, mail_url=sink.url, mail_connections=2)
    log = settings.data / "worker.log"
    with installed(settings) as services:
        campaign_id = launch(services, 400)
        worker = Worker(settings, log)
        wait_for(lambda: len(sink.taken()) > 20, log=log)
        usual = resource.prlimit(worker.process.pid, resource.RLIMIT_AS)
        resource.prlimit(worker.process.pid, resource.RLIMIT_AS, (size_of(worker.process.pid), usual[1]))
        end = time.monotonic() + 5
        while time.monotonic() < end and worker.process.poll() is None:
            time.sleep(0.1)
        if worker.process.poll() is None:
            resource.prlimit(worker.process.pid, resource.RLIMIT_AS, usual)
        else:
            worker.again()
        wait_for(lambda: finished(services, campaign_id), log=log)
        assert worker.stop() == 0
        verdict = judge(services, sink, campaign_id, most_unknown=2)
        assert len(verdict.sent | verdict.unknown) + len(verdict.others) == 400
        assert verdict.others == {}


def size_of(pid: int) -> int:
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
