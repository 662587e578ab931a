"""SIGKILL the worker in the middle of a campaign: nobody missing, nobody twice unless shown as unknown."""

import random
import time
from dataclasses import replace

import pytest

from service.config import Settings
from tests.sink import Sink
from tests.worker.oracle import finished, installed, judge, launch, wait_for
from tests.worker.process import Worker

CONNECTIONS = 4


def run_with_kills(sink: Sink, settings: Settings, *, recipients: int, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    settings = replace(settings, mail_url=sink.url, mail_connections=CONNECTIONS)
    # The server takes its time, so that kills come at every point of a conversation.
    sink.script = lambda _step, _to: time.sleep(chance.random() * 0.004) or "250 Ok"  # type: ignore[func-returns-value]
    log = settings.data / "worker.log"
    with installed(settings) as services:
        campaign_id = launch(services, recipients)
        worker = Worker(settings, log)
        for number in range(kills):
            goal = (number + 1) * recipients // (kills + 2)
            wait_for(lambda goal=goal: len(sink.taken()) >= goal, log=log)  # type: ignore[misc]
            time.sleep(chance.random() * 0.05)
            worker.kill()
            worker.again()
        wait_for(lambda: finished(services, campaign_id), log=log)
        assert worker.stop() == 0
        verdict = judge(services, sink, campaign_id, most_unknown=kills * CONNECTIONS)
    assert verdict.others == {}
    assert len(verdict.sent) + len(verdict.unknown) == recipients


def test_five_kills_lose_and_repeat_nothing(sink: Sink, settings: Settings) -> None:
    """F-1, P1, P2: five SIGKILLs during 300 mails."""
    run_with_kills(sink, settings, recipients=300, kills=5, seed=20260)


@pytest.mark.sweep
def test_twenty_kills_lose_and_repeat_nothing(sink: Sink, settings: Settings) -> None:
    """F-1, P1, P2: twenty SIGKILLs during 2,000 mails."""
    run_with_kills(sink, settings, recipients=2000, kills=20, seed=20261)
