"""The page of columns: what a file with unclear names asks, refuses, remembers and forgets."""

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from service.csvfile import columns
from service.csvfile.headers import COLUMNS
from service.models import Partner
from service.models.imports import Import, ImportColumn
from tests.web.import_office import HEADER, Office
from tests.web.pages import check_page, soup, words

ROWS = "Blau <i>,a@blau.example,https://blau.example,Köln\nRot,b@rot.example,https://rot.example,\n"
UNCLEAR = "Firma,Kontakt,Seite,Ort\n" + ROWS
FILE = HEADER + "Blau,a@blau.example,https://blau.example,\n"
CHOSEN = {"column-0": "name", "column-1": "email", "column-2": "media_property", "column-3": ""}


def menus(page: BeautifulSoup) -> dict[str, str]:
    """What is chosen in each menu of the page."""
    return {
        str(menu["name"]): str(next((one["value"] for one in menu.select("option[selected]")), ""))
        for menu in page.select("main select[name^=column-]")
    }


@pytest.mark.parametrize("locale", ["en", "fr", "ja", "zh"])
def test_a_file_with_unknown_names_is_refused_by_name_and_asks(office: Office, locale: str) -> None:
    """C-8: the user's own names and first rows, a menu for each, what the rows give away proposed."""
    page = check_page(office.browser.get(office.upload(UNCLEAR, locale, dry_run="y")), locale)
    summary = words(page.select_one(".error-summary"))
    assert [column.names[locale] in summary for column in COLUMNS if column.required] == [True] * 3
    assert [words(row.th) for row in page.select("#columns tbody tr")] == ["Firma", "Kontakt", "Seite", "Ort"]
    assert [words(cell) for cell in page.select("#columns .cell")][:2] == ["Blau <i>", "Rot"]
    assert menus(page) == {
        "column-0": "",
        "column-1": "email",
        "column-2": "media_property",
        "column-3": "",
    }
    names = [words(option) for option in page.select("#column-0 option")][1:]
    assert [name.startswith(column.names[locale]) for name, column in zip(names, COLUMNS, strict=True)] == [
        True
    ] * len(COLUMNS)


def test_chosen_columns_are_imported_and_remembered_for_the_program(office: Office) -> None:
    path = office.upload(UNCLEAR)
    answer = office.browser.post(f"{path}/columns", {**CHOSEN, "remember": "y"})
    assert (answer.status_code, answer.location) == (303, path)
    office.work()
    assert "The import is finished." in office.page(path)
    with office.parts.db.reading() as session:
        assert sorted(one.name for one in session.scalars(select(Partner))) == ["Blau <i>", "Rot"]
        kept = {one.name_key: one.column for one in session.scalars(select(ImportColumn))}
    assert kept == {"firma": "name", "kontakt": "email", "seite": "media_property", "ort": ""}
    again = office.upload_and_work(UNCLEAR.replace("Firma,", "FIRMA ,"), dry_run="y")
    page = check_page(office.browser.get(again), "en")
    assert "The columns are read as they were chosen" in words(page.main)
    assert "Ignored columns: Ort" in words(page.main)
    # A column that was not there then makes the file unclear again.
    asked = soup(office.browser.get(office.upload(UNCLEAR.replace("Ort\n", "Ort,Neu\n", 1))))
    assert asked.select_one("#column-4") is not None


