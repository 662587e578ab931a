"""The home page, the notices, the settings page, and the page of every failure."""

from collections.abc import Callable

import pytest

from service.bootstrap import Services
from service.domain import notices
from service.facts.permissions import BuiltInRole
from service.facts.stages import StageEvent
from service.facts.states import ImportState
from service.i18n.locales import LOCALES
from service.models import Import, Notice, Program, User
from tests.domain import factories
from tests.web.browser import Browser
from tests.web.pages import check_nothing_inline, check_page, soup, words

HOSTILE = "<script>alert(1)</script>\"'{{7*7}}"


def import_(parts: Services, program: Program, **facts: object) -> None:
    with parts.db.transaction() as session:
        user = session.query(User).first()
        assert user is not None
        row = {"file_name": "prospects.csv", "size": 0, "locale": "ja", "state": ImportState.DONE.value}
        session.add(
            Import(program_id=program.id, user_id=user.id, created_at=factories.NOW, **{**row, **facts})  # type: ignore[arg-type]
        )


def test_a_role_without_prospects_is_led_to_its_work(enter: Callable[..., Browser], program: Program) -> None:
    translator = soup(enter(BuiltInRole.TRANSLATOR).get("/en/"))
    assert [link["href"] for link in translator.select("main .empty a")] == ["/en/translate"]


@pytest.mark.parametrize("code", LOCALES)
def test_it_works(enter: Callable[..., Browser], parts: Services, program: Program, code: str) -> None:
    with parts.db.transaction() as session:
        for number, event in enumerate(StageEvent):
            prospect = factories.prospect(session, program, f"P{number}")
            from service.domain import prospects  # one prospect at each stage

            prospects.record(session, prospect.id, event, now=factories.NOW)
    browser = enter()
    import_(parts, program, created_rows=1204)
    page = check_page(browser.get(f"/{code}/"), code)
    stages = {
        str(tile["href"]).rpartition("=")[2]: words(tile.select_one(".stat-value"))
        for tile in page.select("a.stat")
    }
    assert stages == {
        "new": "3", "outreach": "2", "in_conversation": "1", "joined": "1", "declined": "1", "expired": "1",
    }  # fmt: skip


@pytest.mark.parametrize("code", LOCALES)
def test_an_empty_program_says_what_to_do_first(
    enter: Callable[..., Browser], program: Program, code: str
) -> None:
    page = check_page(enter().get(f"/{code}/"), code)
    links = [str(link["href"]) for link in page.select(".empty a")]
    assert links == [
        f"/{code}{path}" for path in ("/settings/import", "/partners/marketplace", "/creators/marketplace")
    ]


@pytest.mark.parametrize("code", LOCALES)
def test_settings_works(enter: Callable[..., Browser], program: Program, code: str) -> None:
    page = check_page(enter().get(f"/{code}/settings"), code)
    links = [str(link["href"]).removeprefix(f"/{code}/settings/") for link in page.select("main section a")]
    assert links == [
        "profile",
        "mail-accounts",
        "notifications",
        "import",
        "suppression-list",
        "program",
        "ads",
        "users",
        "roles",
        "audit",
        "sending-domain",
        "messaging-terms",
        "personal-data",
    ]


@pytest.mark.parametrize("role", BuiltInRole)
def test_every_role_has_a_home(
    enter: Callable[..., Browser], parts: Services, program: Program, role: BuiltInRole
) -> None:
    with parts.db.transaction() as session:
        factories.prospect(session, program)
    browser = enter(role)
    page = check_page(browser.get("/en/"), "en")
    # Whatever the page links to, the role may open.
    links = {str(link["href"]) for link in page.select("a[href^='/en/']")}
    refused = {link for link in links if browser.get(link).status_code != 200}
    assert refused == set()


def test_somebody_without_a_program_is_told_so(enter: Callable[..., Browser], parts: Services) -> None:
    browser = enter(BuiltInRole.COMMUNITY_MANAGER)
    page = check_page(browser.get("/en/"), "en")
    assert "You do not work in any program yet." in words(page.main)
    links = {str(link["href"]) for link in page.select("nav a")}
    assert {link for link in links if browser.get(link).status_code != 200} == set()


def test_open_questions_come_first(enter: Callable[..., Browser], parts: Services, program: Program) -> None:
    with parts.db.transaction() as session:
        factories.prospect(session, program)
    page = soup(enter().get("/en/"))
    steps = [words(item) for item in page.select(".columns > .card:last-child li")]
    assert steps == [
        "1 new prospect has not been contacted yet",
        "Create groups to keep prospects together",
        "Find partners in the marketplace",
        "Read how to contact a prospect",
    ]


@pytest.mark.parametrize("code", LOCALES)
def test_notices_work(enter: Callable[..., Browser], parts: Services, program: Program, code: str) -> None:
    browser = enter()
    check_page(browser.get(f"/{code}/notices"), code)
    with parts.db.transaction() as session:
        user = session.query(User).one()
        notices.tell(session, user.id, "import_done", now=factories.NOW, subject_id=1, file=HOSTILE)
        notices.tell(session, user.id, "campaign_finished", now=factories.NOW, subject_id=2, subject="春")
        notices.tell(session, user.id, "import_tried", now=factories.NOW, subject_id=3, file="b.csv")
    page = check_page(browser.get(f"/{code}/notices"), code)
    links = [str(link["href"]) for link in page.select("main ul.card a")]
    place = f"/{code}/settings/import/1"
    tried = f"/{code}/settings/import/3"
    assert links == [tried, f"{tried}#result", f"/{code}/campaigns/2", place, f"{place}#result"]
    assert HOSTILE in words(page.main)


def test_notices_are_read_once(enter: Callable[..., Browser], parts: Services, program: Program) -> None:
    browser = enter()
    with parts.db.transaction() as session:
        user = session.query(User).one()
        notices.tell(session, user.id, "import_done", now=factories.NOW, file="a.csv")
        session.add(Notice(user_id=user.id, kind="forgotten", values={}, created_at=factories.NOW))
    page = soup(browser.get("/en/notices"))
    assert [words(badge) for badge in page.select(".badge")] == ["Unread"]
    assert browser.post("/en/notices/read").location == "/en/notices"
    assert soup(browser.get("/en/notices")).select(".badge") == []


def test_hostile_values_are_text(enter: Callable[..., Browser], parts: Services, program: Program) -> None:
    """X-1."""
    browser = enter()
    import_(parts, program, file_name=HOSTILE)
    assert HOSTILE in words(check_page(browser.get("/en/"), "en").main)


@pytest.mark.parametrize("code", LOCALES)
def test_a_page_that_is_not_there(
    browser: Browser, enter: Callable[..., Browser], program: Program, code: str
) -> None:
    for visitor in (browser, enter()):
        answer = visitor.get(f"/{code}/<script>alert(1)</script>")
        assert answer.status_code == 404
        page = soup(answer)
        assert page.html is not None
        assert page.html["lang"] == LOCALES[code].tag
        assert len(page.find_all("h1")) == 1
        assert "alert(1)" not in words(page.main)
        check_nothing_inline(page)
