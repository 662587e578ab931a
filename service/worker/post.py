"""The post room: one loop that moves the mails of a lane over its kept connections and into the ledger.

The loop gives every idle connection a mail, commits the marks of all of them together with the results that
came in meanwhile, and only then lets them begin. At most one mail a connection can be in doubt after a crash.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.db import Database
from service.domain.ledger import Attempt, Mark
from service.domain.outbox import Mailer
from service.facts.replies import TRIED, Outcome, Reason, Reply
from service.worker.flow import FOR_EVER, Flow
from service.worker.outgoing import Outgoing, Over, Sent
from service.worker.wires import Wire, Wires
from service.worker.writer import LedgerWriter, Rows

log = logging.getLogger(__name__)
LONGEST_REST_SECONDS = 60.0
# A result that no next mail takes along into a commit waits no longer than this.
LINGER_SECONDS = 0.02
GATHER_SECONDS = 0.001
TROUBLE_SECONDS = 0.5
# A worker that is told to stop waits no longer for what servers do not say; nobody knows then of those mails.
LAST_SECONDS = 20.0
# After this long a room that closes lets go of results which the database does not take.
CLOSING_SECONDS = 10.0
# Mails whose servers want them later than this go back to the ledger, so that others are claimed meanwhile.
HELD_SECONDS = 2.0
_NOT_BEGUN = Reply(Outcome.WITHHELD, "")


@dataclass(eq=False, slots=True)
class _Batch:
    """What was claimed under one token; `open` mails are on their way or not stored yet."""

    token: str
    line: str
    todo: deque[Outgoing]
    over: Over
    open: int = 0
    settled: int = 0
    tried: int = 0
    halted: bool = False

    @property
    def ended(self) -> bool:
        return not self.open and (self.halted or not self.todo)

    def tell(self) -> None:
        self.over(Sent(self.settled, self.tried))


@dataclass(eq=False, slots=True)
class _Mail:
    """A mail on its way."""

    outgoing: Outgoing
    batch: _Batch
    data: bytes

    @property
    def mark(self) -> Mark:
        return Mark(self.outgoing.id, self.batch.token)


class PostRoom:
    """Sends batches of one lane over at most `connections` kept connections."""

    def __init__(
        self,
        db: Database,
        mailer: Mailer,
        rows: Rows,
        *,
        sender: str,
        connections: int,
        clock: Callable[[], datetime],
        flow: Flow | None = None,
    ) -> None:
        self._sender = sender
        self._clock = clock
        self._flow = flow or Flow()
        self._writer = LedgerWriter(db, rows, clock)
        self._wires: Wires[_Mail] = Wires(mailer, connections)
        self._batches: list[_Batch] = []
        self._handed_in: deque[_Batch] = deque()
        self._owners: dict[Mark, _Batch] = {}
        self._again: deque[_Mail] = deque()
        self._ready: deque[_Mail] = deque()
        self._oldest_result = FOR_EVER
        self._look_again = FOR_EVER
        self._stopping = threading.Event()
        self._closing_since = FOR_EVER
        self._give_up_at = FOR_EVER
        self._rest = 0.0
        self._rest_until = 0.0
        self._thread = threading.Thread(target=self._run, name="post-room", daemon=True)
        self._thread.start()

    @property
    def resting(self) -> bool:
        """Whether the relay was unreachable a moment ago, so that nothing is tried for now."""
        return self._stopping.is_set() or self.rest > 0

    @property
    def rest(self) -> float:
        """How many seconds nothing is tried because the relay could not be reached."""
        return max(self._rest_until - time.monotonic(), 0.0)

    @property
    def alive(self) -> bool:
        """Whether anybody works here; mails handed to a room that is not alive are never over."""
        return self._thread.is_alive()

    def post(self, token: str, mails: Iterable[Outgoing], over: Over, *, line: str = "") -> int:
        """Take in what was claimed under a token; `over` is told, in another thread, what came of it.

        What is posted under the name of one line goes in that order; lines take turns.

        Mails that were not begun, because the relay could not be reached or the room is closing, stay
        claimed: whoever posted them gives them back. Returns how many bytes are held meanwhile: none, as
        each mail is written when its turn comes.
        """
        batch = _Batch(token, line or token, deque(mails), over)
        if batch.todo:
            self._handed_in.append(batch)
            self._wires.wake()
        else:
            batch.tell()
        return 0

    def stop(self) -> None:
        """Let every connection finish the mail it is sending, within LAST_SECONDS, and begin no other."""
        self._give_up_at = min(self._give_up_at, time.monotonic() + LAST_SECONDS)
        self._stopping.set()
        self._wires.wake()

    def close(self) -> None:
        """Stop, store every result and say goodbye to the relay."""
        self._closing_since = time.monotonic()
        self.stop()
        self._thread.join()
        self._wires.close()

    # What follows runs in the loop's own thread.

    def _run(self) -> None:
        while True:
            try:
                if self._turn():
                    break
            except Exception:
                # What is in flight now will be called unknown by the sweep.
                log.exception("the post room met a trouble nobody thought of")
                self._abandon()
                if time.monotonic() > self._closing_since + CLOSING_SECONDS:
                    break  # or whoever closes would wait for ever
                time.sleep(TROUBLE_SECONDS)
        self._abandon()
        self._writer.close()

    def _abandon(self) -> None:
        for mail in (*self._again, *self._ready):
            self._flow.end(mail.outgoing.domain, _NOT_BEGUN, time.monotonic())
        self._again.clear()
        self._ready.clear()
        for batch in self._batches:
            batch.tell()
        self._batches.clear()

    def _turn(self) -> bool:
        while self._handed_in:
            self._batches.append(self._handed_in.popleft())
        if self.resting:
            self._halt()  # also what was handed in before anybody could know
        if self._stopping.is_set() and time.monotonic() >= self._give_up_at:
            self._gather(self._wires.give_up())
        self._meet_refusal()
        self._look_again = FOR_EVER
        starting = self._pick()
        if starting or self._must_store():
            self._store(starting)
        self._retire()
        if self._closed():
            return True
        self._prepare()
        self._gather(self._wires.listen(self._patience(starting)))
        return False

    def _gather(self, ended: Sequence[tuple[_Mail, Reply]]) -> None:
        """Take in what ended, and wait a moment for mails about to end: they share the next commit."""
        until = time.monotonic() + GATHER_SECONDS
        while ended:
            for mail, reply in ended:
                self._hear(mail, reply)
            left = until - time.monotonic()
            ended = self._wires.listen(left) if left > 0 and self._wires.busy else ()

    def _pick(self) -> list[tuple[Wire[_Mail], _Mail]]:
        """Give each idle connection a mail that is written, and have more connections opened where wanted."""
        starting: list[tuple[Wire[_Mail], _Mail]] = []
        if self._writer.in_trouble and self._writer.waiting:
            return starting
        for wire in self._wires.idle:
            mail = self._next()
            if mail is None:
                return starting
            starting.append((wire, mail))
        waiting = len(self._again) + len(self._ready)
        waiting += sum(len(batch.todo) for batch in self._batches if not batch.halted)
        if waiting and self._wires.refusal is None:
            self._wires.want(self._wires.busy + len(starting) + waiting)
        return starting

    def _prepare(self) -> None:
        """Write the next mails while the server has the ones before; they are not marked yet."""
        while len(self._ready) < self._wires.busy:
            mail = self._compose_next()
            if mail is None:
                return
            self._ready.append(mail)

    def _next(self) -> _Mail | None:
        for line in (self._again, self._ready):
            if line:
                return line.popleft()
        return self._compose_next()

    def _compose_next(self) -> _Mail | None:
        now = time.monotonic()
        for batch in [one for one in self._batches if one.todo and not one.halted]:
            outgoing = self._allowed(batch, now)
            while outgoing is not None:
                mail = self._written(batch, outgoing)
                if mail is not None:
                    # Lines take turns, so that a long campaign does not hold up a short one.
                    self._batches.sort(key=lambda one: one.line == batch.line)
                    self._flow.begin(outgoing.domain, now)
                    return mail
                outgoing = self._allowed(batch, now)
        return None

    def _allowed(self, batch: _Batch, now: float) -> Outgoing | None:
        """Take the next mail whose domain takes one now; give back a batch in which all have to wait long."""
        soonest = FOR_EVER
        for _ in range(len(batch.todo)):
            wait = self._flow.wait(batch.todo[0].domain, now)
            if not wait:
                return batch.todo.popleft()
            soonest = min(soonest, wait)
            batch.todo.rotate(-1)
        if HELD_SECONDS < soonest < FOR_EVER:
            self._hold(batch, now)
        elif soonest < FOR_EVER:
            self._look_again = min(self._look_again, now + soonest)
        return None

    def _hold(self, batch: _Batch, now: float) -> None:
        moment = self._clock()
        while batch.todo:
            outgoing = batch.todo.popleft()
            again_at = moment + timedelta(seconds=self._flow.book(outgoing.domain, now))
            batch.open += 1
            self._end(batch, outgoing, Reply.because(Outcome.HELD, Reason.PACED), again_at=again_at)

    def _written(self, batch: _Batch, outgoing: Outgoing) -> _Mail | None:
        batch.open += 1
        try:
            return _Mail(outgoing, batch, outgoing.compose())
        except (ValueError, LookupError):
            log.exception("mail %d cannot be written for its recipient", outgoing.id)
            outcome = Outcome.PERMANENT
        except Exception:
            # A fault of ours, not of the recipient: the row waits for the program to be mended.
            log.exception("mail %d could not be written", outgoing.id)
            outcome = Outcome.TEMPORARY
        self._end(batch, outgoing, Reply.because(outcome, Reason.NOT_COMPOSABLE))
        return None

    def _store(self, starting: list[tuple[Wire[_Mail], _Mail]]) -> None:
        """Commit, then let those mails begin whose marks are in the ledger."""
        fresh = [mail for _, mail in starting if mail.mark not in self._owners]
        for mail in fresh:
            self._owners[mail.mark] = mail.batch
        granted, stored = self._writer.commit([mail.mark for mail in fresh])
        self._oldest_result = time.monotonic() if self._writer.waiting else FOR_EVER
        for attempt in stored:
            self._owners.pop(Mark(attempt.mail_id, attempt.token)).open -= 1
        if self._writer.in_trouble:
            self._halt()
        fresh_ones = {mail.mark for mail in fresh}
        for wire, mail in starting:
            if mail.outgoing.id in granted or mail.mark not in fresh_ones:
                self._begin(wire, mail)
            else:
                self._flow.end(mail.outgoing.domain, _NOT_BEGUN, time.monotonic())

    def _begin(self, wire: Wire[_Mail], mail: _Mail) -> None:
        try:
            sender = mail.outgoing.sender or self._sender
            reply = self._wires.begin(
                wire, mail, sender=sender, recipient=mail.outgoing.recipient, data=mail.data
            )
        except ValueError:
            log.exception("mail %d has an address or bytes that cannot be sent", mail.outgoing.id)
            reply = Reply.because(Outcome.PERMANENT, Reason.NOT_COMPOSABLE)
        if reply is not None:
            self._hear(mail, reply)

    def _hear(self, mail: _Mail, reply: Reply) -> None:
        if reply.outcome is Outcome.UNHEARD:
            self._again.append(mail)  # still marked, and not begun
            return
        if reply.outcome is Outcome.UNREACHABLE:
            self._take_a_rest()
            self._halt()
        else:
            self._rest = 0.0
        self._finish(mail, reply)

    def _finish(self, mail: _Mail, reply: Reply) -> None:
        self._flow.end(mail.outgoing.domain, reply, time.monotonic())
        self._end(mail.batch, mail.outgoing, reply)

    def _end(
        self, batch: _Batch, outgoing: Outgoing, reply: Reply, *, again_at: datetime | None = None
    ) -> None:
        mark = Mark(outgoing.id, batch.token)
        self._owners[mark] = batch
        batch.settled += reply.outcome is not Outcome.UNREACHABLE
        batch.tried += reply.outcome in TRIED
        self._writer.hand_over(Attempt(outgoing.id, batch.token, reply, again_at))
        self._oldest_result = min(self._oldest_result, time.monotonic())

    def _meet_refusal(self) -> None:
        """No connection came about: each line's first mail keeps the reason, and all wait a while."""
        refusal = self._wires.refusal
        if refusal is None or self._wires.count:
            return
        self._wires.refusal = None
        self._take_a_rest()
        for mail in self._again:
            self._finish(mail, Reply(Outcome.UNREACHABLE, refusal))
        self._again.clear()
        first = {batch.line: batch for batch in reversed(self._batches) if batch.todo and not batch.halted}
        for batch in first.values():
            batch.open += 1
            self._end(batch, batch.todo.popleft(), Reply(Outcome.UNREACHABLE, refusal))
        self._halt()

    def _halt(self) -> None:
        for batch in self._batches:
            batch.halted = True
        for mail in self._again:
            self._finish(mail, _NOT_BEGUN)
        self._again.clear()
        for mail in self._ready:  # neither marked nor begun: the row is claimed and no more
            self._flow.end(mail.outgoing.domain, _NOT_BEGUN, time.monotonic())
            mail.batch.open -= 1
        self._ready.clear()

    def _must_store(self) -> bool:
        if not self._writer.waiting:
            return False
        return not self._wires.busy or time.monotonic() >= self._oldest_result + LINGER_SECONDS

    def _patience(self, starting: object) -> float:
        if starting and self._wires.idle:
            return 0.0  # captured mails end at once, and the next can begin
        until = min(self._look_again, self._give_up_at if self._wires.busy else FOR_EVER)
        if self._writer.waiting:
            wait = TROUBLE_SECONDS if self._writer.in_trouble else LINGER_SECONDS
            until = min(until, self._oldest_result + wait)
        return max(until - time.monotonic(), 0.0)

    def _retire(self) -> None:
        for batch in [one for one in self._batches if one.ended]:
            self._batches.remove(batch)
            batch.tell()

    def _closed(self) -> bool:
        if self._closing_since == FOR_EVER or self._wires.busy or self._handed_in:
            return False
        patience_is_over = time.monotonic() > self._closing_since + CLOSING_SECONDS
        return not self._writer.waiting or patience_is_over

    def _take_a_rest(self) -> None:
        self._rest = min(max(self._rest * 2, 2.0), LONGEST_REST_SECONDS)
        self._rest_until = time.monotonic() + self._rest
