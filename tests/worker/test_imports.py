"""Imports in the job engine: one that always fails is given up, and does not hold up the others."""

import gc
import threading
from collections.abc import Iterator
from datetime import timedelta
from itertools import count

import pytest
from sqlalchemy import select

from service import bootstrap, csvfile
from service.adapters.jobs import EngineJobs, migrate_engine
from service.bootstrap import Services
from service.config import Settings
from service.csvfile.source import InMemory
from service.domain import import_reasons, imports
from service.facts.states import ImportState
from service.models import Import, Notice
from service.worker import app
from service.worker.imports import BREATH, MOST_FAILURES, TURN, run
from tests.domain import factories
from tests.domain.factories import NOW
from tests.worker.oracle import wait_for
from tests.worker.test_jobs import worker

FILE = b"Partner name,Contact email,Media property\nA,a@x.example,https://x.example\n"


@pytest.fixture
def services(settings: Settings) -> Iterator[Services]:
    """An installation with the engine's tables and client."""
    migrate_engine(settings.database)
    made = bootstrap.build(settings)
    yield made
    assert isinstance(made.jobs, EngineJobs)
    made.jobs.close()
    made.db.dispose()


def upload(services: Services, how_many: int) -> list[int]:
    file = csvfile.read(InMemory(FILE), locale="en")
    with services.db.transaction() as session:
        program = factories.program(session)
        user = factories.user(session, program)
        return [
            imports.upload(
                session,
                services.jobs,
                program.id,
                file_name=f"{number}.csv",
                file=file,
                locale="en",
                dry_run=False,
                overwrite=False,
                actor_id=user.id,
                now=NOW,
            ).id
            for number in range(how_many)
        ]


def states(services: Services) -> list[str]:
    with services.db.reading() as session:
        return list(session.scalars(select(Import.state).order_by(Import.id)))


class Breaths(threading.Event):
    """A stop that nobody asks for; remembers how long it was waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        """Remember the time instead of spending it."""
        self.seconds.append(timeout)
        return self.is_set()


@pytest.mark.parametrize("step", [TURN, TURN / 100])
def test_others_get_a_turn_to_write(services: Services, step: timedelta) -> None:
    """C-13: an import leaves the one writer of SQLite alone after each turn, not after each batch."""
    [import_id] = upload(services, 1)
    ticks, breaths = count(), Breaths()
    batches = run(services, import_id, lambda: NOW + next(ticks) * step, breaths)
    assert states(services) == [ImportState.DONE.value]
    assert breaths.seconds == ([BREATH] * batches if step == TURN else [])


def test_what_an_import_leaves_behind_is_garbage(services: Services) -> None:
    """C-13: what is kept from the garbage collector does not grow with the number of imports."""
    first, *others = upload(services, 5)
    gc.unfreeze()  # as in a process that has run none yet
    run(services, first, lambda: NOW, threading.Event())
    kept = gc.get_freeze_count()
    for import_id in others:
        run(services, import_id, lambda: NOW, threading.Event())
    assert states(services) == [ImportState.DONE.value] * 5
    assert 0 < gc.get_freeze_count() <= kept


def test_an_import_that_always_fails_is_given_up(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """F-17: after five tries it stops with a reason and a notice; the one after it is done meanwhile."""
    monkeypatch.setattr(app, "SWEEP_SECONDS", 0.1)
    poison, fine = upload(services, 2)
    with services.db.transaction() as session:
        session.get_one(Import, poison).delimiter = "no delimiter"
    with worker(services):
        wait_for(lambda: states(services) == [ImportState.CANCELLED, ImportState.DONE])
    with services.db.reading() as session:
        stopped = session.get_one(Import, poison)
        reasons = import_reasons.loaded(stopped.refusal)
        assert [(one.rule, one.values) for one in reasons] == [("import-failed", {"num": MOST_FAILURES})]
        assert stopped.finished_at is not None
        told = {(one.kind, one.subject_id) for one in session.scalars(select(Notice))}
        assert told == {("import_refused", poison), ("import_done", fine)}
