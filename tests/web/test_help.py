"""Help over HTTP: pages in four languages, their Markdown, the lists for machines."""

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask
from werkzeug.datastructures import MIMEAccept

from service.bootstrap import Services
from service.content.pages import Pages
from service.content.search_index import Searchable
from service.domain import help_votes
from service.facts.permissions import BuiltInRole
from service.i18n.locales import LOCALES
from service.web.help import wants_markdown
from tests.web.browser import Browser
from tests.web.pages import check_page, soup, words

PAGES = (
    "bulk-import-prospects",
    "connect-your-mail",
    "contact-a-prospect",
    "email-tokens",
    "for-translators",
    "for-writers",
    "groups",
    "install-and-run",
    "mark-prospects",
    "import-faq",
    "inbox",
    "send-a-message",
    "roles-and-permissions",
    "personal-data",
    "unsubscribe-and-suppression",
    "your-account",
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
    assert page.headers["Cache-Control"] == "public, max-age=60"
    assert "Set-Cookie" not in page.headers
    assert {name.strip() for name in page.headers["Vary"].split(",")} == {"Accept", "Cookie"}


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
    assert text.startswith(f"# {TITLES[locale]}")
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
    """X-8: and every answer of a kind is the same, but for pages with a similar name."""
    path = name if "%" in name else quote(name, safe="./")
    answer = browser.get(f"/en/help/{path}{ending}")
    while answer.status_code in (301, 308):
        answer = browser.get(answer.headers["Location"])
    assert (answer.status_code, answer.headers["Cache-Control"][-8:]) == (404, "no-store")
    if answer.headers["Content-Type"].startswith("text/markdown"):
        links = re.findall(r"\]\(http://[^/]+(/[^)]+)\)", answer.text)
        assert {link.rpartition("/")[2].removesuffix(".md") for link in links} <= set(PAGES)
        assert "<script" not in answer.text
    else:
        unknown = browser.get("/en/help/no-such-page")
        assert _bare(answer.get_data(as_text=True)) == _bare(unknown.get_data(as_text=True))


def _bare(page: str) -> str:
    """A page without what its own address put into it: links to its twins."""
    return re.sub(r'<link [^>]*>\n|(href|action|value)="[^"]*"', "", page)


@pytest.mark.parametrize(
    ("accept", "markdown"),
    [
        ("text/markdown", True),
        ("text/markdown, text/html", True),
        ("text/markdown;q=0.9, text/html;q=0.8", True),
        ("text/markdown;q=0.5, text/html", False),
        ("text/html, text/markdown;q=0.9, */*;q=0.1", False),
        ("text/markdown;q=0", False),
        ("*/*", False),
        ("text/*", False),
        ("text/markdown;q=0.1, */*", True),
        ("application/xhtml+xml, text/markdown;q=0.5", False),
        ("TEXT/MARKDOWN", True),
        ("", False),
        ("q=NaN;;,,text/markdown;q=x", False),
    ],
)
def test_markdown_is_sent_to_those_who_ask_for_it(browser: Browser, accept: str, markdown: bool) -> None:
    """By name, and no less than HTML; never a 406."""
    for path in ("/ja/help/email-tokens", "/ja/help/"):
        answer = browser.get(path, headers={"Accept": accept})
        kind = "text/markdown" if markdown else "text/html"
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, f"{kind}; charset=utf-8")
        assert "Accept" in answer.headers["Vary"]


def test_both_doors_lead_to_the_same_bytes(browser: Browser) -> None:
    asked = browser.get("/zh/help/email-tokens", headers={"Accept": "text/markdown"})
    named = browser.get("/zh/help/email-tokens.md")
    assert asked.data == named.data
    assert asked.headers["ETag"] == named.headers["ETag"]
    assert asked.headers["X-Robots-Tag"] == named.headers["X-Robots-Tag"] == "noindex"
    assert not wants_markdown(MIMEAccept([("*/*", 1)]))


@pytest.mark.parametrize("locale", LOCALES)
def test_markdown_that_is_not_there_suggests_what_is(browser: Browser, locale: str) -> None:
    answer = browser.get(f"/{locale}/help/email_token.md")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "text/markdown; charset=utf-8"
    assert f"/{locale}/help/email-tokens.md)" in answer.text
    assert f"/{locale}/llms.txt>" in answer.text


