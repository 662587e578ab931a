"""The living preview: it is of whom it says, in the colors chosen, on a desk and on a phone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import Demo, Traveller, travel, without_worker

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Who only writes meets no worker."""
    with without_worker(tmp_path_factory.mktemp("preview")) as started:
        yield started


@pytest.fixture(params=[1280, 390])
def traveller(
    browser: Browser, demo: Demo, storage: Path, request: pytest.FixtureRequest
) -> Iterator[Traveller]:
    """Somebody signed in, at a desk and on a phone."""
    context, opened = travel(browser, demo, storage=storage, width=request.param)
    yield opened
    context.close()
    assert opened.errors == []


def _write(traveller: Traveller) -> None:
    page = traveller.page
    traveller.open("/en/prospects")
    page.locator("button[name=action][value=page]").click()
    page.locator("button[name=action][value=email]").click()
    page.wait_for_url("**/en/campaigns/new")
    page.locator("a.tab[href='#variant-en']").click()
    page.locator("input[name=subject_en]").fill("Hello {mpname}")
    page.locator("textarea[name=content_en]").fill("Dear {firstName},")
    page.locator("button[name=action][value=preview]").click()
    page.wait_for_url("**/edit**")


def _choose(page: Page, having: bool) -> str:
    """Choose a recipient with or without a first name; return the id."""
    options = page.locator("select[name=as] option")
    found = options.filter(**{"has_not_text" if having else "has_text": "a value is missing"}).first
    value = str(found.get_attribute("value"))
    page.locator("select[name=as]").select_option(value)
    return value


@pytest.mark.parametrize("part", ["html", "text", "raw"])
def test_a_mail_that_cannot_be_written_leaves_nobody_else_s_standing(traveller: Traveller, part: str) -> None:
    page = traveller.page
    _write(traveller)
    page.locator("select[name=part]").select_option(part)
    subject, status = page.locator("[data-preview-subject]"), page.locator("[data-preview-status]")
    body = page.frame_locator("iframe[data-preview]").locator("body")
    _choose(page, having=True)
    expect(subject).to_contain_text("Hello ")
    expect(body).to_contain_text("Dear ")
    _choose(page, having=False)
    expect(subject).to_have_text("")
    expect(status).to_contain_text("There is no value for {firstName}")
    expect(body).to_have_text(status.inner_text())
    page.locator("button[data-frame=dark]").click()
    expect(body).to_have_css("background-color", "rgb(17, 17, 17)")
    traveller.see_no_barrier()


def test_the_width_is_a_choice_only_where_there_are_two(traveller: Traveller) -> None:
    _write(traveller)
    wide = traveller.page.viewport_size == {"width": 1280, "height": 900}
    expect(traveller.page.locator("button[data-frame=narrow]")).to_be_visible(visible=wide)
    expect(traveller.page.locator("button[data-frame=dark]")).to_be_visible()
    traveller.see_no_overflow()
