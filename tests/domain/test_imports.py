"""Imports: a dry run is a promise, a row is never lost, and nothing is made twice."""

import csv
import io
import shutil
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.db import Database
from service.domain import (
    accounts,
    groups,
    import_reasons,
    import_results,
    import_rows,
    import_runs,
    imports,
    partners,
)
from service.domain.errors import DomainError
from service.domain.import_files import PIECE
from service.domain.import_runs import Runner
from service.facts.permissions import BuiltInRole
from service.facts.refusals import Refusal
from service.facts.stages import Stage
from service.facts.states import ImportState, RowOutcome
from service.i18n.catalogs import Catalog
from service.i18n.locales import LOCALES
from service.models import (
    Group,
    Notice,
    Partner,
    Program,
    Prospect,
    StageChange,
    SystemMail,
    User,
)
from service.models.imports import Import, ImportPiece, ImportRow
from tests.domain.factories import NOW, program, prospect, user
from tests.domain.import_desk import DATA, HEADER, Desk, rows_of

ENGLISH = Catalog(LOCALES["en"], {}, {})
CREATED, UPDATED, UNCHANGED, REJECTED = RowOutcome


@pytest.fixture
def desk(db: Database) -> Desk:
    return Desk(db)


FILE = (
    HEADER
    + "Blue Harbor,anna@blue.example,https://blue.example,Summer,Anna,Sailing,,ja\n"
    + "みどり企画,yamada@みどり.example,midori.example https://b.example,夏,,,,Japonais\n"
    + "Blue Harbor,ANNA@blue.example,,夏,,,,\n"
    + "Blue Harbor,ANNA@BLUE.example,https://blue.example,夏,Anne,,,\n"
    + "No Group,c@x.example,https://x.example,Winter,,,,\n"
    + "Bad Address,c@@x.example,https://x.example,,,,,\n"
    + "Bad Site,d@x.example,Instagram,,,,,Klingonese\n"
    + 'Open,"e@x.example,https://x.example\n'
)


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


@pytest.mark.parametrize("batch", [1, 2, 3, 1000])
def test_a_new_runner_for_every_batch_comes_to_the_same(desk: Desk, batch: int) -> None:
    """C-13: what is committed is all that is needed to go on."""
    import_id = desk.upload(FILE)
    desk.run(import_id, batch=batch, runner_each_step=True)
    assert (desk.state(import_id), desk.counts(import_id)) == (ImportState.DONE, (2, 1, 0, 5))
    # Of one batch, those who are simply new are added before the others.
    people = {person[0]: person[-1] for person in desk.people()}
    assert people == {"Blue Harbor": {"Summer", "夏"}, "みどり企画": {"夏"}}
    with desk.db.reading() as session:
        assert session.scalar(select(func.count()).select_from(SystemMail)) == 1


def test_a_batch_that_fails_is_done_again(desk: Desk) -> None:
    """C-13: a transaction that is lost leaves no trace, whichever it is."""
    import_id = desk.upload(FILE)
    runner = Runner(import_id, base_url="https://p.example", batch=2)
    for turn in range(100):
        try:
            with desk.db.transaction() as session:
                more = runner.step(session, desk.jobs, now=NOW)
                if turn % 2 == 0:
                    raise KeyboardInterrupt
        except KeyboardInterrupt:
            continue
        if not more:
            break
    assert (desk.state(import_id), desk.counts(import_id)) == (ImportState.DONE, (2, 1, 0, 5))
    assert len(desk.people()) == 2


ROW = "Blue Harbor,anna@blue.example,https://blue.example,,Anna,Sailing,,en\n"
OTHER = "Red Harbor,anna@blue.example,https://red.example,,Annie,,,fr\n"


def test_blanks_are_filled_and_nothing_else(desk: Desk) -> None:
    desk.import_file(HEADER + ROW.replace("Sailing", "").replace("Anna", ""))
    import_id = desk.import_file(HEADER + OTHER.replace(",,,fr", ",Boats,,fr"))
    assert desk.counts(import_id) == (0, 1, 0, 0)
    with desk.db.reading() as session:
        anna = session.scalars(select(Partner)).one()
        assert (anna.name, anna.first_name, anna.description, anna.locale) == (
            "Blue Harbor",
            "Annie",
            "Boats",
            "en",
        )
        assert [one.url for one in anna.media_properties] == ["https://blue.example"]


