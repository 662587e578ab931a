"""Signing in for tests: a second factor, a link, and what a response says of it."""

import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import pyotp
from werkzeug.test import TestResponse

from service.bootstrap import Services
from service.domain import accounts, second_factor
from service.models import User
from tests.web.browser import Browser, Clock

AddUser = Callable[..., User]
SignIn = Callable[..., TestResponse]


def set_cookies(response: TestResponse) -> dict[str, str]:
    """Return what a response sets, by the cookie's name."""
    headers = response.headers.getlist("Set-Cookie")
    return {header.split("=", 1)[0]: header for header in headers}


def is_signed_in(browser: Browser) -> bool:
    """Whether a browser gets a page that needs signing in."""
    return browser.get("/en/settings/profile").status_code == 200


def error_text(response: TestResponse) -> str:
    """Return the words of the error summary."""
    found = re.search(r'class="error-summary".*?<ul>(.*?)</ul>', response.get_data(as_text=True), re.DOTALL)
    return re.sub("<[^>]+>", "", found[1]).strip() if found else ""


def turn_on(parts: Services, clock: Clock, user: User) -> tuple[pyotp.TOTP, list[str]]:
    """Turn on a user's second factor; return it with its recovery codes, a minute later."""
    with parts.db.transaction() as session:
        held = session.get_one(User, user.id)
        offer = second_factor.propose(parts.signer, held, now=clock.now)
        totp = pyotp.TOTP(second_factor.secret_offered(parts.signer, held, offer, now=clock.now))
        codes = second_factor.turn_on(
            session, parts.signer, held, offer, totp.at(clock.now), vault=parts.vault, now=clock.now
        )
    clock.pass_by(timedelta(minutes=1))
    return totp, codes


def link_for(parts: Services, clock: Clock, user: User) -> str:
    """Return the path of a link that signs a user in."""
    with parts.db.transaction() as session:
        held = session.get_one(User, user.id)
        link = accounts.sign_in_link(session, parts.signer, held, base_url="http://x", now=clock.now)
    return urlsplit(link).path
