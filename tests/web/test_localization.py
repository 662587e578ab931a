"""The reader's language: in the path, negotiated without one, said in headers, kept by every link."""

from collections.abc import Callable

import flask_babel
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from service.bootstrap import Services
from service.i18n.locales import LOCALES
from service.models import User
from tests.web.browser import Browser

TAGS = {"en": "en", "fr": "fr", "ja": "ja", "zh": "zh-Hans"}


@pytest.mark.parametrize(("code", "tag"), TAGS.items())
def test_it_works(browser: Browser, code: str, tag: str) -> None:
    """W-6: the language of a page is in its path, its header and its markup."""
    answer = browser.get(f"/{code}/sign-in")
    assert answer.status_code == 200
    assert answer.headers["Content-Language"] == tag
    assert f'<html lang="{tag}" dir="ltr"' in answer.text


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "en"),
        ("fr", "fr"),
        ("fr-CA,fr;q=0.9,en;q=0.5", "fr"),
        ("en-GB,ja;q=0.9", "en"),
        ("zh-CN", "zh"),
        ("zh-TW,en;q=0.5", "en"),
        ("zh-TW", "zh"),
        ("de,ja;q=0.3", "ja"),
        ("x" * 8000, "en"),
        (",".join(["ja;q=NaN"] * 2000), "en"),
        ("ja-JP-u-ca-japanese", "ja"),
        ("*", "en"),
        ("../../etc", "en"),
    ],
)
def test_a_bare_path_is_negotiated(browser: Browser, header: str | None, code: str) -> None:
    """W-8: whatever the header says, the answer is one of four languages."""
    headers = {"Accept-Language": header} if header else {}
    answer = browser.get("/", headers=headers)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/{code}/")
    assert answer.headers["Vary"] == "Accept-Language, Cookie"


def test_a_bare_path_keeps_its_query(browser: Browser) -> None:
    answer = browser.get("/sign-in?a=%E6%9D%B1&b=2", headers={"Accept-Language": "ja"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/ja/sign-in?a=%E6%9D%B1&b=2")


@pytest.mark.parametrize(
    "path", ["/nothing", "/fr/nothing", "/de/sign-in", "/EN/sign-in", "/ja/../sign-in", "/%2Fevil.example/"]
)
def test_a_path_that_does_not_exist_is_not_found(browser: Browser, path: str) -> None:
    """W-9, W-2: only a bare path that exists redirects, and only to ourselves."""
    answer = browser.get(path)
    assert (answer.status_code, answer.headers.get("Location")) == (404, None)


def test_the_page_not_found_is_in_the_readers_language(browser: Browser, parts: Services) -> None:
    for code in LOCALES:
        title = parts.catalogs.catalog(code).gettext("Page not found")
        assert title in browser.get(f"/{code}/nothing").text
    assert (
        parts.catalogs.catalog("fr").gettext("Page not found")
        in browser.get("/nothing", headers={"Accept-Language": "fr"}).text
    )


def test_the_path_wins_over_cookie_user_and_header(
    browser: Browser, add_user: Callable[..., User], sign_in: Callable[..., TestResponse]
) -> None:
    """W-9: path, then cookie, then header."""
    add_user(locale="zh")
    sign_in(browser)
    browser.client.set_cookie("locale", "fr")
    assert (
        browser.get("/ja/settings/profile", headers={"Accept-Language": "en"}).headers["Content-Language"]
        == "ja"
    )
    browser.client.set_cookie("locale", "fr")
    assert browser.get("/", headers={"Accept-Language": "en"}).headers["Location"] == "/fr/"
    browser.client.set_cookie("locale", "../../x")
    assert browser.get("/", headers={"Accept-Language": "ja"}).headers["Location"] == "/ja/"


def test_every_page_names_its_twins(browser: Browser, parts: Services) -> None:
    """The four languages and the default, mutual and absolute (rule DO013)."""
    base = parts.settings.base_url
    expected = [f'hreflang="{tag}" href="{base}/{code}/sign-in"' for code, tag in TAGS.items()]
    expected.append(f'hreflang="x-default" href="{base}/en/sign-in"')
    text = browser.get("/ja/sign-in").text
    assert [link for link in expected if link in text] == expected


def test_switching_the_language_keeps_page_and_query(browser: Browser) -> None:
    text = browser.get("/fr/sign-in?next=abc").text
    for code in LOCALES:
        assert f'href="/{code}/sign-in?next=abc"' in text


def test_flask_babel_says_what_the_catalog_says(app: Flask, parts: Services) -> None:
    """One reader of catalogs: Flask-Babel, and through it WTForms, gets its words from ours."""
    for code in LOCALES:
        with app.test_request_context(f"/{code}/sign-in"):
            app.preprocess_request()
            catalog = parts.catalogs.catalog(code)
            assert flask_babel.gettext("Page not found") == catalog.gettext("Page not found")
            assert flask_babel.ngettext("%(num)s row", "%(num)s rows", 5) == catalog.ngettext(
                "%(num)s row", "%(num)s rows", 5
            ) % {"num": 5}
            assert flask_babel.pgettext("stage", "New") == catalog.pgettext("stage", "New")
            assert flask_babel.get_locale().language == code


def test_forged_hosts_change_no_link(browser: Browser, parts: Services) -> None:
    """W-7, H-7: absolute links come from the configured address alone."""
    headers = {
        "Host": "evil.example",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "X-Original-URL": "/ja/",
        "Forwarded": "host=evil.example",
    }
    answer = browser.get("/en/sign-in", headers=headers)
    assert "evil.example" not in answer.text
    assert parts.settings.base_url in answer.text


@pytest.mark.parametrize("number", ["9" * 16, "9" * 30, "0", "-1", "1e9"])
def test_a_number_no_id_can_be_is_no_page(
    browser: Browser, add_user: Callable[..., User], sign_in: Callable[..., TestResponse], number: str
) -> None:
    """W-5: never a 500."""
    add_user()
    sign_in(browser)
    assert browser.get(f"/ja/campaigns/{number}").status_code in {403, 404}