def test_overwriting_writes_what_the_file_says_and_blanks_nothing(desk: Desk) -> None:
    desk.import_file(HEADER + ROW)
    import_id = desk.import_file(HEADER + OTHER, overwrite=True)
    with desk.db.reading() as session:
        anna = session.scalars(select(Partner)).one()
        assert (anna.name, anna.first_name, anna.description, anna.locale) == (
            "Red Harbor",
            "Annie",
            "Sailing",
            "fr",
        )
        assert [one.url for one in anna.media_properties] == ["https://red.example"]
        assert import_rows.list_rows(session, import_id)[0].changes == {
            "set": {
                "name": ["Blue Harbor", "Red Harbor"],
                "media_property": ["https://blue.example", "https://red.example"],
                "first_name": ["Anna", "Annie"],
                "language": ["en", "fr"],
            }
        }
    assert desk.counts(desk.import_file(HEADER + OTHER, overwrite=True)) == (0, 0, 1, 0)


@pytest.mark.parametrize("batch", [1, 1000])
def test_the_first_row_wins_in_any_mode(desk: Desk, batch: int) -> None:
    """C-14: also where the first row only repeats what is there."""
    desk.import_file(HEADER + ROW)
    import_id = desk.upload(HEADER + ROW + OTHER, overwrite=True)
    desk.run(import_id, batch=batch)
    assert desk.rules(import_id) == [
        (1, UNCHANGED, []),
        (
            2,
            UNCHANGED,
            [("first-row-wins", key) for key in ("name", "media_property", "first_name", "language")],
        ),
    ]


def test_an_existing_account_keeps_its_name_and_email(desk: Desk) -> None:
    with desk.db.transaction() as session:
        profile = partners.Profile(name="Account", email="account@x.example", mpid="98765")
        partners.add(session, profile, now=NOW)
    text = HEADER + "Their name,them@y.example,https://y.example,,Yu,,98765,\n"
    assert desk.counts(desk.import_file(text, overwrite=True)) == (1, 0, 0, 0)
    assert desk.people() == [("Account", "them@y.example", "new", set())]
    # Without the ID the same person is found by the address they are reached at, and an account by its own.
    text = HEADER + "X,THEM@y.example,https://y.example,,,,,\nX,account@X.example,https://y.example,,,,,\n"
    assert desk.counts(desk.import_file(text, overwrite=True)) == (0, 0, 2, 0)
    assert desk.people() == [("Account", "them@y.example", "new", set())]


def test_an_unknown_partner_id_and_a_shared_address_are_asked_back(desk: Desk) -> None:
    with desk.db.transaction() as session:
        for mpid in ("1", "2"):
            partners.add(session, partners.Profile(name=mpid, email="shared@x.example", mpid=mpid), now=NOW)
    text = HEADER + "A,shared@x.example,https://y.example,,,,,\nB,b@x.example,https://y.example,,,,3,\n"
    assert desk.rules(desk.import_file(text)) == [
        (1, REJECTED, [("several-accounts", "email")]),
        (2, REJECTED, [("partner-unknown", "mpid")]),
    ]


def test_a_partner_of_another_program_becomes_a_prospect_here(desk: Desk) -> None:
    with desk.db.transaction() as session:
        prospect(session, program(session, "Other"), "Blue Harbor", email="anna@blue.example")
    assert desk.counts(desk.import_file(HEADER + ROW)) == (1, 0, 0, 0)
    with desk.db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Partner)) == 1
        assert session.scalar(select(func.count()).select_from(Prospect)) == 2


def test_drift_is_told_row_by_row(desk: Desk) -> None:
    """A dry run is a promise: what changed since is not overwritten, everything else is done."""
    desk.import_file(HEADER + ROW + ROW.replace("anna", "bea").replace("Blue", "Bea"))
    text = HEADER + OTHER + OTHER.replace("anna", "bea") + "New,new@x.example,https://n.example,Summer,,,,\n"
    import_id = desk.import_file(text, dry_run=True, overwrite=True)
    assert desk.counts(import_id) == (1, 2, 0, 0)
    with desk.db.transaction() as session:
        anna = session.scalars(select(Partner).where(Partner.email_key == "anna@blue.example")).one()
        anna.first_name = "Anastasia"
        summer = session.scalars(select(Group).where(Group.name == "Summer")).one()
        groups.remove(session, desk.program_id, summer.id)
    desk.apply(import_id)
    assert desk.rules(import_id) == [
        (1, REJECTED, [("drift", "first_name")]),
        (2, UPDATED, []),
        (3, REJECTED, [("drift-group", "group")]),
    ]
    assert desk.counts(import_id) == (0, 1, 0, 2)
    with desk.db.reading() as session:
        assert session.get_one(Import, import_id).drifted_rows == 2
        assert anna.first_name == "Anastasia"
        assert [one.name for one in session.scalars(select(Partner).order_by(Partner.id))] == [
            "Blue Harbor",
            "Red Harbor",
        ]


