"""Whom an email goes to, as its form says: who has joined or declined is counted, and left out by choice."""

from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from service.bootstrap import Services
from service.domain import prospects, suppression
from service.domain.suppression import SuppressionReason
from service.facts.permissions import BuiltInRole
from service.facts.stages import StageEvent
from service.i18n.locales import LOCALES
from service.models import Delivery, Program, Prospect
from tests.domain import factories
from tests.web.browser import Browser
from tests.web.pages import check_page, form_of, soup, words

TEXTS = {
    "from_name": "Alex",
    "source_locale": "en",
    "unknown_policy": "ask",
    "version": "1",
    "subject_en": "Hello",
    "content_en": "Hello {mpname}",
    "form_key": "k",
}
PEOPLE = {
    "Ann": None,
    "Bob": StageEvent.JOINED,
    "Cleo": StageEvent.DECLINED,
    "Dora": StageEvent.DECLINED,
    "Emil": StageEvent.ANSWERED,
    "Gone": StageEvent.DECLINED,
}


@pytest.fixture
def author(enter: Callable[..., Browser], parts: Services, program: Program) -> Browser:
    """A community manager who has selected people, some of whom answered; one of these has unsubscribed."""
    with parts.db.transaction() as session:
        for name, event in PEOPLE.items():
            prospect = factories.prospect(session, program, name, email=f"{name.lower()}@x.example")
            if event:
                prospects.record(session, prospect.id, event, now=factories.NOW)
        suppression.suppress(
            session,
            program.id,
            "gone@x.example",
            reason=SuppressionReason.UNSUBSCRIBED,
            now=factories.NOW,
        )
    browser = enter(BuiltInRole.COMMUNITY_MANAGER)
    browser.post("/en/prospects/select", {"query": "", "select": "matching"})
    return browser


def card(page: BeautifulSoup) -> str:
    return words(page.select_one("#compose .card"))


def test_who_has_joined_or_declined_is_counted_and_named(author: Browser) -> None:
    """Who gets nothing anyway is not counted."""
    page = soup(author.get("/en/campaigns/new"))
    assert words(page.select_one("#compose .card .notice")) == (
        "3 recipients have already joined or declined Joined 1 Declined 2 "
        "Bob Joined Cleo Declined Dora Declined Leave out those who joined or declined"
    )
    assert words(page.select_one("button[value=send]")) == "Send to 5 recipients"


@pytest.mark.parametrize("code", LOCALES)
def test_it_is_told_in_each_language(author: Browser, code: str) -> None:
    page = check_page(author.get(f"/{code}/campaigns/new"), code)
    assert page.select_one("[name=leave_out_decided]") is not None


@pytest.mark.parametrize("action", ["save", "preview"])
def test_who_has_joined_or_declined_is_left_out_by_choice(
    author: Browser, parts: Services, action: str
) -> None:
    answer = author.post("/en/campaigns/new", {**TEXTS, "leave_out_decided": "yes", "action": action})
    page = soup(author.get(answer.location))
    assert card(page).startswith(
        "Recipients 2 recipients English 2 1 more has unsubscribed and gets nothing. "
        "3 more are left out and get nothing."
    )
    assert words(page.select_one("button[value=send]")) == "Send to 2 recipients"
    form = form_of(page, id="compose")
    assert form["leave_out_decided"] == "yes"
    assert author.post(answer.location, {**form, "action": "send"}).status_code == 303
    with parts.db.reading() as session:
        assert set(session.scalars(select(Delivery.address))) == {"ann@x.example", "emil@x.example"}


def test_without_the_choice_everybody_gets_it(author: Browser, parts: Services) -> None:
    author.post("/en/campaigns/new", {**TEXTS, "action": "send"})
    with parts.db.reading() as session:
        assert len(session.scalars(select(Delivery.id)).all()) == len(PEOPLE)


def test_a_cancelled_schedule_keeps_that_they_are_left_out(author: Browser, parts: Services) -> None:
    """Who joins before the next Send is left out then."""
    later = {"action": "schedule", "send_at": "2038-01-20T09:30"}
    path = author.post("/en/campaigns/new", {**TEXTS, **later, "leave_out_decided": "yes"}).location
    author.post(f"{path}/schedule/undo")
    with parts.db.transaction() as session:
        ann = session.scalars(select(Prospect.id).order_by(Prospect.id)).first()
        prospects.record(session, ann or 0, StageEvent.JOINED, now=factories.NOW)
    page = soup(author.get(f"{path}/edit"))
    assert form_of(page, id="compose")["leave_out_decided"] == "yes"
    assert words(page.select_one("button[value=send]")) == "Send to 1 recipient"


def test_who_is_left_out_for_an_answer_lacks_no_value(author: Browser) -> None:
    """T-8: nobody is asked for the first name of somebody who gets nothing."""
    texts = {**TEXTS, "content_en": "Dear {firstName},"}
    answer = author.post("/en/campaigns/new", {**texts, "leave_out_decided": "yes", "action": "save"})
    assert "2 recipients have no value for a token" in card(soup(author.get(answer.location)))


def test_nobody_has_decided_yet(author: Browser) -> None:
    author.post("/en/prospects/select", {"query": "", "select": "none"})
    author.post("/en/prospects/select", {"query": "stage=in_conversation", "select": "matching"})
    page = soup(author.get("/en/campaigns/new"))
    assert words(page.select_one("button[value=send]")) == "Send to 1 recipient"
    assert page.select_one("[name=leave_out_decided]") is None
