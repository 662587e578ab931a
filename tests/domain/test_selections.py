"""Selections: ticks that survive pages, and the second step that selects everything."""

import pytest
from sqlalchemy.orm import Session

from service.domain import prospects, selections
from service.domain.prospect_list import ProspectFilter
from service.domain.selections import Selected
from service.models import Program, User
from tests.domain import factories
from tests.domain.factories import NOW


@pytest.fixture
def program(session: Session) -> Program:
    return factories.program(session)


@pytest.fixture
def user(session: Session, program: Program) -> User:
    return factories.user(session, program)


@pytest.fixture
def ids(session: Session, program: Program) -> list[int]:
    return [factories.prospect(session, program, f"P{number}").id for number in range(6)]


def tick(session: Session, user: User, program: Program, shown: list[int], ticked: list[int]) -> Selected:
    return selections.tick(session, user.id, program.id, shown=shown, ticked=ticked, now=NOW)


def test_it_works(session: Session, user: User, program: Program, ids: list[int]) -> None:
    tick(session, user, program, ids[:3], ids[:2])
    tick(session, user, program, ids[3:], ids[5:])
    kept = selections.find(session, user.id, program.id)
    assert selections.prospect_ids(session, program.id, kept) == [ids[0], ids[1], ids[5]]
    tick(session, user, program, ids[:3], ids[1:2])
    assert selections.prospect_ids(session, program.id, selections.find(session, user.id, program.id)) == [
        ids[1],
        ids[5],
    ]


def test_everything_that_matches_minus_what_is_unticked(
    session: Session, user: User, program: Program, ids: list[int]
) -> None:
    selections.keep(session, user.id, program.id, Selected(matching=ProspectFilter()), now=NOW)
    chosen = tick(session, user, program, ids[:3], ids[1:3])
    assert selections.count(session, program.id, chosen) == 5
    assert selections.prospect_ids(session, program.id, chosen) == ids[1:]
    assert (chosen.includes(ids[0]), chosen.includes(ids[1])) == (False, True)


def test_ids_that_were_not_shown_cannot_be_ticked(
    session: Session, user: User, program: Program, ids: list[int]
) -> None:
    """A-2: a page can only speak of its own rows."""
    chosen = tick(session, user, program, ids[:2], [ids[0], ids[4], 999])
    assert chosen.ids == {ids[0]}


def test_another_programs_rows_are_never_selected(session: Session, user: User, program: Program) -> None:
    """A-2: selecting everything stays within the program, and so do forged ids."""
    foreign = factories.prospect(session, factories.program(session, "Other"), "Foreign")
    assert selections.prospect_ids(session, program.id, Selected(frozenset({foreign.id}))) == []
    assert selections.prospect_ids(session, program.id, Selected(matching=ProspectFilter())) == []


def test_archived_prospects_drop_out_of_a_matching_selection(
    session: Session, user: User, program: Program, ids: list[int]
) -> None:
    chosen = Selected(frozenset({ids[0]}), ProspectFilter())
    gone = prospects.find(session, program.id, ids[0])
    prospects.archive(session, gone, now=NOW, actor_id=user.id)
    assert selections.count(session, program.id, chosen) == 5


@pytest.mark.parametrize(
    "selected", [Selected(frozenset({3, 1})), Selected(frozenset({2}), ProspectFilter(text="é"))]
)
def test_a_campaign_keeps_a_selection_as_json(selected: Selected) -> None:
    assert Selected.from_json(selected.to_json()) == selected