def test_a_refused_file_stores_nothing_and_can_be_read_otherwise(desk: Desk) -> None:
    import_id = desk.upload("Name;E-mail\nA;a@x.example\n")
    with desk.db.reading() as session:
        found = session.get_one(Import, import_id)
        assert (found.state, desk.jobs.imports) == (ImportState.REFUSED, [])
        reasons = import_reasons.loaded(found.refusal)
        assert [import_reasons.say(one, ENGLISH) for one in reasons] == [
            "A required column is missing: Media property."
        ]
    assert desk.state(desk.upload(b"PK\x03\x04 xl/workbook.xml")) == ImportState.REFUSED
    fine = "Name|Email|URL\nSociété;1|a@x.example|x.example\n".encode("mac_roman")
    import_id = desk.upload(fine, locale="fr")
    desk.read_as(import_id, "mac_roman", "|")
    desk.run(import_id)
    assert [name for name, *_ in desk.people()] == ["Société;1"]


def test_an_uncertain_encoding_is_asked_for(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.csvfile.encoding.CERTAIN", 1e9)
    import_id = desk.upload((HEADER + "Été,a@x.example,https://x.example,,,,,\n").encode("cp1252"))
    assert (desk.state(import_id), desk.jobs.imports) == (ImportState.UPLOADED, [])
    desk.read_as(import_id, "cp1252")
    assert desk.jobs.imports == [import_id]
    desk.run(import_id)
    assert [name for name, *_ in desk.people()] == ["Été"]


def test_too_many_rows_refuse_the_file_and_store_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """C-6."""
    monkeypatch.setattr("service.csvfile.file.IMPORT_ROWS", 5)
    import_id = desk.upload(HEADER + ROW * 6)
    desk.run(import_id, batch=2)
    with desk.db.reading() as session:
        found = session.get_one(Import, import_id)
        assert (found.state, [row["rule"] for row in found.refusal or []]) == (
            ImportState.REFUSED,
            ["file-too-many-rows"],
        )
        assert (session.scalar(select(func.count()).select_from(ImportRow)), found.planned_rows) == (0, 0)
        assert [one.kind for one in session.scalars(select(Notice))] == ["import_refused"]


def test_a_file_above_the_limit_is_refused_and_not_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """C-6."""
    for place in ("service.csvfile.file", "service.domain.imports"):
        monkeypatch.setattr(f"{place}.IMPORT_FILE_BYTES", 100_000)
    import_id = desk.upload(HEADER + ROW * 10_000)
    with desk.db.reading() as session:
        assert session.get_one(Import, import_id).state == ImportState.REFUSED
        assert session.scalar(select(func.count()).select_from(ImportPiece)) == 0


def test_a_file_of_several_pieces(desk: Desk) -> None:
    long = "x" * 9_000
    lines = [f"N{number},n{number}@x.example,https://x.example,,,{long}日,,\n" for number in range(260)]
    data = (HEADER + "".join(lines)).encode()
    assert len(data) > 2 * PIECE
    import_id = desk.upload(data)
    desk.run(import_id, batch=70, runner_each_step=True)
    assert desk.counts(import_id) == (260, 0, 0, 0)
    with desk.db.reading() as session:
        assert set(session.scalars(select(Partner.description))) == {long + "日"}


def test_cancelling_stops_before_the_next_batch(desk: Desk) -> None:
    import_id = desk.upload(HEADER + "".join(ROW.replace("anna", f"a{n}") for n in range(6)))
    runner = Runner(import_id, base_url="https://p.example", batch=2)
    for _ in range(6):  # three batches planned, the turn to applying, two applied
        with desk.db.transaction() as session:
            runner.step(session, desk.jobs, now=NOW)
    with desk.db.transaction() as session:
        imports.cancel(session, [desk.program_id], import_id, now=NOW)
    desk.run(import_id)
    assert (desk.state(import_id), len(desk.people())) == (ImportState.CANCELLED, 4)
    with desk.db.reading() as session:
        assert session.get_one(Import, import_id).applied_rows == 4


def shut_out(session: Session, who: User) -> None:
    accounts.disable(session, who, actor=None, now=NOW)


def demote(session: Session, who: User) -> None:
    accounts.change_role(
        session, who, accounts.built_in_role(session, BuiltInRole.ANALYST), actor=None, now=NOW
    )


def send_away(session: Session, who: User) -> None:
    who.programs = []


@pytest.mark.parametrize("lose", [shut_out, demote, send_away])
@pytest.mark.parametrize("steps", [0, 2, 4, 5])
def test_rights_that_are_lost_stop_the_import(
    desk: Desk, lose: Callable[[Session, User], None], steps: int
) -> None:
    """A-8: before the plan, in it, before applying and in it; the reason is kept, and nobody gets a mail."""
    import_id = desk.upload(HEADER + "".join(ROW.replace("anna", f"a{n}") for n in range(6)))
    runner = Runner(import_id, base_url="https://p.example", batch=2)
    for _ in range(steps):
        with desk.db.transaction() as session:
            runner.step(session, desk.jobs, now=NOW)
    with desk.db.transaction() as session:
        lose(session, session.get_one(User, desk.user_id))
    desk.run(import_id)
    assert (desk.state(import_id), len(desk.people())) == (ImportState.CANCELLED, max(0, (steps - 4) * 2))
    with desk.db.reading() as session:
        found = session.get_one(Import, import_id)
        assert [import_reasons.say(one, ENGLISH) for one in import_reasons.loaded(found.refusal)] == [
            "The import was stopped because Alex Morgan may no longer import prospects into this program."
        ]
        assert found.finished_at == NOW
        assert session.scalar(select(func.count()).select_from(SystemMail)) == 0
        assert session.scalar(select(func.count()).select_from(Notice)) == 0


def test_whoever_applies_a_plan_answers_for_it(desk: Desk) -> None:
    """A-8: the plan of somebody who left is handed over; the report goes to who applied it."""
    import_id = desk.import_file(FILE, dry_run=True)
    with desk.db.transaction() as session:
        shut_out(session, session.get_one(User, desk.user_id))
        other = user(session, session.get_one(Program, desk.program_id), email="kim@brand.example")
        desk.user_id = other.id
    desk.apply(import_id)
    assert desk.state(import_id) == ImportState.DONE
    with desk.db.reading() as session:
        mails = session.scalars(select(SystemMail.address).order_by(SystemMail.id))
        assert list(mails) == ["alex@brand.example", "kim@brand.example"]
        assert set(session.scalars(select(StageChange.user_id))) == {other.id}


def test_an_import_is_given_up_with_a_reason_and_a_notice(desk: Desk) -> None:
    """F-17."""
    import_id, over = desk.upload(FILE), desk.import_file(FILE)
    with desk.db.transaction() as session:
        for one in (import_id, import_id, over, 99):
            import_runs.give_up(session, one, failures=5, now=NOW)
    assert (desk.state(import_id), desk.state(over)) == (ImportState.CANCELLED, ImportState.DONE)
    with desk.db.reading() as session:
        found = session.get_one(Import, import_id)
        assert [import_reasons.say(one, ENGLISH) for one in import_reasons.loaded(found.refusal)] == [
            "The import was stopped after 5 failed attempts."
        ]
        kept = [(one.kind, one.subject_id) for one in session.scalars(select(Notice).order_by(Notice.id))]
        assert kept == [("import_done", over), ("import_refused", import_id)]
        assert import_runs.list_interrupted(session, now=NOW) == []


def test_a_file_that_is_none_can_be_read_in_another_way(desk: Desk) -> None:
    import_id = desk.upload(b"PK\x03\x04 xl/workbook.xml")
    for _ in range(2):
        desk.read_as(import_id, "utf-8", ";")
    assert desk.state(import_id) == ImportState.REFUSED


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


def test_one_holder_at_a_time_goes_through_an_import(desk: Desk) -> None:
    """Another one leaves it alone until the first lets go, or was silent for as long as a lease lasts."""
    import_id = desk.upload(FILE)

    def step(holder: str, *, at: datetime = NOW) -> int:
        runner = Runner(import_id, base_url="https://p.example", batch=1, holder=holder)
        with desk.db.transaction() as session:
            return runner.step(session, desk.jobs, now=at)

    def listed(holder: str, *, at: datetime = NOW) -> list[int]:
        with desk.db.reading() as session:
            return import_runs.list_interrupted(session, holder=holder, now=at)

    assert (step("a"), step("b"), step("a")) == (1, 0, 1)
    assert (listed("a"), listed("b")) == ([import_id], [])
    with desk.db.transaction() as session:
        assert import_runs.begin(session, import_id, holder="b", now=NOW) == 0
        assert import_runs.begin(session, import_id, holder="a", now=NOW) == 1
        import_runs.release(session, import_id, holder="b")
    assert step("b") == 0
    late = NOW + import_runs.LEASE
    assert (listed("b", at=late), step("b", at=late), step("a", at=late)) == ([import_id], 1, 0)
    with desk.db.transaction() as session:
        import_runs.release(session, import_id, holder="b")
    assert step("a", at=late) == 1
    while step("a", at=late):
        pass
    assert (desk.state(import_id), desk.counts(import_id)) == (ImportState.DONE, (2, 1, 0, 5))
