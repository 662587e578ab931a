"""Checks that no answer sends a browser to another site, whatever was asked for."""

import re
from collections.abc import Callable
from itertools import product
from urllib.parse import quote, unquote_to_bytes, urlencode

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from service.bootstrap import Services
from service.models import User
from service.web.auth import destination
from tests.web.browser import Browser
from tests.web.conftest import PASSWORD

HERE = ("http", "localhost")
SPECIAL = {"http", "https", "ws", "wss", "ftp", "file"}

EVIL = "evil.example"
STARTS = (
    *("//", "///", "////", "\\\\", "\\/", "/\\", "/\\/", "/%09/", "/\t/", "\t//", "/\n/", "/\r/", "/%0a/"),
    *("/%0d%0a/", "/%5c", "/%2f", "%2f%2f", "/.//", "/..//", "/./\\", "//%5c", "/;//", "/?//", "/#//"),
    *("http:", "http:/", "http://", "http:\\\\", "https:", "https:///", "HtTpS://", "hTTp:\\/", " http://"),
    *("\x00//", "\x1f//", "\u3000//", "ftp://", "ws://", "//user@", "//localhost@", "//localhost:80@"),
    *("http://localhost@", "http://localhost\\@", "//[::1]@", "/\u2044/", "\uff0f\uff0f", "//\u200b"),
    *("/en//", "/en/..//", "/en/../..//", "/en/\\", "/en/%2f%2f", "/en/%5c%5c", "/en/\t//", "/fr/%09//"),
    *("/ja/.//", "/zh/;@"),
)
ENDS = ("", "/", "/en/", "?next=/en/", "#/en/", ":80", "%2f..", "%00.localhost")
SCHEMES = (
    *("javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "java\nscript:alert(1)"),
    *(" javascript:alert(1)", "\x01javascript:alert(1)", "javascript://localhost/%0aalert(1)"),
    *("javascript:/en/", "data:text/html,<script>1</script>", "vbscript:x", "blob:http://localhost/x"),
    *("file:///etc/passwd", "mailto:x@evil.example", "intent://evil.example#Intent;end", "about:blank"),
    *("view-source:http://evil.example", "jar:http://evil.example!/x", "tel:1"),
)
CORPUS = tuple(dict.fromkeys([start + EVIL + end for start, end in product(STARTS, ENDS)] + list(SCHEMES)))


def lands_at(location: str) -> tuple[str, str]:
    """Return scheme and host a browser ends at when a page of ours answers with this Location.

    The WHATWG URL parser's ways, as far as they lead elsewhere: C0 controls and spaces fall off the ends,
    tabs and newlines out of the middle, and a backslash is a slash in the special schemes.
    """
    text = re.sub(r"[\t\n\r]", "", location.strip("".join(map(chr, range(0x21)))))
    scheme = re.match(r"([a-zA-Z][a-zA-Z0-9+.-]*):", text)
    name, rest = (scheme[1].lower(), text[scheme.end() :]) if scheme else (HERE[0], text)
    if name not in SPECIAL:
        return name, ""
    rest = rest.replace("\\", "/")
    if not scheme and not rest.startswith("//"):
        return HERE
    if scheme and name == HERE[0] and not rest.startswith("/"):
        return HERE
    authority = re.split(r"[/?#]", rest.lstrip("/"), maxsplit=1)[0]
    return name, authority.rpartition("@")[2].rpartition(":")[0] or authority.rpartition("@")[2]


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/en/", HERE),
        ("en/", HERE),
        ("?x=//evil.example", HERE),
        ("//evil.example", ("http", EVIL)),
        ("/\t/evil.example", ("http", EVIL)),
        ("\\\\evil.example", ("http", EVIL)),
        ("https:evil.example", ("https", EVIL)),
        ("http:///evil.example/x", ("http", EVIL)),
        ("//localhost@evil.example:80/", ("http", EVIL)),
        (" java\nscript:alert(1)", ("javascript", "")),
    ],
)
def test_the_judge_sees_what_browsers_see(location: str, expected: tuple[str, str]) -> None:
    assert lands_at(location) == expected


def test_the_corpus_is_long_enough_and_mostly_hostile() -> None:
    """W-2: corpus of 200+."""
    assert len(CORPUS) > 450
    assert sum(lands_at(text) != HERE for text in CORPUS) > 200


@pytest.fixture
def signed_in(
    browser: Browser, add_user: Callable[..., User], sign_in: Callable[..., TestResponse]
) -> Browser:
    """A browser of a user."""
    add_user()
    assert sign_in(browser).status_code == 303
    return browser


def test_next_is_no_address(signed_in: Browser) -> None:
    """W-2: what somebody writes into `next` leads home."""
    for text in CORPUS:
        for query in (urlencode({"next": text}), "next=" + quote(text, safe="/:\\@?%")):
            answer = signed_in.client.get(f"/en/sign-in?{query}")
            assert (answer.status_code, answer.headers.get("Location")) == (303, "/en/"), text


