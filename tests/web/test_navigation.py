"""What stands around every page: the menus by permission, the way to the import page as the help names it."""

from collections.abc import Callable

import pytest

from service.bootstrap import Services
from service.facts.permissions import BuiltInRole
from service.i18n.locales import LOCALES
from service.models import Program, Prospect, Thread
from tests.domain import factories
from tests.web.browser import Browser
from tests.web.pages import soup, words

DISCOVER = ["Prospects", "Find partners", "Find creators"]
ENGAGE = ["Partners", "Groups", "Campaigns"]


def menu(browser: Browser, path: str = "/en/") -> list[str]:
    side = soup(browser.get(path)).select_one(".frame > nav")
    assert side is not None
    return [words(link) for link in side.select("a")]


@pytest.mark.parametrize(
    ("role", "entries"),
    [
        (BuiltInRole.ADMINISTRATOR, ["Home", *DISCOVER, *ENGAGE, "Help", "Translations", "Outbox"]),
        (BuiltInRole.COMMUNITY_MANAGER, ["Home", *DISCOVER, *ENGAGE, "Help"]),
        (BuiltInRole.ANALYST, ["Home", *DISCOVER, *ENGAGE, "Help"]),
        (BuiltInRole.TRANSLATOR, ["Home", "Help", "Translations"]),
    ],
)
def test_each_role_sees_its_own_menu(
    enter: Callable[..., Browser], program: Program, role: BuiltInRole, entries: list[str]
) -> None:
    assert menu(enter(role)) == entries


@pytest.mark.parametrize(
    ("path", "entry"),
    [
        ("/en/", "Home"),
        ("/en/prospects", "Prospects"),
        ("/en/prospects/new", "Prospects"),
        ("/en/partners/marketplace", "Find partners"),
        ("/en/creators/marketplace", "Find creators"),
        ("/en/partners", "Partners"),
        ("/en/groups", "Groups"),
        ("/en/campaigns", "Campaigns"),
        ("/en/campaigns/new", "Campaigns"),
        ("/en/translate", "Translations"),
        ("/en/outbox", "Outbox"),
    ],
)
def test_the_menu_shows_where_one_is(
    enter: Callable[..., Browser], program: Program, path: str, entry: str
) -> None:
    side = soup(enter().get(path)).select_one(".frame > nav")
    assert side is not None
    assert [words(link) for link in side.select("a[aria-current=page]")] == [entry]


@pytest.mark.parametrize("page", ["", "/edit", "/history"])
def test_the_menu_shows_that_one_is_at_a_prospect(
    enter: Callable[..., Browser], program: Program, add_prospect: Callable[..., Prospect], page: str
) -> None:
    prospect = add_prospect(program)
    side = soup(enter().get(f"/en/prospects/{prospect.id}{page}")).select_one(".frame > nav")
    assert side is not None
    assert [words(link) for link in side.select("a[aria-current=page]")] == ["Prospects"]


@pytest.mark.parametrize("page", ["", "/links"])
def test_the_bar_shows_that_one_is_at_a_conversation(
    enter: Callable[..., Browser], thread: Thread, page: str
) -> None:
    shown = soup(enter().get(f"/en/inbox/{thread.id}{page}"))
    assert [link["href"] for link in shown.select(".bar-end a[aria-current=page]")] == ["/en/inbox"]


@pytest.mark.parametrize("path", ["/en/settings", "/en/notices"])
def test_what_is_not_in_the_menu_is_not_at_home(
    enter: Callable[..., Browser], program: Program, path: str
) -> None:
    side = soup(enter().get(path)).select_one(".frame > nav")
    assert side is not None
    assert side.select("a[aria-current]") == []


def test_the_way_to_the_import_page(enter: Callable[..., Browser], program: Program) -> None:
    """User profile → Settings → Tools → Import prospects."""
    browser = enter()
    profile = soup(browser.get("/en/")).select(".bar-end details")[-1]
    assert "User profile" in words(profile.summary)
    settings = {words(link): str(link["href"]) for link in profile.select("a")}["Settings"]
    sections = soup(browser.get(settings)).select("main section")
    tools = next(section for section in sections if words(section.h2) == "Tools")
    assert [(words(link), link["href"]) for link in tools.select("a")] == [
        ("Import prospects", "/en/settings/import")
    ]


@pytest.mark.parametrize("code", LOCALES)
def test_the_language_menu_keeps_page_and_query(
    enter: Callable[..., Browser], program: Program, code: str
) -> None:
    page = soup(enter().get(f"/{code}/prospects?stage=new&q=%E6%98%A5"))
    links = {str(link["lang"]): str(link["href"]) for link in page.select(".bar-end a[hreflang]")}
    assert links == {
        locale.tag: f"/{locale.code}/prospects?stage=new&q=%E6%98%A5" for locale in LOCALES.values()
    }


def test_the_program_menu_lists_one_s_own(
    enter: Callable[..., Browser], parts: Services, program: Program
) -> None:
    with parts.db.transaction() as session:
        factories.program(session, "Kumo Outdoor")
    assert [
        [words(button) for button in soup(browser.get("/en/")).select(".bar-program button")]
        for browser in (enter(), enter(BuiltInRole.ANALYST, program))
    ] == [["Alpine", "Kumo Outdoor"], ["Alpine"]]
