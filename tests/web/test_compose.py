"""Writing an email: one form in four languages, its preview, the test mail, the launch."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select

from service.bootstrap import Services
from service.domain import ads, selections, suppression
from service.domain.selections import Selected
from service.domain.suppression import SuppressionReason
from service.facts.permissions import BuiltInRole
from service.facts.states import CampaignState
from service.i18n.locales import LOCALES
from service.mail import shipped
from service.models import Campaign, Delivery, Program, Prospect, Selection, SystemMail
from service.web.security import MAIL_POLICY
from tests.domain import factories
from tests.web.browser import COOKIE, Browser, Clock
from tests.web.conftest import patient_writers
from tests.web.pages import check_page, form_of, soup, words

TEXTS = {
    "from_name": "Alex Morgan",
    "reply_to": "alex@brand.example",
    "source_locale": "en",
    "unknown_policy": "ask",
    "version": "1",
    "subject_en": "Hello {mpname}",
    "content_en": "Dear {firstName|there},\n\ntoday is {currentDay}.",
    "subject_ja": "{mpname}へ",
    "content_ja": "{currentDay}",
}


@pytest.fixture
def people(parts: Services, program: Program, clock: Clock) -> list[Prospect]:
    """An English, a Japanese and a German prospect; the last one has no first name."""
    rows: list[tuple[str, dict[str, str]]] = [
        ("Harbour", {"locale": "en", "first_name": "Ann", "email": "a@x.example"}),
        ("株式会社ひかり", {"locale": "ja", "first_name": "花子", "email": "b@x.example"}),
        ("Werkstatt Blau", {"locale": "de", "email": "c@x.example"}),
    ]
    with parts.db.transaction() as session:
        return [factories.prospect(session, program, name, **facts) for name, facts in rows]  # type: ignore[arg-type]


@pytest.fixture
def author(
    enter: Callable[..., Browser], parts: Services, program: Program, people: list[Prospect], clock: Clock
) -> Browser:
    """A community manager who has selected everybody."""
    browser = enter(BuiltInRole.COMMUNITY_MANAGER)
    browser.post("/en/prospects/select", {"query": "", "select": "matching"})
    return browser


@pytest.fixture
def draft(author: Browser) -> int:
    """The id of a draft that says TEXTS."""
    answer = author.post("/en/campaigns/new", {**TEXTS, "form_key": "k1", "action": "save"})
    found = re.fullmatch(r"/en/campaigns/(\d+)/edit", answer.location)
    assert found is not None
    return int(found[1])


def stored(parts: Services, campaign_id: int) -> Campaign:
    with parts.db.reading() as session:
        campaign = session.get_one(Campaign, campaign_id)
        assert campaign.variants is not None
        return campaign


def texts_of(campaign: Campaign) -> dict[str, tuple[str, str]]:
    return {variant.locale: (variant.subject, variant.content) for variant in campaign.variants}


def summary(page: BeautifulSoup) -> list[tuple[str, str]]:
    rows = page.select(".error-summary li")
    return [(str(row.a["href"]) if row.a else "", words(row)) for row in rows]


@pytest.mark.parametrize("code", LOCALES)
def test_it_works(author: Browser, code: str) -> None:
    page = check_page(author.get(f"/{code}/campaigns/new?template=invitation"), code)
    assert [field["lang"] for field in page.select("textarea")] == ["en", "fr", "ja", "zh-Hans"]
    assert all(field.get_text().strip() for field in page.select("textarea"))


@pytest.mark.parametrize("code", LOCALES)
def test_editing_works(author: Browser, draft: int, code: str) -> None:
    page = check_page(author.get(f"/{code}/campaigns/{draft}/edit"), code)
    frame = page.iframe
    assert frame is not None
    assert check_frame(author, str(frame["src"])).html is not None


def check_frame(browser: Browser, src: str) -> BeautifulSoup:
    response = browser.get(src)
    assert response.status_code == 200
    assert response.headers["Content-Security-Policy"] == MAIL_POLICY
    return soup(response)


@pytest.mark.parametrize(
    ("role", "status"), [(BuiltInRole.ANALYST, 403), (BuiltInRole.TRANSLATOR, 403)], ids=str
)
def test_writing_needs_its_permission(
    enter: Callable[..., Browser], draft: int, role: BuiltInRole, status: int
) -> None:
    browser = enter(role)
    assert browser.get("/en/campaigns/new").status_code == status
    assert browser.get(f"/en/campaigns/{draft}/edit").status_code == status
    assert browser.post(f"/en/campaigns/{draft}/edit", TEXTS).status_code == status
    assert browser.post(f"/en/campaigns/{draft}/preview", TEXTS).status_code == status


def test_another_program_s_campaign_does_not_exist(
    enter: Callable[..., Browser], parts: Services, draft: int, people: list[Prospect]
) -> None:
    """A-2: for reading, writing, previewing, launching, by path and by form key."""
    with parts.db.transaction() as session:
        theirs = factories.program(session, "Kumo Outdoor")
        foreign = factories.prospect(session, theirs, "Foreign", email="f@x.example")
    browser = enter(BuiltInRole.COMMUNITY_MANAGER, theirs, email="other@example.test")
    paths = [
        (browser.get, f"/en/campaigns/{draft}/edit"),
        (browser.post, f"/en/campaigns/{draft}/edit"),
        (browser.post, f"/en/campaigns/{draft}/preview"),
        (browser.get, f"/en/campaigns/{draft}/preview/{foreign.id}/html"),
        (browser.get, f"/en/campaigns/new?prospect={people[0].id}"),
        (browser.get, "/en/campaigns/new?prospect=0"),
    ]
    statuses = [send(path).status_code for send, path in paths]
    # The script of the page reads a status line where a page would be.
    assert statuses == [404, 404, 200, 404, 404, 404]
    looked = browser.post(f"/en/campaigns/{draft}/preview", TEXTS).get_json()
    assert looked == {"findings": [], "status": "This item does not exist, or it belongs to another program."}
    taken = browser.post(
        "/en/campaigns/new", {**TEXTS, "form_key": "k1", "subject_en": "Mine", "action": "save"}
    )
    assert taken.status_code == 404
    assert texts_of(stored(parts, draft))["en"][0] == "Hello {mpname}"


def test_those_who_get_it_are_told_by_language(author: Browser, parts: Services, program: Program) -> None:
    with parts.db.transaction() as session:
        suppression.suppress(
            session, program.id, "a@x.example", reason=SuppressionReason.UNSUBSCRIBED, now=factories.NOW
        )
    page = soup(author.get("/en/campaigns/new?template=welcome"))
    assert words(page.select_one("#compose .card")) == (
        "Recipients 2 recipients English 1 Japanese 1 1 more has unsubscribed and gets nothing. "
        "Show the recipients 株式会社ひかり b@x.example Werkstatt Blau c@x.example"
    )
    assert words(page.select_one("button[value=send]")) == "Send to 2 recipients"


def test_one_prospect_can_be_written_to(author: Browser, parts: Services, people: list[Prospect]) -> None:
    page = soup(author.get(f"/en/campaigns/new?prospect={people[1].id}"))
    assert words(page.select_one("button[value=send]")) == "Send to 1 recipient"
    author.post("/en/campaigns/new", {**form_of(page, id="compose"), **TEXTS, "action": "save"})
    with parts.db.reading() as session:
        campaign = session.scalars(select(Campaign)).one()
    assert campaign.selection == {"ids": [people[1].id], "query": None}


def test_a_shipped_template_fills_every_language(author: Browser, parts: Services) -> None:
    page = soup(author.get("/en/campaigns/new"))
    data = {**form_of(page, id="compose"), "template": "follow-up-7", "action": "template"}
    answer = author.post("/en/campaigns/new", data)
    page = soup(author.get(answer.location))
    for code in LOCALES:
        made = shipped.draft("follow-up-7", parts.catalogs.catalog(code))
        subject, content = page.find(id=f"f-subject_{code}"), page.find(id=f"f-content_{code}")
        assert subject is not None
        assert content is not None
        assert (subject["value"], content.get_text()) == (made.subject, f"\n{made.content}")


def test_a_template_does_not_replace_own_words_unasked(author: Browser, draft: int, parts: Services) -> None:
    path = f"/en/campaigns/{draft}/edit"
    data = {**form_of(soup(author.get(path)), id="compose"), "template": "welcome", "action": "template"}
    answer = author.post(path, data)
    assert answer.status_code == 400
    page = soup(answer)
    assert words(page.select_one("button[value=replace]")) == "Replace what is written"
    assert texts_of(stored(parts, draft))["en"][0] == "Hello {mpname}"
    author.post(path, {**form_of(page, id="compose"), "action": "replace"})
    assert set(texts_of(stored(parts, draft))) == set(LOCALES)


def test_the_preview_is_what_each_recipient_gets(author: Browser, draft: int, people: list[Prospect]) -> None:
    """T-11: as HTML, as text, as bytes; each in the language of its reader."""
    path = f"/en/campaigns/{draft}/preview"
    japanese = check_frame(author, f"{path}/{people[1].id}/html")
    assert japanese.html is not None
    assert japanese.html["lang"] == "ja"
    assert "2038年1月18日" in words(japanese)
    english = author.get(f"{path}/{people[0].id}/text")
    assert english.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert english.get_data(as_text=True).startswith("Dear Ann,\n\ntoday is January 18, 2038.")
    german = author.get(f"{path}/{people[2].id}/text").get_data(as_text=True)
    assert german.startswith("Dear there,")
    raw = author.get(f"{path}/{people[0].id}/raw").get_data(as_text=True)
    assert re.search(r"^Subject: Hello Harbour\r?$", raw, re.MULTILINE)
    assert author.get(f"{path}/{people[0].id}/exe").status_code == 404


def test_the_riskiest_recipients_come_first(author: Browser, draft: int, parts: Services) -> None:
    author.post(f"/en/campaigns/{draft}/edit", {**TEXTS, "content_en": "Dear {firstName},"})
    page = soup(author.get(f"/en/campaigns/{draft}/edit"))
    groups = {
        str(group["label"]): [words(option) for option in group.find_all("option")]
        for group in page.select("#f-as optgroup")
    }
    assert groups == {
        "Check first": [
            "Werkstatt Blau: a value is missing, longest name, first in this language, and no first name",
            "Harbour: first in this language, time zone not known, and no account",
            "株式会社ひかり: first in this language",
        ]
    }
    assert words(page.select_one("[data-preview-status]")) == (
        "There is no value for {firstName}: Werkstatt Blau."
    )


def test_preview_without_a_script_saves_and_comes_back(
    author: Browser, draft: int, parts: Services, people: list[Prospect]
) -> None:
    path = f"/en/campaigns/{draft}/edit"
    data = form_of(soup(author.get(path)), id="compose")
    data |= {"as": str(people[1].id), "part": "text", "subject_ja": "新しい件名", "action": "preview"}
    answer = author.post(path, data)
    assert answer.location == f"{path}?as={people[1].id}&part=text#preview"
    page = soup(author.get(answer.location))
    assert page.iframe is not None
    assert page.iframe["src"] == f"/en/campaigns/{draft}/preview/{people[1].id}/text"
    assert words(page.select_one(".compose-subject")) == "新しい件名"


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


@pytest.mark.parametrize("code", LOCALES)
def test_a_frame_without_a_mail_says_why(
    author: Browser, draft: int, people: list[Prospect], code: str
) -> None:
    author.post(f"/en/campaigns/{draft}/edit", {**TEXTS, "content_en": "{fistName}"})
    page = check_frame(author, f"/{code}/campaigns/{draft}/preview/{people[0].id}/html")
    assert page.html is not None
    assert page.html["lang"] == LOCALES[code].tag
    assert "{firstName}" in words(page)


@pytest.mark.parametrize("part", ["html", "text", "raw"])
def test_typing_never_leaves_another_person_s_mail_in_the_frame(
    author: Browser, draft: int, people: list[Prospect], part: str
) -> None:
    """Where somebody's mail cannot be written, the subject goes, and the frame says why in its colors."""
    path = f"/en/campaigns/{draft}/preview"
    typed = {**TEXTS, "content_en": "Dear {firstName},", "part": part}
    seen = {person.id: author.post(path, {**typed, "as": str(person.id)}).get_json() for person in people}
    ann, _hanako, nameless = (seen[person.id] for person in people)
    why = "There is no value for {firstName}: Werkstatt Blau."
    assert (ann["subject"], nameless["subject"], nameless["status"]) == ("Hello Harbour", "", why)
    assert re.fullmatch(rf"{path}/{people[2].id}/{part}\?v=\w+", nameless["url"])
    for scheme in ("light", "dark"):
        page = check_frame(author, f"{nameless['url']}&scheme={scheme}")
        assert words(page.body) == why
        assert f"color-scheme: {scheme}" in str(page.style)
    # Another reason is another address, or the script would leave the old one standing.
    typed["content_en"] = "{fistName}"
    assert author.post(path, {**typed, "as": str(people[2].id)}).get_json()["url"] != nameless["url"]


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


