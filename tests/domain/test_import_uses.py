"""What an undo leaves as it is: whoever was worked with since, groups made later, and what others changed."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.csvfile.headers import Key
from service.domain import (
    groups,
    import_results,
    import_undo,
    partners,
    prospects,
)
from service.facts.sources import Source
from service.facts.stages import StageEvent
from service.models import Group, Import, Partner, Prospect
from tests.domain.factories import NOW, program
from tests.domain.import_desk import ENGLISH, HEADER, Desk
from tests.domain.undo_desk import FILE, KNOWN


@pytest.fixture
def desk(furnished: Desk) -> Desk:
    """On both kinds of database."""
    return furnished


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
