"""Who may work beside whom: a mail that seems to bring the worker down is tried while nothing else runs."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Caution:
    """Lets many work together, or one alone, so that the next crash has one possible cause."""

    def __init__(self) -> None:
        self._turn = threading.Condition()
        self._together = 0
        self._alone = False
        self._waiting = 0

    @contextmanager
    def together(self) -> Iterator[None]:
        """Work beside others; waits while somebody works alone or is about to."""
        with self._turn:
            self._turn.wait_for(lambda: not self._alone and not self._waiting)
            self._together += 1
        try:
            yield
        finally:
            with self._turn:
                self._together -= 1
                self._turn.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Work while nobody else does."""
        with self._turn:
            self._waiting += 1
            self._turn.wait_for(lambda: not self._alone and not self._together)
            self._waiting -= 1
            self._alone = True
        try:
            yield
        finally:
            with self._turn:
                self._alone = False
                self._turn.notify_all()
