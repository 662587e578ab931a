"""Added and pretended languages in a browser: right to left, and wider than any, without sideways scroll."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from service.paths import PACKAGE
from tests.journeys.conftest import Demo, Traveller, running, travel

pytestmark = pytest.mark.journey

PAGES = (
    "", "prospects", "prospects/new", "campaigns", "campaigns/new", "partners/marketplace",
    "creators/marketplace", "groups", "outbox", "notices", "settings", "settings/profile", "settings/program",
    "settings/import", "settings/ads", "settings/mail-accounts/new", "settings/suppression-list",
    "settings/sending-domain", "help/", "help/contact-a-prospect",
)  # fmt: skip
PHONE, DESKTOP = (360, 740), (1280, 900)
# What is compiled goes along, so that nothing is compiled again, but no file that is just being written.
IGNORED = shutil.ignore_patterns("*.pyc.*", "_data")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo from a copy of the tree to which Arabic was added."""
    root = tmp_path_factory.mktemp("tree")
    for name in ("service", "templates", "locales", "content"):
        shutil.copytree(PACKAGE.parent / name, root / name, ignore=IGNORED)
    here = {"PYTHONPATH": str(root), "PYTHONSAFEPATH": "1"}
    command = [sys.executable, "-m", "service", "catalog", "add-locale", "ar"]
    subprocess.run(command, env={**os.environ, **here}, check=True, timeout=60)
    with running(tmp_path_factory.mktemp("demo"), **here) as started:
        yield started


@pytest.fixture
def traveller(browser: Browser, demo: Demo, storage: Path) -> Iterator[Traveller]:
    """The demo's administrator, signed in."""
    context, opened = travel(browser, demo, storage=storage)
    yield opened
    assert opened.errors == []
    context.close()


@pytest.mark.parametrize(
    ("code", "direction", "size"),
    [("en-XA", "ltr", PHONE), ("ar-XB", "rtl", PHONE), ("ar", "rtl", PHONE), ("ar", "rtl", DESKTOP)],
)
def test_no_page_scrolls_sideways(
    traveller: Traveller, code: str, direction: str, size: tuple[int, int]
) -> None:
    traveller.page.set_viewport_size({"width": size[0], "height": size[1]})
    for path in PAGES:
        traveller.open(f"/{code}/{path}")
        assert traveller.page.locator("html").get_attribute("dir") == direction
        traveller.see_no_overflow()


def test_right_to_left_turns_the_page_around(traveller: Traveller) -> None:
    """The navigation stands on the right, and nothing is a barrier."""
    order = {}
    for code in ("en", "ar"):
        traveller.open(f"/{code}/prospects")
        boxes = [traveller.page.locator(part).bounding_box() for part in (".frame > .nav", "main")]
        order[code] = [box["x"] for box in boxes if box] == sorted(box["x"] for box in boxes if box)
        traveller.see_no_barrier()
    assert order == {"en": True, "ar": False}
