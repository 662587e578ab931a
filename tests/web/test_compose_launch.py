"""Writing an email: what stops its launch, whom it leaves out, and that it happens once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select

from service.bootstrap import Services
from service.domain import selections
from service.domain.selections import Selected
from service.facts.states import CampaignState
from service.models import Campaign, Delivery, Program, Prospect, Selection
from tests.web.browser import COOKIE, Browser
from tests.web.conftest import patient_writers
from tests.web.pages import form_of, soup, words
from tests.web.writing import TEXTS, stored, texts_of


def summary(page: BeautifulSoup) -> list[tuple[str, str]]:
    rows = page.select(".error-summary li")
    return [(str(row.a["href"]) if row.a else "", words(row)) for row in rows]


def test_a_mistake_is_told_at_its_place(author: Browser, draft: int, parts: Services) -> None:
    """T-5: line, column, and the nearest token, beside the text and in the summary."""
    path = f"/en/campaigns/{draft}/edit"
    data = {**TEXTS, "content_ja": "一行目\n{FirstName}様", "action": "send"}
    answer = author.post(path, data)
    assert answer.status_code == 400
    page = soup(answer)
    assert [words(row) for row in page.select("[data-findings=content_ja] .finding")] == [
        "Line 2, column 1 {FirstName} is not a token, because capitals count. Write {firstName}."
    ]
    assert summary(page) == [
        ("", "The content has 1 error. Correct it, then send again."),
        (
            "#f-content_ja",
            "日本語: {FirstName} is not a token, because capitals count. Write {firstName}.",
        ),
    ]
    field = page.find(id="f-content_ja")
    assert field is not None
    assert field.get_text() == "\n一行目\n{FirstName}様"
    assert stored(parts, draft).state == CampaignState.DRAFT.value


def test_everything_that_stops_a_launch_is_told_at_once(author: Browser, draft: int) -> None:
    data = {
        **TEXTS,
        "from_name": "",
        "reply_to": "nobody",
        "subject_ja": "",
        "subject_fr": "x" * 201,
        "content_fr": "texte",
        "source_locale": "zh",
        "action": "send",
    }
    page = soup(author.post(f"/en/campaigns/{draft}/edit", data))
    assert summary(page)[:5] == [
        ("", "The content has 2 errors. Correct them, then send again."),
        ("#f-from_name", "Enter a name."),
        ("#f-reply_to", "This is not a valid email address: nobody."),
        ("#f-subject_fr", "The subject is longer than 200 characters: French."),
        ("#f-subject_ja", "This language variant has a subject without content, or the reverse: Japanese."),
    ]
    marks = {tab["href"]: words(tab).split()[-1] for tab in page.select(".tabs .tab")}
    assert marks == {
        "#variant-en": "Complete",
        "#variant-fr": "Error",
        "#variant-ja": "Error",
        "#variant-zh": "Error",
    }


def test_recipients_without_a_value_are_named_and_left_out_by_choice(
    author: Browser, draft: int, parts: Services, people: list[Prospect]
) -> None:
    """T-8: nobody gets “Dear ,”."""
    path = f"/en/campaigns/{draft}/edit"
    data = {**TEXTS, "content_en": "Dear {firstName},", "action": "send"}
    answer = author.post(path, data)
    assert answer.status_code == 400
    page = soup(answer)
    assert summary(page) == [
        (
            "#f-leave_out",
            "1 recipient has no value for a token. Add a fallback value, or leave this recipient out.",
        )
    ]
    assert [words(row) for row in page.select("#compose .notice li")] == ["Werkstatt Blau c@x.example"]
    answer = author.post(path, {**form_of(page, id="compose"), "leave_out": "yes", "action": "send"})
    assert answer.location == f"/en/campaigns/{draft}"
    with parts.db.reading() as session:
        addressed = set(session.scalars(select(Delivery.address)))
    assert addressed == {"a@x.example", "b@x.example"}


@pytest.mark.parametrize("action", ["save", "preview", "test"])
def test_who_is_left_out_stays_so_and_is_not_counted(
    author: Browser, draft: int, parts: Services, action: str
) -> None:
    """The number on the button is the number of mails, and the next Send finds the box as it was left."""
    path = f"/en/campaigns/{draft}/edit"
    written = {**TEXTS, "content_en": "Dear {firstName},"}
    author.post(path, {**written, "action": "save"})
    page = soup(author.get(path))
    assert words(page.select_one("button[value=send]")) == "Send to 3 recipients"
    author.post(path, {**form_of(page, id="compose"), "leave_out": "yes", "action": action})
    page = soup(author.get(path))
    assert form_of(page, id="compose")["leave_out"] == "yes"
    assert words(page.select_one("#compose .card")).startswith(
        "Recipients 2 recipients English 1 Japanese 1 1 more is left out and gets nothing."
    )
    assert words(page.select_one("button[value=send]")) == "Send to 2 recipients"
    answer = author.post(path, {**form_of(page, id="compose"), "action": "send"})
    assert answer.location == f"/en/campaigns/{draft}"
    with parts.db.reading() as session:
        assert set(session.scalars(select(Delivery.address))) == {"a@x.example", "b@x.example"}


def test_who_is_left_out_is_taken_in_again(author: Browser, draft: int, parts: Services) -> None:
    path = f"/en/campaigns/{draft}/edit"
    written = {**TEXTS, "content_en": "Dear {firstName},"}
    author.post(path, {**written, "leave_out": "yes", "action": "save"})
    assert stored(parts, draft).leave_out
    form = form_of(soup(author.get(path)), id="compose")
    del form["leave_out"]
    author.post(path, {**form, "action": "save"})
    assert not stored(parts, draft).leave_out


def test_who_is_left_out_waits_while_the_content_has_errors(
    author: Browser, draft: int, parts: Services
) -> None:
    """Then nobody knows who lacks a value; once everybody has one, the choice is over."""
    path = f"/en/campaigns/{draft}/edit"
    author.post(path, {**TEXTS, "content_en": "Dear {firstName},", "leave_out": "yes"})
    kept = []
    for content in ("Dear {fistName},", "Dear {firstName},", "Dear {firstName|there},", "Dear {firstName},"):
        form = form_of(soup(author.get(path)), id="compose")
        author.post(path, {**form, "content_en": content, "action": "save"})
        kept.append(form_of(soup(author.get(path)), id="compose").get("leave_out"))
    assert kept == ["yes", "yes", None, None]


def test_a_launch_freezes_the_recipients_and_gives_the_selection_back(
    author: Browser, draft: int, parts: Services, program: Program
) -> None:
    answer = author.post(f"/en/campaigns/{draft}/edit", {**TEXTS, "action": "send"})
    assert answer.location == f"/en/campaigns/{draft}"
    with parts.db.reading() as session:
        found = {row.address: row.locale for row in session.scalars(select(Delivery))}
        kept = session.scalars(select(Selection)).one()
        assert selections.find(session, kept.user_id, program.id) == Selected()
    assert found == {"a@x.example": "en", "b@x.example": "ja", "c@x.example": "en"}
    assert author.get(f"/en/campaigns/{draft}/edit").location == f"/en/campaigns/{draft}"


def test_what_is_out_cannot_be_written_any_more(author: Browser, draft: int, parts: Services) -> None:
    """F-13: a sent campaign is immutable."""
    path = f"/en/campaigns/{draft}/edit"
    author.post(path, {**TEXTS, "action": "send"})
    answer = author.post(path, {**TEXTS, "subject_en": "Changed"})
    assert answer.location == f"/en/campaigns/{draft}"
    assert texts_of(stored(parts, draft))["en"][0] == "Hello {mpname}"
    assert "has already been sent" in words(soup(author.get(answer.location)).select_one(".notices"))


def test_the_same_form_sent_many_times_is_one_campaign(app: Flask, author: Browser, parts: Services) -> None:
    """F-14: every copy of the request ends at the same page; one campaign, one mail for each address."""
    data = {**TEXTS, "form_key": "double", "csrf_token": author.token, "action": "send"}
    secret = author.cookie(COOKIE)
    form_cookie = author.cookie("prospectus_form")
    assert secret is not None
    assert form_cookie is not None

    def send(_number: int) -> str:
        client = app.test_client()
        client.set_cookie(COOKIE, secret)
        client.set_cookie("prospectus_form", form_cookie)
        return client.post("/en/campaigns/new", data=data).location

    with patient_writers(), ThreadPoolExecutor(8) as pool:
        locations = set(pool.map(send, range(24)))
    with parts.db.reading() as session:
        campaign = session.scalars(select(Campaign)).one()
        addresses = list(session.scalars(select(Delivery.address)))
    assert locations == {f"/en/campaigns/{campaign.id}"}
    assert sorted(addresses) == ["a@x.example", "b@x.example", "c@x.example"]
