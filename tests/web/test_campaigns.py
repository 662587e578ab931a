"""Engage → Campaigns: the list, the page of one campaign, and who finds it."""

from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup

from service.bootstrap import Services
from service.facts.permissions import BuiltInRole
from service.facts.states import CampaignState, DeliveryState
from service.i18n.locales import LOCALES
from service.models import Campaign, Program
from tests.domain import factories
from tests.web.browser import Browser
from tests.web.pages import check_page, soup, words

HOSTILE = "<script>alert(1)</script>\"'{{7*7}}"


@pytest.mark.parametrize("code", LOCALES)
def test_it_works(enter: Callable[..., Browser], launch: Callable[..., int], code: str) -> None:
    launch()
    page = check_page(enter().get(f"/{code}/campaigns"), code)
    assert words(page.select_one("tbody th")) == "Join Alpine"


@pytest.mark.parametrize("code", LOCALES)
def test_one_campaign_works(
    enter: Callable[..., Browser], launch: Callable[..., int], settle: Callable[..., list[int]], code: str
) -> None:
    campaign_id = launch()
    settle(
        campaign_id, DeliveryState.SENT, DeliveryState.UNKNOWN, DeliveryState.FAILED, reply="550 <b>no</b>"
    )
    page = check_page(enter().get(f"/{code}/campaigns/{campaign_id}"), code)
    assert words(page.h1) == "Join Alpine"
    assert len(page.select("#deliveries tbody tr")) == 3


@pytest.mark.parametrize("code", LOCALES)
def test_confirming_and_the_empty_list_work(
    enter: Callable[..., Browser], program: Program, launch: Callable[..., int], code: str
) -> None:
    browser = enter()
    check_page(browser.get(f"/{code}/campaigns"), code)
    check_page(browser.get(f"/{code}/campaigns/{launch()}/cancel"), code)


