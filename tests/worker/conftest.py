"""What every test of workers leaves behind: nothing."""

from collections.abc import Iterator

import pytest

from tests.worker.process import STARTED


@pytest.fixture(autouse=True)
def no_worker_is_left() -> Iterator[None]:
    """Kill the workers of a test that failed before it stopped them: they would go on beside all others."""
    yield
    while STARTED:
        left = STARTED.pop()
        if left.process.poll() is None:
            left.kill()
