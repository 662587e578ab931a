"""SIGKILL, or an error, at the N-th system call of a kind, N = 1, 2, 3… until nothing strikes any more."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from service.bootstrap import Services
from service.config import Settings
from tests.sink import Sink
from tests.worker.oracle import Verdict, finished, installed, judge, launch
from tests.worker.process import environment_of

MAILS = 3
CONNECTIONS = 2
MOST = 400
ROOT = Path(__file__).parents[2]
DRIVE = [sys.executable, str(Path(__file__).with_name("drive.py"))]
# How the database and the server are written to.
CALLS = ["pwrite64", "fdatasync", "fsync", "sendto", "ftruncate", "write"]


class Bench:
    """An installation whose campaigns are driven under strace, one after another."""

    def __init__(self, services: Services, sink: Sink, settings: Settings, strace: str) -> None:
        self._services = services
        self._sink = sink
        self._strace = strace
        self._env = {**environment_of(settings), "PYTHONPATH": str(ROOT)}

    def strike(self, call: str, fault: str, *, seconds: float = 60) -> tuple[int, Verdict]:
        """Send a campaign with a fault on the way, then send the rest; return the first exit code."""
        campaign_id = launch(self._services, MAILS)
        inject = f"inject={call}:{fault}"
        under = [self._strace, "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", inject]
        code = self._run([*under, *DRIVE, str(campaign_id)], seconds=seconds)
        for _ in range(3):
            if finished(self._services, campaign_id):
                break
            assert self._run([*DRIVE, str(campaign_id)]) == 0
        return code, judge(self._services, self._sink, campaign_id, most_unknown=CONNECTIONS)

    def _run(self, command: list[str], *, seconds: float = 60) -> int:
        process = subprocess.Popen(
            command,
            env=self._env,
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            # It waits for the disk to come back, as it should.
            os.killpg(process.pid, signal.SIGKILL)
            return process.wait(60)


@pytest.fixture
def make_bench(
    sink: Sink, settings: Settings, need: Callable[[str], str]
) -> Callable[[Services, Settings], Bench]:
    """Return what makes a bench of an installation."""
    strace = need("strace")
    return lambda services, chosen: Bench(services, sink, chosen, strace)


def at_the_sink(sink: Sink, settings: Settings) -> Settings:
    return replace(settings, mail_url=sink.url, mail_connections=CONNECTIONS)


def struck(code: int) -> bool:
    return code in {-signal.SIGKILL, 128 + signal.SIGKILL}


@pytest.mark.parametrize(("call", "number"), [("fdatasync", 3), ("sendto", 4)])
def test_a_kill_at_some_system_calls(
    sink: Sink, settings: Settings, make_bench: Callable[..., Bench], call: str, number: int
) -> None:
    """F-1: a sample of the sweep below."""
    settings = at_the_sink(sink, settings)
    with installed(settings) as services:
        code, verdict = make_bench(services, settings).strike(call, f"signal=SIGKILL:when={number}")
    assert struck(code)
    assert verdict.others == {}
    assert len(verdict.sent | verdict.unknown) == MAILS


@pytest.mark.sweep
@pytest.mark.parametrize("call", CALLS)
def test_a_kill_at_every_system_call(
    sink: Sink, settings: Settings, make_bench: Callable[..., Bench], call: str
) -> None:
    """F-1, P1, P2: every write, every sync, everything said to the server."""
    settings = at_the_sink(sink, settings)
    number, strikes, unknown = 0, 0, 0
    with installed(settings) as services:
        bench = make_bench(services, settings)
        while number < MOST:
            number += 1
            code, verdict = bench.strike(call, f"signal=SIGKILL:when={number}")
            assert verdict.others == {}, (call, number)
            assert len(verdict.sent | verdict.unknown) == MAILS, (call, number)
            if not struck(code):
                assert code == 0
                break
            strikes += 1
            unknown += len(verdict.unknown)
    assert number < MOST
    # pytest -rA shows what was swept.
    sys.stdout.write(f"{call}: killed at {strikes} calls, {unknown} mails unknown, 0 lost, 0 twice\n")


@pytest.mark.sweep
@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
@pytest.mark.parametrize("call", ["pwrite64", "fdatasync", "write"])
def test_an_error_at_every_system_call(
    sink: Sink, settings: Settings, make_bench: Callable[..., Bench], call: str, error: str
) -> None:
    """F-3: a disk that is full, or fails, for one call: nothing lost, nothing twice."""
    settings = at_the_sink(sink, settings)
    with installed(settings) as services:
        bench = make_bench(services, settings)
        for number in range(1, 40):
            _, verdict = bench.strike(call, f"error={error}:when={number}")
            assert verdict.others == {}, (call, error, number)
            assert len(verdict.sent | verdict.unknown) == MAILS, (call, error, number)


@pytest.mark.sweep
@pytest.mark.parametrize(("call", "error"), [("pwrite64", "ENOSPC"), ("fdatasync", "EIO")])
def test_a_disk_that_fails_for_a_while(
    sink: Sink, settings: Settings, make_bench: Callable[..., Bench], call: str, error: str
) -> None:
    """F-3: from the third call on nothing can be stored; what was not marked was not sent."""
    settings = at_the_sink(sink, settings)
    with installed(settings) as services:
        _, verdict = make_bench(services, settings).strike(call, f"error={error}:when=3+", seconds=12)
    assert verdict.others == {}
    assert len(verdict.sent | verdict.unknown) == MAILS