def test_next_is_no_address_when_the_form_is_sent(
    new_browser: Callable[[], Browser], add_user: Callable[..., User]
) -> None:
    add_user()
    given = {"email": "hanako@example.test", "password": PASSWORD}
    for text in CORPUS[:: len(CORPUS) // 12]:
        browser = new_browser()
        answer = browser.submit(f"/en/sign-in?{urlencode({'next': text})}", {**given, "next": text})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/en/"), text


def test_a_signed_ticket_leads_to_our_pages_only(app: Flask, parts: Services) -> None:
    """W-2: not even a signed ticket that carries hostile text leads elsewhere."""
    sign = parts.signer.sign
    with app.test_request_context("/en/sign-in"):
        app.preprocess_request()
        assert (
            destination(sign("next", ["prospects.index", {}, {"stage": ["new"]}]))
            == "/en/prospects?stage=new"
        )
        assert destination(sign("next", ["profile.edit", {}, {}])) == "/en/settings/profile"
        options = {
            "_external": "1",
            "_scheme": "javascript",
            "_host": EVIL,
            "_anchor": "//x",
            "_method": "POST",
        }
        for endpoint, values, query in (
            ("prospects.index", {}, options),
            ("prospects.index", options, {}),
            ("prospects.index", {"locale": f"//{EVIL}"}, {}),
            ("groups.edit", {"group_id": f"//{EVIL}"}, {}),
            ("help.page", {"slug": f"/\t/{EVIL}"}, {}),
            ("no.such", {}, {}),
            ("", {}, {}),
            (None, None, None),
            (f"//{EVIL}", {}, {}),
            ([], [], []),
            ("prospects.index", "x", "y"),
            ("prospects.index", {}, {"q": ["\r\nSet-Cookie: x=1"]}),
        ):
            ticket = sign("next", [endpoint, values, query])
            path = destination(ticket)
            assert re.fullmatch(r"/(en|fr|ja|zh)/[!-\[\]-~]*", path), (endpoint, path)
        for text in CORPUS:
            for payload in (text, [text], [text, {}, {}], ["prospects.index", {"locale": text}, {}]):
                assert lands_at(destination(sign("next", payload))) == HERE
            path = destination(sign("next", ["prospects.index", {}, {text: [text], "_scheme": [text]}]))
            assert lands_at(path) == HERE
            assert path.startswith("/en/prospects?")


def test_signing_in_returns_to_the_page_and_query_that_asked(
    new_browser: Callable[[], Browser], add_user: Callable[..., User]
) -> None:
    add_user()
    for path in ("/ja/settings/profile", "/ja/prospects?stage=new&q=%E5%B1%B1%E7%94%B0&q=2", "/fr/groups/7"):
        browser = new_browser()
        asked = browser.get(path)
        assert asked.status_code == 303
        form = asked.headers["Location"]
        answer = browser.submit(form, {"email": "hanako@example.test", "password": PASSWORD})
        assert answer.headers["Location"] == path
        other = new_browser()
        in_zh = "/zh" + new_browser().get(path).headers["Location"][3:]
        answer = other.submit(in_zh, {"email": "hanako@example.test", "password": PASSWORD})
        assert answer.headers["Location"] == "/zh" + path[3:]


def test_a_hostile_query_of_a_guarded_page_stays_a_query(
    new_browser: Callable[[], Browser], add_user: Callable[..., User]
) -> None:
    """W-2: the options of `url_for` cannot be smuggled in."""
    add_user()
    browser = new_browser()
    asked = browser.get(f"/en/prospects?_external=1&_scheme=javascript&_host={EVIL}&locale=//{EVIL}")
    answer = browser.submit(asked.headers["Location"], {"email": "hanako@example.test", "password": PASSWORD})
    assert answer.headers["Location"].startswith("/en/prospects?_external=1&_scheme=javascript&")


def test_no_path_and_no_language_switch_leads_elsewhere(new_browser: Callable[[], Browser]) -> None:
    """W-2: whatever path or query is opened, a redirect and the links to other languages stay here."""
    browser = new_browser()
    for text in CORPUS:
        for path in (
            text if text.startswith("/") else "/" + text,
            f"/sign-in?next={quote(text)}",
            "/en" + text,
        ):
            before, _, query = path.partition("?")
            asked = {"PATH_INFO": unquote_to_bytes(before).decode("latin-1"), "QUERY_STRING": quote(query)}
            answer = browser.client.get("/", environ_overrides=asked, headers={"Accept-Language": "ja"})
            assert answer.status_code < 500, path
            if "Location" in answer.headers:
                assert lands_at(answer.headers["Location"]) == HERE, path
            page = answer.get_data(as_text=True)
            for href in re.findall(r'(?:href|action)="([^"]*)"', page):
                if not href.startswith("http://127.0.0.1:8000/"):
                    assert lands_at(href.replace("&amp;", "&")) == HERE, (path, href)
