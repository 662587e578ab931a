"""Who may work beside whom: a mail that seems to bring the worker down is tried while nothing else runs."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Whoever wants to be alone asks again later rather than hold up everybody for longer than this.
PATIENCE_SECONDS = 30.0


class Caution:
    """Lets many work together, or one alone, so that the next crash has one possible cause."""

    def __init__(self) -> None:
        self._turn = threading.Condition()
        self._together = 0
        self._alone = False
        self._waiting = 0

    @property
    def wanted(self) -> bool:
        """Whether somebody waits for the others to end."""
        return self._waiting > 0

    @contextmanager
    def together(self, *, urgent: bool = False) -> Iterator[None]:
        """Work beside others; waits while somebody works alone or, but for what is urgent, is about to."""
        with self._turn:
            self._turn.wait_for(lambda: not self._alone and (urgent or not self._waiting))
            self._together += 1
        try:
            yield
        finally:
            with self._turn:
                self._together -= 1
                self._turn.notify_all()

    @contextmanager
    def alone(self, *, patience: float = PATIENCE_SECONDS) -> Iterator[bool]:
        """Work while nobody else does; False when others were at it for all of `patience` seconds."""
        with self._turn:
            self._waiting += 1
            free = self._turn.wait_for(lambda: not self._alone and not self._together, patience)
            self._waiting -= 1
            self._alone = self._alone or free
            self._turn.notify_all()
        try:
            yield free
        finally:
            if free:
                with self._turn:
                    self._alone = False
                    self._turn.notify_all()
