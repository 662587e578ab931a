"""Undoing an import: everything as before, except what changed or was used since, which is told."""

import shutil
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from service.db import Database
from service.domain import (
    accounts,
    import_runs,
    import_undo,
    imports,
)
from service.domain.errors import DomainError
from service.domain.import_runs import Runner
from service.facts.permissions import BuiltInRole
from service.facts.refusals import Refusal
from service.facts.states import ImportState
from service.models import Import, Notice, Program, User
from tests.domain.factories import NOW, user
from tests.domain.import_desk import HEADER, Desk
from tests.domain.undo_desk import ACCOUNT, FILE, KNOWN, furnish


@pytest.fixture
def desk(furnished: Desk) -> Desk:
    """On both kinds of database."""
    return furnished


@pytest.mark.parametrize("batch", [1, 2, 1000])
@pytest.mark.parametrize("overwrite", [False, True])
def test_an_undo_leaves_everything_as_before(desk: Desk, batch: int, *, overwrite: bool) -> None:
    before = desk.data()
    import_id = desk.import_file(FILE + KNOWN + ACCOUNT, overwrite=overwrite)
    assert desk.counts(import_id) == (3, 2, 0, 1)
    assert desk.data() != before
    desk.undo(import_id, batch=batch)
    assert (desk.state(import_id), desk.undo_counts(import_id)) == (ImportState.UNDONE, (5, 0))
    assert desk.data() == before
    with desk.db.reading() as session:
        undone = session.get_one(Import, import_id)
        assert (undone.undone_by, undone.undone_at, undone.user_id) == (desk.user_id, NOW, desk.user_id)
        assert [one.kind for one in session.scalars(select(Notice).order_by(Notice.id))] == [
            "import_done",
            "import_undone",
        ]
    assert desk.counts(desk.import_file(FILE + KNOWN + ACCOUNT, overwrite=overwrite)) == (3, 2, 0, 1)


def test_an_import_is_undone_before_the_one_it_built_on(desk: Desk) -> None:
    """Available until the next import touches the same rows, and again once that one is undone."""
    before = desk.data()
    first = desk.import_file(FILE)
    apart = desk.import_file(HEADER + KNOWN)
    second = desk.import_file(FILE.replace("Sailing", "Rowing"), overwrite=True)
    third = desk.import_file(FILE.replace("Anna", "Bea"), overwrite=True)
    assert [desk.counts(one) for one in (second, third)] == [(0, 1, 2, 1)] * 2
    for blocked, file_name in ((first, "people.csv"), (second, "people.csv")):
        with desk.db.reading() as session:
            refused = import_undo.preview(session, [desk.program_id], blocked).refusal
            assert refused is not None
            assert (refused.refusal, refused.values) == (
                Refusal.IMPORT_OVERTAKEN,
                {"file": file_name, "import_id": third},
            )
            elsewhere = import_undo.refusal(session, [], session.get_one(Import, blocked))
            assert elsewhere is not None
            assert elsewhere.refusal is Refusal.IMPORT_OVERTAKEN_ELSEWHERE
        with pytest.raises(DomainError):
            desk.undo(blocked)
    for one in (third, second, first, apart):
        desk.undo(one)
    assert [desk.undo_counts(one) for one in (third, second, first, apart)] == [
        (1, 0),
        (1, 0),
        (3, 0),
        (1, 0),
    ]
    assert desk.data() == before


def test_only_what_is_over_and_stored_something_can_be_undone(desk: Desk) -> None:
    nothing = desk.import_file(HEADER + "No Group,c@x.example,https://x.example,Winter,,,,\n")
    planned = desk.import_file(FILE, dry_run=True)
    done = desk.import_file(FILE)
    desk.undo(done)
    with desk.db.transaction() as session:
        for import_id, refusal in (
            (nothing, Refusal.IMPORT_STORED_NOTHING),
            (planned, Refusal.IMPORT_NOT_IN_STATE),
            (done, Refusal.IMPORT_NOT_IN_STATE),
        ):
            found = import_undo.refusal(session, [desk.program_id], session.get_one(Import, import_id))
            assert found is not None
            assert found.refusal is refusal
        with pytest.raises(DomainError):
            import_undo.request(session, desk.jobs, [], done, actor_id=desk.user_id, now=NOW)


