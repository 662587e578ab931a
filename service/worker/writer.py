"""One thread that commits for all connections: marks before DATA, and the results of earlier mails with them.

Safety does not depend on how commits are shared: a mark is answered only after the commit that holds it. A
result waits a moment for the next mark, so that a busy connection costs one commit a mail, and several
connections share theirs.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from service.db import Database
from service.domain.ledger import Attempt
from service.facts.replies import Reply

log = logging.getLogger(__name__)
LINGER_SECONDS = 0.02
TROUBLE_SECONDS = 0.5


class Rows(Protocol):
    """The verbs of one lane: `domain.deliveries` and `domain.system_mails` both fit."""

    def mark_in_flight(self, session: Session, mail_id: int, /, *, token: str, now: datetime) -> bool:
        """Note that the mail may arrive from now on."""

    def settle(self, session: Session, attempts: Sequence[Attempt], /, *, now: datetime) -> None:
        """Store what became of mails."""


@dataclass(slots=True)
class _Mark:
    mail_id: int
    token: str
    answered: threading.Event = field(default_factory=threading.Event)
    granted: bool = False


class LedgerWriter:
    """Commits marks and results of one lane; used by many threads, owned by one."""

    def __init__(self, db: Database, rows: Rows, clock: Callable[[], datetime]) -> None:
        self._db = db
        self._rows = rows
        self._clock = clock
        self._turn = threading.Condition()
        self._marks: list[_Mark] = []
        self._results: list[Attempt] = []
        self._busy = False
        self._hurry = False
        self._stopping = False
        self.in_trouble = False
        self._thread = threading.Thread(target=self._run, name="ledger-writer", daemon=True)
        self._thread.start()

    def mark(self, mail_id: int, token: str) -> bool:
        """Wait until it is committed that this mail is in flight; False when it must not be sent."""
        mark = _Mark(mail_id, token)
        with self._turn:
            self._marks.append(mark)
            self._turn.notify_all()
        mark.answered.wait()
        return mark.granted

    def settle(self, mail_id: int, token: str, reply: Reply) -> None:
        """Hand over a result; it is committed with the next mark, or after a moment."""
        with self._turn:
            self._results.append(Attempt(mail_id, token, reply))
            self._turn.notify_all()

    def flush(self) -> None:
        """Wait until every result handed over is committed."""
        with self._turn:
            self._hurry = True
            self._turn.notify_all()
            self._turn.wait_for(lambda: not self._results and not self._busy)
            self._hurry = False

    def close(self) -> None:
        """Commit what is left and end the thread."""
        self.flush()
        with self._turn:
            self._stopping = True
            self._turn.notify_all()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._turn:
                self._turn.wait_for(lambda: self._marks or self._results or self._stopping)
                if not self._marks and not self._hurry:
                    self._turn.wait_for(lambda: self._marks or self._hurry or self._stopping, LINGER_SECONDS)
                if self._stopping and not self._marks and not self._results:
                    return
                marks, results = self._marks, self._results
                self._marks, self._results, self._busy = [], [], True
            stored = self._commit(marks, results)
            with self._turn:
                self._busy = False
                if not stored:
                    # The mails are out: these results are kept until the database takes them.
                    self._results = results + self._results
                self._turn.notify_all()
                if not stored:
                    self._turn.wait_for(lambda: self._marks, TROUBLE_SECONDS)

    def _commit(self, marks: list[_Mark], results: list[Attempt]) -> bool:
        granted: list[bool] = []
        try:
            with self._db.transaction() as session:
                now = self._clock()
                if results:
                    self._rows.settle(session, results, now=now)
                for mark in marks:
                    granted.append(
                        self._rows.mark_in_flight(session, mark.mail_id, token=mark.token, now=now)
                    )
        except OperationalError:
            log.exception("the ledger could not be written")
            granted = [False] * len(marks)
            self.in_trouble = True
        except Exception:
            # Not the database but one of these: nothing may hold up the others.
            log.exception("a result or mark was refused; each is tried alone")
            granted = [False] * len(marks)
            for result in results:
                self._store_alone(result)
        else:
            self.in_trouble = False
        for mark, yes in zip(marks, granted, strict=True):
            mark.granted = yes
            mark.answered.set()
        return not self.in_trouble

    def _store_alone(self, result: Attempt) -> None:
        try:
            with self._db.transaction() as session:
                self._rows.settle(session, [result], now=self._clock())
        except Exception:
            # The row stays in flight, and the sweep will call it unknown: nobody knows better.
            log.exception("the result of mail %d could not be stored", result.mail_id)
