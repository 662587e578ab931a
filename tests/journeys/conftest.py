"""A running demo and a real browser: what every journey travels with."""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect, sync_playwright

from service import bootstrap
from service.config import Settings
from service.domain import accounts
from service.domain.demo import ADMINISTRATOR
from service.i18n.catalogs import Catalogs
from service.paths import data_dir
from service.web.app import create_app
from tests.journeys.served import answering, signed_in
from tests.judged import judge_outbox
from tests.ports import free_port

CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A sandboxed frame, such as a preview, would get a process of its own, and when that changes while the
    # machine is busy the driver at times loses sight of it for good.
    "--disable-site-isolation-trials",
    "--disable-dev-shm-usage",
]
START_SECONDS = 150
PATIENCE = 60_000
expect.set_options(timeout=PATIENCE)


@dataclass(frozen=True)
class Demo:
    """A running demo: its address, its one-time sign-in link, its data."""

    url: str
    sign_in_link: str
    data: Path

    def mails(self) -> list[tuple[str, bytes]]:
        """Return (recipient, raw bytes) of every captured mail, oldest first."""
        with closing(sqlite3.connect(self.data / "outbox.db")) as connection:
            return list(connection.execute("SELECT recipient, raw FROM mails ORDER BY id"))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo on a data directory of its own that captures its mails."""
    with running(tmp_path_factory.mktemp("demo")) as started:
        yield started


@contextmanager
def running(data: Path, **settings: str) -> Iterator[Demo]:
    """Start `prospectus demo` with these settings, stop it with SIGTERM."""
    port = free_port()
    environment = {**os.environ, "PORT": str(port), "DATA": str(data), "LC_ALL": "C.UTF-8", **settings}
    log = data / "log.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "service", "demo"],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        yield Demo(url, _wait(process, url, log), data)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=90) == 0, log.read_text(encoding="utf-8")
    judge_outbox(data)


@contextmanager
def without_worker(data: Path) -> Iterator[Demo]:
    """Serve the demo's data from this process: for pages that wait for no mail and no import."""
    services = bootstrap.build(Settings(data=data, secret_key="k" * 40), jobs=False)
    signed_in(services)
    with services.db.transaction() as session:
        user = accounts.find_user(session, ADMINISTRATOR)
        assert user is not None
        link = accounts.sign_in_link(session, services.signer, user, base_url="", now=datetime.now(UTC))
    with answering(create_app(services)) as url:
        yield Demo(url, url + link, data)
    services.db.dispose()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> str:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        link = re.search(r"http://\S+/sign-in/link/\S+(?=\s)", log.read_text(encoding="utf-8"))
        if link and _answers(url):
            return link.group()
        time.sleep(0.1)
    raise AssertionError(log.read_text(encoding="utf-8"))


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, driven by Playwright."""
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is not installed, and CI must have it")
        pytest.skip("Chromium is not installed")
    with sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS, chromium_sandbox=False)
        yield launched
        launched.close()


@dataclass
class Traveller:
    """A browser tab that notices script errors and looks at accessibility on demand."""

    page: Page
    demo: Demo
    errors: list[str]
    scripts: bool = True

    def open(self, path: str) -> None:
        """Go to a path of the demo and expect a page."""
        answer = self.page.goto(self.demo.url + path)
        assert answer is not None
        assert answer.status == 200, (path, answer.status)

    def see_no_barrier(self) -> None:
        """Expect axe to find nothing on the page as it stands."""
        found = Axe().run(self.page)
        assert found.violations_count == 0, f"{self.page.url}\n{found.generate_report()}"

    def see_no_overflow(self) -> None:
        """Expect the page, once it has settled, not to scroll sideways."""
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        for _ in range(200):
            if self.page.evaluate(wide) <= 0:
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"{self.page.url} is {self.page.evaluate(wide)} pixels too wide")


def travel(
    browser: Browser, demo: Demo, *, scripts: bool = True, width: int = 1280, storage: Path | None = None
) -> tuple[BrowserContext, Traveller]:
    """Open a browser profile, fresh or with kept cookies; close the context when done."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        java_script_enabled=scripts,
        locale="en-GB",
        reduced_motion="reduce",
        storage_state=storage,
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    return context, Traveller(page, demo, errors, scripts)


@pytest.fixture(scope="module")
def catalogs() -> Catalogs:
    """The product's own words."""
    return Catalogs(data_dir("locales"))


@pytest.fixture(scope="module")
def storage(browser: Browser, demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cookies of somebody signed in to the demo."""
    return sign_in(browser, demo, tmp_path_factory.mktemp("cookies"))


def sign_in(browser: Browser, demo: Demo, folder: Path) -> Path:
    """Sign in once with the demo's link, as a person would, and keep the cookies."""
    context, traveller = travel(browser, demo)
    page = traveller.page
    page.goto(demo.sign_in_link)
    page.locator("main button[type=submit]").first.click()
    page.wait_for_url(f"{demo.url}/en/")
    kept = folder / "state.json"
    context.storage_state(path=kept)
    context.close()
    return kept


def until(page: Page, arrived: object) -> None:
    """Wait for a page that may have to be loaded anew."""
    # Pages follow by themselves with scripts; without them a reader reloads.
    assert callable(arrived)
    for _ in range(240):
        if arrived():
            return
        page.wait_for_timeout(500)
        try:
            page.reload()
        except Error as error:  # the page went on by itself at that very moment
            assert "ERR_ABORTED" in error.message, error  # noqa: PT017
    raise AssertionError(page.url + "\n" + page.locator("main").inner_text())
