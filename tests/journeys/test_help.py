"""Help in a real browser: searched in four languages, printed, without scripts, and while it is written."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from service.i18n.locales import LOCALES
from tests.journeys.help_server import HelpServer, serving

pytestmark = pytest.mark.journey

SEARCHED = {
    "ja": ("ドライラン", "bulk-import-prospects#plan"),
    "zh": ("试运行", "bulk-import-prospects#plan"),
    "fr": ("rebond définitif", "unsubscribe-and-suppression#"),
    "en": ("How do I send a test email?", "contact-a-prospect#test"),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HelpServer]:
    with serving(tmp_path_factory.mktemp("help")) as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en-GB", reduced_motion="reduce")
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    assert errors == []
    context.close()


@pytest.mark.parametrize("code", LOCALES)
@pytest.mark.parametrize("scripts", [True, False])
def test_search_leads_to_the_block(server: HelpServer, browser: Browser, code: str, scripts: bool) -> None:
    words, target = SEARCHED[code]
    context = browser.new_context(java_script_enabled=scripts, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{server.url}/{code}/help/")
    page.locator("input[name=q]").fill(words)
    page.locator("input[name=q]").press("Enter")
    page.locator(f".help-path a[href*='{target}']").first.click()
    assert f"/{code}/help/{target}" in page.url
    expect(page.locator(f"[id='{page.url.partition('#')[2]}']")).to_be_visible()
    context.close()


def test_search_by_keyboard_and_without_barriers(server: HelpServer, page: Page) -> None:
    page.goto(f"{server.url}/fr/help/groups")
    page.keyboard.press("/")
    page.keyboard.type("groupe")
    page.keyboard.press("Enter")
    page.wait_for_url("**/fr/help/?q=groupe")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.goto(f"{server.url}/fr/help/groups")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_the_language_menu_keeps_the_page_and_the_question(server: HelpServer, page: Page) -> None:
    page.goto(f"{server.url}/en/help/?q=dry+run")
    page.locator(".bar summary").filter(has_text="English").click()
    page.get_by_role("link", name="日本語").click()
    page.wait_for_url("**/ja/help/?q=dry+run")
    expect(page.locator(".help-answer")).to_contain_text("ドライラン")


def test_print_shows_tabs_and_details(server: HelpServer, page: Page) -> None:
    page.goto(f"{server.url}/en/help/contact-a-prospect")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    for place, words in (
        (".tab-panel li", "Select Create prospect"),
        (".tab-heading", "From a file"),
        ("details p", "The choice is made for the whole email"),
    ):
        shown = page.locator(place).filter(has_text=words)
        expect(shown).to_be_visible()
        size = shown.bounding_box()
        assert size is not None
        assert size["height"] > 5
    for gone in (".help-search", ".help-aside", ".page-neighbours", "#helpful", ".bar"):
        expect(page.locator(gone).first).to_be_hidden()


def test_a_reader_votes_without_scripts(server: HelpServer, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server.url}/zh/help/groups")
    page.locator("#helpful button[value=yes]").click()
    expect(page.locator("p#helpful")).to_be_visible()
    assert context.cookies(server.url) == []
    context.close()


def test_a_writer_sees_what_was_saved(server: HelpServer, browser: Browser) -> None:
    """F-16: the page follows the file by itself; a mistake is shown with its line, and nothing goes away."""
    file = server.content / "en" / "groups.md"
    text = file.read_text(encoding="utf-8")
    context = server.administrator(browser)
    page = context.new_page()
    page.goto(f"{server.url}/en/help/groups")
    file.write_text(text + "\n## Brand new {#brand-new}\n\nWords just written.\n", encoding="utf-8")
    expect(page.locator("article")).to_contain_text("Words just written.")
    expect(page.locator(".help-aside")).to_contain_text("Brand new")
    file.write_text("---\nbroken: [\n---\n# Groups\n", encoding="utf-8")
    expect(page.locator("#help-page .notice-danger")).to_be_visible()
    expect(page.locator("article")).to_contain_text("Words just written.")
    file.write_text(text, encoding="utf-8")
    expect(page.locator("#help-page .notice-danger")).to_have_count(0)
    expect(page.locator("article")).not_to_contain_text("Words just written.")
    context.close()


def test_readers_pages_do_not_ask(server: HelpServer, browser: Browser, tmp_path: Path) -> None:
    """Nobody but a writer's page asks again and again."""
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{server.url}/en/help/groups")
    page.wait_for_load_state("networkidle")
    assert not [url for url in asked if url.endswith("/version")]
    context.close()


def test_languages_scroll_together(server: HelpServer, browser: Browser) -> None:
    context = server.administrator(browser, viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(f"{server.url}/en/help/contact-a-prospect/languages?language=en&language=fr&language=ja")
    columns = page.locator(".help-column")
    expect(columns).to_have_count(3)
    columns.first.hover()
    columns.first.locator("[data-id=follow]").evaluate(
        "one => one.closest('.help-column').scrollTop = one.offsetTop"
    )
    top = "one => Math.abs(one.querySelector('[data-id=follow]').offsetTop - one.scrollTop)"
    for at in (1, 2):
        page.wait_for_timeout(100)
        assert columns.nth(at).evaluate(top) < 60
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    context.close()
