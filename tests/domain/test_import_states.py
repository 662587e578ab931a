"""What a row changes: the language of people without one."""

import pytest
from sqlalchemy import select

from service.domain.errors import DomainError
from service.facts.refusals import Refusal
from service.models import Partner
from tests.domain.import_desk import Desk

HEADER = "Partner name,Contact email,Media property,Language\n"
NAMED = "Blue,a@x.example,https://x.example,fr\n"
NAMELESS = "Blue,a@x.example,https://x.example,\n"
OTHER = "Red,b@x.example,https://x.example,\n"


def languages(desk: Desk) -> dict[str, str | None]:
    with desk.db.reading() as session:
        return {one.name: one.locale for one in session.scalars(select(Partner))}


def test_people_without_a_language_get_the_one_that_was_chosen(desk: Desk) -> None:
    desk.import_file(HEADER + NAMED + OTHER, default_language="ja")
    assert languages(desk) == {"Blue": "fr", "Red": "ja"}
    # Nothing is chosen: they stay without, as before.
    desk.import_file(HEADER + "Green,c@x.example,https://x.example,\n")
    assert languages(desk)["Green"] is None


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_language_that_is_known_is_kept(desk: Desk, overwrite: bool) -> None:
    desk.import_file(HEADER + NAMED + OTHER)
    import_id = desk.import_file(HEADER + NAMELESS + OTHER, overwrite=overwrite, default_language="ja")
    assert languages(desk) == {"Blue": "fr", "Red": "ja"}
    assert desk.counts(import_id) == (0, 1, 1, 0)
    again = desk.import_file(HEADER + NAMELESS + OTHER, overwrite=overwrite, default_language="ja")
    assert desk.counts(again) == (0, 0, 2, 0)
    desk.undo(import_id)
    assert languages(desk) == {"Blue": "fr", "Red": None}


@pytest.mark.parametrize("batch", [1, 1000])
@pytest.mark.parametrize("known", [False, True])
def test_a_later_row_that_names_a_language_is_right(desk: Desk, batch: int, known: bool) -> None:
    """What nobody wrote is no earlier word: no warning, and the named language is stored."""
    if known:
        desk.import_file(HEADER + NAMELESS)
    import_id = desk.upload(HEADER + NAMELESS + NAMED + NAMED.replace("fr", "zh"), default_language="ja")
    desk.run(import_id, batch=batch)
    assert languages(desk) == {"Blue": "fr"}
    assert [reasons for _, _, reasons in desk.rules(import_id)] == [
        [],
        [],
        [("first-row-wins", "language")],
    ]
    desk.undo(import_id, batch=batch)
    assert languages(desk) == ({"Blue": None} if known else {})


def test_another_language_than_ours_is_refused(desk: Desk) -> None:
    with pytest.raises(DomainError) as refused:
        desk.upload(HEADER + NAMED, default_language="xx")
    assert refused.value.refusal is Refusal.LOCALE_UNKNOWN
