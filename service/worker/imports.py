"""Running imports: plan or apply a few rows at a time, so that a page never waits long for the database."""

import threading
from collections.abc import Callable

from service.adapters.jobs import EngineJobs
from service.bootstrap import Services
from service.worker.deliver import Clock

_stopping = threading.Event()


def run(services: Services, import_id: int, step: Callable[[Callable[[], int]], int], clock: Clock) -> None:
    """Work on one import until it waits for a decision or is over."""


def wake(services: Services, jobs: EngineJobs) -> int:
    """Start a job for every import that should be running and is not."""
    return 0


def stop() -> None:
    """Let the import that is running pause after its current rows."""
    _stopping.set()
