"""Batches on their way: handed to a room chunk by chunk, their leases kept up while somebody waits."""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Protocol

from service.worker.outgoing import Outgoing, Over, Sent

log = logging.getLogger(__name__)
RENEW_SECONDS = 20.0
# Mails that are handed over together: few enough that the first leave soon, enough to share the cost.
CHUNK = 32
# What a room may hold of mails that are written already.
MOST_BYTES = 4 * 2**20


class Room(Protocol):
    """Where mails are sent from: `PostRoom`, or a `PostOffice` with such a room in a process of its own."""

    @property
    def alive(self) -> bool:
        """Whether anybody works there; what was handed in is over some time, while this is true."""

    @property
    def resting(self) -> bool:
        """Whether nothing is tried for now."""

    def post(self, token: str, mails: Sequence[Outgoing], over: Over, /, *, line: str) -> int:
        """Take in mails of a line and return how many bytes are held until they are over."""


@dataclass(slots=True)
class _Going:
    """What is known of one batch: how many chunks are on their way, and what came of the others."""

    chunks: int = 0
    settled: int = 0
    tried: int = 0


class Batches:
    """The batches that one thread has on their way in a room; `renew` is called with the token of each."""

    def __init__(
        self,
        room: Room,
        renew: Callable[[str], object],
        *,
        renew_seconds: float = RENEW_SECONDS,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._room = room
        self._renew = renew
        self._renew_seconds = renew_seconds
        self._seconds = seconds
        self._renew_at = seconds() + renew_seconds
        self._changed = threading.Condition()
        self._going: dict[str, _Going] = {}
        self._line = uuid.uuid4().hex
        self._numbers = count()
        self._bytes: dict[int, int] = {}
        self._early: set[int] = set()

    def post(self, token: str, mails: Sequence[Outgoing]) -> None:
        """Hand over what was claimed under a token; waits while the room holds too much already."""
        going = self._going.setdefault(token, _Going())
        for start in range(0, len(mails), CHUNK):
            self._until(lambda: sum(self._bytes.values()) <= MOST_BYTES)
            number = next(self._numbers)
            chunk, over = mails[start : start + CHUNK], self._hearing(going, number)
            held = self._room.post(token, chunk, over, line=self._line)
            with self._changed:
                going.chunks += 1
                if number in self._early:
                    self._early.remove(number)
                else:
                    self._bytes[number] = held

    def wait(self, token: str) -> Sent:
        """Wait until a batch is over, and return what came of it.

        Mails that were not begun stay claimed: the caller gives them back.
        """
        going = self._going[token]
        self._until(lambda: not going.chunks)
        del self._going[token]
        return Sent(going.settled, going.tried)

    def _hearing(self, going: _Going, number: int) -> Over:
        def over(sent: Sent) -> None:
            with self._changed:
                going.chunks -= 1
                going.settled += sent.settled
                going.tried += sent.tried
                if self._bytes.pop(number, None) is None:
                    self._early.add(number)  # over before its size was known
                self._changed.notify_all()

        return over

    def _until(self, so_far: Callable[[], bool]) -> None:
        ended = False
        while not ended:
            with self._changed:
                ended = self._changed.wait_for(so_far, max(self._renew_at - self._seconds(), 0))
            if not self._room.alive:
                return
            # Many short waits are as long as one: it counts when leases were last renewed.
            if self._seconds() >= self._renew_at:
                self._renew_all()

    def _renew_all(self) -> None:
        self._renew_at = self._seconds() + self._renew_seconds
        for token in list(self._going):
            try:
                self._renew(token)
            except Exception:
                # The mails go on their way all the same; a lease that ends meanwhile is the sweep's concern.
                log.exception("a lease could not be renewed")
