"""Whatever a translation says, it stays text: pages, forms, titles, attributes, mails."""

from dataclasses import replace

import pytest
from bs4 import BeautifulSoup
from flask import Flask

from service.bootstrap import Services
from service.i18n.catalogs import Catalog, Catalogs
from service.i18n.locales import LOCALES
from service.mail.shipped import CAMPAIGN_TEMPLATES, draft, system
from tests.mail.test_shipped import SYSTEM
from tests.web import tour
from tests.web.browser import Browser, Clock
from tests.web.pages import check_nothing_inline

BREAKING_OUT = "</title></textarea></select></option></button></template></style></script>"
INVENTED = "%(nope)s %s %d {nope} {0} {{ 7*7 }} % %( ((nope))\r\nX-Evil: 1\r\n\r\n"
ELEMENTS = (
    '<evil onclick="alert(1)"><script>alert(1)</script><img src=x onerror=alert(1)>'
    '<a href="javascript:alert(1)">x</a>&evil;<!-- <![CDATA[ '
)
HOSTILE = f"""{INVENTED} {BREAKING_OUT}"' onfocus=alert(1) x=">{ELEMENTS}"""


class HostileCatalogs:
    """The product's catalogs with every translation replaced."""

    def __init__(self, catalogs: Catalogs) -> None:
        self.directory = catalogs.directory
        self._made = {
            code: catalogs.catalog(code).mapped(locale, lambda _: HOSTILE) for code, locale in LOCALES.items()
        }

    def catalog(self, code: str) -> Catalog:
        return self._made[code]

    def problems(self) -> tuple[()]:
        return ()


@pytest.fixture
def parts(parts: Services, catalogs: Catalogs) -> Services:
    return replace(parts, catalogs=HostileCatalogs(catalogs))  # type: ignore[arg-type]


def see_only_text(html: str, place: str) -> BeautifulSoup:
    page = BeautifulSoup(html, "html.parser")
    assert page.find_all(["evil", "base"]) == [], place
    assert [tag for tag in page.find_all(href=True) if str(tag["href"]).startswith("javascript")] == [], place
    return page


def test_pages_hold_nothing_but_their_own_elements(app: Flask, parts: Services, clock: Clock) -> None:
    """F-16: every page as everybody, and every form sent empty: no element, no attribute, no failure."""
    browser = tour.administrator(app, parts, clock)
    world = tour.make(parts, clock, browser)
    shown = 0
    for visit in tour.visits(app, world, "fr", browser):
        assert visit.answer.status_code < 500, visit.path
        if visit.answer.mimetype != "text/html" or visit.endpoint in {
            "outbox.html",
            "compose.preview",
            "translate_gallery.html",
        }:
            continue
        text = visit.answer.get_data(as_text=True)
        page = see_only_text(text, visit.path)
        if page.html is not None and visit.answer.status_code == 200 and visit.endpoint != "histories.html":
            check_nothing_inline(page)
            shown += "&lt;evil onclick=" in text
        if visit.reader == "administrator":
            _send_forms(browser, page, visit.path)
    assert shown > 40


def _send_forms(browser: Browser, page: BeautifulSoup, path: str) -> None:
    token = page.find("input", attrs={"name": "csrf_token"})
    if token is None or "sign-out" in path:
        return
    answer = browser.client.post(path, data={"csrf_token": token["value"]})
    assert answer.status_code < 500, path
    if answer.mimetype == "text/html":
        see_only_text(answer.get_data(as_text=True), f"POST {path}")


@pytest.mark.parametrize("code", LOCALES)
def test_mails_hold_nothing_but_their_own_elements(parts: Services, code: str) -> None:
    catalog = parts.catalogs.catalog(code)
    for name, values in SYSTEM.items():
        filled = system(name, catalog, values)
        page = see_only_text(filled.html, name)
        assert not page.find_all(["script", "img"])
        assert [link["href"] for link in page.find_all("a") if not str(link["href"]).startswith("http")] == []
    for name in CAMPAIGN_TEMPLATES:
        assert "<evil" in draft(name, catalog).content