def test_saving_twice_is_no_conflict_with_oneself(author: Browser, draft: int) -> None:
    path = f"/en/campaigns/{draft}/edit"
    data = {**form_of(soup(author.get(path)), id="compose"), "subject_en": "Twice", "action": "save"}
    assert [author.post(path, data).status_code for _ in range(3)] == [303, 303, 303]


def test_two_authors_of_one_draft_see_each_other_s_version(
    author: Browser, draft: int, parts: Services
) -> None:
    """F-13: the second save is held up, shows the other version, and loses nothing that was typed."""
    path = f"/en/campaigns/{draft}/edit"
    first, second = (form_of(soup(author.get(path)), id="compose") for _ in range(2))
    author.post(path, {**first, "subject_en": "Hers", "from_name": "Hers", "action": "save"})
    answer = author.post(path, {**second, "subject_en": "His", "content_fr": "Le sien", "action": "send"})
    assert answer.status_code == 409
    page = soup(answer)
    told = {words(row.summary): row.pre.get_text() for row in page.select("main details:has(pre)")}
    assert told == {"From name": "Hers", "Subject · English": "Hers", "Content · Français": ""}
    kept = form_of(page, id="compose")
    assert (kept["subject_en"], kept["content_fr"], kept["theirs"]) == ("His", "Le sien", "shown")
    assert texts_of(stored(parts, draft))["en"][0] == "Hers"
    # While the author looks at both, the script of the page stores nothing.
    author.post(f"/en/campaigns/{draft}/preview", kept)
    assert texts_of(stored(parts, draft))["en"][0] == "Hers"
    assert author.post(path, {**kept, "action": "save"}).status_code == 303
    assert texts_of(stored(parts, draft))["en"][0] == "His"


