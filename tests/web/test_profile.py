"""Checks what users change about themselves: profile, password, two-step verification, sessions."""

import re
from collections.abc import Callable
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from service.bootstrap import Services
from service.domain import accounts, sessions
from service.facts.permissions import BuiltInRole
from service.models import User, UserSession
from service.web.browsers import browser_name
from tests.web.browser import Browser, Clock
from tests.web.conftest import FAST, PASSWORD

COOKIE = "prospectus_session"
PROFILE = "/en/settings/profile"
TWO_STEP = f"{PROFILE}/two-step"
NEW = "a wholly new pass phrase"
AddUser = Callable[..., User]
SignIn = Callable[..., TestResponse]


@pytest.fixture
def user(add_user: AddUser) -> User:
    return add_user()


@pytest.fixture
def mine(user: User, browser: Browser, sign_in: SignIn) -> Browser:
    """The user's browser, signed in."""
    assert sign_in(browser).status_code == 303
    browser.get(PROFILE)
    return browser


def kept(parts: Services, user: User) -> User:
    with parts.db.reading() as session:
        return session.get_one(User, user.id)


def is_signed_in(browser: Browser) -> bool:
    return browser.get(PROFILE).status_code == 200


def test_name_language_and_zone_are_saved(mine: Browser, user: User, parts: Services) -> None:
    given = {"name": " 花子 ", "locale": "ja", "time_zone": "America/New_York"}
    answer = mine.post(PROFILE, given)
    assert (answer.status_code, answer.headers["Location"]) == (303, PROFILE)
    saved = kept(parts, user)
    assert (saved.name, saved.locale, saved.time_zone) == ("花子", "ja", "America/New_York")


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "x" * 201},
        {"name": "a\x00b"},
        {"locale": "de"},
        {"locale": ""},
        {"time_zone": "Mars/Base"},
        {"time_zone": "../../etc/passwd"},
    ],
)
def test_what_cannot_be_saved_is_said_beside_its_field_and_nothing_typed_is_lost(
    mine: Browser, user: User, parts: Services, change: dict[str, str]
) -> None:
    given = {"name": "Hana & Co", "locale": "fr", "time_zone": "Europe/Paris", **change}
    answer = mine.post(PROFILE, given)
    (field,) = change
    text = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert f'href="#f-{field}"' in text
    assert f'id="f-{field}-error"' in text
    if field != "name":
        assert 'value="Hana &amp; Co"' in text
    assert kept(parts, user).name == "山田 花子"


def test_nobody_makes_themselves_more_than_they_are(
    new_browser: Callable[[], Browser], add_user: AddUser, sign_in: SignIn, parts: Services
) -> None:
    """A-3: fields that are not in the form change nothing."""
    user, browser = add_user(BuiltInRole.ANALYST), new_browser()
    sign_in(browser)
    browser.get(PROFILE)
    more = {
        "role_id": "1",
        "role": "1",
        "all_programs": "1",
        "email": "eve@example.test",
        "user_id": "1",
        "id": "1",
    }
    browser.post(PROFILE, {"name": "Hana", "locale": "en", "time_zone": "UTC", **more})
    saved = kept(parts, user)
    assert (saved.name, saved.role_id, saved.email) == ("Hana", user.role_id, user.email)


def test_a_new_password_needs_the_old_one_and_ends_the_other_sessions(
    mine: Browser, new_browser: Callable[[], Browser], sign_in: SignIn, user: User, parts: Services
) -> None:
    """A-4: the session id changes on password change; all other sessions end."""
    other = new_browser()
    sign_in(other)
    before = mine.cookie(COOKIE)
    answer = mine.post(f"{PROFILE}/password", {"current_password": "wrong", "new_password": NEW})
    assert answer.status_code == 400
    assert 'id="f-current_password-error"' in answer.get_data(as_text=True)
    answer = mine.post(f"{PROFILE}/password", {"current_password": PASSWORD, "new_password": "sunshine1"})
    assert answer.status_code == 400
    assert 'id="f-new_password-error"' in answer.get_data(as_text=True)
    assert NEW not in answer.get_data(as_text=True)
    assert is_signed_in(other)
    answer = mine.post(f"{PROFILE}/password", {"current_password": PASSWORD, "new_password": NEW})
    assert answer.status_code == 303
    assert FAST.verify(kept(parts, user).password_hash, NEW)
    after = mine.cookie(COOKIE)
    assert before != after
    assert is_signed_in(mine)
    assert not is_signed_in(other)
    mine.client.set_cookie(COOKIE, str(before))
    assert not is_signed_in(mine)


