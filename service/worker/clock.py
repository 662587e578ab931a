"""The worker's clock: the database's time, carried on by a clock that nobody can set."""

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

# More than clocks drift apart between two looks, less than any lease.
JUMP = timedelta(seconds=10)


class SteadyClock:
    """Tells the time of `read` as it was when last looked at, plus what a monotonic clock has counted since.

    All workers on one database so share its time, and between two looks no change of any machine's clock
    is felt.
    """

    def __init__(self, read: Callable[[], datetime], *, count: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._count = count
        self._lock = threading.Lock()
        self._at, self._counted = read(), count()

    def __call__(self) -> datetime:
        """Return the time."""
        with self._lock:
            return self._at + timedelta(seconds=self._count() - self._counted)

    def look(self) -> timedelta:
        """Take the time anew and return how far it had jumped; nothing for what clocks drift."""
        seen, counted = self._read(), self._count()
        with self._lock:
            expected = self._at + timedelta(seconds=counted - self._counted)
            self._at, self._counted = seen, counted
        jumped = seen - expected
        return jumped if abs(jumped) > JUMP else timedelta(0)
