"""L-8: minutes of campaigns with every fault mixed in: memory, open files and threads stay where they are."""

import os
import random
import sqlite3
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

import pytest

from service.config import Settings
from tests.sink import DROP, HANG, Sink
from tests.worker.oracle import installed, launch
from tests.worker.process import Worker

MINUTES = float(os.environ.get("SOAK_MINUTES") or 4)
SEED = 20262
RECIPIENTS = 100


def figures(pid: int) -> tuple[float, int, int]:
    """Return resident MiB, open files and threads of a process."""
    folder = Path(f"/proc/{pid}")
    pages = int((folder / "statm").read_text().split()[1])
    return (
        pages * os.sysconf("SC_PAGE_SIZE") / 2**20,
        len(list((folder / "fd").iterdir())),
        len(list((folder / "task").iterdir())),
    )


@pytest.mark.sweep
def test_nothing_grows(sink: Sink, settings: Settings) -> None:
    chance = random.Random(SEED)
    answers = ["250 Ok"] * 150 + ["450 4.2.1 Later", "550 5.1.1 No", "421 4.7.0 Bye", DROP, HANG]
    sink.script = lambda _step, _to: chance.choice(answers)
    settings = replace(settings, mail_url=sink.url, mail_connections=4, mail_timeout=1)
    log = settings.data / "worker.log"
    seen: list[tuple[float, int, int]] = []
    handed_in: list[int] = []
    with installed(settings) as services:
        worker = Worker(settings, log)
        end = time.monotonic() + 60 * MINUTES
        while time.monotonic() < end:
            launch(services, RECIPIENTS)
            other = sqlite3.connect(settings.data / "prospectus.db", isolation_level=None, timeout=30)
            other.execute("BEGIN IMMEDIATE")
            time.sleep(chance.random())
            other.rollback()
            other.close()
            time.sleep(2)
            assert worker.process.poll() is None, log.read_text()[-4000:]
            seen.append(figures(worker.process.pid))
            handed_in.append(len(sink.taken()))
        assert worker.stop() == 0
    warm = seen[len(seen) // 4 :]
    third = max(len(warm) // 3, 1)
    first, last = (
        [median(column) for column in zip(*part, strict=True)] for part in (warm[:third], warm[-third:])
    )
    arrived = [taken.message_id for taken in sink.taken() if taken.accepted]
    assert len(arrived) == len(set(arrived))
    # To the end: how much that is depends on the machine, and on how many are suppressed on the way.
    assert handed_in[-1] > handed_in[-max(len(handed_in) // 3, 2)]
    assert last[0] - first[0] < 4, (first, last)
    assert last[1] <= first[1] + 4, (first, last)
    assert last[2] <= first[2] + 2, (first, last)
