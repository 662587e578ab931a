"""The kept connections of one lane: opened and closed beside the loop that uses them, watched together."""

import contextlib
import logging
import queue
import selectors
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from service.domain.outbox import MailConnection, Mailer
from service.facts.replies import Reply, Unreachable
from service.worker.flow import FOR_EVER

log = logging.getLogger(__name__)
# Whoever closes waits no longer than this for goodbyes, and for servers that do not greet.
LEAVING_SECONDS = 5.0
Mail = TypeVar("Mail")


@dataclass(eq=False, slots=True)
class Wire(Generic[Mail]):
    """One connection and the mail on its way over it; `watched` are the events the selector waits for."""

    connection: MailConnection
    mail: Mail | None = None
    watched: int = 0


class Wires(Generic[Mail]):
    """At most `most` connections; used by one thread, but for `wake`."""

    def __init__(self, mailer: Mailer, most: int) -> None:
        self.most = most
        self.refusal: str | None = None
        self._mailer = mailer
        self._open: list[Wire[Mail]] = []
        self._opening = 0
        self._arrived: queue.SimpleQueue[MailConnection | Exception] = queue.SimpleQueue()
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        # Started before memory is short: to start one then may wait for ever. Not a pool of the library: its
        # threads would hold up the end of the process for as long as a server is silent.
        self._threads = [
            threading.Thread(target=self._help, name="connect", daemon=True) for _ in range(most)
        ]
        for thread in self._threads:
            thread.start()
        self._left = threading.Event()
        self._selector = selectors.DefaultSelector()
        self._bell, self._ear = socket.socketpair()
        self._bell.setblocking(False)
        self._ear.setblocking(False)
        self._selector.register(self._ear, selectors.EVENT_READ)

    @property
    def idle(self) -> list[Wire[Mail]]:
        """The connections that can take a mail now."""
        return [wire for wire in self._open if wire.mail is None]

    @property
    def busy(self) -> int:
        """How many mails are on their way."""
        return sum(wire.mail is not None for wire in self._open)

    @property
    def count(self) -> int:
        """How many connections there are, those that are being opened too."""
        return len(self._open) + self._opening

    def want(self, number: int) -> None:
        """Open connections, beside the loop, until there are so many or as many as there may be."""
        while self.count < min(number, self.most):
            self._work.put(self._connect)
            self._opening += 1

    def begin(
        self, wire: Wire[Mail], mail: Mail, *, sender: str, recipient: str, data: bytes
    ) -> Reply | None:
        """Start a mail; return the reply if it is known at once. Raises ValueError like the connection."""
        reply = wire.connection.begin(sender=sender, recipient=recipient, data=data)
        if reply is None:
            wire.mail = mail
            self._watch(wire)
        else:
            self._settle_down(wire)
        return reply

    def listen(self, seconds: float) -> list[tuple[Mail, Reply]]:
        """Wait until something happens, at most so long; return the mails that ended, each with its reply."""
        ended: list[tuple[Mail, Reply]] = []
        for key, _ in self._selector.select(self._patience(seconds)):
            if key.data is None:
                self._hear_bell()
                continue
            wire: Wire[Mail] = key.data
            reply = wire.connection.proceed()
            if wire.mail is None:
                # Nothing was asked: the server may have closed the connection, or said that it will.
                self._settle_down(wire)
            elif reply is None:
                self._watch(wire)
            else:
                ended.append(self._close_mail(wire, reply))
        now = time.monotonic()
        for wire in [wire for wire in self._open if wire.mail is not None]:
            if wire.connection.deadline <= now:
                ended.append(self._close_mail(wire, wire.connection.give_up()))
        return ended

    def give_up(self) -> list[tuple[Mail, Reply]]:
        """End the wait for every answer; return the mails that were on their way, each with its reply."""
        busy = [wire for wire in self._open if wire.mail is not None]
        return [self._close_mail(wire, wire.connection.give_up()) for wire in busy]

    def wake(self) -> None:
        """End a `listen` early; from any thread."""
        # Full: it will wake anyway; closed: nobody listens any more.
        with contextlib.suppress(OSError):
            self._bell.send(b"\0")

    def close(self) -> None:
        """Close every connection, politely where that is possible."""
        for wire in list(self._open):
            self._drop(wire)
        self._left.set()
        for _ in self._threads:
            self._work.put(None)
        until = time.monotonic() + LEAVING_SECONDS
        for thread in self._threads:
            thread.join(max(until - time.monotonic(), 0))
        self._hear_bell()
        for wire in list(self._open):  # those that were being opened meanwhile
            wire.connection.close()
        self._selector.close()
        self._bell.close()
        self._ear.close()

    def _patience(self, seconds: float) -> float | None:
        deadlines = [wire.connection.deadline for wire in self._open if wire.mail is not None]
        wait = min(seconds, min(deadlines, default=FOR_EVER) - time.monotonic())
        return None if wait == FOR_EVER else max(wait, 0.0)

    def _help(self) -> None:
        while (work := self._work.get()) is not None:
            try:
                work()
            except Exception:
                log.exception("a connection could not be closed")

    def _connect(self) -> None:
        try:
            made = self._mailer.connect()
        except Exception as error:
            self._arrived.put(error)
        else:
            if self._left.is_set():
                made.close()  # nobody is here any more
                return
            self._arrived.put(made)
        self.wake()

    def _hear_bell(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._ear.recv(4096)
        while not self._arrived.empty():
            made = self._arrived.get()
            self._opening -= 1
            if isinstance(made, Unreachable):
                self.refusal = str(made)
            elif isinstance(made, Exception):
                log.error("a connection could not be opened", exc_info=made)
                self.refusal = type(made).__name__
            else:
                self.refusal = None
                self._open.append(Wire(made))
                self._watch(self._open[-1])

    def _close_mail(self, wire: Wire[Mail], reply: Reply) -> tuple[Mail, Reply]:
        assert wire.mail is not None
        ended = (wire.mail, reply)
        wire.mail = None
        self._settle_down(wire)
        return ended

    def _settle_down(self, wire: Wire[Mail]) -> None:
        if wire.connection.spent:
            self._drop(wire)
        else:
            self._watch(wire)

    def _watch(self, wire: Wire[Mail]) -> None:
        # An idle connection is watched too: a server that closes it is noticed before the next mail.
        # So is one that takes no more: it may say why not.
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if wire.connection.waits_to_write else 0)
        watched = wire.connection.socket
        if watched is None or wire.watched == wanted:
            return
        if wire.watched:
            self._selector.modify(watched, wanted, wire)
        else:
            self._selector.register(watched, wanted, wire)
        wire.watched = wanted

    def _drop(self, wire: Wire[Mail]) -> None:
        self._open.remove(wire)
        if wire.watched and wire.connection.socket is not None:
            self._selector.unregister(wire.connection.socket)
        self.refusal = None  # there is room for another one now
        self._work.put(wire.connection.close)  # a goodbye takes a moment
