"""Sessions of those who are signed in: cookies, secrets, how a session ends, and rights of this moment."""

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import func, select

from service import bootstrap
from service.bootstrap import Services
from service.config import Settings
from service.domain import accounts, sessions
from service.facts.limits import SESSION_IDLE
from service.facts.permissions import BuiltInRole
from service.models import User, UserSession
from service.web.app import create_app
from tests.web.browser import COOKIE, Browser, Clock
from tests.web.conftest import FAST, PASSWORD
from tests.web.signing_in import AddUser, SignIn, is_signed_in, link_for, set_cookies


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
