"""Links that sign in or reset a password: used once, by their owner, and made for our host alone."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from service.bootstrap import Services
from service.domain import accounts
from service.facts.permissions import BuiltInRole
from service.models import SystemMail
from tests.web.browser import COOKIE, Browser, Clock
from tests.web.signing_in import AddUser, SignIn, is_signed_in, link_for, turn_on

NEW = "a wholly new pass phrase"


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
