"""What rows of a file change of people who are known: blanks, overwriting, accounts, drift."""

import pytest
from sqlalchemy import func, select

from service.domain import (
    groups,
    import_rows,
    partners,
)
from service.facts.states import RowOutcome
from service.models import (
    Group,
    Partner,
    Prospect,
)
from service.models.imports import Import
from tests.domain.factories import NOW, program, prospect
from tests.domain.import_desk import HEADER, ROW, Desk

CREATED, UPDATED, UNCHANGED, REJECTED = RowOutcome


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
