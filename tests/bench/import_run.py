"""Run one import in a process of its own, so that its memory is its own: prints seconds and megabytes.

As in a worker, where nobody waits for it, what the first import of a process has to prepare is done before.
"""

import gc
import json
import sys
import tempfile
import time
from pathlib import Path

from service import csvfile
from service.adapters.ledger_only import LedgerOnly
from service.db import Base, Database
from service.domain import imports
from service.domain.import_runs import Runner
from tests.domain.factories import NOW, program, user

ONE_ROW = b"Partner name,Contact email,Media property\nA,a@a.example,https://a.example\n"


def most_resident() -> float:
    """Megabytes this program had at most; what getrusage tells includes the process it was started from."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def upload(db: Database, data: bytes | Path, *, dry_run: bool) -> tuple[int, int, int]:
    """Take a file into a database that is empty; return the ids of the import, its program and its user."""
    name, file = (data.name if isinstance(data, Path) else "one.csv"), csvfile.read(data, locale="ja")
    with db.transaction() as session:
        made = program(session)
        actor = user(session, made)
        import_ = imports.upload(
            session,
            LedgerOnly(),
            made.id,
            file_name=name,
            file=file,
            locale="ja",
            dry_run=dry_run,
            overwrite=False,
            actor_id=actor.id,
            now=NOW,
        )
        return import_.id, made.id, actor.id


def run(db: Database, import_id: int) -> None:
    """Go through an import until it waits for a decision or is over."""
    runner = Runner(import_id, base_url="https://prospectus.example")
    more = 1
    while more:
        with db.transaction() as session:
            more = runner.step(session, LedgerOnly(), now=NOW)


def warm_up() -> None:
    """Import one row into another database."""
    with tempfile.TemporaryDirectory() as folder:
        db = Database(f"sqlite:///{folder}/one.db")
        Base.metadata.create_all(db.engine)
        run(db, upload(db, ONE_ROW, dry_run=False)[0])
        db.dispose()


def main(url: str, import_id: int) -> None:
    """Run the import and print what it took."""
    warm_up()
    db = Database(url)
    gc.freeze()  # as a worker does
    wall, processor = time.perf_counter(), time.process_time()
    run(db, import_id)
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
