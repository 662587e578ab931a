"""The memory of a worker while it sends many mails: flat, and less than 150 MB.

The limit is meant for DELIVERIES=1000000; by default the run is a fifth of that.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from sqlalchemy import insert
from sqlalchemy.orm import Session

from service.config import Settings
from service.facts.states import CampaignState, DeliveryState
from service.models import Campaign, Delivery
from tests.outbound import make_campaign
from tests.worker.oracle import counts, installed
from tests.worker.process import Worker

DELIVERIES = int(os.environ.get("DELIVERIES") or 200_000)
MOST_MIB = 150
CHUNK = 5000


@contextmanager
def instant_sink(seconds: float = 0) -> Iterator[int]:
    """Run a server that takes each mail after so many seconds; yield its port."""
    sink = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("instant_sink.py")), str(seconds)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert sink.stdout is not None
    try:
        yield int(sink.stdout.readline())
    finally:
        sink.kill()
        sink.wait()
        sink.stdout.close()


def add_deliveries(session: Session, campaign_id: int, number: int) -> None:
    for start in range(0, number, CHUNK):
        session.execute(
            insert(Delivery),
            [
                {
                    "campaign_id": campaign_id,
                    "address": f"r{one}@example.com",
                    "address_key": f"r{one}@example.com",
                    "locale": "ja" if one % 2 else "en",
                    "time_zone": "Asia/Tokyo",
                    "values": {"name": f"Partner {one}", "first_name": "Lin"},
                    "message_id": f"m{one}@brand.example",
                    "state": DeliveryState.QUEUED.value,
                    "attempts": 0,
                }
                for one in range(start, min(start + CHUNK, number))
            ],
        )


def resident(pid: int) -> float:
    """Return the memory of a worker and its post office in MiB; what they share counts once."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return sum(proportional_kib(one) for one in (str(pid), *children)) / 2**10


def proportional_kib(pid: str) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def test_memory_of_a_worker(settings: Settings) -> None:
    with instant_sink() as port:
        chosen = replace(settings, mail_url=f"smtp://127.0.0.1:{port}?tls=none", mail_connections=4)
        with installed(chosen) as services:
            with services.db.transaction() as session:
                campaign_id = make_campaign(session, 1).id
                add_deliveries(session, campaign_id, DELIVERIES)
                services.jobs.deliver(session, campaign_id)
            log = chosen.data / "worker.log"
            worker = Worker(chosen, log)
            samples: list[float] = []
            started = time.monotonic()
            while True:
                time.sleep(0.5)
                with services.db.reading() as session:
                    state = session.get_one(Campaign, campaign_id).state
                if state == CampaignState.FINISHED.value:
                    break
                assert worker.process.poll() is None, log.read_text()
                samples.append(resident(worker.process.pid))
            seconds = time.monotonic() - started
            assert worker.stop() == 0
            assert counts(services, campaign_id) == {DeliveryState.SENT: DELIVERIES + 1}
    warm = samples[len(samples) // 5 :]
    third = max(len(warm) // 3, 1)
    growth = sum(warm[-third:]) / third - sum(warm[:third]) / third
    print(
        f"\nmemory of a worker during {DELIVERIES:,} deliveries in {seconds:.0f} s: "
        f"at most {max(samples):.0f} MiB (limit {MOST_MIB}), grew by {growth:+.1f} MiB once warm"
    )
    assert max(samples) <= MOST_MIB
    assert growth < 5