@pytest.mark.parametrize("locale", ["en", "fr", "ja", "zh"])
def test_the_language_of_people_without_one_is_chosen_and_shown(office: Office, locale: str) -> None:
    """On the first page or with the columns; without a choice the plan says what the program's is."""
    page = check_page(office.browser.get(f"/{locale}/settings/import"), locale)
    offered = [str(one["value"]) for one in page.select("#f-default_language option")]
    assert offered == ["", "en", "fr", "ja", "zh"]
    path = office.upload_and_work(FILE, locale, dry_run="y")
    plan = check_page(office.browser.get(path), locale)
    assert "English" in words(plan.select_one(".section.stack"))
    assert plan.select_one(f'.section.stack a[href="{path}/columns"]') is not None
    form = check_page(office.browser.get(f"{path}/columns"), locale)
    assert menus(form) == {"column-0": "name", "column-1": "email", "column-2": "media_property",
                           "column-3": "group"}  # fmt: skip
    chosen = {**menus(form), "default_language": "ja"}
    assert office.browser.post(f"{path}/columns", chosen).location == path
    office.work()
    plan = check_page(office.browser.get(path), locale)
    assert words(plan.select("dl.facts dd")[-1]) == "日本語"
    again = check_page(office.browser.get(f"{path}/columns"), locale)
    assert [str(one["value"]) for one in again.select("#f-default_language option[selected]")] == ["ja"]
    # Without the question the file goes straight through with the choice of the first page.
    office.upload_and_work(FILE, locale, default_language="zh")
    with office.parts.db.reading() as session:
        assert list(session.scalars(select(Partner.locale))) == ["zh"]


def test_a_language_that_is_not_offered_is_refused(office: Office) -> None:
    path = office.upload(FILE, dry_run="y")
    office.work()
    chosen = {"column-0": "name", "column-1": "email", "column-2": "media_property", "default_language": "xx"}
    answer = office.browser.post(f"{path}/columns", chosen)
    assert answer.status_code == 303
    assert "xx" in words(soup(office.browser.get(path)).main)


def test_columns_need_not_be_remembered(office: Office) -> None:
    path = office.upload(UNCLEAR)
    assert office.browser.post(f"{path}/columns", CHOSEN).status_code == 303
    with office.parts.db.reading() as session:
        assert session.scalars(select(ImportColumn)).all() == []
    assert soup(office.browser.get(office.upload(UNCLEAR))).select_one("#column-0") is not None


def test_other_choices_for_the_same_names_replace_those_before(office: Office) -> None:
    for chosen in ("description", "group"):
        path = office.upload_and_work(UNCLEAR, dry_run="y")
        office.browser.post(f"{path}/columns", {**CHOSEN, "column-3": chosen, "remember": "y"})
    with office.parts.db.reading() as session:
        found = session.get_one(ImportColumn, (1, "ort"))
        assert found.column == "group"


def test_a_column_missing_or_doubled_refuses_by_name_and_keeps_the_choices(office: Office) -> None:
    path = office.upload(UNCLEAR)
    sent = {"column-0": "name", "column-1": "name", "column-3": "description"}
    answer = office.browser.post(f"{path}/columns", sent)
    assert answer.status_code == 400
    page = soup(answer)
    assert [words(one) for one in page.select(".error-summary li")] == [
        "The file has this column more than once: Partner name.",
        "A required column is missing: Contact email.",
        "A required column is missing: Media property.",
    ]
    assert menus(page) == {**sent, "column-2": ""}
    assert page.select_one("input[name=remember][checked]") is None
    assert [one["id"] for one in page.select("[aria-invalid=true]")] == ["column-0", "column-1"]
    with office.parts.db.reading() as session:
        assert session.scalars(select(Import.mapping)).one() is None


def test_a_doubled_column_is_refused_until_one_is_chosen(office: Office) -> None:
    """C-8: which of the two is meant, a person says."""
    path = office.upload("Name,Email,E-mail,URL\nA,a@x.example,b@x.example,x.example\n", dry_run="y")
    page = soup(office.browser.get(path))
    assert "The file has this column more than once: Contact email." in words(page.main)
    office.browser.post(
        f"{path}/columns", {"column-0": "name", "column-2": "email", "column-3": "media_property"}
    )
    office.work()
    with office.parts.db.reading() as session:
        assert session.scalars(select(Import.mapping)).one() == {
            "0": "name",
            "2": "email",
            "3": "media_property",
        }
    assert "Rejected" in office.page(f"{path}?q=b@x.example")


