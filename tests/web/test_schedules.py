"""Scheduling in the form and on the campaign's page: a time of the reader's zone, changed, used, undone."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from service.bootstrap import Services
from service.domain import schedules
from service.facts.permissions import BuiltInRole
from service.i18n.locales import LOCALES
from service.models import Campaign, Delivery, Program
from tests.domain import factories
from tests.web.browser import COOKIE, Browser
from tests.web.conftest import patient_writers
from tests.web.pages import check_page, error_of, form_of, soup, words

TEXTS = {
    "from_name": "Alex",
    "source_locale": "en",
    "unknown_policy": "ask",
    "version": "1",
    "subject_en": "Hello",
    "content_en": "Hello {firstName|there}",
    "form_key": "k",
}
# Tokyo is nine hours ahead of UTC.
TYPED, MEANT = "2038-01-20T09:30", datetime(2038, 1, 20, 0, 30, tzinfo=UTC)


@pytest.fixture
def author(enter: Callable[..., Browser], parts: Services, program: Program) -> Browser:
    """A community manager in Tokyo who has selected two people, one of them an office."""
    with parts.db.transaction() as session:
        factories.prospect(session, program, "Ann", email="ann@x.example")
        factories.prospect(session, program, "Office", email="info@x.example")
    browser = enter(BuiltInRole.COMMUNITY_MANAGER)
    browser.post("/en/prospects/select", {"query": "", "select": "matching"})
    return browser


def schedule(browser: Browser, **more: str) -> str:
    answer = browser.post("/en/campaigns/new", {**TEXTS, "action": "schedule", "send_at": TYPED, **more})
    assert answer.status_code == 303
    return str(answer.location)


def campaign(parts: Services) -> Campaign:
    with parts.db.reading() as session:
        return session.scalars(select(Campaign)).one()


def said(browser: Browser, path: str) -> str:
    return words(soup(browser.get(path)).select_one(".notices"))


def test_a_time_of_the_readers_zone(author: Browser, parts: Services) -> None:
    page = soup(author.get("/en/campaigns/new"))
    assert words(page.find(id="f-send_at-help")) == "In your time zone: Japan Time"
    path = schedule(author)
    told = said(author, path).replace("\u202f", " ")
    assert told.endswith("The campaign is scheduled. It starts: Jan 20, 2038, 9:30 AM")
    kept = campaign(parts)
    assert (kept.state, kept.scheduled_at) == ("scheduled", MEANT)
    for place in ("/en/campaigns", "/en/"):
        moment = soup(author.get(place)).select_one(f"time[datetime='{MEANT.isoformat()}']")
        assert moment is not None, place


@pytest.mark.parametrize("code", LOCALES)
def test_a_scheduled_campaign_works(author: Browser, code: str) -> None:
    path = schedule(author).replace("/en/", f"/{code}/")
    page = check_page(author.get(path), code)
    assert page.find(id="f-send_at")["value"] == TYPED  # type: ignore[index]
    assert page.find(id="progress").has_attr("data-done")  # type: ignore[union-attr]


def test_the_page_waits_for_a_start_that_is_near(author: Browser, parts: Services) -> None:
    """It asks for news only in the last hour, and is loaded anew when the campaign has started."""
    path = schedule(author, send_at="2038-01-18T21:30")
    region = soup(author.get(path)).find(id="progress")
    assert not region.has_attr("data-done")  # type: ignore[union-attr]
    poll = str(region["data-poll"])  # type: ignore[index]
    assert not soup(author.get(poll)).find(id="progress").has_attr("data-done")  # type: ignore[union-attr]
    with parts.db.transaction() as session:
        assert schedules.start_due(session, now=datetime(2038, 1, 18, 12, 30, tzinfo=UTC)) == 1
    assert soup(author.get(poll)).find(id="progress").has_attr("data-done")  # type: ignore[union-attr]
    assert not soup(author.get(path)).find(id="progress").has_attr("data-done")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("", "Enter a date and a time."),
        ("soon", "Enter a date and a time."),
        ("2038-01-18T20:00", "This moment has passed: Jan 18, 2038, 8:00 PM. Choose a later one."),
        ("2040-01-01T00:00", "A campaign can be scheduled at most 365 days ahead."),
    ],
)
def test_a_time_that_cannot_be_is_told_beside_the_field(
    author: Browser, parts: Services, typed: str, text: str
) -> None:
    """Nothing typed is lost, and nothing is sent."""
    answer = author.post("/en/campaigns/new", {**TEXTS, "action": "schedule", "send_at": typed})
    assert answer.status_code == 400
    page = soup(answer)
    assert error_of(page, "send_at").replace("\u202f", " ") == text
    assert form_of(page, id="compose")["send_at"] == typed
    assert campaign(parts).state == "draft"


def test_a_gap_and_an_overlap_of_the_clocks_are_told(
    enter: Callable[..., Browser], parts: Services, program: Program
) -> None:
    """F-11: in Paris clocks go forward on March 28, 2038, and back on October 31."""
    with parts.db.transaction() as session:
        factories.prospect(session, program, "Ann")
    browser = enter(BuiltInRole.COMMUNITY_MANAGER, time_zone="Europe/Paris")
    browser.post("/en/prospects/select", {"query": "", "select": "matching"})
    answer = browser.post("/en/campaigns/new", {**TEXTS, "action": "schedule", "send_at": "2038-03-28T02:30"})
    assert error_of(soup(answer), "send_at").replace("\u202f", " ") == (
        "Clocks go forward then, and this time does not exist in your time zone."
        " The next one is: Mar 28, 2038, 3:30 AM"
    )
    path = schedule(browser, send_at="2038-10-31T02:30")
    assert "this time comes twice. The campaign starts the first time" in said(browser, path)


def test_send_does_not_overlook_a_time(author: Browser, parts: Services) -> None:
    answer = author.post("/en/campaigns/new", {**TEXTS, "action": "send", "send_at": TYPED})
    assert answer.status_code == 400
    assert error_of(soup(answer), "send_at").startswith("A date and time is entered.")
    assert campaign(parts).state == "draft"


def test_preview_keeps_the_time(author: Browser) -> None:
    answer = author.post("/en/campaigns/new", {**TEXTS, "action": "preview", "send_at": TYPED})
    assert form_of(soup(author.get(answer.location)), id="compose")["send_at"] == TYPED


def test_another_time_now_and_back_to_a_draft(author: Browser, parts: Services) -> None:
    path = schedule(author)
    author.post(f"{path}/schedule", {"send_at": "2038-02-01T08:00"})
    assert campaign(parts).scheduled_at == datetime(2038, 1, 31, 23, tzinfo=UTC)
    author.post(f"{path}/schedule", {"send_at": "yesterday"})
    assert said(author, path).endswith("Enter a date and a time.")
    author.post(f"{path}/schedule/undo")
    assert author.get(path).location == f"{path}/edit"
    assert said(author, f"{path}/edit").endswith("The campaign is a draft again.")
    form = form_of(soup(author.get(f"{path}/edit")), id="compose")
    author.post(f"{path}/edit", {**form, "action": "schedule", "send_at": TYPED})
    author.post(f"{path}/schedule/now")
    author.post(f"{path}/schedule/now")
    assert said(author, path).endswith("The campaign is on its way.")
    kept = campaign(parts)
    assert (kept.state, kept.launched_at) == ("sending", factories.NOW)
    author.post(f"{path}/schedule/undo")
    assert said(author, path).endswith("The campaign is in a state that does not allow this: Sending.")


def test_a_scheduled_campaign_is_not_written_any_more(author: Browser, parts: Services) -> None:
    """F-13: what the author saw is what goes out."""
    path = schedule(author)
    answer = author.post(f"{path}/edit", {**TEXTS, "subject_en": "Changed", "action": "save"})
    assert answer.location == path
    assert said(author, path).endswith("To change its content, cancel the schedule first.")


def test_offices_are_left_out_by_choice(author: Browser, parts: Services) -> None:
    """M-23."""
    page = soup(author.get("/en/campaigns/new"))
    assert "1 recipient has a shared address, not one of a person" in words(page.main)
    schedule(author, leave_out_roles="yes")
    with parts.db.reading() as session:
        assert list(session.scalars(select(Delivery.address))) == ["ann@x.example"]


def test_a_cancelled_schedule_keeps_who_is_left_out(author: Browser, parts: Services) -> None:
    """M-23: the next Send leaves out whom the first one did, and says to how many it goes."""
    path = schedule(author, leave_out_roles="yes")
    author.post(f"{path}/schedule/undo")
    page = soup(author.get(f"{path}/edit"))
    assert words(page.select_one("button[value=send]")) == "Send to 1 recipient"
    form = form_of(page, id="compose")
    assert form["leave_out_roles"] == "yes"
    assert author.post(f"{path}/edit", {**form, "send_at": "", "action": "send"}).location == path
    with parts.db.reading() as session:
        assert list(session.scalars(select(Delivery.address))) == ["ann@x.example"]


@pytest.mark.parametrize("action", ["save", "preview"])
def test_a_draft_keeps_who_is_left_out(author: Browser, action: str) -> None:
    answer = author.post("/en/campaigns/new", {**TEXTS, "leave_out_roles": "yes", "action": action})
    page = soup(author.get(answer.location))
    assert form_of(page, id="compose")["leave_out_roles"] == "yes"
    assert words(page.select_one("button[value=send]")) == "Send to 1 recipient"


def at_once(app: Flask, browser: Browser, path: str, data: dict[str, str]) -> set[str]:
    """Send the same form fifty times at once; return where the answers lead."""
    cookies = {name: browser.cookie(name) or "" for name in (COOKIE, "prospectus_form")}

    def send(_number: int) -> str:
        client = app.test_client()
        for name, value in cookies.items():
            client.set_cookie(name, value)
        return str(client.post(path, data={**data, "csrf_token": browser.token}).location)

    with patient_writers(), ThreadPoolExecutor(8) as pool:
        return set(pool.map(send, range(50)))


def test_fifty_equal_forms_schedule_once(app: Flask, author: Browser, parts: Services) -> None:
    """F-14."""
    data = {**TEXTS, "action": "schedule", "send_at": TYPED}
    found = at_once(app, author, "/en/campaigns/new", data)
    with parts.db.reading() as session:
        kept = session.scalars(select(Campaign)).one()
        addresses = sorted(session.scalars(select(Delivery.address)))
    assert found == {f"/en/campaigns/{kept.id}"}
    assert (kept.state, addresses) == ("scheduled", ["ann@x.example", "info@x.example"])
    assert re.fullmatch(r"/en/campaigns/\d+", found.pop())


def test_fifty_equal_forms_change_the_time_once(app: Flask, author: Browser, parts: Services) -> None:
    """F-14: every answer leads to the campaign's page."""
    path = schedule(author)
    assert at_once(app, author, f"{path}/schedule", {"send_at": "2038-02-01T08:00"}) == {path}
    assert campaign(parts).scheduled_at == datetime(2038, 1, 31, 23, tzinfo=UTC)
