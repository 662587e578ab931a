"""Tabs and folded parts of help pages: by keyboard, without scripts, on paper, in four languages."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from service.i18n.locales import LOCALES
from tests.journeys.conftest import Demo, Traveller, travel, without_worker

pytestmark = pytest.mark.journey

PAGE = "contact-a-prospect"
FOLDED = "bulk-import-prospects"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Who reads help meets no worker."""
    with without_worker(tmp_path_factory.mktemp("help")) as started:
        yield started


@pytest.fixture(params=[True, False], ids=["scripts", "no-scripts"])
def reader(browser: Browser, demo: Demo, request: pytest.FixtureRequest) -> Iterator[Traveller]:
    """Somebody who reads help without signing in."""
    context, opened = travel(browser, demo, scripts=request.param)
    yield opened
    context.close()
    assert opened.errors == []


@pytest.mark.parametrize("locale", LOCALES)
def test_every_panel_can_be_read(reader: Traveller, locale: str) -> None:
    """Without scripts all at once, with them one after the other by the arrow keys."""
    reader.open(f"/{locale}/help/{PAGE}")
    box = reader.page.locator(".prose [data-tabs]").first
    panels = box.locator(".tab-panel")
    if not reader.scripts:
        for number in range(panels.count()):
            expect(panels.nth(number)).to_be_visible()
        return
    tabs = box.get_by_role("tab")
    assert tabs.count() == panels.count() == 3
    tabs.first.focus()
    for number in range(panels.count()):
        expect(tabs.nth(number)).to_be_focused()
        expect(tabs.nth(number)).to_have_attribute("aria-selected", "true")
        assert [panels.nth(one).is_visible() for one in range(3)] == [one == number for one in range(3)]
        reader.page.keyboard.press("ArrowRight")


@pytest.mark.parametrize("locale", LOCALES)
def test_paper_shows_everything(reader: Traveller, locale: str) -> None:
    reader.open(f"/{locale}/help/{PAGE}")
    reader.page.emulate_media(media="print")
    for panel in reader.page.locator(".prose .tab-panel").all():
        expect(panel).to_be_visible()
        expect(panel.locator(".tab-heading")).to_be_visible()


@pytest.mark.parametrize("locale", LOCALES)
def test_folded_parts_open_by_keyboard_and_on_paper(reader: Traveller, locale: str) -> None:
    reader.open(f"/{locale}/help/{FOLDED}")
    folded = reader.page.locator(".prose details").first
    inside = folded.locator("> :not(summary)").first
    assert not inside.is_visible()
    reader.page.emulate_media(media="print")
    expect(inside).to_be_visible()
    reader.page.emulate_media(media="screen")
    folded.locator("summary").focus()
    reader.page.keyboard.press("Enter")
    expect(inside).to_be_visible()
