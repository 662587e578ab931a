"""Run by test_added_locales.py in a copy of the tree to which `de` and `ar` were added: every page."""

from email import message_from_bytes, policy

import pytest
from bs4 import BeautifulSoup
from flask import Flask

from service.bootstrap import Services
from service.i18n.locales import LOCALES, SHIPPED
from service.mail.addresses import Mailbox, parse
from service.mail.mime import Letter, serialize
from service.mail.shipped import draft, system
from tests.mail.test_shipped import SYSTEM
from tests.web import tour
from tests.web.browser import Clock

ADDED = {"de": "ltr", "ar": "rtl"}


def test_they_are_there() -> None:
    assert [code for code in LOCALES if code not in SHIPPED] == sorted(ADDED)
    assert [(LOCALES[code].name, LOCALES[code].plural_count) for code in ADDED] == [
        ("Deutsch", 2),
        ("العربية", 6),
    ]


def test_every_page_answers_in_them(app: Flask, parts: Services, clock: Clock) -> None:
    browser = tour.administrator(app, parts, clock)
    world = tour.make(parts, clock, browser)
    for code, direction in ADDED.items():
        shown = 0
        for visit in tour.visits(app, world, code, browser):
            assert visit.answer.status_code < 500, visit.path
            if visit.answer.status_code != 200 or visit.answer.mimetype != "text/html":
                continue
            page = BeautifulSoup(visit.answer.get_data(as_text=True), "html.parser")
            if page.html is None or visit.endpoint in {
                "outbox.html",
                "compose.preview",
                "histories.html",
                "translate_gallery.html",
            }:
                continue
            shown += 1
            assert (page.html["lang"], page.html["dir"]) == (code, direction), visit.path
        assert shown > 40
        help_page = BeautifulSoup(
            browser.get(f"/{code}/help/contact-a-prospect").get_data(True), "html.parser"
        )
        article = help_page.select_one("article.fallback")
        assert article is not None
        assert (article["lang"], article["dir"]) == ("en", "ltr")


def test_they_are_offered(app: Flask, parts: Services, clock: Clock) -> None:
    browser = tour.administrator(app, parts, clock)
    page = BeautifulSoup(browser.get("/de/").get_data(as_text=True), "html.parser")
    assert [link["hreflang"] for link in page.select("link[hreflang]")][-3:] == ["ar", "de", "x-default"]
    assert "Deutsch" in page.get_text()
    answer = browser.client.get("/sign-in", headers={"Accept-Language": "de-AT"})
    assert answer.location.startswith("/de/")


@pytest.mark.parametrize("name", SYSTEM)
def test_a_mail_is_written_in_arabic(parts: Services, name: str) -> None:
    filled = system(name, parts.catalogs.catalog("ar"), SYSTEM[name])
    assert '<html lang="ar" dir="rtl">' in filled.html
    raw = serialize(
        Letter(
            sender=Mailbox("Alex", parse("noreply@brand.example")),
            recipients=(Mailbox("", parse("hana@x.example")),),
            subject=filled.subject,
            date=SYSTEM["test-mail"]["moment"],  # type: ignore[arg-type]
            message_id="<m@brand.example>",
            language="ar",
            text=filled.text,
            html=filled.html,
            automatic=True,
        )
    )
    assert message_from_bytes(raw, policy=policy.default)["Content-Language"] == "ar"
    assert draft("invitation", parts.catalogs.catalog("ar")).subject
