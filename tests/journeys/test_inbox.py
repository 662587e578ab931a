"""The inbox by keyboard alone: somebody is found and written to, and what arrives shows up in open pages."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from service import bootstrap
from service.bootstrap import Services
from service.config import Settings
from service.domain import accounts, demo, messages
from service.models import Partner, Prospect, Thread
from service.web.app import create_app
from tests.journeys.served import Served, answering, signed_in

pytestmark = pytest.mark.journey


@dataclass(frozen=True)
class Inbox:
    """The service, and the partner at the other end of it."""

    served: Served
    services: Services
    name: str

    def answer(self, body: str) -> None:
        """Write as the partner, whose own page is another journey."""
        with self.services.db.transaction() as session:
            thread = session.scalars(
                select(Thread).join(Thread.partner).where(Partner.name == self.name)
            ).one()
            messages.answer(session, thread.id, body=body, form_key=body, now=datetime.now(UTC))


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inbox]:
    """An installation with the demo's data and a partner nobody has written to."""
    data = tmp_path_factory.mktemp("inbox")
    services = bootstrap.build(
        Settings(data=data, secret_key="a key of the journeys that is long enough"), jobs=False
    )
    cookie = signed_in(services)
    with services.db.reading() as session:
        user = accounts.find_user(session, demo.ADMINISTRATOR)
        assert user is not None
        here = (Prospect.program_id == user.current_program_id, Prospect.archived_at.is_(None))
        free = select(Partner.name).join(Prospect, Prospect.partner_id == Partner.id)
        free = free.where(*here, Partner.messaging_enabled, Partner.id.not_in(select(Thread.partner_id)))
        name = session.scalars(free.order_by(Partner.id)).first()
    assert name is not None
    with answering(create_app(services)) as url:
        yield Inbox(Served(url, cookie), services, name)
    services.db.dispose()


@pytest.fixture
def open_page(inbox: Inbox, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page in a browser profile of its own; scripts that fail fail the test."""
    contexts, errors = [], []

    def opened(path: str, **options: object) -> Page:
        context = inbox.served.administrator(browser, reduced_motion="reduce", **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(inbox.served.url + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert errors == []


def see_no_barrier(page: Page) -> None:
    """Expect axe to find nothing on the page as it stands."""
    found = Axe().run(page)
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"


def press(page: Page, role: str, name: str) -> None:
    """Go to a control and press Enter, as somebody without a mouse."""
    control = page.get_by_role(role, name=name, exact=True).last  # type: ignore[arg-type]
    control.focus()
    page.keyboard.press("Enter")


def begin(page: Page, name: str) -> None:
    """Find the partner by name and open the thread."""
    press(page, "link", "New message")
    page.wait_for_url("**/inbox/new")
    see_no_barrier(page)
    page.locator("main input[type=search]").focus()
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    page.wait_for_url("**/inbox/new?q=*")
    page.locator(".addressee").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/inbox/*#write")


def test_writing_editing_withdrawing_and_what_arrives_meanwhile(
    inbox: Inbox, open_page: Callable[..., Page]
) -> None:
    page, other = open_page("/en/inbox"), open_page("/en/inbox")
    see_no_barrier(page)
    begin(page, inbox.name)
    see_no_barrier(page)
    text = page.locator("#f-body")
    text.focus()
    page.keyboard.type("Bonjour, voici notre offre")
    expect(page.locator("[data-recognized]")).to_have_text("Recognized language: French")
    page.reload()
    expect(text).to_have_value("Bonjour, voici notre offre")
    press(page, "button", "Send")
    said = page.locator("#messages > li")
    expect(said).to_have_count(1)
    expect(said.locator(".said-body")).to_have_attribute("lang", "fr")
    # Who looks at the list elsewhere sees it there.
    row = other.locator("#threads > li").first
    expect(row).to_contain_text(inbox.name)

    edit = said.locator("summary").last
    edit.focus()
    page.keyboard.press("Enter")
    field = said.locator("textarea")
    field.focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("Bonjour, voici une meilleure offre")
    said.locator("form[action*='/edit'] button").focus()
    page.keyboard.press("Enter")
    expect(said.locator(".said-body")).to_have_text("Bonjour, voici une meilleure offre")
    expect(said).to_contain_text("Edited")

    # An answer arrives while somebody types: neither the words nor the focus are taken.
    text.focus()
    page.keyboard.type("Et aussi")
    inbox.answer("Merci, avec plaisir")
    expect(said).to_have_count(2)
    expect(page.locator("p[role=status]").last).to_contain_text(f"New message from {inbox.name}")
    expect(text).to_have_value("Et aussi")
    expect(text).to_be_focused()
    see_no_barrier(page)
    # It was seen here, so it is read everywhere.
    expect(page.locator("form[data-mark-read]")).to_have_count(0)
    expect(row).to_contain_text("In conversation")
    expect(row).not_to_contain_text("Unread")

    press(page, "link", "Withdraw")
    page.wait_for_url("**/withdraw")
    see_no_barrier(page)
    press(page, "button", "Withdraw")
    expect(said.first).to_contain_text("This message has been withdrawn.")
    expect(text).to_have_value("Et aussi")


def test_a_row_in_focus_stays_where_the_reader_is(inbox: Inbox, open_page: Callable[..., Page]) -> None:
    page = open_page("/en/inbox")
    link = page.locator("#threads a").nth(2)
    link.focus()
    address = link.get_attribute("href")
    inbox.answer("Encore un mot")
    expect(page.locator("#threads > li").first).to_contain_text("Encore un mot")
    expect(page.locator(f"#threads a[href='{address}']")).to_be_focused()
    expect(page.locator("#inbox-count")).to_be_visible()


def test_without_scripts(inbox: Inbox, open_page: Callable[..., Page]) -> None:
    inbox.answer("Une question encore")
    page = open_page("/en/inbox", java_script_enabled=False, viewport={"width": 390, "height": 844})
    page.locator("#threads a", has_text=inbox.name).click()
    page.get_by_role("button", name="Mark as read").click()
    expect(page.get_by_role("button", name="Mark as read")).to_have_count(0)
    page.locator("#f-body").fill("À demain")
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator("#f-body")).to_have_value("À demain")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#messages > li").last).to_contain_text("À demain")
    expect(page.locator("#f-body")).to_have_value("")


def test_a_thread_is_printed_whole(open_page: Callable[..., Page]) -> None:
    """On paper nothing scrolls: all that was said is there, without the list and the form beside it."""
    page = open_page("/en/inbox", viewport={"width": 1000, "height": 500})
    page.locator("#threads a").first.click()
    page.wait_for_url("**/en/inbox/*")
    page.emulate_media(media="print")
    said = page.locator("#messages > li")
    cut = page.locator(".messages").evaluate("one => one.scrollHeight - one.clientHeight")
    assert said.count() > 1
    assert cut == 0
    expect(said.first).to_be_visible()
    expect(
        page.locator(".inbox-list, .partner, .composer, .thread-acts").locator("visible=true")
    ).to_have_count(0)