def test_a_browser_left_open_is_no_place_to_guess_the_password(mine: Browser, clock: Clock) -> None:
    """A-5: ten tries at the current password."""
    statuses = [
        mine.post(
            f"{PROFILE}/password", {"current_password": f"guess {number}", "new_password": NEW}
        ).get_data(as_text=True)
        for number in range(11)
    ]
    assert [("The current password is incorrect." in text) for text in statuses] == [True] * 10 + [False]
    assert "Too many tries." in statuses[10]
    clock.pass_by(timedelta(seconds=2))
    mine.get(PROFILE)
    answer = mine.post(f"{PROFILE}/password", {"current_password": PASSWORD, "new_password": NEW})
    assert answer.status_code == 303


def test_who_came_by_a_link_chooses_a_first_password(
    browser: Browser, add_user: AddUser, parts: Services, clock: Clock
) -> None:
    user = add_user(password=None)
    with parts.db.transaction() as session:
        link = accounts.sign_in_link(session, parts.signer, user, base_url="", now=clock.now)
    browser.submit(link)
    page = browser.get(PROFILE).get_data(as_text=True)
    assert 'name="current_password"' not in page
    assert browser.post(f"{PROFILE}/password", {"new_password": NEW}).status_code == 303
    assert FAST.verify(kept(parts, user).password_hash, NEW)


def offered(browser: Browser) -> tuple[str, pyotp.TOTP]:
    """Open the set-up page; return its offer and what an app makes of its secret."""
    page = browser.get(TWO_STEP).get_data(as_text=True)
    offer = re.search(r'name="offer" value="([^"]+)"', page)
    secret = re.search(r'<code class="secret"[^>]*>([A-Z2-7 ]+)</code>', page)
    assert offer is not None
    assert secret is not None
    assert f"secret={secret[1].replace(' ', '')}&amp;issuer=Prospectus" in page
    return offer[1], pyotp.TOTP(secret[1].replace(" ", ""))


def turned_on(browser: Browser, clock: Clock) -> tuple[pyotp.TOTP, list[str]]:
    offer, totp = offered(browser)
    given = {"offer": offer, "code": totp.at(clock.now), "current_password": PASSWORD}
    answer = browser.post(TWO_STEP, given)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "private, no-store"
    return totp, re.findall(r"<code>([0-9A-Z-]{19})</code>", answer.get_data(as_text=True))


def test_two_step_verification_is_set_up_with_a_code_and_the_password(
    mine: Browser,
    new_browser: Callable[[], Browser],
    sign_in: SignIn,
    user: User,
    parts: Services,
    clock: Clock,
) -> None:
    """A-7: second factor available."""
    other = new_browser()
    sign_in(other)
    offer, totp = offered(mine)
    code = totp.at(clock.now)
    for wrong in (
        {"offer": offer, "code": "000000", "current_password": PASSWORD},
        {"offer": offer, "code": code, "current_password": "wrong"},
        {"offer": "forged", "code": code, "current_password": PASSWORD},
        {"code": code, "current_password": PASSWORD},
    ):
        answer = mine.post(TWO_STEP, wrong)
        assert answer.status_code == 400
        shows_the_same = totp.secret[:4] in answer.get_data(as_text=True)
        assert shows_the_same is (wrong.get("offer") == offer)
    assert kept(parts, user).totp_secret is None
    _, codes = turned_on(mine, clock)
    assert len(codes) == 10
    assert is_signed_in(mine)
    assert not is_signed_in(other)


def test_the_secret_is_shown_during_set_up_only(mine: Browser, clock: Clock) -> None:
    """D-2: secrets are write-only afterwards."""
    totp, codes = turned_on(mine, clock)
    for path in (PROFILE, TWO_STEP):
        page = mine.get(path).get_data(as_text=True).replace(" ", "")
        assert totp.secret not in page
        assert not [code for code in codes if code in page]
    answer = mine.post(TWO_STEP, {"offer": "x", "code": totp.at(clock.now), "current_password": PASSWORD})
    assert "otpauth" not in answer.get_data(as_text=True)