def test_typing_is_kept_and_shown_but_is_no_save(
    author: Browser, draft: int, parts: Services, people: list[Prospect]
) -> None:
    path = f"/en/campaigns/{draft}/preview"
    typed = {**form_of(soup(author.get(f"/en/campaigns/{draft}/edit")), id="compose")}
    typed |= {"subject_en": "Typed for {mpname}", "content_ja": "{fistName}", "as": str(people[0].id)}
    seen = author.post(path, typed).get_json()
    assert seen["subject"] == "Typed for Harbour"
    assert seen["status"] == "As Harbour gets it, in this language: English."
    assert re.fullmatch(rf"/en/campaigns/{draft}/preview/{people[0].id}/html\?v=\w+", seen["url"])
    assert [(found["field"], found["line"], found["severity"]) for found in seen["findings"]] == [
        ("content_ja", 1, "error")
    ]
    kept = stored(parts, draft)
    assert (texts_of(kept)["en"][0], kept.version) == ("Typed for {mpname}", 1)
    assert author.post(path, typed).get_json()["url"] == seen["url"]
    assert author.post(f"/en/campaigns/{draft}/edit", {**typed, "action": "save"}).status_code == 303


def test_opening_the_page_makes_no_draft(author: Browser, parts: Services) -> None:
    page = soup(author.get("/en/campaigns/new?template=invitation"))
    seen = author.post("/en/campaigns/new/preview", form_of(page, id="compose")).get_json()
    assert seen == {"findings": [], "status": "Start writing, or select Preview, to see the email here."}
    with parts.db.reading() as session:
        assert session.scalars(select(Campaign)).all() == []


