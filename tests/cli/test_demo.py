"""The demo: everything from one command, kept alive, and taken down together."""

import fcntl
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.ports import free_port
from tests.worker.process import alive

COMMAND = (sys.executable, "-m", "service", "demo")


class Demo:
    """`prospectus demo` on a data directory of its own."""

    def __init__(self, data: Path, port: int, command: Sequence[str] = COMMAND) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.data = data
        self.log = data.with_suffix(".log")
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                env={**os.environ, "PORT": str(port), "DATA": str(data), "LC_ALL": "C.UTF-8"},
                stdout=output,
                stderr=output,
            )

    def text(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def wait_for(self, what: Callable[[], object]) -> None:
        end = time.monotonic() + 150
        while not what():
            assert time.monotonic() < end, self.text()
            time.sleep(0.05)

    def link(self) -> str | None:
        found = re.search(r"http://\S+/sign-in/link/\S+(?=\s)", self.text())
        return found.group() if found else None

    def worker_pid(self) -> int | None:
        lock = self.data / "worker.lock"
        text = lock.read_text() if lock.exists() else ""
        return int(text) if text else None


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    running = Demo(tmp_path / "var", free_port())
    yield running
    if running.process.poll() is None:
        running.process.kill()
        running.process.wait()


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_one_command_starts_everything_and_a_signal_stops_it(demo: Demo) -> None:
    """Pages answer, the link signs in, a dead worker comes back, SIGTERM ends every process with code 0."""
    demo.wait_for(demo.link)
    with urllib.request.urlopen(f"{demo.url}/ja/sign-in", timeout=30) as answer:
        assert answer.status == 200
    demo.wait_for(demo.worker_pid)
    first = demo.worker_pid()
    assert first is not None
    os.kill(first, signal.SIGKILL)
    demo.wait_for(lambda: demo.worker_pid() not in {first, None})
    family = children(demo.process.pid)
    assert len(family) == 2
    demo.process.send_signal(signal.SIGTERM)
    assert demo.process.wait(60) == 0, demo.text()
    assert [pid for pid in family if alive(pid)] == []
    assert "Traceback" not in demo.text()


def test_nothing_survives_a_killed_parent(demo: Demo) -> None:
    """SIGKILL leaves no orphan that would hold the lock or the port; the next start finds the data."""
    demo.wait_for(demo.link)
    demo.wait_for(demo.worker_pid)
    family = children(demo.process.pid)
    demo.process.kill()
    demo.process.wait()
    demo.wait_for(lambda: not any(alive(pid) for pid in family))
    again = Demo(demo.data, free_port())
    again.wait_for(again.link)
    again.process.send_signal(signal.SIGINT)
    assert again.process.wait(60) == 0, again.text()


def test_a_worker_that_comes_again_waits_for_the_one_before(demo: Demo) -> None:
    """F-18: a killed worker may hold its lock for a moment longer; that is no reason to end everything."""
    demo.wait_for(demo.link)
    demo.wait_for(demo.worker_pid)
    first = demo.worker_pid()
    assert first is not None
    with (demo.data / "worker.lock").open("a") as lock:
        os.kill(first, signal.SIGKILL)
        fcntl.flock(lock, fcntl.LOCK_EX)
        demo.wait_for(lambda: demo.text().count("another worker is running") == 2)
    demo.wait_for(lambda: demo.worker_pid() not in {None, first})
    demo.process.send_signal(signal.SIGTERM)
    assert demo.process.wait(60) == 0, demo.text()


ADOPTING = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER: orphans come here, as to process 1 of a container
os.execv(sys.executable, [sys.executable, "-m", "service", "demo"])
"""


def test_orphans_that_are_adopted_are_let_go(tmp_path: Path) -> None:
    """A killed worker's post office ends with it, and no zombie is left of it."""
    demo = Demo(tmp_path / "var", free_port(), [sys.executable, "-c", ADOPTING])
    demo.wait_for(demo.worker_pid)
    first = demo.worker_pid()
    assert first is not None
    demo.wait_for(lambda: children(first))
    (office,) = children(first)
    os.kill(first, signal.SIGKILL)
    demo.wait_for(lambda: not Path(f"/proc/{office}").exists())
    demo.process.send_signal(signal.SIGTERM)
    assert demo.process.wait(60) == 0, demo.text()


def test_a_port_in_use_is_told_in_words(tmp_path: Path) -> None:
    """No traceback, no half-started family: the port, and what to try instead."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        demo = Demo(tmp_path / "var", port)
        assert demo.process.wait(60) == 2
    assert demo.text() == f"Port {port} is in use by another program. Try another one: PORT={port + 1}\n"
