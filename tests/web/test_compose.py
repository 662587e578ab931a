"""Writing an email: one form in four languages: who may write, to whom, from which template, two at once."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from service.bootstrap import Services
from service.domain import ads, suppression
from service.domain.suppression import SuppressionReason
from service.facts.permissions import BuiltInRole
from service.i18n.locales import LOCALES
from service.mail import shipped
from service.models import Campaign, Program, Prospect
from tests.domain import factories
from tests.web.browser import Browser
from tests.web.pages import check_page, form_of, soup, words
from tests.web.writing import TEXTS, check_frame, stored, texts_of


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
