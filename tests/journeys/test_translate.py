"""A translator at work, in an editor and in the page: the page follows, and nobody is overwritten."""

import re
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from service.domain.translations import message_id
from tests.journeys.translate_server import TranslateServer, serving

pytestmark = pytest.mark.journey

GROUPS = message_id((None, "Groups"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TranslateServer]:
    with serving(tmp_path_factory.mktemp("translate")) as started:
        yield started


@pytest.fixture
def open_page(server: TranslateServer, browser: Browser) -> Iterator[Callable[..., Page]]:
    contexts = []
    errors: list[str] = []

    def opened(path: str, **options: object) -> Page:
        context = server.administrator(browser, reduced_motion="reduce", **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(server.url + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def edit(server: TranslateServer) -> Iterator[Callable[[str, str, str], None]]:
    """Save a catalog as an editor does; what was there comes back in the end."""
    kept = {code: server.file(code).read_bytes() for code in ("ja", "fr")}

    def save(code: str, old: str, new: str) -> None:
        text = server.file(code).read_text(encoding="utf-8")
        assert text.count(old) == 1
        server.file(code).write_text(text.replace(old, new), encoding="utf-8")

    yield save
    for code, data in kept.items():
        server.file(code).write_bytes(data)


def inspect(page: Page) -> None:
    page.locator(".bar-end summary").last.click()
    page.locator("form[action$='/translate/inspect'] button").click()
    expect(page.locator("#inspect-list")).to_be_visible()


def test_a_mistake_is_named_in_the_open_page_and_mended(
    open_page: Callable[..., Page], edit: Callable[[str, str, str], None]
) -> None:
    """F-16: the page follows every save by itself; what is broken is named and never shown."""
    page = open_page("/ja/groups")
    page.locator("#f-name").fill("半分書いた")
    title = 'msgid "Groups"\nmsgstr "グループ'
    edit("ja", f'{title}"', f'{title}%(nun)s"')
    expect(page.locator(".catalog-problems")).to_contain_text("nun")
    expect(page.locator(".catalog-problems")).to_contain_text("locales/ja/LC_MESSAGES/messages.po")
    expect(page.locator("h1")).to_have_text("グループ")
    edit("ja", f'{title}%(nun)s"', f'{title}の一覧"')
    expect(page.locator(".catalog-problems")).to_have_count(0)
    expect(page.locator("h1")).to_have_text("グループの一覧")
    expect(page).to_have_title("グループの一覧 · Prospectus")
    assert page.locator("#f-name").input_value() == "半分書いた"
    assert page.evaluate("document.activeElement.id") == "f-name"
    assert page.evaluate("performance.getEntriesByType('navigation').length") == 1


def test_a_title_is_edited_in_context(
    server: TranslateServer, open_page: Callable[..., Page], edit: Callable[[str, str, str], None]
) -> None:
    page = open_page("/ja/groups")
    inspect(page)
    page.locator("h1").click()
    panel = page.locator("#inspect-panel")
    expect(panel.locator("#ja textarea")).to_have_value("グループ")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    panel.locator("#ja textarea").fill("<b>グループ</b>")
    panel.locator("#ja form button").click()
    expect(panel.locator("#ja .findings")).to_be_visible()
    expect(panel.locator("#ja textarea")).to_have_value("<b>グループ</b>")
    panel.locator("#ja textarea").fill("グループ帳")
    panel.locator("#ja form button").click()
    expect(panel.locator("#ja .notice-success")).to_be_visible()
    expect(page).to_have_title("グループ帳 · Prospectus")
    expect(page.locator("h1")).to_have_text("グループ帳")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    assert 'msgstr "グループ帳"' in server.file("ja").read_text(encoding="utf-8")


def test_every_text_of_the_page_is_reached_by_keyboard(open_page: Callable[..., Page]) -> None:
    page = open_page("/fr/prospects", viewport={"width": 390, "height": 844})
    inspect(page)
    page.locator("#inspect-list summary").press("Enter")
    listed = page.locator("#inspect-list a")
    assert "Prospects" in listed.all_inner_texts()
    listed.filter(has_text=re.compile("^Prospects$")).first.press("Enter")
    expect(page.locator("#inspect-panel #fr textarea").first).to_be_visible()
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) <= 0


def test_a_text_is_found_on_its_page_and_in_a_mail(open_page: Callable[..., Page]) -> None:
    """From the text to the page that shows it, marked there; a sentence of a mail opens its entry."""
    page = open_page(f"/ja/translate/texts/{GROUPS}")
    page.locator(".places button").filter(has_text=re.compile("^グループ$")).first.click()
    expect(page.locator(".text-found").first).to_have_text("グループ")
    page.goto(page.url.split("/ja/")[0] + "/ja/translate/gallery/invitation/fr")
    sentence = page.frame_locator("iframe.mail-frame").locator("[data-texts]")
    sentence.filter(has_text="Cordialement").first.click()
    expect(page.locator("#inspect-panel #fr textarea").first).to_have_value(re.compile("Cordialement"))


def test_a_concurrent_change_is_shown_beside_mine(
    open_page: Callable[..., Page], edit: Callable[[str, str, str], None]
) -> None:
    page = open_page(f"/en/translate/texts/{GROUPS}")
    page.locator("#ja textarea").fill("私の訳")
    edit("ja", 'msgid "Groups"\nmsgstr "グループ"', 'msgid "Groups"\nmsgstr "別の訳"')
    page.locator("#ja form button").click()
    expect(page.locator("#ja .versions pre")).to_have_text("別の訳")
    expect(page.locator("#ja textarea")).to_have_value("私の訳")


def test_without_scripts_the_texts_are_listed_with_their_pages(
    server: TranslateServer, open_page: Callable[..., Page], edit: Callable[[str, str, str], None]
) -> None:
    page = open_page("/ja/groups", java_script_enabled=False)
    inspect(page)
    page.locator("#inspect-list summary").click()
    page.locator("#inspect-list a").filter(has_text="新しいグループ").first.click()
    page.locator("#ja textarea").fill("新規グループ")
    page.locator("#ja form button").click()
    expect(page.locator("main .notice-success")).to_be_visible()
    page.goto(f"{server.url}/ja/groups")
    expect(page.locator("#new-group")).to_have_text("新規グループ")


@pytest.mark.parametrize("path", ["/fr/translate", "/zh/translate/ja", f"/ja/translate/texts/{GROUPS}"])
def test_no_barriers(open_page: Callable[..., Page], path: str) -> None:
    found = Axe().run(open_page(path))
    assert found.violations_count == 0, found.generate_report()
