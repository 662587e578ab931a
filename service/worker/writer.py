"""One commit for many mails: the marks of those that begin next, and the results of those that ended.

Safety does not depend on how commits are shared: a mail begins only after the commit that holds its mark,
and a result that could not be stored is kept until the database takes it.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from service.db import Database, Trouble, trouble_of
from service.domain.ledger import Attempt, Mark, mark_rows, sent_rows
from service.facts.replies import Outcome, Reply
from service.statements import Prepared, Straight, Uneven

log = logging.getLogger(__name__)


class Rows(Protocol):
    """The verbs of one lane: `domain.deliveries` and `domain.system_mails` both fit."""

    @property
    def MARK(self) -> Prepared:
        """What `mark_in_flight` runs."""

    @property
    def SENT(self) -> Prepared:
        """What `settle_sent` runs."""

    def mark_in_flight(self, connection: Connection, marks: Sequence[Mark], /) -> frozenset[int]:
        """Note that mails may arrive from now on; return the ids of those that may be sent."""

    def settle_sent(self, connection: Connection, attempts: Sequence[Attempt], /, *, now: datetime) -> None:
        """Store that mails were accepted."""

    def settle(self, session: Session, attempt: Attempt, /, *, now: datetime) -> None:
        """Store what became of any other attempt."""


class LedgerWriter:
    """Commits marks and results of one lane; used by one thread."""

    def __init__(self, db: Database, rows: Rows, clock: Callable[[], datetime]) -> None:
        self._db = db
        self._rows = rows
        self._clock = clock
        self._connection: Connection | None = None
        self._line: Straight | None = None
        self._results: list[Attempt] = []
        self.in_trouble = False

    @property
    def waiting(self) -> int:
        """How many results are not stored yet."""
        return len(self._results)

    def hand_over(self, attempt: Attempt) -> None:
        """Take in a result; the next commit holds it."""
        self._results.append(attempt)

    def commit(self, marks: Sequence[Mark]) -> tuple[frozenset[int], Sequence[Attempt]]:
        """Store everything in one transaction; return which mails may begin, and the results now stored."""
        results = self._results
        granted: frozenset[int] = frozenset()
        if self._commit_straight(marks, results):
            self._results = []
            return frozenset(mark.mail_id for mark in marks), results
        try:
            with self._kept().begin():
                self._settle(results, self._clock())
                if marks:
                    granted = self._rows.mark_in_flight(self._kept(), marks)
        except Exception as error:
            if _is_the_databases(error):
                log.exception("the ledger could not be written")
                self.in_trouble = True
                self._drop()  # a server that takes no writes any more may not be the right one now
                # Whether the commit took place may be unknown; these mails are not begun, and that is
                # stored too as soon as it can be.
                self._results = [*results, *(_not_begun(mark) for mark in marks)]
                return frozenset(), ()
            # Not the database but one of these: nothing may hold up the others.
            log.exception("a result or mark was refused; each is tried alone")
            self._results = [_not_begun(mark) for mark in marks]
            for result in results:
                self._store_alone(result)
            return frozenset(), results
        self.in_trouble = False
        self._results = [_not_begun(mark) for mark in marks if mark.mail_id not in granted]
        return granted, results

    def close(self) -> None:
        """Close the kept connection."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._line = None

    def _commit_straight(self, marks: Sequence[Mark], results: Sequence[Attempt]) -> bool:
        """Store what needs no second look: every mail was accepted, every mark is granted.

        False: it was not so, or something went wrong; the usual way then finds out what. It may also find
        that this was stored all the same, and storing it twice changes nothing.
        """
        if self.in_trouble or any(result.reply.outcome is not Outcome.ACCEPTED for result in results):
            return False
        try:
            if self._line is None:
                self._line = Straight(self._kept())
            with self._line.transaction():
                self._line.run(self._rows.SENT, sent_rows(results, now=self._clock()))
                self._line.run(self._rows.MARK, mark_rows(marks))
        except Uneven:
            return False
        except Exception:
            log.debug("a straight commit failed", exc_info=True)
            self._drop()
            return False
        return True

    def _drop(self) -> None:
        if self._connection is not None:  # or there was none to be had
            self._connection.invalidate()
        self.close()

    def _kept(self) -> Connection:
        # One connection kept for all commits: taking one from the pool each time costs as much as the work.
        if self._connection is None:
            self._connection = self._db.engine.connect()
        return self._connection

    def _settle(self, results: Sequence[Attempt], now: datetime) -> None:
        accepted = [result for result in results if result.reply.outcome is Outcome.ACCEPTED]
        if accepted:
            self._rows.settle_sent(self._kept(), accepted, now=now)
        if len(accepted) < len(results):
            with Session(bind=self._kept(), expire_on_commit=False) as session:
                for result in results:
                    if result.reply.outcome is not Outcome.ACCEPTED:
                        self._rows.settle(session, result, now=now)
                session.flush()

    def _store_alone(self, result: Attempt) -> None:
        try:
            with self._kept().begin():
                self._settle([result], self._clock())
        except Exception:
            # The row stays in flight, and the sweep will call it unknown: nobody knows better.
            log.exception("the result of mail %d could not be stored", result.mail_id)


def _is_the_databases(error: Exception) -> bool:
    """Tell whether a fault is the database's own: PostgreSQL that takes no writes does not call it that."""
    if isinstance(error, OperationalError):
        return True
    return isinstance(error, DBAPIError) and trouble_of(error) is not Trouble.OTHER


def _not_begun(mark: Mark) -> Attempt:
    return Attempt(mark.mail_id, mark.token, Reply(Outcome.WITHHELD, ""))
