"""Headers on every kind of answer, and forms that only our own pages can send."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from service.bootstrap import Services
from service.config import Settings
from service.domain import sessions
from service.models import Program, UsedLink, User
from service.web.app import create_app
from service.web.security import PAGE_POLICY
from tests.web.browser import COOKIE, Browser, Clock
from tests.web.conftest import PASSWORD
from tests.web.test_access import routes_of

COMMON = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
}


@pytest.mark.parametrize(
    ("path", "status", "cache"),
    [
        ("/en/sign-in", 200, "private, no-store"),
        ("/en/nothing", 404, "private, no-store"),
        ("/", 302, "private, no-store"),
        ("/en/", 303, "private, no-store"),
        ("/healthz", 200, "private, no-store"),
    ],
)
def test_headers_are_on_every_answer(browser: Browser, path: str, status: int, cache: str) -> None:
    """W-3, W-6."""
    answer = browser.get(path)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (status, cache)
    assert answer.headers["Content-Security-Policy"] == PAGE_POLICY
    assert {name: answer.headers[name] for name in COMMON} == COMMON


@pytest.fixture
def secure(parts: Services, clock: Clock) -> Flask:
    """The application as it is behind TLS."""
    return create_app(
        replace(parts, settings=replace(parts.settings, base_url="https://x.example")), clock=clock
    )


def test_every_kind_of_answer_has_them_all(secure: Flask) -> None:
    """W-3: every page to a stranger, what is not there, what fails, wrong methods, files of the release."""

    def fail() -> str:
        raise RuntimeError("secret detail")

    fail.declaration = secure.view_functions["health.show"].declaration  # type: ignore[attr-defined]
    secure.view_functions["health.show"] = fail
    with secure.test_request_context("/en/"):
        static = secure.jinja_env.globals["asset"]  # type: ignore[assignment]
    client, found = secure.test_client(), {}
    asked = [("GET", path) for path in ("/", "/en/nothing", "/nothing", "/en/help/groups.md", "/llms.txt")]
    asked += [("GET", static(path)) for path in ("css/tokens.css", "js/menu.js", "icons/mark.svg")]  # type: ignore[operator]
    asked += [("PUT", "/en/sign-in"), ("OPTIONS", "/en/sign-in"), ("POST", "/en/sign-in")]
    asked += [(route.method, route.path) for route in routes_of(secure) if route.method == "GET"]
    for method, path in asked:
        answer = client.open(path, method=method, buffered=True)
        lacking = {
            name: answer.headers.get(name)
            for name, value in (COMMON | HTTPS).items()
            if answer.headers.get(name) not in ({value, "no-referrer"} if "Referrer" in name else {value})
        }
        policy = answer.headers.get("Content-Security-Policy", "")
        if not policy.startswith("default-src 'none'") or "frame-ancestors" not in policy:
            lacking["Content-Security-Policy"] = policy
        found[answer.status_code] = found.get(answer.status_code, 0) + 1
        assert lacking == {}, (method, path, answer.status_code)
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert found.keys() == {200, 302, 303, 400, 404, 405, 410, 500}


HTTPS = {
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}


def test_static_files_are_kept_for_ever_under_a_name_of_their_content(app: Flask, browser: Browser) -> None:
    with app.test_request_context("/en/"):
        path = app.jinja_env.globals["asset"]("css/tokens.css")  # type: ignore[operator]
    answer = browser.get(path)
    answer.close()
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "max-age=315360000, public, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert browser.get("/static/css/tokens.css").status_code == 404
    assert browser.get(path.replace("css/tokens.css", "../app.py")).status_code == 404


RIGHT = {"email": "hanako@example.test", "password": PASSWORD}


def enters(browser: Browser, **options: object) -> tuple[int, bool]:
    """Sign in with what is right but for the form; return the status, and whether there is a session now."""
    status = browser.post("/en/sign-in", RIGHT, **options).status_code
    return status, browser.cookie(COOKIE) is not None


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://localhost:99"}]
)
def test_a_form_from_elsewhere_is_refused(
    browser: Browser, add_user: Callable[..., User], headers: dict[str, str]
) -> None:
    """W-1: another origin, even with the right token and password."""
    add_user()
    browser.get("/en/sign-in")
    assert enters(browser, headers=headers) == (400, False)
    assert enters(browser, headers={"Origin": "http://localhost"}) == (303, True)


@pytest.mark.parametrize("token", ["", "x"])
def test_a_form_without_its_token_is_refused(
    browser: Browser, add_user: Callable[..., User], token: str
) -> None:
    """W-1: no token, a wrong token."""
    add_user()
    browser.get("/en/sign-in")
    real, browser.token = browser.token, token
    assert enters(browser) == (400, False)
    browser.token = real
    assert enters(browser) == (303, True)


def test_another_sessions_token_is_refused(
    new_browser: Callable[[], Browser], add_user: Callable[..., User]
) -> None:
    """W-1."""
    add_user()
    one, other = new_browser(), new_browser()
    one.get("/en/sign-in")
    other.get("/en/sign-in")
    one.token, real = other.token, one.token
    assert enters(one) == (400, False)
    one.token = real
    assert enters(one) == (303, True)


def test_a_request_larger_than_the_limit_is_refused_in_words(browser: Browser) -> None:
    """U-4, X-4."""
    browser.get("/fr/sign-in")
    answer = browser.post("/fr/sign-in", {"email": "x" * 2_000_000})
    assert answer.status_code == 413
    assert "<html" in answer.text


def test_a_failure_shows_nothing_of_itself(
    app: Flask, browser: Browser, add_user: Callable[..., User], sign_in: Callable[..., TestResponse]
) -> None:
    """D-2: the reader gets a page, the details stay in the log."""

    def fail() -> str:
        raise RuntimeError("secret detail")

    fail.declaration = app.view_functions["health.show"].declaration  # type: ignore[attr-defined]
    app.view_functions["health.show"] = fail
    answer = browser.get("/healthz")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text


def test_cookies_are_bound_to_the_host_where_the_address_is_https() -> None:
    """A-4."""
    from service.web.identity import cookie_name  # the only use of it here

    assert cookie_name(Settings()) == "prospectus_session"
    assert cookie_name(Settings(base_url="https://x.example")) == "__Host-prospectus_session"


def test_reading_goes_on_while_somebody_writes(
    parts: Services,
    browser: Browser,
    clock: Clock,
    program: Program,
    add_user: Callable[..., User],
    sign_in: Callable[..., TestResponse],
) -> None:
    """F-4: a page is read although its visit cannot be noted."""
    add_user()
    sign_in(browser)
    clock.pass_by(timedelta(minutes=5))
    with parts.db.transaction() as writer:
        writer.add(UsedLink(purpose="busy", nonce="busy", used_at=clock.now))
        writer.flush()
        assert browser.get("/en/groups").status_code == 200


def test_what_is_public_for_strangers_is_private_for_the_signed_in(
    parts: Services,
    browser: Browser,
    new_browser: Callable[[], Browser],
    add_user: Callable[..., User],
    sign_in: Callable[..., TestResponse],
) -> None:
    """W-6: no cache may keep an answer that holds a name or a session's cookie."""
    user = add_user()
    sign_in(browser)
    with parts.db.transaction() as session:
        sessions.renew_all(session, user.id)
    own = browser.get("/en/help/contact-a-prospect.md")
    assert (own.status_code, own.headers["Cache-Control"]) == (200, "private, no-store")
    strangers = new_browser().get("/en/help/contact-a-prospect.md")
    assert (strangers.headers["Cache-Control"], strangers.headers["Vary"]) == ("public, max-age=60", "Cookie")
    assert strangers.headers.getlist("Set-Cookie") == []
