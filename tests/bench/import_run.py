"""Run one import in a process of its own, so that its memory is its own: prints seconds and megabytes."""

import gc
import json
import resource
import sys
import time

from service import models
from service.adapters.ledger_only import LedgerOnly
from service.db import Database
from service.domain.import_runs import Runner
from tests.domain.factories import NOW


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
                "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        )
    )
    db.dispose()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
