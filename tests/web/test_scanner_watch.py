"""A scanner in trouble is told on pages, and no page waits for it."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

import pytest
from bs4 import BeautifulSoup
from flask import Flask

from service.bootstrap import Services
from service.config import Settings
from service.domain import threads
from service.domain.letters import CONVERSATION
from service.domain.scanning import ScannerState
from service.facts.permissions import BuiltInRole
from service.models import Program
from service.web.scanner_watch import EVERY, ScannerWatch
from tests.clamd import FalseClamd
from tests.domain import factories
from tests.domain.factories import NOW
from tests.web.browser import Browser, Clock

WORDS = {
    "en": "The virus scanner cannot be reached.",
    "fr": "L’antivirus est injoignable.",
    "ja": "ウイルススキャナーに接続できません。",
    "zh": "无法连接病毒扫描程序。",
}


class Asked:
    """What a watch asks: notes when, and answers as told."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.at: list[float] = []
        self.answer: ScannerState | None = ScannerState.UNREACHABLE
        self.waiting: list[Callable[[], None]] = []

    def __call__(self, _now: datetime) -> ScannerState:
        self.at.append(self.seconds)
        if self.answer is None:
            raise OSError("out of files")
        return self.answer

    def watch(self, *, start: Callable[[Callable[[], None]], object] | None = None) -> ScannerWatch:
        return ScannerWatch(self, seconds=lambda: self.seconds, start=start or (lambda work: work()))


def test_it_asks_once_a_minute() -> None:
    """U-11: however many pages are opened, and again after an answer that did not come."""
    asked = Asked()
    watch = asked.watch()
    for answer in (ScannerState.UNREACHABLE, None, ScannerState.READY):
        asked.answer = answer
        for second in range(60):
            watch.state(NOW)
            asked.seconds += second == 59 and EVERY
    assert asked.at == [1000.0, 1000.0 + EVERY, 1000.0 + 2 * EVERY]
    assert watch.state(NOW) is ScannerState.READY


def test_what_was_known_stands_while_it_is_asked() -> None:
    """U-11: nobody waits, and a question that takes long is not asked twice."""
    asked = Asked()
    watch = asked.watch(start=asked.waiting.append)
    assert [watch.state(NOW), watch.state(NOW)] == [ScannerState.READY, ScannerState.READY]
    (work,) = asked.waiting
    work()
    assert watch.state(NOW) is ScannerState.UNREACHABLE


def test_without_a_thread_it_is_tried_again() -> None:
    """F-18: no thread is no error on a page."""

    def none_left(_work: Callable[[], None]) -> None:
        raise RuntimeError("can't start new thread")

    asked = Asked()
    starts = [none_left, lambda work: work()]
    watch = asked.watch(start=lambda work: starts.pop(0)(work))
    assert [watch.state(NOW), watch.state(NOW)] == [ScannerState.READY, ScannerState.UNREACHABLE]


# On pages


@pytest.fixture
def silent() -> Iterator[FalseClamd]:
    """A scanner that takes connections and says nothing until the test is over."""
    over = threading.Event()
    with FalseClamd(lambda _taken: over.wait(60)) as scanner:
        yield scanner
        over.set()


@pytest.fixture
def settings(settings: Settings, silent: FalseClamd) -> Settings:
    return replace(settings, scanner_url=silent.url)


@pytest.fixture
def in_trouble(app: Flask) -> ScannerWatch:
    """The watch of the application, which has its first answer."""
    watch: ScannerWatch = app.extensions["scanner_watch"]
    known = ScannerWatch(lambda _now: ScannerState.UNREACHABLE, start=lambda work: work())
    known.state(NOW)
    app.extensions["scanner_watch"] = known
    return watch


def banner(browser: Browser, path: str) -> list[str]:
    page = BeautifulSoup(browser.get(path).get_data(as_text=True), "html.parser")
    return [
        found.get_text() for found in page.select("main > .notices > .notice-warning p:not(.notice-title)")
    ]


@pytest.mark.parametrize("code", WORDS)
def test_administrators_see_it_on_every_page(
    in_trouble: ScannerWatch, enter: Callable[..., Browser], program: Program, code: str
) -> None:
    """U-11: in their language, with the way to the help."""
    browser = enter(BuiltInRole.ADMINISTRATOR)
    for path in ("", "prospects", "settings/profile"):
        first, *_ = banner(browser, f"/{code}/{path}")
        assert first.startswith(WORDS[code])
    page = BeautifulSoup(browser.get(f"/{code}/groups").get_data(as_text=True), "html.parser")
    link = page.select_one("main > .notices > .notice-warning a")
    assert link is not None
    target, _, place = str(link["href"]).partition("#")
    help_page = BeautifulSoup(browser.get(target).get_data(as_text=True), "html.parser")
    assert help_page.find(id=place) is not None


def test_others_see_it_where_they_attach_files(
    in_trouble: ScannerWatch, enter: Callable[..., Browser], new_browser: Callable[[], Browser],
    parts: Services, program: Program, clock: Clock,
) -> None:  # fmt: skip
    """U-11: nowhere else, and a partner as well."""
    with parts.db.transaction() as session:
        made = factories.prospect(session, program, "Lumière", messaging_enabled=True, at=clock.now)
        thread = threads.open_with(session, program.id, made.partner_id, now=clock.now)
    manager = enter(BuiltInRole.COMMUNITY_MANAGER)
    assert banner(manager, "/en/prospects") == []
    token = parts.signer.sign(CONVERSATION, [thread.id, 1])
    for browser, path in ((manager, f"/en/inbox/{thread.id}"), (new_browser(), f"/en/conversation/{token}")):
        page = BeautifulSoup(browser.get(path).get_data(as_text=True), "html.parser")
        told = page.select_one("[data-scanner-waits]")
        assert told is not None
        assert "your message waits until the scanner works again" in told.get_text()


def test_no_page_waits_for_a_silent_scanner(enter: Callable[..., Browser], program: Program) -> None:
    """U-11: the scanner says nothing while this page is answered, and so nothing is told yet."""
    assert banner(enter(BuiltInRole.ADMINISTRATOR), "/en/prospects") == []
