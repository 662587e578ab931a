"""Discover → Prospects: ticks and everything that matches, kept over pages, and what is done to them."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest

from service.bootstrap import Services
from service.domain import groups, selections
from service.domain.prospect_list import ProspectFilter
from service.domain.selections import Selected
from service.facts.limits import PAGE_ROWS
from service.facts.permissions import BuiltInRole
from service.models import Program, Prospect, User
from tests.domain import factories
from tests.web.browser import Browser
from tests.web.pages import form_of, soup, words


@pytest.fixture
def selected(parts: Services) -> Callable[[Program], Selected]:
    """What the first user has selected in a program."""

    def look(program: Program) -> Selected:
        with parts.db.reading() as session:
            user = session.query(User).order_by(User.id).first()
            assert user is not None
            return selections.find(session, user.id, program.id)

    return look


def test_ticks_survive_paging(
    enter: Callable[..., Browser],
    program: Program,
    add_prospect: Callable[..., Prospect],
    selected: Callable[[Program], Selected],
) -> None:
    browser = enter()
    made = [add_prospect(program, f"Partner {number:03}") for number in range(PAGE_ROWS + 2)]
    page = soup(browser.get("/en/prospects"))
    forward = page.select_one("button[value^='go:after:']")
    assert forward is not None
    data = {**form_of(page, id="prospects"), "selected": [made[1].id, made[4].id], "action": forward["value"]}
    page = soup(browser.get(browser.post("/en/prospects/select", data).location))
    assert words(page.select_one(".selection-count")) == "2 selected"
    back = page.select_one("button[value^='go:before:']")
    assert back is not None
    data = {**form_of(page, id="prospects"), "selected": [made[-1].id], "action": back["value"]}
    page = soup(browser.get(browser.post("/en/prospects/select", data).location))
    ticked = {int(str(box["value"])) for box in page.select(".row-check[checked]")}
    assert ticked == {made[1].id, made[4].id}
    assert selected(program).ids == {made[1].id, made[4].id, made[-1].id}
    assert words(page.select_one(".selection-count")) == "3 selected"


def test_everything_that_matches_is_a_second_step_and_survives_paging(
    enter: Callable[..., Browser],
    program: Program,
    add_prospect: Callable[..., Prospect],
    selected: Callable[[Program], Selected],
) -> None:
    browser = enter()
    for number in range(PAGE_ROWS + 2):
        add_prospect(program, f"Partner {number:03}", locale="fr")
    other = add_prospect(program, "Somebody else", locale="ja")
    path = "/en/prospects?language=fr"
    page = soup(browser.get(path))
    offer = page.select_one("button[name=select]")
    assert words(offer) == "Select all 52 that match"
    moved = browser.post("/en/prospects/select", {**form_of(page, id="prospects"), "select": "matching"})
    assert moved.location == path
    page = soup(browser.get(path))
    assert "All 52 that match are selected: Language: Français" in words(page.select_one(".selection"))
    assert len(page.select(".row-check[checked]")) == PAGE_ROWS
    forward = page.select_one("button[value^='go:after:']")
    assert forward is not None
    data = form_of(page, id="prospects")
    data["selected"] = data["selected"][1:]
    page = soup(
        browser.get(browser.post("/en/prospects/select", {**data, "action": forward["value"]}).location)
    )
    assert len(page.select(".row-check[checked]")) == 2
    assert words(page.select_one(".selection-count")) == "51 selected"
    # Without the filter, the rows that it did not show have no tick.
    page = soup(browser.get("/en/prospects?q=else"))
    assert page.select(".row-check[checked]") == []
    data = {**form_of(page, id="prospects"), "selected": [other.id], "action": "keep"}
    browser.post("/en/prospects/select", data)
    assert selected(program).matching is None
    assert len(selected(program).ids) == 52


def test_select_page_and_clear(
    enter: Callable[..., Browser],
    program: Program,
    add_prospect: Callable[..., Prospect],
    selected: Callable[[Program], Selected],
) -> None:
    browser = enter()
    made = [add_prospect(program, name) for name in ("A", "B", "C")]
    data = form_of(soup(browser.get("/en/prospects?q=B")), id="prospects")
    browser.post("/en/prospects/select", {**data, "action": "page"})
    assert selected(program).ids == {made[1].id}
    browser.post("/en/prospects/select", {**data, "action": "clear"})
    assert selected(program) == Selected()


def test_another_program_s_prospects_cannot_be_selected(
    enter: Callable[..., Browser], parts: Services, program: Program, add_prospect: Callable[..., Prospect]
) -> None:
    """A-2: ids of another program in a bulk form are never counted, mailed, or put into a group."""
    with parts.db.transaction() as session:
        theirs = factories.program(session, "Kumo Outdoor")
        group = groups.create(session, program.id, name="Ours", now=factories.NOW)
        their_group = groups.create(session, theirs.id, name="Theirs", now=factories.NOW)
    own, foreign = add_prospect(program, "Own"), add_prospect(theirs, "Foreign")
    browser = enter(BuiltInRole.COMMUNITY_MANAGER, program)
    data = {"query": "", "shown": [own.id, foreign.id], "selected": [foreign.id]}
    browser.post("/en/prospects/select", {**data, "action": "page"})
    page = soup(browser.get("/en/prospects"))
    assert words(page.select_one(".selection-count")) == "1 selected"
    assert "Foreign" not in words(soup(browser.get("/en/campaigns/new")).main)
    browser.post("/en/prospects/group", {**data, "into": group.id})
    assert browser.post("/en/prospects/group", {**data, "into": their_group.id}).status_code == 404
    with parts.db.reading() as session:
        members = {row.name: row.members for row in groups.list_of(session, program.id)}
        assert members == {"Ours": 0}


@pytest.mark.parametrize("shown", ["9" * 5000, "-1", "1e9", "é", "\0", "9" * 16, ""])
def test_forged_ids_are_ignored(
    enter: Callable[..., Browser], program: Program, selected: Callable[[Program], Selected], shown: str
) -> None:
    browser = enter()
    data = {"query": "%00=&&=;sort", "shown": [shown], "selected": [shown], "into": shown, "action": "keep"}
    assert browser.post("/en/prospects/select", data).status_code == 303
    assert browser.post("/en/prospects/group", data).status_code == 404
    assert selected(program).ids == frozenset()


def test_email_without_a_selection_goes_back_to_the_table(
    enter: Callable[..., Browser], program: Program, add_prospect: Callable[..., Prospect]
) -> None:
    add_prospect(program)
    browser = enter()
    data = form_of(soup(browser.get("/en/prospects?sort=-added")), id="prospects")
    answer = browser.post("/en/prospects/select", {**data, "action": "email"})
    assert answer.location == "/en/prospects?sort=-added"
    page = soup(browser.get(answer.location))
    assert words(page.select_one(".notices")).endswith(
        "No recipient is selected. Select at least one prospect."
    )


def test_email_takes_the_ticks_along(
    enter: Callable[..., Browser], program: Program, add_prospect: Callable[..., Prospect]
) -> None:
    prospect = add_prospect(program)
    browser = enter()
    data = form_of(soup(browser.get("/en/prospects")), id="prospects")
    answer = browser.post("/en/prospects/select", {**data, "selected": [prospect.id], "action": "email"})
    assert answer.location == "/en/campaigns/new"
    assert "1 recipient" in words(soup(browser.get(answer.location)).main)


def test_a_button_never_leads_away_from_the_site(enter: Callable[..., Browser], program: Program) -> None:
    browser = enter()
    for action in ("go:after://evil.example", "go:next:x", "https://evil.example", "go:"):
        location = browser.post("/en/prospects/select", {"query": "q=//evil", "action": action}).location
        assert urlsplit(location).netloc == ""
        assert urlsplit(location).path == "/en/prospects"
        assert parse_qs(urlsplit(location).query)["q"] == ["//evil"]


def test_a_selection_made_by_filter_is_resolved_when_it_is_used(
    enter: Callable[..., Browser], parts: Services, program: Program, add_prospect: Callable[..., Prospect]
) -> None:
    add_prospect(program, "First", locale="fr")
    browser = enter()
    browser.post("/en/prospects/select", {"query": "language=fr", "select": "matching"})
    add_prospect(program, "Second", locale="fr")
    assert "2 recipients" in words(soup(browser.get("/en/campaigns/new")).main)
    with parts.db.reading() as session:
        user = session.query(User).one()
        kept = selections.find(session, user.id, program.id)
    assert kept == Selected(matching=ProspectFilter(locales=("fr",)))
