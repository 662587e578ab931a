"""Checks signing in and out: cookies, second factor, links, forgotten passwords, and what guessing meets."""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pyotp
import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from service import bootstrap
from service.bootstrap import Services
from service.config import Settings
from service.domain import accounts, second_factor, sessions
from service.domain.passwords import Passwords
from service.facts.limits import SESSION_IDLE
from service.facts.permissions import BuiltInRole
from service.models import SystemMail, User, UserSession
from service.web.app import create_app
from tests.web.conftest import FAST, PASSWORD, Browser, Clock

COOKIE = "prospectus_session"
NEW = "a wholly new pass phrase"
AddUser = Callable[..., User]
SignIn = Callable[..., TestResponse]


def set_cookies(response: TestResponse) -> dict[str, str]:
    """Return what a response sets, by the cookie's name."""
    headers = response.headers.getlist("Set-Cookie")
    return {header.split("=", 1)[0]: header for header in headers}


def is_signed_in(browser: Browser) -> bool:
    return browser.get("/en/settings/profile").status_code == 200


def error_text(response: TestResponse) -> str:
    """Return the words of the error summary."""
    found = re.search(r'class="error-summary".*?<ul>(.*?)</ul>', response.get_data(as_text=True), re.DOTALL)
    return re.sub("<[^>]+>", "", found[1]).strip() if found else ""


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


def test_the_address_is_compared_as_addresses_are(
    browser: Browser, add_user: AddUser, sign_in: SignIn
) -> None:
    add_user()
    assert sign_in(browser, email="  HANAKO@Example.TEST ").status_code == 303


def test_the_cookie_over_http_is_for_scripts_and_other_sites_out_of_reach(
    browser: Browser, add_user: AddUser, sign_in: SignIn
) -> None:
    add_user()
    cookie = set_cookies(sign_in(browser))[COOKIE]
    attributes = {part.strip().split("=")[0] for part in cookie.split(";")[1:]}
    assert attributes == {"Expires", "Max-Age", "HttpOnly", "Path", "SameSite"}
    assert "SameSite=Lax" in cookie
    assert "Path=/;" in cookie


def test_the_cookie_over_https_is_bound_to_the_host(settings: Settings, migrated: Path, clock: Clock) -> None:
    """A-4: `__Host-` cookie, Secure, HttpOnly, SameSite=Lax."""
    settings = replace(settings, base_url="https://brand.example")
    shutil.copy(migrated, settings.data / "prospectus.db")
    parts = bootstrap.build(settings, jobs=False)
    app = create_app(parts, clock=clock)
    app.extensions["passwords"] = FAST
    with parts.db.transaction() as session:
        role = accounts.built_in_role(session, BuiltInRole.ADMINISTRATOR)
        accounts.add_user(
            session,
            email="hanako@example.test",
            name="Hanako",
            role=role,
            locale="en",
            time_zone="UTC",
            password=PASSWORD,
            passwords=FAST,
            now=clock.now,
        )
    browser = Browser(app.test_client())
    options = {"base_url": "https://brand.example"}
    browser.headers = {"Referer": "https://brand.example/en/sign-in"}
    browser.get("/en/sign-in", **options)
    answer = browser.post("/en/sign-in", {"email": "hanako@example.test", "password": PASSWORD}, **options)
    assert answer.status_code == 303
    kept = {name: header for name, header in set_cookies(answer).items() if "Max-Age=0" not in header}
    assert kept.keys() == {"__Host-prospectus_session", "__Host-prospectus_browser"}
    for cookie in kept.values():
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= {
            part.strip() for part in cookie.split(";")
        }
        assert "Domain" not in cookie
    assert browser.get("/en/settings/profile", **options).status_code == 200
    parts.db.dispose()