@pytest.mark.parametrize("path", ["", "/progress", "/cancel", "/edit"])
def test_another_program_s_campaign_does_not_exist(
    enter: Callable[..., Browser], parts: Services, program: Program, launch: Callable[..., int], path: str
) -> None:
    """A-2: the same answer for what belongs to others and for what is not there."""
    campaign_id = launch()
    with parts.db.transaction() as session:
        theirs = factories.program(session, "Kumo Outdoor")
    browser = enter(BuiltInRole.COMMUNITY_MANAGER, theirs)
    answers = [browser.get(f"/en/campaigns/{number}{path}") for number in (campaign_id, campaign_id + 1)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert words(soup(answers[0]).main) == words(soup(answers[1]).main)
    for verb in ("pause", "cancel"):
        browser.post(f"/en/campaigns/{campaign_id}/{verb}")
    with parts.db.reading() as session:
        assert session.get_one(Campaign, campaign_id).state == CampaignState.SENDING.value


def test_an_analyst_looks_on(
    enter: Callable[..., Browser], launch: Callable[..., int], settle: Callable[..., list[int]]
) -> None:
    campaign_id = launch()
    settle(campaign_id, DeliveryState.UNKNOWN)
    browser = enter(BuiltInRole.ANALYST)
    page = soup(browser.get(f"/en/campaigns/{campaign_id}"))
    assert page.main is not None
    assert [words(button) for button in page.main.select("button")] == []
    assert browser.post(f"/en/campaigns/{campaign_id}/pause").status_code == 403


def test_hostile_values_are_text(
    enter: Callable[..., Browser], launch: Callable[..., int], settle: Callable[..., list[int]]
) -> None:
    """X-1: subject, names and the mail server's own words."""
    campaign_id = launch(subject=HOSTILE, names=(HOSTILE, "B", "C"))
    settle(campaign_id, DeliveryState.FAILED, DeliveryState.UNKNOWN, reply=HOSTILE)
    browser = enter()
    for path in (
        "/en/campaigns",
        f"/en/campaigns/{campaign_id}",
        f"/en/campaigns/{campaign_id}/cancel",
        "/en/",
    ):
        page = check_page(browser.get(path), "en")
        assert HOSTILE in words(page.main)
        assert all(str(script["src"]).startswith("/static/") for script in page.find_all("script"))


def test_a_title_says_its_language(enter: Callable[..., Browser], launch: Callable[..., int]) -> None:
    launch()
    title = soup(enter().get("/ja/campaigns")).select_one("tbody th bdi")
    assert title is not None
    assert (title["lang"], words(title)) == ("en", "Join Alpine")


def test_drafts_are_opened_for_writing(
    enter: Callable[..., Browser], parts: Services, program: Program
) -> None:
    browser = enter()
    browser.post("/en/campaigns/new", {"form_key": "k", "from_name": "A", "source_locale": "en"})
    page = soup(browser.get("/en/campaigns"))
    link = page.select_one("tbody th a")
    assert words(link) == "(no subject)"
    assert link is not None
    assert browser.get(str(link["href"])).location == "/en/campaigns/1/edit"


def test_the_number_of_queries_does_not_grow_with_the_rows(
    enter: Callable[..., Browser],
    launch: Callable[..., int],
    count_queries: Callable[[Callable[[], object]], int],
) -> None:
    browser = enter()
    launch()
    pages = ("/en/campaigns", "/en/")
    one = [count_queries(lambda path=path: browser.get(path)) for path in pages]  # type: ignore[misc]
    launch()
    launch()
    three = [count_queries(lambda path=path: browser.get(path)) for path in pages]  # type: ignore[misc]
    assert (one, three) == ([7, 10], [7, 10])


@pytest.mark.parametrize("path", ["", "/progress", "/cancel"])
def test_a_campaign_of_another_of_the_readers_programs_is_found(
    enter: Callable[..., Browser], parts: Services, program: Program, launch: Callable[..., int], path: str
) -> None:
    """A notice leads to it whatever program is being worked in; the page says whose it is."""
    with parts.db.transaction() as session:
        other = factories.program(session, "Kumo <b>Outdoor")
    campaign_id = launch(into=other)
    browser = enter(BuiltInRole.COMMUNITY_MANAGER, program, other)
    answer = browser.get(f"/en/campaigns/{campaign_id}{path}")
    assert answer.status_code == 200
    if path != "/progress":
        page = check_page(answer, "en")
        assert "Program: Kumo <b>Outdoor" in words(page.main)
        assert not page.select("#deliveries tbody a")
    assert browser.post(f"/en/campaigns/{campaign_id}/pause").location == f"/en/campaigns/{campaign_id}"
    with parts.db.reading() as session:
        assert session.get_one(Campaign, campaign_id).state == CampaignState.PAUSED.value
    own = words(soup(browser.get(f"/en/campaigns/{launch()}")).main)
    assert "Program: " not in own


def test_the_list_of_campaigns_has_pages(
    enter: Callable[..., Browser], launch: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Newest first; every campaign is on one page, and a forged place is the beginning."""
    monkeypatch.setattr("service.web.campaigns.ROWS", 2)
    for number in range(5):
        launch(f"Letter {number}")
    browser = enter()

    def titles(page: BeautifulSoup) -> list[str]:
        return [words(row) for row in page.select("tbody th")]

    page, seen = check_page(browser.get("/en/campaigns"), "en"), []
    assert page.select_one("a[rel=prev]") is None
    while True:
        seen.append(titles(page))
        following = page.select_one("a[rel=next]")
        if following is None:
            break
        page = check_page(browser.get(str(following["href"])), "en")
    assert seen == [["Letter 4", "Letter 3"], ["Letter 2", "Letter 1"], ["Letter 0"]]
    first = page.select_one("a[rel=prev]")
    assert first is not None
    assert titles(soup(browser.get(str(first["href"])))) == seen[0]
    for forged in ("-1", "x", "9" * 5000):
        assert titles(soup(browser.get("/en/campaigns", query_string={"before": forged}))) == seen[0]
