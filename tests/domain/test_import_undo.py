"""Undoing an import: everything as before, except what changed or was used since, which is told."""

import csv
import io
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.csvfile.headers import Key
from service.db import Database
from service.domain import (
    accounts,
    groups,
    import_results,
    import_runs,
    import_undo,
    imports,
    partners,
    prospects,
)
from service.domain.errors import DomainError
from service.domain.import_runs import Runner
from service.facts.permissions import BuiltInRole
from service.facts.refusals import Refusal
from service.facts.sources import Source
from service.facts.stages import StageEvent
from service.facts.states import ImportState
from service.i18n.catalogs import Catalog
from service.i18n.locales import LOCALES
from service.models import Group, Import, Notice, Partner, Program, Prospect, User
from tests.domain.factories import NOW, program, prospect, user
from tests.domain.import_desk import HEADER, Desk

ENGLISH = Catalog(LOCALES["en"], {}, {})
FILE = (
    HEADER
    + "Blue Harbor,anna@blue.example,https://blue.example,Summer,Anna,Sailing,,ja\n"
    + "みどり企画,yamada@みどり.example,midori.example https://b.example,夏,,,,Japonais\n"
    + "Blue Harbor,ANNA@BLUE.example,https://blue.example,夏,,,,\n"
    + "No Group,c@x.example,https://x.example,Winter,,,,\n"
)
KNOWN = "Red Harbor,red@x.example,https://red.example https://other.example,夏,Rhea,Boats,,fr\n"
ACCOUNT = "Their name,them@y.example,https://y.example,Summer,Yu,,98765,zh\n"


@pytest.fixture(params=["sqlite", "postgres"])
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    """The desk on both kinds of database, with two people who are there before."""
    if request.param == "sqlite":
        yield furnished(request.getfixturevalue("db"))
        return
    database = Database(request.getfixturevalue("postgres_server").migrated_database())
    yield furnished(database)
    database.dispose()


def furnished(db: Database) -> Desk:
    """A desk where two people are known before."""
    desk = Desk(db)
    with db.transaction() as session:
        red = prospect(session, session.get_one(Program, desk.program_id), "Red", email="red@x.example")
        red.partner.description = "Ships"
        profile = partners.Profile(name="Account", email="account@x.example", mpid="98765", first_name="Y")
        partners.add(session, profile, now=NOW)
    return desk


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


def test_a_plan_about_somebody_who_was_undone_changes_nobody_else(desk: Desk) -> None:
    """C-13: SQLite gives the id of the partner who was removed to the next one."""
    anna = "Anna,anna@x.example,https://x.example,"
    first = desk.import_file(HEADER + anna + ",,,,\n")
    planned = desk.upload(HEADER + anna + "夏,Anna,Sails,,ja\n", dry_run=True)
    desk.run(planned)
    desk.undo(first)
    desk.import_file(HEADER + "Bert,bert@y.example,https://y.example,,,,,\n")
    before = desk.data()
    desk.apply(planned)
    assert desk.data() == before
    assert desk.counts(planned) == (0, 0, 0, 1)
    assert desk.rules(planned) == [(1, "rejected", [("drift", None)])]


def test_a_plan_whose_group_is_gone_puts_nobody_into_another(desk: Desk) -> None:
    """C-13: SQLite gives the id of the group that was removed to the next one."""
    planned = desk.upload(HEADER + "Anna,anna@x.example,https://x.example,夏,,,,\n", dry_run=True)
    desk.run(planned)
    with desk.db.transaction() as session:
        gone = session.scalars(select(Group).where(Group.name == "夏")).one()
        groups.remove(session, desk.program_id, gone.id)
    with desk.db.transaction() as session:
        groups.create(session, desk.program_id, name="Winter", now=NOW + timedelta(minutes=1))
    before = desk.data()
    desk.apply(planned)
    assert desk.data() == before
    assert desk.rules(planned) == [(1, "rejected", [("drift-group", Key.GROUP)])]


def test_an_undo_takes_nobody_out_of_a_group_made_later(desk: Desk) -> None:
    """C-13: the group of the import was removed, another one took its id, and somebody put Anna there."""
    done = desk.import_file(HEADER + "Anna,anna@x.example,https://x.example,夏,,,,\n")
    with desk.db.transaction() as session:
        gone = session.scalars(select(Group).where(Group.name == "夏")).one()
        groups.remove(session, desk.program_id, gone.id)
    with desk.db.transaction() as session:
        later = groups.create(session, desk.program_id, name="Winter", now=NOW + timedelta(minutes=1))
        anna = session.scalars(select(Partner).where(Partner.name == "Anna")).one()
        groups.add_members(session, later, [anna.id])
    before = desk.data()
    desk.undo(done)
    assert desk.data() == before


def find(session: Session, name: str) -> Prospect:
    return session.scalars(select(Prospect).join(Partner).where(Partner.name == name)).one()


def written_to(session: Session, desk: Desk) -> None:
    prospects.record(session, find(session, "Blue Harbor").id, StageEvent.EMAIL_ACCEPTED, now=NOW)