def test_a_page_in_html_has_an_etag(browser: Browser, new_browser: Callable[[], Browser]) -> None:
    page = browser.get("/fr/help/email-tokens")
    again = new_browser().get("/fr/help/email-tokens", headers={"If-None-Match": page.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_readers_vote_and_writers_see_it(
    browser: Browser, enter: Callable[..., Browser], parts: Services, new_browser: Callable[[], Browser]
) -> None:
    """Counted by page, language and version; nothing of the reader is kept."""
    path = "/fr/help/email-tokens"
    form = soup(browser.get(path)).find("form", attrs={"id": "helpful"})
    assert form is not None
    for choice in ("yes", "yes", "no"):
        answer = new_browser().client.post(str(form["action"]), data={"helpful": choice})
        assert (answer.status_code, answer.headers["Location"]) == (303, f"{path}?thanks=1#helpful")
    with parts.db.reading() as session:
        assert help_votes.tally(session, "email-tokens", "fr") == help_votes.Tally(2, 3)
        assert help_votes.tally(session, "email-tokens", "ja") == help_votes.Tally(0, 0)
    thanks = check_page(browser.get(f"{path}?thanks=1"), "fr").find(id="helpful")
    assert thanks is not None
    assert thanks.name == "p"
    told = enter(BuiltInRole.TRANSLATOR).get(path).text
    assert "3 réponses" in told
    assert "3 réponses" not in browser.get(path).text


def test_only_a_page_that_was_read_can_be_voted_for(browser: Browser) -> None:
    assert browser.client.post("/en/help/votes/forged", data={"helpful": "yes"}).status_code == 404
    action = str(form_action(browser))
    assert browser.client.post(action, data={"helpful": "perhaps"}).status_code == 400
    assert browser.client.post(action).status_code == 400


def test_one_source_does_not_vote_without_end(browser: Browser, parts: Services) -> None:
    action = str(form_action(browser))
    codes = [browser.client.post(action, data={"helpful": "no"}).status_code for _ in range(25)]
    assert codes[:20] == [303] * 20
    assert codes[-1] != 303
    with parts.db.reading() as session:
        assert help_votes.tally(session, "email-tokens", "en").votes == codes.count(303)


def form_action(browser: Browser) -> object:
    form = soup(browser.get("/en/help/email-tokens")).find("form", attrs={"id": "helpful"})
    assert form is not None
    return form["action"]


@pytest.fixture
def tree(app: Flask, parts: Services, tmp_path: Path) -> Path:
    """Pages of our own, which a test may change."""
    for code in LOCALES:
        (tmp_path / "pages" / code).mkdir(parents=True)
        for slug, text in (
            ("index", "# Index"),
            ("first", "---\nupdated: 2038-01-17\n---\n# First {#first}\n\nOld"),
        ):
            (tmp_path / "pages" / code / f"{slug}.md").write_text(text, encoding="utf-8")
    pages = Pages(tmp_path / "pages", parts.catalogs.catalog, tmp_path / "copies")
    pages._watch._pause = 0.0
    app.extensions["help"] = Searchable(pages)
    return tmp_path / "pages"


@pytest.mark.parametrize(
    ("locale", "date"),
    [("en", "January 17, 2038"), ("fr", "17 janvier 2038"), ("ja", "2038年1月17日"), ("zh", "2038年1月17日")],
)
def test_a_page_says_when_it_was_updated(browser: Browser, tree: Path, locale: str, date: str) -> None:
    page = check_page(browser.get(f"/{locale}/help/first"), locale)
    assert date in words(page.select_one(".page-meta"))
    moment = page.select_one(".page-meta time")
    assert moment is not None
    assert moment["datetime"] == "2038-01-17"


def test_a_kept_page_is_dropped_when_its_file_changes(
    new_browser: Callable[[], Browser], tree: Path, count_queries: Callable[[Callable[[], object]], int]
) -> None:
    first = new_browser().get("/en/help/first")
    kept = new_browser().get("/en/help/first")
    assert (kept.data, list(kept.headers)) == (first.data, list(first.headers))
    (tree / "en" / "first.md").write_text("# First {#first}\n\nNew and longer", encoding="utf-8")
    assert "New and longer" in new_browser().get("/en/help/first").text


def test_what_is_kept_for_strangers_is_not_shown_to_others(
    new_browser: Callable[[], Browser], enter: Callable[..., Browser], tree: Path
) -> None:
    """W-6: a page kept for everybody is sent to those alone who say nothing else of themselves."""
    plain = new_browser().get("/en/help/first")
    signed_in = enter(BuiltInRole.ADMINISTRATOR)
    assert "no-store" in signed_in.get("/en/help/first").headers["Cache-Control"]
    assert signed_in.get("/en/help/first").data != plain.data
    assert new_browser().get("/ja/help/first").headers["Content-Language"] == "ja"
    assert "thanks" not in plain.text
    assert new_browser().get("/en/help/first?thanks=1").data != plain.data
    assert new_browser().get("/en/help/first").data == plain.data


def test_a_broken_page_is_shown_as_it_was_and_writers_are_told(
    browser: Browser, enter: Callable[..., Browser], tree: Path
) -> None:
    """F-16: the last good version stays up; the line and the reason are shown to those who write."""
    writer = enter(BuiltInRole.TRANSLATOR)
    before = browser.get("/en/help/first/version").text
    assert "Old" in browser.get("/en/help/first").text
    (tree / "en" / "first.md").write_text("---\na: [\n---\n# First", encoding="utf-8")
    shown = writer.get("/en/help/first")
    assert "Old" in shown.text
    notice = soup(shown).select_one(".notice-danger")
    assert notice is not None
    assert "3" in words(notice)
    assert "notice-danger" not in browser.get("/en/help/first").text
    assert browser.get("/en/help/first/version").text == f"{before} front-matter"
    (tree / "en" / "first.md").write_text("# Mended", encoding="utf-8")
    assert "Mended" in writer.get("/en/help/first").text


def test_a_hidden_page_is_read_but_listed_nowhere(browser: Browser, tree: Path) -> None:
    (tree / "en" / "first.md").write_text("---\nhidden: true\n---\n# Secret garden", encoding="utf-8")
    assert "Secret garden" in browser.get("/en/help/first").text
    for path in ("/llms.txt", "/llms-full.txt", "/en/help/", "/en/help/?q=Secret%20garden"):
        assert "Secret garden</a>" not in browser.get(path).text
        assert "first" not in browser.get(path).text.replace("first-", "")


def test_writers_compare_languages(enter: Callable[..., Browser], tree: Path) -> None:
    """Side by side, each with its findings and in its own language; renewed when one was saved."""
    writer = enter(BuiltInRole.TRANSLATOR, locale="en")
    path = "/en/help/first/languages?language=en&language=ja&language=xx&language=zh"
    page = check_page(writer.get(path), "en")
    assert [column["lang"] for column in page.select(".help-column article")] == ["en", "ja", "zh-Hans"]
    assert [words(column.h2) for column in page.select(".help-column article")] == ["First"] * 3
    region = page.find(id="help-page")
    assert region is not None
    follow, version = str(region["data-follow"]), str(region["data-version"])
    assert writer.get(f"{follow}&since={quote(version)}").text == version
    (tree / "ja" / "first.md").write_text("# First {#first}\n\n{% hint %}\n\nNew", encoding="utf-8")
    renewed = soup(writer.get(f"{follow}&since={quote(version)}"))
    assert [words(column.article)[-3:] for column in renewed.select(".help-column")] == ["Old", "New", "Old"]
    findings = [words(item) for item in renewed.select(".help-column:nth-of-type(2) .help-findings li")]
    assert [line for line in findings if "3" in line.split(":")[0]]
    assert enter(BuiltInRole.ANALYST).get(path).status_code == 403


@pytest.mark.parametrize("locale", LOCALES)
def test_pictures_of_pages_are_served(browser: Browser, locale: str) -> None:
    """X-8: by names of pictures alone, and never from outside."""
    for slug in ("groups", "mark-prospects"):
        for picture in soup(browser.get(f"/{locale}/help/{slug}")).select("article img"):
            answer = browser.client.get(f"/{locale}/help/{picture['src']}")
            assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/webp")
            assert answer.data[8:12] == b"WEBP"
            assert picture["alt"]
    for name in ("../groups.md", "..%2fgroups.webp", "groups.md", "GROUPS.webp", "no-such.webp", "%00.webp"):
        assert browser.get(f"/{locale}/help/images/{name}").status_code == 404


def test_headers_of_one_reader_change_nothing_for_the_next(
    new_browser: Callable[[], Browser], tree: Path
) -> None:
    """W-6, W-7: what was kept for one request is what any other would have got."""
    evil = {
        "Host": "evil.example",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "ftp",
        "X-Forwarded-Prefix": "/evil",
        "X-Original-URL": "/evil",
        "Forwarded": "host=evil.example",
        "Accept-Language": "zh;q=1, evil",
        "Accept": "text/html, evil/evil",
    }
    first = new_browser().get("/ja/help/first", headers=evil)
    assert (first.status_code, first.headers["Content-Language"]) == (200, "ja")
    assert "evil" not in first.text
    assert new_browser().get("/ja/help/first").data == first.data
    assert new_browser().get("/fr/help/first").headers["Content-Language"] == "fr"