def test_asking_twice_undoes_once(desk: Desk) -> None:
    import_id = desk.import_file(FILE)
    asked = len(desk.jobs.imports)
    with desk.db.transaction() as session:
        for _ in range(2):
            import_undo.request(
                session, desk.jobs, [desk.program_id], import_id, actor_id=desk.user_id, now=NOW
            )
    assert desk.jobs.imports[asked:] == [import_id]
    desk.run(import_id)
    desk.undo(import_id)
    assert (desk.jobs.imports[asked:], desk.undo_counts(import_id)) == ([import_id], (3, 0))


def test_an_undo_stops_with_the_rights_and_goes_on_with_them(desk: Desk) -> None:
    """A-8: rights are looked at in each step; what was undone until then is counted once."""
    before = desk.data()
    import_id = desk.import_file(FILE)
    with desk.db.transaction() as session:
        other = user(session, session.get_one(Program, desk.program_id), email="bo@brand.example")
        import_undo.request(session, desk.jobs, [desk.program_id], import_id, actor_id=other.id, now=NOW)
    runner = Runner(import_id, base_url="https://p.example", batch=1)
    with desk.db.transaction() as session:
        assert runner.step(session, desk.jobs, now=NOW) == 1
        accounts.change_role(
            session,
            session.get_one(User, other.id),
            accounts.built_in_role(session, BuiltInRole.ANALYST),
            actor=None,
            now=NOW,
        )
    with desk.db.transaction() as session:
        assert runner.step(session, desk.jobs, now=NOW) == 0
    with desk.db.reading() as session:
        stopped = session.get_one(Import, import_id)
        assert (stopped.state, stopped.undone_rows, stopped.undo_left) == (ImportState.DONE, 1, 2)
        assert stopped.refusal is not None
        assert import_undo.preview(session, [desk.program_id], import_id).rows == 2
    desk.undo(import_id)
    assert desk.undo_counts(import_id) == (3, 0)
    assert desk.data()[:-1] == before[:-1]


def test_a_cancelled_import_is_undone_as_far_as_it_went(desk: Desk) -> None:
    before = desk.data()
    import_id = desk.upload(FILE + KNOWN)
    runner = Runner(import_id, base_url="https://p.example", batch=3)
    with desk.db.transaction() as session:
        while session.get_one(Import, import_id).applied_rows != 3:
            assert runner.step(session, desk.jobs, now=NOW) == 1
        imports.cancel(session, [desk.program_id], import_id, now=NOW)
    desk.undo(import_id)
    assert (desk.undo_counts(import_id), desk.data()) == ((3, 0), before)


def test_an_undo_that_always_fails_is_given_up(desk: Desk) -> None:
    """F-17."""
    import_id = desk.import_file(FILE)
    with desk.db.transaction() as session:
        import_undo.request(session, desk.jobs, [desk.program_id], import_id, actor_id=desk.user_id, now=NOW)
        import_runs.give_up(session, import_id, failures=5, now=NOW)
        assert session.get_one(Import, import_id).state == ImportState.DONE
        told = session.scalars(select(Notice).order_by(Notice.id.desc())).first()
        assert told is not None
        assert told.kind == "undo_failed"
    desk.undo(import_id)
    assert desk.undo_counts(import_id) == (3, 0)


