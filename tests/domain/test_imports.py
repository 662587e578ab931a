"""Imports: a dry run is a promise, a row is never lost, and nothing is made twice."""

import csv
import io
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from service.db import Database
from service.domain import (
    import_results,
    import_runs,
    imports,
    partners,
)
from service.domain.errors import DomainError
from service.facts.refusals import Refusal
from service.facts.stages import Stage
from service.facts.states import ImportState, RowOutcome
from service.models import (
    Notice,
    Partner,
    Prospect,
    StageChange,
    SystemMail,
)
from service.models.imports import Import
from tests.domain.factories import NOW
from tests.domain.import_desk import DATA, ENGLISH, FILE, HEADER, ROW, Desk, rows_of

CREATED, UPDATED, UNCHANGED, REJECTED = RowOutcome


def test_a_dry_run_changes_nothing_and_says_everything(desk: Desk) -> None:
    """C-11, C-14, P5: rows, columns and reasons; the only mail is the report."""
    with desk.db.reading() as session:
        before = rows_of(session, *DATA)
    import_id = desk.import_file(FILE, dry_run=True)
    with desk.db.reading() as session:
        assert rows_of(session, *DATA) == before
        assert [(mail.template, mail.values["dry_run"]) for mail in session.scalars(select(SystemMail))] == [
            ("import-report", True)
        ]
        assert [(one.kind, one.subject_id) for one in session.scalars(select(Notice))] == [
            ("import_tried", import_id)
        ]
    assert desk.state(import_id) == ImportState.PLANNED
    assert desk.counts(import_id) == (2, 1, 0, 5)
    assert desk.rules(import_id) == [
        (1, CREATED, []),
        (2, CREATED, []),
        (3, REJECTED, [("value-missing", "media_property")]),
        (4, UPDATED, [("first-row-wins", "first_name")]),
        (5, REJECTED, [("group-unknown", "group")]),
        (6, REJECTED, [("email-invalid", "email")]),
        (7, REJECTED, [("web-address-invalid", "media_property"), ("language-unknown", "language")]),
        (8, REJECTED, [("row-unclosed-quote", None)]),
    ]


def test_applying_runs_the_plan_that_was_looked_at(desk: Desk) -> None:
    import_id = desk.import_file(FILE, dry_run=True)
    plan = desk.rules(import_id)
    desk.apply(import_id)
    assert (desk.state(import_id), desk.counts(import_id), desk.rules(import_id)) == (
        ImportState.DONE,
        (2, 1, 0, 5),
        plan,
    )
    assert desk.people() == [
        ("Blue Harbor", "anna@blue.example", "new", {"Summer", "夏"}),
        ("みどり企画", "yamada@みどり.example", "new", {"夏"}),
    ]
    with desk.db.reading() as session:
        midori = session.scalars(select(Partner).where(Partner.name == "みどり企画")).one()
        assert (midori.email_key, midori.locale, midori.mpid) == ("yamada@xn--p9j0b8a.example", "ja", None)
        assert [one.url for one in midori.media_properties] == ["https://midori.example", "https://b.example"]
        found = session.scalars(
            select(Partner).where(Partner.search_text.like(partners.matching("ﾐﾄﾞﾘ")[0], escape="\\"))
        )
        assert "みどり企画" in [one.name for one in found]
        assert [(one.event, one.stage, one.user_id) for one in session.scalars(select(StageChange))] == [
            ("marked", Stage.NEW.value, desk.user_id)
        ] * 2
        assert {one.import_id for one in session.scalars(select(Prospect))} == {import_id}


def test_the_same_file_twice_changes_nothing_the_second_time(desk: Desk) -> None:
    """C-10."""
    desk.import_file(FILE)
    with desk.db.reading() as session:
        before = rows_of(session, *DATA)
    second = desk.import_file(FILE)
    assert desk.counts(second) == (0, 0, 3, 5)
    changed = desk.import_file(FILE.replace("Sailing", "Sailing and travel").replace("Klingonese", ""))
    assert desk.counts(changed) == (0, 0, 3, 5)
    with desk.db.reading() as session:
        assert rows_of(session, *DATA) == before


def test_twice_at_once_makes_nobody_twice(desk: Desk) -> None:
    """C-10: both were planned before either was applied; the second finds everything done."""
    first, second = desk.import_file(FILE, dry_run=True), desk.import_file(FILE, dry_run=True)
    desk.apply(first)
    people = desk.people()
    desk.apply(second)
    assert desk.counts(second) == (0, 0, 3, 5)
    assert desk.people() == people


