"""Signing in: passwords, the second factor, and what guessing meets."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from service.bootstrap import Services
from service.domain import accounts
from service.domain.passwords import Passwords
from service.facts.permissions import BuiltInRole
from service.models import User
from service.web.app import create_app
from tests.web.browser import COOKIE, Browser, Clock
from tests.web.conftest import FAST, PASSWORD
from tests.web.pages import soup
from tests.web.signing_in import AddUser, SignIn, error_text, is_signed_in, set_cookies, turn_on


@pytest.mark.parametrize("locale", ["en", "fr", "ja", "zh"])
def test_a_user_signs_in_in_any_language(
    browser: Browser, add_user: AddUser, sign_in: SignIn, locale: str
) -> None:
    add_user()
    page = browser.get(f"/{locale}/sign-in")
    assert (page.status_code, page.headers["Cache-Control"]) == (200, "private, no-store")
    answer = sign_in(browser, path=f"/{locale}/sign-in")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/{locale}/")
    assert is_signed_in(browser)


@pytest.mark.parametrize(
    ("path", "referrer", "expected"),
    [
        ("/fr/groups", "", "/en/groups"),
        ("/fr/campaigns/new", "/fr/campaigns/new?prospect=17&q=", "/en/campaigns/new?prospect=17&q="),
        ("/fr/campaigns/new", "/fr/groups?prospect=17", "/en/campaigns/new"),
        ("/fr/campaigns/new", "//[", "/en/campaigns/new"),
        ("/fr/inbox/7/messages/3/edit", "/fr/inbox/7/messages/3/edit", "/en/inbox/7"),
        ("/fr/groups", "//evil.example/fr/groups?next=//evil.example", "/en/groups"),
    ],
)
def test_signing_in_leads_to_the_page_of_the_form_that_was_sent(
    browser: Browser, add_user: AddUser, sign_in: SignIn, path: str, referrer: str, expected: str
) -> None:
    """W-2: in the language signed in with; the query is the page's, nothing else is the browser's word."""
    add_user()
    browser.get("/fr/sign-in")
    refused = browser.post(path, {"name": "x"}, headers={"Referer": f"http://localhost{referrer}"})
    page = soup(refused)
    assert refused.status_code == 401
    assert page.select_one("[data-not-taken]") is not None
    link = page.select_one("main .actions a")
    assert link is not None
    answer = sign_in(browser, path=str(link["href"]).replace("/fr/", "/en/", 1))
    assert (answer.status_code, answer.headers["Location"]) == (303, expected)


def test_the_address_is_compared_as_addresses_are(
    browser: Browser, add_user: AddUser, sign_in: SignIn
) -> None:
    add_user()
    assert sign_in(browser, email="  HANAKO@Example.TEST ").status_code == 303


class CountingPasswords(Passwords):
    """Counts what is verified, and with which parameters."""

    def __init__(self) -> None:
        super().__init__(memory_kib=8, passes=1)
        self.verified = 0

    def verify(self, kept: str | None, text: str) -> bool:
        self.verified += 1
        return super().verify(kept, text)


def test_known_and_unknown_accounts_get_the_same_answer_after_the_same_work(
    app: Flask, new_browser: Callable[[], Browser], add_user: AddUser, parts: Services, clock: Clock
) -> None:
    """A-5: same time and text for known and unknown accounts; one verification of equal cost each."""
    counting = CountingPasswords()
    app.extensions["passwords"] = counting
    add_user(email="known@example.test")
    add_user(BuiltInRole.ANALYST, email="nopassword@example.test", password=None)
    disabled = add_user(BuiltInRole.ANALYST, email="disabled@example.test")
    with parts.db.transaction() as session:
        accounts.disable(session, session.merge(disabled), actor=None, now=clock.now)
    answers = set()
    for email, password in (
        ("known@example.test", "wrong"),
        ("nopassword@example.test", ""),
        ("disabled@example.test", PASSWORD),
        ("unknown@example.test", PASSWORD),
        ("no address", PASSWORD),
        ("known@example.test", "x" * 5000),
    ):
        browser = new_browser()
        before = counting.verified
        browser.get("/en/sign-in")
        answer = browser.post("/en/sign-in", {"email": email, "password": password})
        assert counting.verified == before + 1
        assert set(set_cookies(answer)) <= {"locale", "prospectus_form"}
        text = answer.get_data(as_text=True).replace(email, "")
        answers.add((answer.status_code, re.sub(r'name="csrf_token" value="[^"]+"', "", text)))
    assert len(answers) == 1
    (status, text) = answers.pop()
    assert status == 400
    assert "The email address or the password is incorrect." in text


def test_the_password_is_never_sent_back(browser: Browser, add_user: AddUser, sign_in: SignIn) -> None:
    """D-2: secrets never in HTML."""
    add_user()
    answer = sign_in(browser, password="my-secret-canary")
    assert "my-secret-canary" not in answer.get_data(as_text=True)


def test_after_ten_wrong_tries_one_waits_and_a_known_browser_does_not(
    new_browser: Callable[[], Browser], add_user: AddUser, sign_in: SignIn, clock: Clock
) -> None:
    """A-5: ten tries, growing delay, no lock-out weapon."""
    add_user()
    owner, attacker, stranger = new_browser(), new_browser(), new_browser()
    owner.source, attacker.source, stranger.source = "192.0.2.1", "198.51.100.9", "203.0.113.5"
    assert sign_in(owner).status_code == 303
    owner.get("/en/settings/profile")
    owner.post("/en/sign-out")
    statuses = [sign_in(attacker, password=f"guess {number}").status_code for number in range(12)]
    assert statuses == [400] * 10 + [429] * 2
    assert sign_in(attacker).status_code == 429  # not even the right one
    assert sign_in(stranger).status_code == 429
    assert "Wait 1 minute" in error_text(sign_in(stranger))
    assert sign_in(owner).status_code == 303
    clock.pass_by(timedelta(seconds=2))
    assert sign_in(stranger).status_code == 303


def test_a_mark_of_one_account_does_not_serve_another(
    new_browser: Callable[[], Browser], add_user: AddUser, sign_in: SignIn
) -> None:
    add_user()
    add_user(BuiltInRole.ANALYST, email="attacker@example.test")
    attacker = new_browser()
    assert sign_in(attacker, email="attacker@example.test").status_code == 303
    attacker.get("/en/settings/profile")
    attacker.post("/en/sign-out")
    statuses = [sign_in(attacker, password=f"guess {number}").status_code for number in range(11)]
    assert statuses == [400] * 10 + [429]


def test_an_old_hash_is_renewed_when_its_password_is_known(
    app: Flask, browser: Browser, add_user: AddUser, sign_in: SignIn, parts: Services
) -> None:
    """A-6: the cost can be raised without anybody noticing."""
    user = add_user()
    app.extensions["passwords"] = dearer = Passwords(memory_kib=16, passes=1)
    assert sign_in(browser).status_code == 303
    with parts.db.reading() as session:
        kept = session.get_one(User, user.id).password_hash
    assert kept is not None
    assert not dearer.is_outdated(kept)
    assert dearer.verify(kept, PASSWORD)


def test_the_second_factor_is_asked_for_after_the_password(
    browser: Browser, add_user: AddUser, sign_in: SignIn, parts: Services, clock: Clock
) -> None:
    """A-7: second factor, with codes that work once."""
    totp, codes = turn_on(parts, clock, add_user())
    answer = sign_in(browser)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/en/sign-in/code")
    assert browser.cookie(COOKIE) is None
    assert not is_signed_in(browser)
    assert browser.get("/ja/sign-in/code").status_code == 200  # changing the language keeps the place
    assert browser.submit("/en/sign-in/code", {"code": "000000"}).status_code == 400
    answer = browser.submit("/en/sign-in/code", {"code": totp.at(clock.now)})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/en/")
    assert is_signed_in(browser)
    browser.post("/en/sign-out")
    sign_in(browser)
    assert browser.submit("/en/sign-in/code", {"code": totp.at(clock.now)}).status_code == 400
    assert browser.submit("/en/sign-in/code", {"code": codes[0]}).status_code == 303
    assert is_signed_in(browser)


def test_the_second_step_needs_the_first_and_is_not_kept_open(
    browser: Browser, add_user: AddUser, sign_in: SignIn, parts: Services, clock: Clock
) -> None:
    totp, _ = turn_on(parts, clock, add_user())
    browser.get("/en/sign-in")
    answer = browser.post("/en/sign-in/code", {"code": totp.at(clock.now)})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/en/sign-in")
    sign_in(browser)
    clock.pass_by(timedelta(minutes=10))
    answer = browser.submit("/en/sign-in/code", {"code": totp.at(clock.now)})
    assert answer.headers["Location"] == "/en/sign-in"
    assert not is_signed_in(browser)


def test_guessing_codes_meets_the_brake(
    browser: Browser, add_user: AddUser, sign_in: SignIn, parts: Services, clock: Clock
) -> None:
    """A-5: ten tries at the second factor, from as many sign-ins as one likes."""
    turn_on(parts, clock, add_user())
    statuses = []
    for number in range(12):
        sign_in(browser)
        statuses.append(browser.submit("/en/sign-in/code", {"code": f"{number:06}"}).status_code)
    assert statuses == [400] * 10 + [429] * 2


def test_the_trusted_proxy_tells_the_source_and_nobody_else_does(
    parts: Services, clock: Clock, add_user: AddUser, sign_in: SignIn
) -> None:
    """A-5, W-7: the header that names the source counts only behind a trusted proxy."""
    add_user()
    for proxies, expected in ((0, 429), (1, 400)):
        trusting = create_app(
            replace(parts, settings=replace(parts.settings, trusted_proxies=proxies)), clock=clock
        )
        trusting.extensions["passwords"] = FAST
        browser = Browser(trusting.test_client(), source="192.0.2.44")
        statuses = []
        for number in range(11):
            browser.headers = {"X-Forwarded-For": f"198.51.100.{number}"}
            statuses.append(sign_in(browser, email=f"u{number}@example.test").status_code)
        assert statuses == [400] * 10 + [expected]
