"""Run one import in a process of its own, so that its memory is its own: prints seconds and megabytes."""

import gc
import json
import sys
import time
from pathlib import Path

from service import models
from service.adapters.ledger_only import LedgerOnly
from service.db import Database
from service.domain.import_runs import Runner
from tests.domain.factories import NOW


def most_resident() -> float:
    """Megabytes this program had at most; what getrusage tells includes the process it was started from."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def main(url: str, import_id: int) -> None:
    """Go through the import until it waits for a decision or is over."""
    assert models
    db = Database(url)
    gc.freeze()  # as a worker does
    runner = Runner(import_id, base_url="https://prospectus.example")
    wall, processor = time.perf_counter(), time.process_time()
    more = 1
    while more:
        with db.transaction() as session:
            more = runner.step(session, LedgerOnly(), now=NOW)
    print(
        json.dumps(
            {
                "wall": time.perf_counter() - wall,
                "processor": time.process_time() - processor,
                "megabytes": most_resident(),
            }
        )
    )
    db.dispose()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