def test_what_is_not_in_the_right_state_or_program_is_refused(desk: Desk) -> None:
    """A-2: another program's import does not exist here."""
    import_id = desk.import_file(FILE, dry_run=True)

    def refusal(program_id: int, digest: str) -> Refusal:
        with pytest.raises(DomainError) as refused, desk.db.transaction() as session:
            imports.apply(session, desk.jobs, [program_id], import_id, digest=digest, actor_id=desk.user_id)
        return refused.value.refusal

    with desk.db.reading() as session:
        digest = session.get_one(Import, import_id).digest
    assert refusal(desk.program_id + 1, digest) is Refusal.NOT_FOUND
    assert refusal(desk.program_id, "another plan") is Refusal.EDITED_MEANWHILE
    desk.apply(import_id)
    assert refusal(desk.program_id, digest) is Refusal.IMPORT_NOT_IN_STATE


def test_the_digest_stands_for_the_plan(desk: Desk) -> None:
    def digest(text: str) -> str:
        import_id = desk.import_file(text, dry_run=True)
        with desk.db.reading() as session:
            return session.get_one(Import, import_id).digest

    assert digest(FILE) == digest(FILE)
    assert digest(FILE) != digest(FILE.replace("Sailing", "Rowing"))


def result(desk: Desk, import_id: int, **options: bool) -> str:
    out = io.BytesIO()
    with desk.db.reading() as session:
        import_results.write(session, session.get_one(Import, import_id), out, ENGLISH, **options)
    return out.getvalue().decode()


def test_the_result_file_can_be_corrected_and_imported_again(desk: Desk) -> None:
    """C-12: every row with its fate; the rejected alone; corrected ones go in, the rest stays as it is."""
    import_id = desk.import_file(FILE)
    lines = result(desk, import_id).splitlines()
    assert [line[8] for line in csv.reader(lines[1:])] == [
        "Created", "Created", "Rejected", "Updated", "Rejected", "Rejected", "Rejected", "Rejected",
    ]  # fmt: skip
    assert lines[5] == (
        "No Group,c@x.example,https://x.example,Winter,,,,,Rejected,"
        '"Group name: This group does not exist: Winter. Create it first, then import the row again.",5'
    )
    rejected = result(desk, import_id, only_rejected=True)
    assert len(rejected.splitlines()) == 6
    again = desk.import_file(rejected.replace("Winter", "summer").replace("c@@x", "c2@x"))
    assert desk.counts(again) == (2, 0, 0, 3)
    assert desk.counts(desk.import_file(result(desk, import_id, raw=True))) == (0, 0, 3, 5)


CELL = st.sampled_from(["", "x", "=1+1", "日本", " ", "a,b", 'q"'])
LINE = st.tuples(
    st.sampled_from(["A", "B", "", "\x07"]),
    st.sampled_from(["a@x.example", "A@X.example", "b@x.example", "bad", ""]),
    st.sampled_from(["https://a.example", "b.example", "no", ""]),
    st.sampled_from(["Summer", "夏", "ＳＵＭＭＥＲ", "Winter", ""]),
    CELL,
    CELL,
    st.sampled_from(["", "", "7", "8"]),
    st.sampled_from(["", "ja", "Japonais", "??"]),
)


@settings(max_examples=20, deadline=None)
@example(  # a custom contact that is also somebody's own address
    lines=[
        ("A", "a@x.example", "https://a.example", "", "", "", "", "ja"),
        ("A", "a@x.example", "https://a.example", "", "", "", "7", ""),
    ],
    overwrite=False,
    batch=1,
)
@given(st.lists(LINE, max_size=8), st.booleans(), st.integers(1, 4))
def test_any_file_is_accounted_for_and_idempotent(
    tmp_path_factory: pytest.TempPathFactory,
    migrated: Path,
    lines: Iterable[tuple[str, ...]],
    overwrite: bool,
    batch: int,
) -> None:
    """C-10, P5: in = created + updated + unchanged + rejected; what was planned is done; twice is once."""
    db = Database(f"sqlite:///{shutil.copy(migrated, tmp_path_factory.mktemp('any'))}")
    desk = Desk(db)
    with db.transaction() as session:
        partners.add(session, partners.Profile(name="Seven", email="b@x.example", mpid="7"), now=NOW)
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in line) for line in lines]
    text = HEADER + "".join(f"{line}\n" for line in quoted)
    first = desk.upload(text, dry_run=True, overwrite=overwrite)
    desk.run(first, batch=batch)
    planned = desk.counts(first)
    assert sum(planned) == len(quoted)
    desk.apply(first)
    assert desk.counts(first) == planned
    second = desk.import_file(text, overwrite=overwrite)
    assert desk.counts(second) == (0, 0, sum(planned) - planned[3], planned[3])
    db.dispose()


def test_imports_are_listed_newest_first(desk: Desk) -> None:
    made = [desk.upload(HEADER + ROW) for _ in range(3)]
    with desk.db.reading() as session:
        assert [one.id for one in imports.list_of(session, desk.program_id, limit=2)] == [made[2], made[1]]
        assert [one.id for one in imports.list_of(session, desk.program_id, before=made[1])] == [made[0]]
        assert import_runs.list_interrupted(session, now=NOW) == made
        assert imports.list_of(session, desk.program_id + 1) == []
