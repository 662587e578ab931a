"""A colleague joins: invited by email, in their own language, and their role changes while they work."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import cast

import pytest
from playwright.sync_api import Browser, expect

from service.i18n.catalogs import Catalogs
from tests.journeys.conftest import Demo, Traveller, travel, until

pytestmark = pytest.mark.journey
AIKO = "aiko@brand.example"
PASSWORD = "correct horse battery"
PLACES = ("users", "users/new", "users/2", "roles", "roles/new", "roles/2", "audit")


def test_a_colleague_joins_and_a_new_role_holds_at_once(
    browser: Browser, demo: Demo, catalogs: Catalogs, storage: Path
) -> None:
    """A-3, A-8: the link works once, the role is that of this moment, and the trail tells of both."""
    japanese = catalogs.catalog("ja")
    bosses, boss = travel(browser, demo, storage=storage)
    boss.open("/en/settings/users")
    boss.page.get_by_role("link", name="Invite user").click()
    boss.page.locator("#f-name").fill("田中 愛子")
    boss.page.locator("#f-email").fill(AIKO)
    boss.page.locator("#f-locale").select_option("ja")
    boss.page.locator("#f-role").select_option(label="Community manager")
    boss.page.locator("input[name=programs]").first.check()
    boss.page.get_by_role("button", name="Send invitation").click()
    expect(boss.page.locator(".notice-success")).to_contain_text(AIKO)

    link = _link(boss, demo)
    assert "/ja/invitation/" in link
    theirs, aiko = travel(browser, demo, width=390)
    aiko.page.goto(link)
    _look(aiko)
    aiko.page.locator("#f-password").fill(PASSWORD)
    aiko.page.locator("#f-time_zone").select_option("Asia/Tokyo")
    aiko.page.get_by_role("button", name=japanese.gettext("Accept the invitation")).click()
    aiko.page.wait_for_url(f"{demo.url}/ja/")
    expect(aiko.page.locator(".notice-success")).to_have_text(japanese.gettext("Welcome to the team."))
    aiko.open("/ja/settings/import")

    boss.open("/en/settings/users?state=active")
    boss.page.get_by_role("link", name="田中 愛子").click()
    boss.page.locator("#f-role").select_option(label="Analyst")
    boss.page.get_by_role("button", name="Save").click()
    expect(boss.page.locator(".notice-success")).to_be_visible()
    refused = aiko.page.goto(f"{demo.url}/ja/settings/import")
    assert refused is not None
    assert refused.status == 403

    boss.open("/en/settings/audit?area=users")
    told = boss.page.locator("tbody th")
    expect(told.nth(0)).to_contain_text("Alex Morgan changed the role of a user: 田中 愛子")
    expect(told.nth(1)).to_contain_text("田中 愛子 accepted the invitation to the team.")
    expect(told.nth(2)).to_contain_text("Alex Morgan invited a user: 田中 愛子")
    strangers, stranger = travel(browser, demo)
    used = stranger.page.goto(link)
    assert used is not None
    assert used.status == 410
    for context in (bosses, theirs, strangers):
        context.close()
    assert boss.errors == []


def test_the_pages_of_the_team_hold_no_barrier(browser: Browser, demo: Demo, storage: Path) -> None:
    """In four languages, on a phone and on a desk."""
    context, traveller = travel(browser, demo, storage=storage)
    for language, width in (("en", 390), ("fr", 1280), ("ja", 390), ("zh", 1280), ("fr", 390)):
        traveller.page.set_viewport_size({"width": width, "height": 900})
        for place in PLACES:
            traveller.open(f"/{language}/settings/{place}")
            _look(traveller)
    context.close()
    assert traveller.errors == []


def _look(traveller: Traveller) -> None:
    traveller.see_no_overflow()
    traveller.see_no_barrier()


def _link(boss: Traveller, demo: Demo) -> str:
    """The address in the mail that the invited person gets; it is in their language."""
    until(boss.page, lambda: AIKO in {recipient for recipient, _ in demo.mails()})
    raw = next(raw for recipient, raw in demo.mails() if recipient == AIKO)
    mail = cast(EmailMessage, message_from_bytes(raw, policy=policy.default))
    assert mail["Subject"] == "Alex Morganさんからチームへの招待が届いています"
    body = mail.get_body(("plain",))
    assert body is not None
    found = re.search(r"https?://\S+/invitation/[\w.-]+", body.get_content())
    assert found is not None
    return found[0]
