"""Mails that are handed to a room, and what comes of them."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A claimed mail: its row, its envelope, and how to write it; without `sender` it has its lane's."""

    id: int
    recipient: str
    compose: Callable[[], bytes]
    sender: str | None = None

    @property
    def domain(self) -> str:
        """The recipient's domain, to which a pace applies."""
        return self.recipient.rpartition("@")[2].lower()


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of a batch: how many mails have a result, and how many of them a server was asked to take."""

    settled: int
    tried: int


Over = Callable[[Sent], object]