def test_a_column_that_seems_to_be_ours_is_asked_about_before_anything_is_stored(office: Office) -> None:
    data = "Partner name,Contact email,Media property,Group name (2025)\n" + ROWS
    path = office.upload(data)
    page = check_page(office.browser.get(path), "en")
    assert "Some columns of your file are not clear." in words(page.main)
    assert menus(page)["column-3"] == "group"
    office.work()
    with office.parts.db.reading() as session:
        assert session.scalars(select(Partner)).all() == []
    chosen = {"column-0": "name", "column-1": "email", "column-2": "media_property"}
    office.browser.post(f"{path}/columns", chosen)
    office.work()
    assert "The import is finished." in office.page(path)


def test_a_column_that_is_none_of_ours_is_listed_and_ignored(office: Office) -> None:
    """C-8; the plan leads to the choice all the same."""
    path = office.upload_and_work(HEADER.replace("Group name", "Shoe size") + ROWS, dry_run="y")
    page = soup(office.browser.get(path))
    assert "Ignored columns: Shoe size" in words(page.main)
    link = page.select_one(f'a[href="{path}/columns"]')
    assert link is not None
    asked = check_page(office.browser.get(str(link["href"])), "en")
    assert menus(asked)["column-3"] == ""
    office.browser.post(f"{path}/columns", {**menus(asked), "column-3": "description"})
    office.work()
    pairs = [words(row) for row in soup(office.browser.get(path)).select("#read tbody tr")]
    assert pairs[-1] == "Description Shoe size"


@pytest.mark.parametrize(
    "sent",
    [
        {"column-9": "name"},
        {"column--1": "name"},
        {"column-x": "name"},
        {"column-²": "name"},
        {"column-0": "none"},
        {"column-99999999": "name"},
    ],
)
def test_what_the_page_does_not_offer_is_refused(office: Office, sent: dict[str, str]) -> None:
    path = office.upload(UNCLEAR)
    assert office.browser.post(f"{path}/columns", sent).status_code == 400


def test_the_columns_of_a_finished_import_stay(office: Office) -> None:
    path = office.upload_and_work(HEADER + "A,a@x.example,x.example,\n")
    assert office.browser.get(f"{path}/columns").location == path
    answer = office.browser.post(f"{path}/columns", CHOSEN | {"column-3": "group"})
    assert answer.location == path
    assert "does not allow this" in office.page(path)


def test_a_wide_file_has_a_page_that_can_be_used(office: Office) -> None:
    """C-6: of thousands of columns the first are asked about."""
    names = ",".join(f"c{number}" for number in range(3_000))
    path = office.upload(f"{names}\n" + ",".join("x" * 3_000) + "\n")
    page = soup(office.browser.get(path))
    assert len(menus(page)) == 200
    assert "2,800 more columns are ignored." in words(page.main)


def test_a_name_too_long_to_be_one_is_not_remembered(office: Office) -> None:
    path = office.upload(UNCLEAR.replace("Ort", "x" * 5_000))
    assert office.browser.post(f"{path}/columns", {**CHOSEN, "remember": "y"}).status_code == 303
    with office.parts.db.reading() as session:
        assert len(session.scalars(select(ImportColumn)).all()) == 3


def test_columns_of_a_result_file_are_not_asked_about(office: Office) -> None:
    path = office.upload(UNCLEAR.replace("Ort", columns.REASON_NAMES["fr"]))
    assert set(menus(soup(office.browser.get(path)))) == {"column-0", "column-1", "column-2"}


def test_a_first_row_that_is_no_names_is_not_lost_unsaid(office: Office) -> None:
    """Where somebody says what the columns of a file without names hold, its first row would go unseen."""
    told = "it seems to hold a prospect. It will not be imported."
    path = office.upload(ROWS, dry_run="y")
    assert told in office.page(path)
    answer = office.browser.post(f"{path}/columns", CHOSEN)
    assert answer.location == path
    office.work()
    page = office.page(path)
    assert (told in page, "Blau" in words(BeautifulSoup(page, "html.parser").select_one("#rows"))) == (
        True,
        False,
    )
    assert told not in office.page(office.upload(UNCLEAR, dry_run="y"))
