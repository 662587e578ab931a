"""Undoing an import from its page: what would be taken back, what stays and why, when it cannot be had."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from service.models import Delivery, Partner, Prospect, User
from service.models.imports import Import
from tests.web.import_office import HEADER, Office
from tests.web.pages import check_page, form_of, soup, words

FILE = HEADER + "Blue,a@blue.example,https://blue.example,\nRed,b@red.example,https://red.example,\n"


def rename(office: Office, before: str, after: str) -> None:
    with office.parts.db.transaction() as session:
        session.scalars(select(Partner).where(Partner.name == before)).one().name = after


def names(office: Office) -> list[str]:
    with office.parts.db.reading() as session:
        return sorted(session.scalars(select(Partner.name)))


@pytest.mark.parametrize("locale", ["en", "fr", "ja", "zh"])
def test_an_import_is_undone_and_says_what_stayed(office: Office, locale: str) -> None:
    path = office.upload_and_work(FILE, locale)
    rename(office, "Red", "Rouge")
    page = check_page(office.browser.get(f"{path}/undo"), locale)
    assert [words(one) for one in page.select(".stat-value")] == ["1", "1"]
    assert [words(row.th) for row in page.select("#leftovers tbody tr")] == ["Red"]
    form_of(page, action=f"{path}/undo")
    assert office.browser.post(f"{path}/undo").location == path
    going = check_page(office.browser.get(path), locale)
    assert going.select_one("[data-poll]:not([data-done])") is not None
    assert going.select_one("progress") is not None
    office.work()
    page = check_page(office.browser.get(path), locale)
    assert [words(row.th) for row in page.select("#leftovers tbody tr")] == ["Red"]
    assert names(office) == ["Rouge"]
    assert page.select_one(f'a[href="{path}/undo"]') is None
    assert office.browser.get(f"{path}/undo").location == path
    assert office.browser.get(f"{path}/result.csv").status_code == 200


def test_history_says_who_and_what_and_leads_to_the_undo(office: Office) -> None:
    path = office.upload_and_work(FILE)
    row = soup(office.browser.get("/en/settings/import")).select("#history tbody tr")[0]
    assert "山田 花子" in words(row)
    assert row.select_one(f'a[href="{path}/undo"]') is not None
    office.browser.post(f"{path}/undo")
    office.work()
    row = soup(office.browser.get("/en/settings/import")).select("#history tbody tr")[0]
    assert "Undone" in words(row)
    assert row.select_one(f'a[href="{path}/undo"]') is None
    told = soup(office.browser.get("/en/notices")).select("main ul a")[0]
    assert (words(told), told["href"]) == ("The import of people.csv is undone.", path)


def test_an_undo_that_cannot_be_had_says_why(office: Office) -> None:
    first = office.upload_and_work(FILE)
    second = office.upload_and_work(FILE.replace("blue.example,\n", "blue2.example,\n"), mode="overwrite")
    page = check_page(office.browser.get(f"{first}/undo"), "en")
    told = "A later import changed some of the same prospects. Undo that one first: people.csv."
    assert told in words(page.main)
    assert page.select(f'form[action="{first}/undo"]') == []
    assert page.select_one(f'.notice a[href="{second}"]') is not None
    office.browser.post(f"{first}/undo")
    assert told in office.page(first)
    for path in (second, first):
        office.browser.post(f"{path}/undo")
        office.work()
    assert names(office) == []


def test_what_keeps_a_row_is_linked(office: Office, launch: Callable[..., int]) -> None:
    """The email that was sent, the prospect that changed; on the page of the undo and of its result."""
    path = office.upload_and_work(FILE)
    rename(office, "Red", "Rouge")
    campaign_id = launch(names=("Other",))
    with office.parts.db.transaction() as session:
        found = {one.partner.name: one.id for one in session.scalars(select(Prospect))}
        mail = session.scalars(select(Delivery)).one()
        mail.prospect_id = found["Blue"]
    expected = [
        ("1", [f"/en/campaigns/{campaign_id}/deliveries/{mail.id}"]),
        ("2", [f"/en/prospects/{found['Rouge']}"]),
    ]
    office.page(expected[0][1][0])
    office.page(expected[1][1][0])
    for place in (f"{path}/undo", path):
        page = check_page(office.browser.get(place), "en")
        rows = page.select("#leftovers tbody tr")
        assert [(words(row.td)[0], [one["href"] for one in row.select("td a")]) for row in rows] == expected
        assert "Line 2 of the file" in words(rows[0].td)
        office.browser.post(f"{path}/undo")
        office.work()


def test_nothing_is_offered_where_nothing_was_stored(office: Office) -> None:
    path = office.upload_and_work(FILE, dry_run="y")
    assert soup(office.browser.get(path)).select_one(f'a[href="{path}/undo"]') is None
    page = check_page(office.browser.get(f"{path}/undo"), "en")
    assert page.select(f'form[action="{path}/undo"]') == []
    office.upload_and_work(FILE)
    same = office.upload_and_work(FILE)
    assert soup(office.browser.get(same)).select_one(f'a[href="{same}/undo"]') is None
    assert "nothing to undo" in office.page(f"{same}/undo")


def test_a_large_import_is_undone_without_a_look_at_every_row(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.domain.import_undo.EXACT_ROWS", 1)
    path = office.upload_and_work(FILE)
    page = check_page(office.browser.get(f"{path}/undo"), "en")
    assert [words(one) for one in page.select(".stat")] == ["Rows to look at 2"]


def test_rows_that_stayed_have_pages_of_their_own(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.web.import_undo.LEFTOVERS", 2)
    path = office.upload_and_work(
        HEADER + "".join(f"N{number},n{number}@x.example,x.example,\n" for number in range(5))
    )
    for number in range(5):
        rename(office, f"N{number}", f"M{number}")
    assert "3 more rows stay." in office.page(f"{path}/undo")
    office.browser.post(f"{path}/undo")
    office.work()
    seen, place = [], path
    while place:
        page = soup(office.browser.get(place))
        seen.append([words(row.th) for row in page.select("#leftovers tbody tr")])
        following = page.select_one("#leftovers a[rel=next]")
        place = str(following["href"]).partition("#")[0] if following else ""
    assert seen == [["N0", "N1"], ["N2", "N3"], ["N4"]]


def test_an_undo_that_stopped_says_why(office: Office) -> None:
    """A-8: it runs on the rights of who asked for it, and can be asked for again."""
    path = office.upload_and_work(FILE)
    office.browser.post(f"{path}/undo")
    with office.parts.db.transaction() as session:
        session.scalars(select(User)).one().all_programs = False
    office.work()
    with office.parts.db.transaction() as session:
        session.scalars(select(User)).one().all_programs = True
        assert session.scalars(select(Import.state)).one() == "done"
    page = check_page(office.browser.get(path), "en")
    assert "The undo was stopped" in words(page.main)
    assert page.select_one(f'a[href="{path}/undo"]') is not None