def test_recovery_codes_are_replaced_with_the_password(mine: Browser, clock: Clock) -> None:
    _, old = turned_on(mine, clock)
    mine.get(TWO_STEP)
    assert mine.post(f"{TWO_STEP}/recovery-codes", {"current_password": "wrong"}).status_code == 400
    answer = mine.post(f"{TWO_STEP}/recovery-codes", {"current_password": PASSWORD})
    new = re.findall(r"<code>([0-9A-Z-]{19})</code>", answer.get_data(as_text=True))
    assert (len(new), set(new) & set(old)) == (10, set())


def test_two_step_verification_is_turned_off_with_the_password(
    mine: Browser, user: User, parts: Services, clock: Clock
) -> None:
    turned_on(mine, clock)
    mine.get(TWO_STEP)
    assert mine.post(f"{TWO_STEP}/off", {"current_password": "wrong"}).status_code == 400
    assert kept(parts, user).totp_secret is not None
    assert mine.post(f"{TWO_STEP}/off", {"current_password": PASSWORD}).status_code == 303
    assert kept(parts, user).totp_secret is None


def test_sessions_are_listed_and_ended_from_another_browser(
    mine: Browser, new_browser: Callable[[], Browser], sign_in: SignIn, parts: Services
) -> None:
    phone, laptop = new_browser(), new_browser()
    phone.headers = {
        "User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0) Version/19.0 Mobile Safari/604.1"
    }
    sign_in(phone)
    sign_in(laptop)
    page = mine.get(PROFILE).get_data(as_text=True)
    assert "Safari · iOS" in page
    ends = re.findall(r'action="(/en/settings/profile/sessions/\d+)"', page)
    assert len(ends) == 2
    assert mine.post(ends[0]).status_code == 303
    assert sorted([is_signed_in(phone), is_signed_in(laptop)]) == [False, True]
    mine.get(PROFILE)
    assert mine.post(ends[0]).status_code == 404
    assert mine.post(f"{PROFILE}/sessions").status_code == 303
    assert [is_signed_in(phone), is_signed_in(laptop), is_signed_in(mine)] == [False, False, True]


def test_nobody_ends_the_sessions_of_others(
    mine: Browser, add_user: AddUser, new_browser: Callable[[], Browser], sign_in: SignIn, parts: Services
) -> None:
    """A-2: another user's session is answered like one that does not exist."""
    add_user(BuiltInRole.ANALYST, email="other@example.test")
    other = new_browser()
    sign_in(other, email="other@example.test")
    with parts.db.reading() as session:
        ids = session.scalars(select(UserSession.id).order_by(UserSession.id)).all()
    foreign = mine.post(f"{PROFILE}/sessions/{ids[-1]}")
    absent = mine.post(f"{PROFILE}/sessions/999999")
    assert (foreign.status_code, absent.status_code) == (404, 404)
    same = [
        re.sub(r'sessions/\d+|csrf_token" value="[^"]+', "", text.get_data(as_text=True))
        for text in (foreign, absent)
    ]
    assert same[0] == same[1]
    assert is_signed_in(other)


def test_a_visit_is_written_down_after_a_minute(mine: Browser, parts: Services, clock: Clock) -> None:
    def seen() -> object:
        with parts.db.reading() as session:
            return session.scalars(select(UserSession.seen_at)).one()

    before = seen()
    clock.pass_by(timedelta(seconds=59))
    mine.get(PROFILE)
    assert seen() == before
    clock.pass_by(sessions.SEEN_STEP)
    mine.get(PROFILE)
    assert seen() == clock.now


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:150.0) Gecko/20100101 Firefox/150.0",
            "Firefox · Windows",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/150.0.0.0 Safari/537.36 Edg/150.0.0.0",
            "Edge · Windows",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "Version/19.0 Safari/605.1.15",
            "Safari · macOS",
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 "
            "Mobile Safari/537.36",
            "Chrome · Android",
        ),
        ("curl/8.0", "curl"),
        ("", ""),
        ("<script>alert(1)</script>", ""),
    ],
)
def test_browsers_are_called_by_their_names(header: str, name: str) -> None:
    assert browser_name(header) == name