def test_signing_in_gives_a_new_secret_and_ends_the_old_session(
    browser: Browser, add_user: AddUser, sign_in: SignIn, parts: Services, clock: Clock
) -> None:
    """A-4: the session id changes on sign-in, and so does the token of the forms."""
    user = add_user()
    sign_in(browser)
    first, token = browser.cookie(COOKIE), browser.token
    with parts.db.transaction() as session:
        link = accounts.sign_in_link(session, parts.signer, user, base_url="", now=clock.now)
    browser.submit(urlsplit(link).path)
    second = browser.cookie(COOKIE)
    assert first is not None
    assert second is not None
    assert first != second
    with parts.db.reading() as session:
        assert sessions.find(session, first, now=clock.now) is None
        assert sessions.find(session, second, now=clock.now) is not None
    browser.token = token
    assert browser.post("/en/settings/profile", {"name": "Eve"}).status_code == 400


def test_a_secret_brought_along_is_not_taken_over(
    browser: Browser, add_user: AddUser, sign_in: SignIn
) -> None:
    """A-4: no session fixation."""
    add_user()
    browser.client.set_cookie(COOKIE, "chosen-by-somebody-else")
    sign_in(browser)
    assert browser.cookie(COOKIE) != "chosen-by-somebody-else"


def test_signing_out_ends_the_session_on_the_server(
    browser: Browser, add_user: AddUser, sign_in: SignIn
) -> None:
    add_user()
    sign_in(browser)
    secret = browser.cookie(COOKIE)
    assert secret is not None
    browser.get("/en/settings/profile")
    answer = browser.post("/en/sign-out")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/en/sign-in")
    assert browser.cookie(COOKIE) is None
    browser.client.set_cookie(COOKIE, secret)
    assert not is_signed_in(browser)


def test_a_session_that_rested_too_long_asks_for_the_password(
    browser: Browser, add_user: AddUser, sign_in: SignIn, clock: Clock
) -> None:
    add_user()
    sign_in(browser)
    clock.pass_by(SESSION_IDLE - timedelta(minutes=1))
    assert is_signed_in(browser)
    clock.pass_by(SESSION_IDLE - timedelta(minutes=1))
    assert is_signed_in(browser)
    clock.pass_by(SESSION_IDLE)
    assert not is_signed_in(browser)


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


def test_who_resets_their_password_gets_in_while_somebody_guesses(
    new_browser: Callable[[], Browser], add_user: AddUser, sign_in: SignIn, parts: Services
) -> None:
    """A-5: no lock-out weapon, not even against a browser that was never here before."""
    add_user()
    attacker, owner = new_browser(), new_browser()
    attacker.source, owner.source = "198.51.100.9", "192.0.2.1"
    for number in range(12):
        sign_in(attacker, password=f"guess {number}")
    assert sign_in(owner).status_code == 429
    owner.submit("/en/forgotten-password", {"email": "hanako@example.test"})
    (mail,) = mails(parts)
    owner.submit(urlsplit(str(mail.values["url"])).path, {"password": NEW})
    assert sign_in(owner, password=NEW).status_code == 303


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


def turn_on(parts: Services, clock: Clock, user: User) -> tuple[pyotp.TOTP, list[str]]:
    with parts.db.transaction() as session:
        held = session.get_one(User, user.id)
        offer = second_factor.propose(parts.signer, held, now=clock.now)
        totp = pyotp.TOTP(second_factor.secret_offered(parts.signer, held, offer, now=clock.now))
        codes = second_factor.turn_on(
            session, parts.signer, held, offer, totp.at(clock.now), vault=parts.vault, now=clock.now
        )
    clock.pass_by(timedelta(minutes=1))
    return totp, codes


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


def link_for(parts: Services, clock: Clock, user: User) -> str:
    with parts.db.transaction() as session:
        held = session.get_one(User, user.id)
        link = accounts.sign_in_link(session, parts.signer, held, base_url="http://x", now=clock.now)
    return urlsplit(link).path


