"""A Japanese brand and a French partner send each other files, each in their own language."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from email import message_from_bytes, policy

import pytest
from playwright.sync_api import Browser, Page, expect

from service.i18n.catalogs import Catalog, Catalogs
from tests.clamd import Clamd
from tests.files.made import png
from tests.journeys import conftest
from tests.journeys.conftest import Demo, Traveller

pytestmark = pytest.mark.journey
# A partner of the demo to whom nobody has written.
PARTNER, ADDRESS = "Bons Plans du Rhône", "ines@plans-rhone.example"
QUOTE = "見積り書,2026\r\n葉山,1200\r\n"
PICTURE = png((640, 480))
ANSWER = "Réponse à l’offre (été).csv"
DROP = """(field, [name, text]) => {
  const carried = new DataTransfer();
  carried.items.add(new File([text], name, { type: "text/csv" }));
  for (const kind of ["dragover", "drop"])
    field.dispatchEvent(new DragEvent(kind, { dataTransfer: carried, bubbles: true, cancelable: true }));
}"""
SLOW = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 40_000}


@pytest.fixture(scope="module")
def demo(clamd: Clamd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo with a scanner, which may be silent for a while without being taken for broken."""
    settings = {"SCANNER_URL": clamd.url, "SCANNER_LOCAL_SIGNATURES": "1", "SCANNER_TIMEOUT": "120"}
    with conftest.running(tmp_path_factory.mktemp("files"), **settings) as started:
        yield started


@pytest.fixture
def traveller(browser: Browser, demo: Demo) -> Iterator[Callable[..., Traveller]]:
    """Open browser profiles of their own; what their pages complain of fails the test."""
    opened = []

    def open_one(**options: object) -> Traveller:
        context, one = conftest.travel(browser, demo, **options)  # type: ignore[arg-type]
        opened.append((context, one))
        return one

    yield open_one
    for context, one in opened:
        context.close()
        assert one.errors == []


def begin(page: Page, words: Catalog, name: str) -> None:
    """Find somebody to write to, as the inbox offers it."""
    page.get_by_role("link", name=words.gettext("New message"), exact=True).last.click()
    page.locator("main input[type=search]").fill(name)
    page.locator("main input[type=search]").press("Enter")
    page.locator(".addressee", has_text=name).click()
    page.wait_for_url("**/inbox/*#write")


def link_in_mail(page: Page, demo: Demo) -> str:
    """End the minute in which a message can still be changed; wait for its mail, return the address in it."""
    with closing(sqlite3.connect(demo.data / "prospectus.db", timeout=30)) as database, database:
        database.execute("UPDATE system_mails SET next_attempt_at = created_at WHERE address = ?", [ADDRESS])
    for _ in range(240):
        for recipient, raw in demo.mails():
            text = message_from_bytes(raw, policy=policy.default).get_body(("plain",))  # type: ignore[attr-defined]
            found = re.search(r"http://\S+/fr/conversation/[^\s>]+", text.get_content())
            if recipient == ADDRESS and found:
                return found.group()
        page.wait_for_timeout(250)
    raise AssertionError([recipient for recipient, _ in demo.mails()])