def test_a_batch_of_an_undo_that_fails_is_done_again(desk: Desk) -> None:
    """F-1: a transaction that is lost leaves no trace, whichever it is."""
    before = desk.data()
    import_id = desk.import_file(FILE + KNOWN)
    with desk.db.transaction() as session:
        import_undo.request(session, desk.jobs, [desk.program_id], import_id, actor_id=desk.user_id, now=NOW)
    for turn in range(100):
        runner = Runner(import_id, base_url="https://p.example", batch=1)
        try:
            with desk.db.transaction() as session:
                more = runner.step(session, desk.jobs, now=NOW)
                if turn % 2 == 0:
                    raise KeyboardInterrupt
        except KeyboardInterrupt:
            continue
        if not more:
            break
    assert (desk.undo_counts(import_id), desk.data()) == ((4, 0), before)


PEOPLE = st.lists(
    st.tuples(
        st.sampled_from(["red@x.example", "a@x.example", "b@x.example", "them@y.example"]),
        st.sampled_from(["", "Summer", "夏", "Winter"]),
        st.sampled_from(["", "Ann", "Bo"]),
        st.sampled_from(["", "Ships", "Boats"]),
        st.sampled_from(["", "98765"]),
        st.sampled_from(["https://a.example", "https://b.example https://c.example"]),
    ),
    max_size=8,
)
TWO_IMPORTS = given(first=PEOPLE, second=PEOPLE, overwrite=st.booleans(), batch=st.integers(1, 4))


@settings(max_examples=20, deadline=None)
@TWO_IMPORTS
def test_any_imports_undone_in_turn_leave_everything_as_before(
    tmp_path_factory: pytest.TempPathFactory, migrated: Path, **imports: Any
) -> None:
    """Whatever two imports did, the second undone and then the first, nothing of them is left."""
    undo_in_turn(shutil.copy(migrated, tmp_path_factory.mktemp("any")), **imports)


@pytest.mark.sweep
@settings(max_examples=500, deadline=None)
@TWO_IMPORTS
def test_very_many_imports_undone_in_turn_leave_everything_as_before(
    tmp_path_factory: pytest.TempPathFactory, migrated: Path, **imports: Any
) -> None:
    undo_in_turn(shutil.copy(migrated, tmp_path_factory.mktemp("any")), **imports)


def undo_in_turn(
    file: Path,
    *,
    first: list[tuple[str, ...]],
    second: list[tuple[str, ...]],
    overwrite: bool,
    batch: int,
) -> None:
    db = Database(f"sqlite:///{file}")
    desk = furnish(db)
    before = desk.data()
    made = []
    for people in (first, second):
        lines = [
            f"N,{email},{media},{group},{name},{about},{mpid},\n"
            for email, group, name, about, mpid, media in people
        ]
        import_id = desk.upload(HEADER + "".join(lines), overwrite=overwrite)
        desk.run(import_id, batch=batch)
        made.append(import_id)
    for import_id in reversed(made):
        stored = sum(desk.counts(import_id)[:2])
        if stored:
            desk.undo(import_id, batch=batch)
            assert desk.undo_counts(import_id) == (stored, 0)
    assert desk.data() == before
    db.dispose()


def test_two_at_once_make_nobody_twice(desk: Desk) -> None:
    """C-10: each batch of two imports of the same people in turn, then really at the same time."""
    first, second = desk.upload(FILE + KNOWN), desk.upload(FILE + KNOWN)
    together = threading.Barrier(2, timeout=60)

    def work(import_id: int) -> None:
        together.wait()
        runner = Runner(import_id, base_url="https://p.example", batch=2)
        more = 1
        while more:
            with desk.db.transaction(patience=60) as session:
                more = runner.step(session, desk.jobs, now=NOW)

    threads = [threading.Thread(target=work, args=(one,)) for one in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert [desk.state(one) for one in (first, second)] == [ImportState.DONE] * 2
    assert sum(desk.counts(one)[0] for one in (first, second)) == 2
    assert [sum(desk.counts(one)) for one in (first, second)] == [5, 5]
    assert sorted(name for name, *_ in desk.people()) == ["Blue Harbor", "Red", "みどり企画"]
