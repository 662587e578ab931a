"""The post room: kept connections that work through a batch of claimed mails together."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime

from service.db import Database
from service.domain.outbox import MailConnection, Mailer
from service.facts.replies import Outcome, Reason, Reply
from service.worker.writer import LedgerWriter, Rows

log = logging.getLogger(__name__)
RENEW_SECONDS = 20.0
LONGEST_REST_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A claimed mail: its row, its envelope, and how to write it; without `sender` it has its lane's."""

    id: int
    recipient: str
    compose: Callable[[], bytes]
    sender: str | None = None


class PostRoom:
    """Sends batches of one lane over at most `connections` kept connections, one thread each."""

    def __init__(
        self,
        db: Database,
        mailer: Mailer,
        rows: Rows,
        *,
        sender: str,
        connections: int,
        clock: Callable[[], datetime],
        renew_seconds: float = RENEW_SECONDS,
    ) -> None:
        self._mailer = mailer
        self._sender = sender
        self._connections = connections
        self._renew_seconds = renew_seconds
        self._writer = LedgerWriter(db, rows, clock)
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix="mail")
        self._kept = threading.local()
        self._opened: list[MailConnection] = []
        self._stopping = threading.Event()
        self._rest = 0.0
        self._rest_until = 0.0

    @property
    def resting(self) -> bool:
        """Whether the relay was unreachable a moment ago, so that nothing is tried for now."""
        return self._stopping.is_set() or time.monotonic() < self._rest_until

    def send(self, token: str, mails: Iterable[Outgoing], *, renew: Callable[[], object]) -> int:
        """Send what was claimed under a token and return how many mails were settled.

        `renew` is called every now and then to keep the lease. Mails that were not begun, because the relay
        could not be reached or the room is closing, stay claimed: the caller gives them back.
        """
        todo = deque(mails)
        batch = _Batch(token)
        futures: list[Future[None]] = [
            self._threads.submit(self._work, batch, todo) for _ in range(min(self._connections, len(todo)))
        ]
        left: set[Future[None]] = set(futures)
        while left:
            left = wait(left, timeout=self._renew_seconds).not_done
            if left:
                renew()
        self._writer.flush()
        for future in futures:
            future.result()
        return batch.settled

    def stop(self) -> None:
        """Let every connection finish the mail it is sending, and begin no other."""
        self._stopping.set()

    def close(self) -> None:
        """Stop, store every result and say goodbye to the relay."""
        self.stop()
        self._threads.shutdown(wait=True)
        self._writer.close()
        for connection in self._opened:
            connection.close()

    def _work(self, batch: "_Batch", todo: deque[Outgoing]) -> None:
        while not batch.halted and not self._stopping.is_set():
            try:
                mail = todo.popleft()
            except IndexError:
                return
            reply = self._send_one(batch.token, mail)
            if reply.outcome is Outcome.UNREACHABLE:
                self._take_a_rest()
                batch.halted = True
            elif reply.outcome is not Outcome.WITHHELD:
                self._rest = 0.0
                batch.count()
            elif self._writer.in_trouble:
                batch.halted = True
            self._writer.settle(mail.id, batch.token, reply)

    def _send_one(self, token: str, mail: Outgoing) -> Reply:
        marked = False

        def ready() -> bool:
            nonlocal marked
            marked = self._writer.mark(mail.id, token)
            return marked

        try:
            data = mail.compose()
        except (ValueError, LookupError):
            log.exception("mail %d cannot be written for its recipient", mail.id)
            return Reply.because(Outcome.PERMANENT, Reason.NOT_COMPOSABLE)
        except Exception:
            # A fault of ours, not of the recipient: the row waits for the program to be mended.
            log.exception("mail %d could not be written", mail.id)
            return Reply.because(Outcome.TEMPORARY, Reason.NOT_COMPOSABLE)
        try:
            return self._connection().send(
                sender=mail.sender or self._sender, recipient=mail.recipient, data=data, ready=ready
            )
        except ValueError:
            log.exception("mail %d has an address or bytes that cannot be sent", mail.id)
            return Reply.because(
                Outcome.UNKNOWN if marked else Outcome.PERMANENT,
                Reason.ANSWER_LOST if marked else Reason.NOT_COMPOSABLE,
            )
        except Exception as error:
            log.exception("mail %d met a trouble nobody thought of", mail.id)
            if marked:
                return Reply.because(Outcome.UNKNOWN, Reason.ANSWER_LOST)
            return Reply(Outcome.TEMPORARY, str(error))

    def _connection(self) -> MailConnection:
        connection: MailConnection | None = getattr(self._kept, "connection", None)
        if connection is None:
            connection = self._mailer.connect()
            self._kept.connection = connection
            self._opened.append(connection)
        return connection

    def _take_a_rest(self) -> None:
        self._rest = min(max(self._rest * 2, 2.0), LONGEST_REST_SECONDS)
        self._rest_until = time.monotonic() + self._rest


class _Batch:
    """What the threads of one batch share."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.halted = False
        self.settled = 0
        self._lock = threading.Lock()

    def count(self) -> None:
        with self._lock:
            self.settled += 1
