"""The lists of help pages for programs: complete, in each language, each naming the others."""

import re
from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest

from service.i18n.locales import LOCALES
from tests.web.browser import Browser
from tests.web.test_help import PAGES


@pytest.mark.parametrize("path", ["/llms.txt", *(f"/{code}/llms.txt" for code in LOCALES)])
def test_machines_find_every_page(browser: Browser, new_browser: Callable[[], Browser], path: str) -> None:
    answer = browser.get(path)
    code = path.split("/")[1] if path.count("/") == 2 else "en"
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Content-Language"] == LOCALES[code].tag
    assert answer.text.startswith("# Prospectus\n\n> ")
    assert len(re.findall("^## ", answer.text, re.MULTILINE)) == 2
    links = re.findall(r"\]\(https?://[^/]+(/[^)]+)\)", answer.text)
    pages = [link for link in links if link.endswith(".md")]
    assert {link.split("/")[1] for link in pages} == {code}
    assert {link.rpartition("/")[2].removesuffix(".md") for link in pages} == {"index", *PAGES}
    assert links[len(pages) :] == [f"/{other}/llms.txt" for other in LOCALES]
    for link in links:
        assert new_browser().get(link).status_code == 200


@pytest.mark.parametrize(
    "path", ["/llms.txt", "/ja/llms.txt", "/llms-full.txt", "/fr/llms-full.txt", "/sitemap.xml"]
)
def test_a_list_that_has_not_changed_is_not_sent_again(browser: Browser, path: str) -> None:
    answer = browser.get(path)
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    again = browser.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_lists_name_their_twins(browser: Browser) -> None:
    said = browser.get("/ja/llms.txt").headers["Link"]
    assert re.findall(r'hreflang="([^"]+)"', said) == ["en", "fr", "zh-Hans"]
    said = browser.get("/llms-full.txt").headers["Link"]
    assert re.findall(r'hreflang="([^"]+)"', said) == ["en", "fr", "ja", "zh-Hans"]


@pytest.mark.parametrize("code", LOCALES)
def test_all_pages_in_one_text(browser: Browser, new_browser: Callable[[], Browser], code: str) -> None:
    whole = browser.get(f"/{code}/llms-full.txt").text
    for slug in PAGES:
        page = new_browser().get(f"/{code}/help/{slug}.md").text
        assert page.rpartition("\n\n---\n\n")[0] in whole
    assert "{label" not in re.sub("```.*?```", "", whole, flags=re.DOTALL)


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