def test_typing_in_a_new_email_keeps_it_once(author: Browser, parts: Services) -> None:
    typed = form_of(soup(author.get("/en/campaigns/new")), id="compose")
    for text in ("H", "He", "Hello"):
        author.post("/en/campaigns/new/preview", {**typed, "subject_en": text, "content_en": "x"})
    answer = author.post("/en/campaigns/new", {**typed, "subject_en": "Hello!", "content_en": "x"})
    with parts.db.reading() as session:
        campaign = session.scalars(select(Campaign)).one()
        assert texts_of(campaign) == {"en": ("Hello!", "x")}
    assert answer.location.partition("?")[0] == f"/en/campaigns/{campaign.id}/edit"
    # Going back to the first page and sending its old text does not overwrite what was saved since.
    assert (
        author.post("/en/campaigns/new", {**typed, "subject_en": "Old", "content_en": "x"}).status_code == 409
    )


def test_a_test_email_goes_to_its_author(
    author: Browser, draft: int, parts: Services, people: list[Prospect]
) -> None:
    data = {**TEXTS, "as": str(people[1].id), "action": "test"}
    answer = author.post(f"/en/campaigns/{draft}/edit", data)
    page = soup(author.get(answer.location))
    assert "A test email is on its way to community_manager@example.test." in words(
        page.select_one(".notices")
    )
    with parts.db.reading() as session:
        mail = session.scalars(select(SystemMail)).one()
    assert (mail.address, mail.locale) == ("community_manager@example.test", "ja")