def test_files_go_both_ways(
    traveller: Callable[..., Traveller], demo: Demo, clamd: Clamd, storage: object, catalogs: Catalogs
) -> None:
    """U-6, U-9, D-7: each side reads in its own language, and only what was scanned reaches the other."""
    ja, fr = catalogs.catalog("ja"), catalogs.catalog("fr")
    brand = traveller(storage=storage)
    brand.open("/ja/inbox")
    page = brand.page
    begin(page, ja, PARTNER)
    waiting, clean = (ja.pgettext("attachment", state) for state in ("Waiting for scan", "Clean"))
    clamd.pause()
    try:
        page.locator("[data-attach] [data-file]").evaluate(DROP, ["見積り書.csv", QUOTE])
        expect(page.locator("[data-chosen] .badge")).to_have_text([waiting])
        brand.see_no_barrier()
    finally:
        clamd.go_on()
    expect(page.locator("[data-chosen] .badge")).to_have_text([clean])
    # Whoever sends while a file is on its way sends it along.
    page.locator("#f-body").fill("見積もりとロゴをお送りします。")
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", SLOW)
    picture = {"name": "会社のロゴ.png", "mimeType": "image/png", "buffer": PICTURE}
    page.get_by_label(ja.gettext("Attach files")).set_input_files(picture)  # type: ignore[arg-type]
    expect(page.get_by_role("progressbar", name="会社のロゴ.png")).to_be_visible()
    page.get_by_role("button", name=ja.gettext("Send"), exact=True).click()
    sent = page.locator("#messages .attachment-name a")
    expect(sent).to_have_text(["見積り書.csv", "会社のロゴ.png"])

    partner = traveller(width=390)
    theirs = partner.page
    theirs.goto(link_in_mail(theirs, demo))
    expect(theirs.locator(".talk-body")).to_have_text("見積もりとロゴをお送りします。")
    expect(theirs.locator(".talk-item .attachment-name a")).to_have_text(["見積り書.csv", "会社のロゴ.png"])
    expect(theirs.locator(".talk-item img")).to_have_js_property("naturalWidth", 480)
    clamd.pause()
    try:
        told = fr.pgettext("attachment", "Waiting for scan")
        answer = {"name": ANSWER, "mimeType": "text/csv", "buffer": QUOTE.encode()}
        theirs.get_by_label(fr.gettext("Attach files")).set_input_files(answer)  # type: ignore[arg-type]
        expect(theirs.locator("[data-chosen] .badge")).to_have_text([told])
        theirs.get_by_label(fr.gettext("Your answer")).fill("Bonjour, voici notre réponse à votre offre.")
        theirs.get_by_role("button", name=fr.gettext("Send"), exact=True).click()
        own = theirs.locator(".talk-own")
        expect(own.locator(".badge")).to_have_text([told])
        expect(own).to_contain_text(fr.pgettext("message", "Waiting for its attachments"))
        partner.see_no_barrier()
        partner.see_no_overflow()
        # The other side has neither the message nor its file.
        other = traveller(storage=storage)
        other.open(page.url.removeprefix(demo.url).split("#")[0])
        expect(other.page.locator("#messages > li")).to_have_count(1)
        expect(page.locator("#messages > li")).to_have_count(1)
    finally:
        clamd.go_on()
    expect(own.locator(".attachment-name a")).to_have_text([ANSWER])
    expect(own.locator(".badge")).to_have_count(0)
    # It comes into the page of the brand, which nobody loads again.
    arrived = page.locator("#messages > li").last
    expect(arrived.locator(".said-body")).to_have_text("Bonjour, voici notre réponse à votre offre.")
    expect(arrived.locator(".said-body")).to_have_attribute("lang", "fr")
    with page.expect_download() as download:
        arrived.get_by_role("link", name=ANSWER).click()
    assert download.value.suggested_filename == ANSWER
    assert download.value.path().read_bytes() == QUOTE.encode()
    brand.see_no_barrier()
    partner.see_no_barrier()


def test_what_is_refused_stays_to_be_read(
    traveller: Callable[..., Traveller], storage: object, catalogs: Catalogs
) -> None:
    """U-1, U-4: beside the files that were taken, until others are chosen."""
    fr = catalogs.catalog("fr")
    one = traveller(storage=storage)
    one.open("/fr/inbox")
    begin(one.page, fr, "Librairie du Canal")
    field = one.page.get_by_label(fr.gettext("Attach files"))
    csv, program, large = (
        {"name": name, "mimeType": "", "buffer": content}
        for name, content in (
            ("a.csv", QUOTE.encode()),
            ("a.exe", b"MZ"),
            ("b.csv", b"x" * (10 * 1024 * 1024 + 1)),
        )
    )
    field.set_input_files([csv, program, large])  # type: ignore[arg-type]
    alerts = one.page.get_by_role("alert")
    expect(alerts).to_have_count(2)
    expect(one.page.locator("[data-chosen] .badge")).to_have_text([fr.pgettext("attachment", "Clean")])
    expect(alerts.first).to_contain_text("a.exe")
    expect(alerts.last).to_contain_text(fr.gettext("The file is larger than %(size)s.") % {"size": "10 Mo"})
    one.see_no_barrier()
    one.page.get_by_role("button", name=f"{fr.pgettext('attachment', 'Remove')} a.csv").click()
    expect(one.page.locator("[data-file-line]")).to_have_count(0)
    field.set_input_files([csv])  # type: ignore[arg-type]
    expect(one.page.locator("[data-file-line]")).to_have_count(1)
    expect(alerts).to_have_count(0)
    # The browser's own word about the answer that refuses.
    assert [error for error in one.errors if "400" not in error] == []
    one.errors.clear()


def test_without_scripts_files_go_with_the_form(
    traveller: Callable[..., Traveller], storage: object, catalogs: Catalogs
) -> None:
    ja = catalogs.catalog("ja")
    one = traveller(storage=storage, scripts=False, width=390)
    one.open("/ja/inbox")
    page = one.page
    begin(page, ja, "Librairie du Canal")
    page.get_by_label(ja.gettext("Attach files")).set_input_files(
        {"name": "見積り書.csv", "mimeType": "text/csv", "buffer": QUOTE.encode()}
    )
    page.locator("#f-body").fill("お見積もりです。")
    page.get_by_role("button", name=ja.gettext("Save draft")).click()
    expect(page.locator("#f-body")).to_have_value("お見積もりです。")
    expect(page.locator("[data-chosen] .attachment-name")).to_have_text(["見積り書.csv"])
    page.get_by_role("button", name=ja.gettext("Send"), exact=True).click()
    conftest.until(page, lambda: page.locator("#messages .attachment-name a").count() == 1)
    with page.expect_download() as download:
        page.locator("#messages .attachment-name a").click()
    assert download.value.suggested_filename == "見積り書.csv"