def test_a_sign_in_link_is_used_by_its_button_and_not_by_scanners(
    new_browser: Callable[[], Browser], add_user: AddUser, parts: Services, clock: Clock
) -> None:
    """A-3: a used link is not used again; opening it uses nothing."""
    path = link_for(parts, clock, add_user(locale="ja", password=None))
    assert path.startswith("/ja/sign-in/link/")
    scanner, browser, thief = new_browser(), new_browser(), new_browser()
    for _ in range(3):
        assert scanner.get(path).status_code == 200
        assert scanner.client.head(path).status_code == 200
    assert scanner.cookie(COOKIE) is None
    answer = browser.submit(path)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/ja/")
    assert is_signed_in(browser)
    thief.get("/en/sign-in")
    assert thief.post(path).status_code == 410
    assert thief.get(path).status_code == 410
    assert not is_signed_in(thief)


@pytest.mark.parametrize("token", ["x", "..", "%00", "a" * 4000, "WzFd.x", "%F0%9F%90%B4"])
def test_nonsense_for_a_link_is_answered_like_a_used_one(browser: Browser, token: str) -> None:
    for area in ("sign-in/link", "reset"):
        assert browser.get(f"/en/{area}/{token}").status_code == 410


def test_a_sign_in_link_does_not_skip_the_second_factor(
    browser: Browser, add_user: AddUser, parts: Services, clock: Clock
) -> None:
    user = add_user()
    totp, _ = turn_on(parts, clock, user)
    answer = browser.submit(link_for(parts, clock, user))
    assert answer.headers["Location"] == "/en/sign-in/code"
    assert not is_signed_in(browser)
    assert browser.submit("/en/sign-in/code", {"code": totp.at(clock.now)}).status_code == 303


def mails(parts: Services) -> list[SystemMail]:
    with parts.db.reading() as session:
        return list(session.scalars(select(SystemMail).order_by(SystemMail.id)))