def test_a_faulty_draft_sends_no_test(author: Browser, draft: int, parts: Services) -> None:
    answer = author.post(
        f"/en/campaigns/{draft}/edit", {**TEXTS, "content_en": "{x", "subject_en": "{y}", "action": "test"}
    )
    page = soup(author.get(answer.location))
    assert "The content has errors." in words(page.select_one(".notices"))
    with parts.db.reading() as session:
        assert session.scalars(select(SystemMail)).all() == []


HOSTILE = "<script>alert(1)</script>\"'></textarea>{{7*7}}{% raw %}${7*7}"


def test_hostile_texts_stay_texts(author: Browser, draft: int, people: list[Prospect]) -> None:
    """X-1, T-1: in every field of the form; nothing is computed, nothing becomes a tag."""
    path = f"/en/campaigns/{draft}/edit"
    evil: dict[str, Any] = dict.fromkeys(
        ["from_name", "reply_to", *(f"{part}_{code}" for part in ("subject", "content") for code in LOCALES)],
        HOSTILE,
    )
    choices = dict.fromkeys(["template", "source_locale", "unknown_policy", "as", "part"], HOSTILE)
    answer = author.post(path, {**TEXTS, **evil, **choices, "action": "send"})
    assert answer.status_code == 400
    page = soup(answer)
    assert len(page.find_all("script")) == len(soup(author.get(path)).find_all("script"))
    assert not [tag for tag in page.find_all(True) if any(name.startswith("on") for name in tag.attrs)]
    for name in evil:
        field = page.find(id=f"f-{name}")
        assert field is not None
        assert (field.get("value") or field.get_text().removeprefix("\n")) == HOSTILE
    assert "49" not in words(page.main).replace("7*7", "")


@pytest.mark.parametrize("value", ["9" * 5000, "-1", "x", "\0", "1.5"])
def test_forged_numbers_are_answered(author: Browser, draft: int, value: str) -> None:
    for data in ({"version": value}, {"as": value}, {"prospect": value}):
        status = author.post(f"/en/campaigns/{draft}/edit", {**TEXTS, **data}).status_code
        assert status in {303, 409}
    assert author.get("/en/campaigns/new", query_string={"prospect": value}).status_code == 404


def test_ads_are_offered_as_tokens(author: Browser, parts: Services, program: Program) -> None:
    with parts.db.transaction() as session:
        ad = ads.add(session, program.id, name="Autumn", link_url="https://shop.example/", image_url=None)
    page = soup(author.get("/en/campaigns/new"))
    written = [str(button["data-insert"]) for button in page.select("#variant-fr [data-insert]")]
    assert written[-1] == f"{{adcode_{ad.id}}}"
    assert "{firstName}" in written


def test_the_preview_is_light_or_dark_whatever_the_browser_is(
    author: Browser, draft: int, people: list[Prospect]
) -> None:
    """The mail's own colors for the dark are in force or out of it; nothing is left to the frame."""
    path = f"/en/campaigns/{draft}/preview/{people[0].id}/html"
    pages = {scheme: author.get(f"{path}?scheme={scheme}").get_data(as_text=True) for scheme in ("dark", "x")}
    found = {
        scheme: (page.count("@media all"), page.count("@media not all"), "prefers-color-scheme" in page)
        for scheme, page in pages.items()
    }
    assert found == {"dark": (1, 0, False), "x": (0, 1, False)}
    assert 'name="color-scheme" content="dark"' in pages["dark"]
    assert 'name="color-scheme" content="light"' in pages["x"]
