"""Engage → Groups: create, rename, delete."""

from collections.abc import Callable

import pytest

from service.bootstrap import Services
from service.domain import groups
from service.facts.permissions import BuiltInRole
from service.i18n.locales import LOCALES
from service.models import Group, Program, Prospect
from tests.domain import factories
from tests.web.browser import Browser
from tests.web.pages import check_page, error_of, soup, words

HOSTILE = "<script>alert(1)</script>\"'{{7*7}}"


@pytest.fixture
def add(parts: Services) -> Callable[..., Group]:
    """Add a group to a program."""

    def make(program: Program, name: str = "Spring") -> Group:
        with parts.db.transaction() as session:
            return groups.create(session, program.id, name=name, now=factories.NOW)

    return make


def all_groups(parts: Services, program: Program) -> dict[str, int]:
    with parts.db.reading() as session:
        return {row.name: row.members for row in groups.list_of(session, program.id)}


@pytest.mark.parametrize("code", LOCALES)
def test_it_works(
    enter: Callable[..., Browser], program: Program, add: Callable[..., Group], code: str
) -> None:
    group = add(program, "春の新作")
    browser = enter()
    page = check_page(browser.get(f"/{code}/groups"), code)
    assert words(page.select_one("tbody th")) == "春の新作"
    check_page(browser.get(f"/{code}/groups/{group.id}"), code)
    check_page(browser.get(f"/{code}/groups/{group.id}/delete"), code)


def test_the_number_of_queries_does_not_grow_with_the_rows(
    enter: Callable[..., Browser],
    program: Program,
    add: Callable[..., Group],
    count_queries: Callable[[Callable[[], object]], int],
) -> None:
    browser = enter()
    add(program, "First")
    one = count_queries(lambda: browser.get("/en/groups"))
    add(program, "Second")
    add(program, "Third")
    assert (one, count_queries(lambda: browser.get("/en/groups"))) == (5, 5)


def test_an_analyst_reads_only(
    enter: Callable[..., Browser], parts: Services, program: Program, add: Callable[..., Group]
) -> None:
    group = add(program)
    browser = enter(BuiltInRole.ANALYST)
    page = soup(browser.get("/en/groups"))
    assert page.main is not None
    assert page.main.select("form") == []
    statuses = [
        browser.post("/en/groups", {"name": "Mine"}).status_code,
        browser.get(f"/en/groups/{group.id}").status_code,
        browser.post(f"/en/groups/{group.id}/delete").status_code,
    ]
    assert statuses == [403, 403, 403]
    assert all_groups(parts, program) == {"Spring": 0}


def test_create_rename_delete(enter: Callable[..., Browser], parts: Services, program: Program) -> None:
    browser = enter()
    answer = browser.submit("/en/groups", {"name": " Autumn "})
    assert answer.location == "/en/groups"
    page = soup(browser.get(answer.location))
    assert words(page.select_one(".notices")) == "The group has been created: Autumn"
    links = {words(link): str(link["href"]) for link in page.select("tbody .menu-panel a")}
    browser.submit(links["Rename"], {"name": "Winter"})
    with parts.db.transaction() as session:
        prospect: Prospect = factories.prospect(session, program)
        group = session.query(Group).one()
        groups.add_members(session, group, [prospect.partner_id])
    assert all_groups(parts, program) == {"Winter": 1}
    page = soup(browser.get(links["Delete"]))
    assert "1 member leaves the group and stays a prospect or partner." in words(page.main)
    browser.post(links["Delete"])
    assert all_groups(parts, program) == {}
    with parts.db.reading() as session:
        assert session.query(Prospect).count() == 1


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("ＳＰＲＩＮＧ", "A group with this name already exists: Spring."),
        ("   ", "Enter a name."),
        ("x" * 201, "The name is longer than 200 characters."),
        ("a\u2028b", "The text contains a character that cannot be stored: U+2028."),
    ],
)
def test_a_refused_name_stands_beside_its_reason(
    enter: Callable[..., Browser], program: Program, add: Callable[..., Group], name: str, told: str
) -> None:
    add(program)
    other = add(program, "Other")
    browser = enter()
    for path in ("/en/groups", f"/en/groups/{other.id}"):
        answer = browser.submit(path, {"name": name})
        assert answer.status_code == 400
        page = soup(answer)
        field = page.find(id="f-name")
        assert field is not None
        assert field["value"] == name.strip()
        assert error_of(page, "name") == told
        assert words(page.select_one(".error-summary a[href='#f-name']")) == told


@pytest.mark.parametrize("path", ["", "/delete"])
def test_another_program_s_group_does_not_exist(
    enter: Callable[..., Browser], parts: Services, program: Program, add: Callable[..., Group], path: str
) -> None:
    """A-2."""
    with parts.db.transaction() as session:
        theirs = factories.program(session, "Kumo Outdoor")
    group = add(theirs, "Theirs")
    browser = enter(BuiltInRole.COMMUNITY_MANAGER, program)
    found = [browser.get(f"/en/groups/{id_}{path}") for id_ in (group.id, group.id + 1)]
    assert [answer.status_code for answer in found] == [404, 404]
    assert words(soup(found[0]).main) == words(soup(found[1]).main)
    assert browser.post(f"/en/groups/{group.id}{path}", {"name": "Taken"}).status_code == 404
    assert all_groups(parts, theirs) == {"Theirs": 0}


def test_hostile_names_are_text(
    enter: Callable[..., Browser], program: Program, add: Callable[..., Group]
) -> None:
    """X-1."""
    group = add(program, HOSTILE)
    browser = enter()
    for path in ("/en/groups", f"/en/groups/{group.id}/delete", f"/en/prospects?group={group.id}"):
        page = check_page(browser.get(path), "en")
        assert HOSTILE in words(page.main)
    page = check_page(browser.get(f"/en/groups/{group.id}"), "en")
    field = page.find(id="f-name")
    assert field is not None
    assert field["value"] == HOSTILE