def put_into_a_group(session: Session, desk: Desk) -> None:
    made = groups.create(session, desk.program_id, name="Later", now=NOW)
    groups.add_members(session, made, [find(session, "Blue Harbor").partner_id])


def described_anew(session: Session, desk: Desk) -> None:
    find(session, "Blue Harbor").partner.description = "Rowing"


def reached_elsewhere(session: Session, desk: Desk) -> None:
    find(session, "Blue Harbor").custom_email = "other@x.example"


def got_an_account(session: Session, desk: Desk) -> None:
    find(session, "Blue Harbor").partner.mpid = "1"


def known_elsewhere(session: Session, desk: Desk) -> None:
    other = program(session, "Other")
    partner = find(session, "Blue Harbor").partner
    prospects.mark(session, other.id, partner, source=Source.MARKETPLACE, now=NOW)


USES: list[tuple[Callable[[Session, Desk], None], tuple[str, str | None]]] = [
    (written_to, ("undo-history", None)),
    (put_into_a_group, ("undo-group", "group")),
    (described_anew, ("undo-changed", "description")),
    (reached_elsewhere, ("undo-changed", "email")),
    (got_an_account, ("undo-account", None)),
    (known_elsewhere, ("undo-program", None)),
]


@pytest.mark.parametrize(("use", "reason"), USES, ids=[use.__name__ for use, _ in USES])
@pytest.mark.parametrize("batch", [1, 1000])
def test_somebody_in_use_stays_whole(
    desk: Desk, use: Callable[[Session, Desk], None], reason: tuple[str, str | None], batch: int
) -> None:
    """Whoever was worked with since is kept with all that the import wrote, and told row by row."""
    import_id = desk.import_file(FILE)
    with desk.db.transaction() as session:
        use(session, desk)
    people = {(name, frozenset(groups_)) for name, _, _, groups_ in desk.people() if name == "Blue Harbor"}
    with desk.db.reading() as session:
        seen = import_undo.preview(session, [desk.program_id], import_id)
    assert (seen.refusal, seen.rows, seen.kept) == (None, 3, 2)
    assert [(one.number, one.name, [reason.rule for reason in one.reasons]) for one in seen.leftovers] == [
        (1, "Blue Harbor", [reason[0]]),
        (3, "Blue Harbor", [reason[0]]),
    ]
    desk.undo(import_id, batch=batch)
    assert desk.undo_counts(import_id) == (1, 2)
    assert desk.leftovers(import_id) == [(1, [reason]), (3, [reason])]
    assert {(name, frozenset(groups_)) for name, _, _, groups_ in desk.people() if name != "Red"} == people


def result_rows(desk: Desk, import_id: int, *, raw: bool = False) -> list[list[str]]:
    out = io.BytesIO()
    with desk.db.reading() as session:
        import_ = session.get_one(Import, import_id)
        import_results.write(session, import_, out, ENGLISH, raw=raw)
    return list(csv.reader(io.StringIO(out.getvalue().decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("raw", [False, True])
def test_the_result_file_says_what_was_undone_and_what_stays_and_why(desk: Desk, *, raw: bool) -> None:
    """C-12: in a column of its own, which is none of ours when the file comes back."""
    import_id = desk.import_file(FILE)
    assert "Import undo" not in result_rows(desk, import_id, raw=raw)[0]
    with desk.db.transaction() as session:
        described_anew(session, desk)
    desk.undo(import_id, batch=1)
    header, *rows = result_rows(desk, import_id, raw=raw)
    assert header[-4:][1:] == ["Import reason", "Import undo", "Import row number"]
    stays = "Stays, whole or in part: Description: This was changed after the import, so it stays."
    assert [(row[-4], row[-2], row[-1]) for row in rows] == [
        ("Created", stays, "1"),
        ("Created", "Undone", "2"),
        ("Updated", stays, "3"),
        ("Rejected", "", "4"),
    ]
    text = "\n".join(",".join(row[:8]) + ",,,Undone," for row in rows)
    again = desk.import_file(",".join(header) + "\n" + text, dry_run=True)
    assert desk.counts(again) == (1, 0, 2, 1)


def test_a_field_that_changed_since_stays_and_the_others_go_back(desk: Desk) -> None:
    import_id = desk.import_file(HEADER + KNOWN, overwrite=True)
    with desk.db.transaction() as session:
        find(session, "Red Harbor").partner.first_name = "Rhoda"
    desk.undo(import_id)
    assert desk.undo_counts(import_id) == (0, 1)
    assert desk.leftovers(import_id) == [(1, [("undo-changed", "first_name")])]
    with desk.db.reading() as session:
        red = find(session, "Red").partner
        assert (red.first_name, red.description, red.locale, red.media_properties) == (
            "Rhoda",
            "Ships",
            None,
            [],
        )
        assert red.search_text == partners.search_text("Red", "Rhoda", None, "red@x.example", None)


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
    desk = furnished(db)
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
