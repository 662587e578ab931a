"""The post office: a post room in a process of its own, so that mails are written while others are sent.

The worker claims and writes; the office keeps the connections, the marks and the results. Neither goes on
without the other: when one dies, so does the other, and the sweep finds what was on its way.
"""

import gc
import logging
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from itertools import count
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import NamedTuple

from service.adapters.process import die_with
from service.worker.outgoing import Outgoing, Over, Sent
from service.worker.post import PostRoom

log = logging.getLogger(__name__)
# Longer than a room needs that closes.
LEAVING_SECONDS = 60.0
# How often the office looks whether its room is alive: mails handed to a dead one are never over.
WATCH_SECONDS = 2.0
# Returns a room, and what has it look at its clock.
OpenRoom = Callable[[], tuple[PostRoom, Callable[[], object]]]


class OfficeDied(Exception):
    """The process of the office ended by itself; the worker cannot go on."""


class Sheet(NamedTuple):
    """A mail as it goes to the office: written, or with the reason why it could not be."""

    id: int
    recipient: str
    sender: str | None
    data: bytes = b""
    fault: str = ""
    refused: bool = False

    def compose(self) -> bytes:
        """Return the bytes, or raise as the writing did."""
        if not self.fault:
            return self.data
        raise ValueError(self.fault) if self.refused else RuntimeError(self.fault)


class _Order(NamedTuple):
    """What the worker tells the office: mails to send, or without any the word alone."""

    word: str
    number: int = 0
    token: str = ""
    line: str = ""
    sheets: Sequence[Sheet] = ()


class _Report(NamedTuple):
    """What the office tells the worker of one order; `rest` is how many seconds nothing will be tried."""

    number: int
    settled: int
    tried: int
    rest: float


_POST, _LOOK, _STOP, _CLOSE = "post", "look", "stop", "close"


class PostOffice:
    """Fits `batches.Room`; made while the process has one thread, as it forks."""

    def __init__(self, open_room: OpenRoom, died: Callable[[], object]) -> None:
        """`open_room` is called in the new process; `died` when that has ended and nobody asked it to."""
        ours, theirs = Pipe()
        parent = os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        gc.freeze()  # what is there by now stays shared memory
        self._pid = os.fork()
        if self._pid == 0:
            ours.close()
            _be_the_office(theirs, parent, open_room)
        theirs.close()
        self._line = ours
        self._died = died
        self._numbers = count()
        self._lock = threading.Lock()
        self._waiting: dict[int, Over] = {}
        self._rest_until = 0.0
        self._stopping = False
        self._closing = False
        self.alive = True
        self.lost = False
        self._thread = threading.Thread(target=self._listen, name="post-office", daemon=True)
        self._thread.start()

    @property
    def resting(self) -> bool:
        """Whether the relay was unreachable a moment ago, so that nothing is tried for now."""
        return self._stopping or not self.alive or time.monotonic() < self._rest_until

    def post(self, token: str, mails: Sequence[Outgoing], over: Over, *, line: str = "") -> int:
        """Write mails and hand them over; like `PostRoom.post`."""
        sheets = [_written(mail) for mail in mails]
        with self._lock:
            number = next(self._numbers)
            self._waiting[number] = over
        if not self._tell(_Order(_POST, number, token, line, sheets)):
            self._end(_Report(number, 0, 0, 0))
        return sum(len(sheet.data) for sheet in sheets)

    def look(self) -> None:
        """Have the office look at its clock."""
        self._tell(_Order(_LOOK))

    def stop(self) -> None:
        """Let every connection finish the mail it is sending, and begin no other."""
        self._stopping = True
        self._tell(_Order(_STOP))

    def close(self) -> None:
        """Stop, let every result be stored, and wait for the end of the process."""
        self._stopping = self._closing = True
        self._tell(_Order(_CLOSE))
        self._thread.join(LEAVING_SECONDS)
        if self.alive:
            os.kill(self._pid, signal.SIGKILL)
            self._thread.join()
        self._line.close()

    def _tell(self, order: _Order) -> bool:
        try:
            with self._lock:
                self._line.send(order)
        except OSError:
            return False  # `_listen` finds out as well, and says so
        return True

    def _listen(self) -> None:
        """Hear the reports, until the office is gone."""
        try:
            while True:
                report: _Report = self._line.recv()
                self._rest_until = time.monotonic() + report.rest
                self._end(report)
        except (EOFError, OSError):
            self.alive = False
        os.waitpid(self._pid, 0)
        with self._lock:
            left = list(self._waiting)
        for number in left:
            self._end(_Report(number, 0, 0, 0))
        if not self._closing:
            self.lost = True
            log.critical("the post office ended by itself")
            self._died()

    def _end(self, report: _Report) -> None:
        with self._lock:
            over = self._waiting.pop(report.number, None)
        if over is not None:
            over(Sent(report.settled, report.tried))


def _written(mail: Outgoing) -> Sheet:
    try:
        return Sheet(mail.id, mail.recipient, mail.sender, mail.compose())
    except Exception as error:
        refused = isinstance(error, (ValueError, LookupError))
        return Sheet(mail.id, mail.recipient, mail.sender, fault=traceback.format_exc(), refused=refused)


def _be_the_office(line: Connection, parent: int, open_room: OpenRoom) -> None:
    """Serve until told to close or the worker is gone; never returns."""
    code = 1
    try:
        die_with(parent)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)  # the worker decides when it is time
        _serve(line, *open_room())
        code = 0
    except EOFError:
        log.error("the worker of this post office is gone")
    except BaseException:
        log.exception("the post office met a trouble nobody thought of")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _serve(line: Connection, room: PostRoom, look: Callable[[], object]) -> None:
    speaking = threading.Lock()

    def report(number: int) -> Over:
        def over(sent: Sent) -> None:
            with speaking:
                line.send(_Report(number, sent.settled, sent.tried, room.rest))

        return over

    while True:
        while not line.poll(WATCH_SECONDS):
            if not room.alive:
                raise RuntimeError("nobody works in the post room any more")
        order: _Order = line.recv()
        if order.word == _POST:
            mails = [Outgoing(one.id, one.recipient, one.compose, one.sender) for one in order.sheets]
            room.post(order.token, mails, report(order.number), line=order.line)
        elif order.word == _LOOK:
            try:
                look()
            except Exception:
                log.exception("the clock could not be looked at")  # it goes on as before
        else:
            room.stop()
            if order.word == _CLOSE:
                room.close()
                return
