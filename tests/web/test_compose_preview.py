"""Writing an email: its preview as any recipient, what typing shows of it, and the test mail."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from service.bootstrap import Services
from service.i18n.locales import LOCALES
from service.models import Campaign, Prospect, SystemMail
from tests.web.browser import Browser, Clock
from tests.web.pages import form_of, soup, words
from tests.web.writing import TEXTS, check_frame, stored, texts_of


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


def test_a_test_email_asked_for_twice_is_one(
    author: Browser, draft: int, parts: Services, people: list[Prospect], clock: Clock
) -> None:
    """F-14: a double click; for another recipient, or the same one a while later, it is one more."""
    path = f"/en/campaigns/{draft}/edit"
    data = {**TEXTS, "content_en": "At {currentTime}", "as": str(people[0].id), "action": "test"}

    def mails_after(**changes: str) -> int:
        author.post(path, {**data, **changes})
        with parts.db.transaction() as session:
            mails = session.scalars(select(SystemMail)).all()
            for mail in mails:
                mail.values = {}  # as those have that were sent meanwhile
            return len({mail.message_id for mail in mails})

    counted = [mails_after()]
    clock.now += timedelta(seconds=2)  # the text says another time by now, and is still the same mail
    counted += [mails_after(), mails_after(**{"as": str(people[1].id)})]
    clock.now += timedelta(seconds=11)
    counted.append(mails_after())
    assert counted == [1, 1, 2, 3]


def test_a_faulty_draft_sends_no_test(author: Browser, draft: int, parts: Services) -> None:
    answer = author.post(
        f"/en/campaigns/{draft}/edit", {**TEXTS, "content_en": "{x", "subject_en": "{y}", "action": "test"}
    )
    page = soup(author.get(answer.location))
    assert "The content has errors." in words(page.select_one(".notices"))
    with parts.db.reading() as session:
        assert session.scalars(select(SystemMail)).all() == []


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
