"""Help over HTTP: pages in four languages, their Markdown, the lists for machines."""

import re
from collections.abc import Callable
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest

from service.i18n.locales import LOCALES
from tests.web.conftest import Browser

PAGES = (
    "bulk-import-prospects",
    "connect-your-mail",
    "contact-a-prospect",
    "email-tokens",
    "import-faq",
    "unsubscribe-and-suppression",
)
TITLES = {
    "en": "Contact a prospect",
    "fr": "Contacter un prospect",
    "ja": "見込み先に連絡",
    "zh": "联系潜在客户",
}


@pytest.mark.parametrize("locale", LOCALES)
def test_anyone_reads_help_in_their_language(browser: Browser, locale: str) -> None:
    page = browser.get(f"/{locale}/help/contact-a-prospect")
    text = page.get_data(as_text=True)
    assert page.status_code == 200
    assert f'<html lang="{LOCALES[locale].tag}"' in text
    assert f'<h1 id="contact-a-prospect">{TITLES[locale]}</h1>' in text
    assert "{label:" not in text
    assert "{%" not in text
    assert page.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("locale", LOCALES)
def test_the_index_leads_to_every_page(browser: Browser, locale: str) -> None:
    text = browser.get(f"/{locale}/help/").get_data(as_text=True)
    for slug in PAGES:
        assert f'href="/{locale}/help/{slug}"' in text


def test_a_page_without_a_locale_is_found_in_the_readers_language(browser: Browser) -> None:
    moved = browser.get("/help/contact-a-prospect", headers={"Accept-Language": "ja"})
    assert (moved.status_code, moved.headers["Location"]) == (302, "/ja/help/contact-a-prospect")


@pytest.mark.parametrize("locale", LOCALES)
def test_a_page_as_markdown(browser: Browser, locale: str) -> None:
    """X-7."""
    page = browser.get(f"/{locale}/help/contact-a-prospect.md")
    assert page.status_code == 200
    assert page.headers["Content-Type"] == "text/markdown; charset=utf-8"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert page.headers["Content-Language"] == LOCALES[locale].tag
    assert page.headers["Cache-Control"] == "public, max-age=60"
    assert "Set-Cookie" not in page.headers
    text = page.get_data(as_text=True)
    assert text.startswith(f"# {TITLES[locale]} ")
    assert "{label:" not in text
    again = browser.get(
        f"/{locale}/help/contact-a-prospect.md", headers={"If-None-Match": page.headers["ETag"]}
    )
    assert again.status_code == 304


HOSTILE = (
    "../en/index",
    "..%2fen%2findex",
    "%2e%2e%2fen%2findex",
    "..%5cindex",
    "%252e%252e%252findex",
    "index%00",
    "index%00.md",
    "%c0%ae%c0%ae%c0%afindex",
    "．．／index",
    "CON",
    "con",
    "Index",
    "contact_a_prospect",
    "-contact",
    "contact--a-prospect",
    "a" * 4000,
    "{{7*7}}",
    "<script>alert(1)</script>",
)


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("ending", ["", ".md"])
def test_names_of_no_page_are_not_found(browser: Browser, name: str, ending: str) -> None:
    """X-8: and every answer is the same."""
    path = name if "%" in name else quote(name, safe="./")
    answer = browser.get(f"/en/help/{path}{ending}")
    unknown = browser.get(f"/en/help/no-such-page{ending}")
    while answer.status_code in (301, 308):
        answer = browser.get(answer.headers["Location"])
    assert answer.status_code == unknown.status_code == 404
    assert _bare(answer.get_data(as_text=True)) == _bare(unknown.get_data(as_text=True))


def _bare(page: str) -> str:
    """A page without what its own address put into it: links to its twins."""
    return re.sub(r'<link [^>]*>\n|(href|action|value)="[^"]*"', "", page)


def test_machines_find_every_page(browser: Browser, new_browser: Callable[[], Browser]) -> None:
    answer = browser.get("/llms.txt")
    text = answer.get_data(as_text=True)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert text.startswith("# Prospectus\n\n> ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [locale.name for locale in LOCALES.values()]
    links = re.findall(r"\]\(https?://[^/]+(/[^)]+)\)", text)
    assert len(links) == (len(PAGES) + 1) * len(LOCALES)
    for link in links:
        assert new_browser().get(link).headers["Content-Type"] == "text/markdown; charset=utf-8"


def test_the_sitemap_names_the_twins_of_each_page(browser: Browser) -> None:
    root = ET.fromstring(browser.get("/sitemap.xml").data)
    names = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}
    urls = root.findall("s:url", names)
    assert len(urls) == (len(PAGES) + 1) * len(LOCALES)
    for url in urls:
        twins = {link.get("hreflang"): link.get("href") for link in url.findall("x:link", names)}
        assert list(twins) == [*(locale.tag for locale in LOCALES.values()), "x-default"]
        assert url.findtext("s:loc", namespaces=names) in twins.values()
        assert twins["x-default"] == twins["en"]
