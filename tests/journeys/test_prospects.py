"""Prospects at every width: what has the focus is in sight, and an endless name widens no page."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from service import bootstrap
from service.config import Settings
from service.models import Prospect
from service.web.app import create_app
from tests.journeys import conftest, served
from tests.journeys.served import Served

pytestmark = pytest.mark.journey
# Where the focus is, and whether something else lies over the middle of its first line.
AT = """() => {
  const one = document.activeElement;
  const [box] = one.getClientRects();  // a link that wraps has one for each line
  const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return [one.outerHTML.slice(0, 120), one !== document.body && !one.contains(top)];
}"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    services = bootstrap.build(
        Settings(data=tmp_path_factory.mktemp("keys"), secret_key="tests" * 8), jobs=False
    )
    cookie = served.signed_in(services)
    with services.db.transaction() as session:
        session.get_one(Prospect, 1).partner.name = "W" * 190
    with served.answering(create_app(services)) as url:
        yield Served(url, cookie)
    services.db.dispose()


@pytest.mark.parametrize(("width", "height"), [(1280, 600), (390, 844), (320, 512)])
def test_what_has_the_focus_is_in_sight(browser: Browser, demo: Served, width: int, height: int) -> None:
    """WCAG 2.4.7 and 2.4.11: no stop in a hidden head of the table, none under the bar of the selection."""
    context = demo.administrator(browser, viewport={"width": width, "height": height})
    context.set_default_timeout(conftest.PATIENCE)
    page = context.new_page()
    page.goto(f"{demo.url}/en/prospects")
    page.locator("tbody .row-check").nth(2).check()
    expect(page.locator(".selection")).to_be_visible()
    page.locator("main input[type=search]").focus()
    covered = []
    for _ in range(50):
        page.keyboard.press("Tab")
        stop, is_covered = page.evaluate(AT)
        if is_covered:
            covered.append(stop)
    assert covered == []
    context.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_an_endless_name_widens_no_page(browser: Browser, demo: Served, width: int) -> None:
    """T-9: a name without a place to break it is broken anywhere."""
    context = demo.administrator(browser, viewport={"width": width, "height": 800})
    context.set_default_timeout(conftest.PATIENCE)
    page = context.new_page()
    for path in ("", "/1", "/1/edit", "/1/history"):
        page.goto(f"{demo.url}/en/prospects{path}")
        expect(page.locator("main")).to_contain_text("W" * 190)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide == 0, path
    context.close()
