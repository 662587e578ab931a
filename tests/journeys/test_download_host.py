"""A real browser fetches a file from the host for downloads, and reads there why it does not get one."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from service import bootstrap
from service.config import Settings
from service.domain import accounts, attachments, demo, messages, threads
from service.domain.attachments import Sender, Upload
from service.domain.letters import CONVERSATION
from service.facts import verdicts
from service.facts.filetypes import FileType
from service.facts.messages import Side
from service.i18n.locales import LOCALES
from service.models import Program
from service.web.app import create_app
from service.web.download_host import GONE, GONE_ADVICE
from tests.domain import factories
from tests.journeys.conftest import Demo, Traveller
from tests.journeys.served import answering, signed_in

pytestmark = pytest.mark.journey
NAME, CONTENT = "見積り書.csv", "名前,金額\r\n葉山,=1200\r\n".encode()


@dataclass(frozen=True, slots=True)
class Site:
    """One service under two names: pages at the one, downloads at the other; and where the file is found."""

    url: str
    files: str
    cookie: tuple[str, str]
    conversation: str
    thread_id: int
    catalogs: bootstrap.Catalogs


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    settings = Settings(
        data=tmp_path_factory.mktemp("site"), secret_key="journeys" * 4, download_url="http://localhost"
    )
    parts = bootstrap.build(settings, jobs=False)
    cookie = signed_in(parts)
    now = datetime.now(UTC)
    with parts.db.transaction() as session:
        user = accounts.find_user(session, demo.ADMINISTRATOR)
        assert user is not None
        program = session.query(Program).first()
        assert program is not None
        prospect = factories.prospect(session, program, "Lumière", messaging_enabled=True, at=now)
        thread = threads.open_with(session, program.id, prospect.partner_id, now=now)
        upload = Upload(NAME, FileType.CSV, len(CONTENT), "digest", parts.attachments.put(CONTENT))
        by = Sender(Side.BRAND, user.id)
        file = attachments.take(session, parts.jobs, thread, upload, by=by, upload_key="key", now=now)
        attachments.settle(session, file.id, verdicts.CLEAN, now=now)
        messages.send(session, thread.id, actor=user, body="Bonjour", form_key="key", now=now)
    app = create_app(parts)
    with answering(app) as url:
        files = url.replace("127.0.0.1", "localhost")
        # The port is known only now.
        app.extensions["prospectus"] = replace(parts, settings=replace(settings, download_url=files))
        link = parts.signer.sign(CONVERSATION, [thread.id, 1])
        yield Site(url, files, cookie, f"/fr/conversation/{link}", thread.id, parts.catalogs)
    parts.db.dispose()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(accept_downloads=True)
    yield made
    made.close()


def complaints(page: Page) -> list[str]:
    """Return the list in which a page's errors will be, those of its policy too."""
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: told.append(str(error)))
    return told


@pytest.mark.parametrize("side", list(Side))
def test_a_click_saves_the_file_from_the_other_host(site: Site, context: BrowserContext, side: Side) -> None:
    """U-6: under its own name, without a cookie of the pages, and the page stays where it is."""
    name, value = site.cookie
    if side is Side.BRAND:
        context.add_cookies([{"name": name, "value": value, "url": site.url}])
    page = context.new_page()
    told = complaints(page)
    sent: dict[str, str | None] = {}
    page.on("request", lambda request: sent.update({request.url: request.all_headers().get("cookie")}))
    page.goto(site.url + (f"/ja/inbox/{site.thread_id}" if side is Side.BRAND else site.conversation))
    before = page.url
    with page.expect_download() as waiting:
        page.get_by_role("link", name=NAME).click()
    download = waiting.value
    assert download.url.startswith(f"{site.files}/{'ja' if side is Side.BRAND else 'fr'}/download/")
    assert download.suggested_filename == NAME
    assert Path(download.path()).read_bytes() == CONTENT
    assert page.url == before
    assert {cookie["domain"] for cookie in context.cookies()} == {"127.0.0.1"}
    assert [cookie for url, cookie in sent.items() if url.startswith(site.files) and cookie] == []
    assert told == []


@pytest.mark.parametrize("code", LOCALES)
def test_a_page_says_why_there_is_no_file(site: Site, context: BrowserContext, code: str) -> None:
    """U-6, W-3: readable, in the reader's language, on any screen; its policy lets its looks through."""
    page = context.new_page()
    told = complaints(page)
    words = site.catalogs.catalog(code)
    for scheme, width in (("light", 1280), ("dark", 360)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": 800})
        answer = page.goto(f"{site.files}/{code}/download/too-late")
        assert answer is not None
        assert answer.status == 404
        expect(page.get_by_role("heading", level=1)).to_have_text(words.say(GONE))
        expect(page.get_by_text(words.say(GONE_ADVICE))).to_be_visible()
        one = Traveller(page, Demo(site.url, "", Path()), told)
        one.see_no_overflow()
        one.see_no_barrier()
        styled = "getComputedStyle(document.querySelector('.signin')).borderTopWidth"
        assert page.evaluate(styled) == "3px"
    # Chromium itself notes an answer of 404 as an error.
    assert [text for text in told if "404" not in text] == []
