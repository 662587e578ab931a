"""Connecting a mailbox in each language, on a phone and on a desk, as far as a machine of its own lets it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from service.i18n.catalogs import Catalog, Catalogs
from service.paths import data_dir
from tests.journeys.conftest import Demo, Traveller, travel, without_worker

pytestmark = pytest.mark.journey
CANARY = "canary-password-4711"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A mailbox is tried by the page itself."""
    with without_worker(tmp_path_factory.mktemp("mailbox")) as started:
        yield started


@pytest.fixture(scope="module")
def catalogs() -> Catalogs:
    return Catalogs(data_dir("locales"))


def test_a_mailbox_is_connected_corrected_and_disconnected(
    browser: Browser, demo: Demo, catalogs: Catalogs
) -> None:
    """W-10, D-2: the empty page leads on, a server inside is refused in words, no page shows the password."""
    context, traveller = travel(browser, demo)
    page = traveller.page
    page.goto(demo.sign_in_link)
    page.locator("main button[type=submit]").first.click()
    page.wait_for_url(f"{demo.url}/en/")
    for language in ("en", "fr", "ja", "zh"):
        words = catalogs.catalog(language)
        page.set_viewport_size({"width": 1280 if language in {"fr", "zh"} else 390, "height": 900})
        traveller.open(f"/{language}/settings/mail-accounts")
        _look(traveller)
        page.locator(".empty a.button-primary").click()
        page.wait_for_url("**/new")
        _look(traveller)
        _enter(traveller, words, "127.1")
        expect(page.locator("#f-host-error")).to_be_visible()
        expect(page.locator("#f-password")).to_have_value("")
        _look(traveller)
        _enter(traveller, words, "localhost")
        refused = words.gettext(
            "The server name leads into a private or special network. Enter a mail server on the internet."
        )
        expect(page.locator(".card .notice")).to_contain_text(refused)
        _look(traveller)
        assert CANARY not in page.content()
        page.locator(".card a[href$='/disconnect']").click()
        page.wait_for_url("**/disconnect")
        _look(traveller)
        page.locator("main button.button-danger").click()
        expect(page.locator(".empty")).to_be_visible()
    context.close()
    # A page that refuses what was entered is an error to the browser's console, and only that.
    assert {line.partition(" the server responded with ")[2] for line in traveller.errors} == {
        "a status of 400 (BAD REQUEST)"
    }


def _enter(traveller: Traveller, words: Catalog, host: str) -> None:
    page = traveller.page
    page.locator("#f-host").fill(host)
    page.locator("#f-password").fill(CANARY)
    page.get_by_role("button", name=words.gettext("Save and check")).click()


def _look(traveller: Traveller) -> None:
    traveller.see_no_overflow()
    traveller.see_no_barrier()