def test_a_forgotten_password_is_reset_by_mail(
    new_browser: Callable[[], Browser], add_user: AddUser, sign_in: SignIn, parts: Services
) -> None:
    """A-4: all sessions die on password reset, and the link works once."""
    add_user(locale="fr")
    other, browser = new_browser(), new_browser()
    sign_in(other)
    answer = browser.submit("/en/forgotten-password", {"email": "Hanako@example.test"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/en/forgotten-password?sent=1")
    (mail,) = mails(parts)
    assert (mail.address, mail.locale, mail.template) == ("hanako@example.test", "fr", "password-reset")
    path = urlsplit(str(mail.values["url"])).path
    assert path.startswith("/fr/reset/")
    assert browser.submit(path, {"password": "sunshine1"}).status_code == 400
    assert is_signed_in(other)
    answer = browser.submit(path, {"password": NEW})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/fr/sign-in")
    assert not is_signed_in(other)
    assert not is_signed_in(browser)  # the mailbox alone does not sign in
    browser.get("/fr/sign-in")
    assert browser.get(path).status_code == 410
    assert browser.post(path, {"password": NEW + "!"}).status_code == 410
    assert sign_in(browser).status_code == 400
    assert sign_in(browser, password=NEW).status_code == 303


def test_asking_for_a_reset_says_the_same_whoever_it_is_for(
    new_browser: Callable[[], Browser], add_user: AddUser, parts: Services, clock: Clock
) -> None:
    """A-5: same text for known and unknown accounts."""
    add_user()
    disabled = add_user(BuiltInRole.ANALYST, email="disabled@example.test")
    with parts.db.transaction() as session:
        accounts.disable(session, session.merge(disabled), actor=None, now=clock.now)
    answers = set()
    for email in ("hanako@example.test", "unknown@example.test", "disabled@example.test", "nonsense", ""):
        browser = new_browser()
        answer = browser.submit("/en/forgotten-password", {"email": email})
        page = browser.get(answer.headers["Location"])
        answers.add((answer.status_code, answer.headers["Location"], page.get_data(as_text=True)))
    assert len(answers) == 1
    assert [mail.address for mail in mails(parts)] == ["hanako@example.test"]


def test_reset_mails_cannot_flood_a_mailbox(browser: Browser, add_user: AddUser, parts: Services) -> None:
    """A-5: few mails per address and source."""
    add_user()
    statuses = []
    for number in range(20):
        browser.source = f"192.0.2.{number}"
        statuses.append(
            browser.submit("/en/forgotten-password", {"email": "hanako@example.test"}).status_code
        )
    assert statuses == [303] * 3 + [429] * 17
    assert len(mails(parts)) == 3


FORGED = {
    "Host": "evil.example",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "javascript",
    "X-Forwarded-For": "127.0.0.1",
    "X-Forwarded-Prefix": "//evil.example",
    "Forwarded": "host=evil.example;proto=javascript",
    "X-Original-URL": "//evil.example",
    "X-Rewrite-URL": "//evil.example",
    "X-Host": "evil.example",
}


@pytest.mark.parametrize("name", [*FORGED, "all"])
def test_a_forged_host_changes_no_link(
    browser: Browser, add_user: AddUser, sign_in: SignIn, parts: Services, name: str
) -> None:
    """H-7: links in mails use the configured base URL only; nor does any answer name another host."""
    add_user()
    browser.headers = FORGED if name == "all" else {name: FORGED[name]}
    answer = browser.submit("/en/forgotten-password", {"email": "hanako@example.test"})
    assert answer.status_code == 303
    (mail,) = mails(parts)
    assert str(mail.values["url"]).startswith(f"{parts.settings.base_url}/en/reset/")
    texts = [
        str(answer.headers),
        browser.get("/en/sign-in").get_data(as_text=True),
        str(sign_in(browser).headers),
    ]
    assert not [text for text in texts if "evil.example" in text]


def test_rights_are_those_of_this_moment(
    browser: Browser, add_user: AddUser, sign_in: SignIn, parts: Services, program: object, clock: Clock
) -> None:
    """A-8: a revoked role loses an open tab at once, under a new secret (A-4)."""
    user = add_user()
    add_user(email="other@example.test")
    sign_in(browser)
    assert browser.get("/en/settings/program").status_code == 200
    with parts.db.transaction() as session:
        analyst = accounts.built_in_role(session, BuiltInRole.ANALYST)
        accounts.change_role(session, session.get_one(User, user.id), analyst, actor=None, now=clock.now)
    before = browser.cookie(COOKIE)
    assert browser.get("/en/settings/program").status_code == 403
    assert browser.post("/en/settings/program", {"name": "Mine"}).status_code == 403
    after = browser.cookie(COOKIE)
    assert before != after
    assert is_signed_in(browser)
    browser.client.set_cookie(COOKIE, str(before))
    assert not is_signed_in(browser)


def test_a_disabled_user_is_out_at_once(
    browser: Browser, add_user: AddUser, sign_in: SignIn, parts: Services, clock: Clock
) -> None:
    """A-4, A-8: all sessions die on disabling."""
    user = add_user(BuiltInRole.ANALYST)
    sign_in(browser)
    link = link_for(parts, clock, user)
    with parts.db.transaction() as session:
        accounts.disable(session, session.get_one(User, user.id), actor=None, now=clock.now)
    assert not is_signed_in(browser)
    assert sign_in(browser).status_code == 400
    assert browser.submit(link).status_code == 410


def test_sessions_are_kept_as_hashes_only(
    browser: Browser, add_user: AddUser, sign_in: SignIn, parts: Services
) -> None:
    add_user()
    browser.headers = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0"}
    sign_in(browser)
    secret = browser.cookie(COOKIE)
    with parts.db.reading() as session:
        row = session.scalars(select(UserSession)).one()
        assert session.scalar(select(func.count(UserSession.id))) == 1
    assert secret is not None
    assert secret not in str(vars(row))
    assert row.browser == "Firefox · Linux"


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
