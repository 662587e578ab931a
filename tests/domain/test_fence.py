"""Where a database stands, when several workers ask at once."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from service.db import Database
from service.domain import fence
from tests.domain.conftest import BOTH

HERE, BEFORE = "where the database stands", "where its backup was made"


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """A second worker's thread."""
    with ThreadPoolExecutor(1) as opened:
        yield opened


def ask_meanwhile(pool: ThreadPoolExecutor, db: Database) -> Future[str | None]:
    """Let a second worker ask where the database stood; return once it waits for the first one."""
    asking = threading.Event()

    def ask() -> str | None:
        asking.set()
        with db.transaction() as session:
            known = fence.enter(session, place="somewhere else")
            return known and known.place

    answer = pool.submit(ask)
    assert asking.wait(60)
    threading.Event().wait(0.3)
    assert not answer.done()
    return answer


@BOTH
def test_of_two_first_workers_one_is_the_first(db: Database, pool: ThreadPoolExecutor) -> None:
    """F-20: the other waits for its commit, and then finds the place that it knows."""
    with db.transaction() as session:
        assert fence.enter(session, place=HERE) is None
        second = ask_meanwhile(pool, db)
    assert second.result(60) == HERE


@BOTH
def test_of_two_workers_on_a_restored_copy_one_judges_it(db: Database, pool: ThreadPoolExecutor) -> None:
    """F-20: the other waits, and finds the copy settled: what was held back is held back once."""
    with db.transaction() as session:
        fence.settle_here(session, place=BEFORE, stamp="")
    with db.transaction() as session:
        known = fence.enter(session, place=HERE)
        assert known is not None
        assert known.place == BEFORE
        second = ask_meanwhile(pool, db)
        fence.settle_here(session, place=HERE, stamp="")
    assert second.result(60) == HERE
