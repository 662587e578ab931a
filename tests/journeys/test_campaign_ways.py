"""What else can become of a campaign: refused, scheduled, in doubt, sent again, cancelled."""

import re
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from service.i18n.catalogs import Catalog, Catalogs
from tests.journeys.conftest import Demo, Traveller, running, sign_in, travel, until
from tests.sink import DROP, Sink

pytestmark = pytest.mark.journey


@dataclass
class Relay:
    """A mail server that can be told to hold, refuse or forget."""

    sink: Sink
    gate: threading.Event = field(default_factory=threading.Event)
    answers: dict[str, str] = field(default_factory=dict)

    def answer(self, step: str, recipient: str) -> str:
        return self.answers.get(recipient, "250 Ok") if step == "data" else "250 Ok"


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    with Sink(tmp_path_factory.mktemp("sink") / "journal.jsonl") as sink:
        made = Relay(sink)
        sink.script = made.answer
        yield made


@pytest.fixture(scope="module")
def relayed(tmp_path_factory: pytest.TempPathFactory, relay: Relay) -> Iterator[Demo]:
    """A demo whose mails go to that server, one after the other."""
    data = tmp_path_factory.mktemp("relayed")
    with running(data, MAIL_URL=relay.sink.url, MAIL_CONNECTIONS="1") as started:
        yield started


@pytest.fixture(scope="module")
def relayed_storage(browser: Browser, relayed: Demo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sign_in(browser, relayed, tmp_path_factory.mktemp("cookies"))


Open = Callable[[str], tuple[Traveller, Catalog]]


@pytest.fixture
def visit(browser: Browser, demo: Demo, storage: Path, catalogs: Catalogs) -> Iterator[Open]:
    """Open a signed-in tab of the capturing demo in a language."""
    yield from _tabs(browser, demo, storage, catalogs)


@pytest.fixture
def visit_relayed(
    browser: Browser, relayed: Demo, relayed_storage: Path, catalogs: Catalogs
) -> Iterator[Open]:
    """Open a signed-in tab of the relaying demo in a language."""
    yield from _tabs(browser, relayed, relayed_storage, catalogs)


def _tabs(browser: Browser, demo: Demo, storage: Path, catalogs: Catalogs) -> Iterator[Open]:
    opened = []

    def open_tab(language: str) -> tuple[Traveller, Catalog]:
        context, traveller = travel(browser, demo, storage=storage)
        opened.append((context, traveller))
        return traveller, catalogs.catalog(language)

    yield open_tab
    for context, traveller in opened:
        context.close()
        assert traveller.errors == []


def _write(traveller: Traveller, code: str, query: str, subject: str) -> None:
    """Select who matches, and write them a short email in English."""
    page = traveller.page
    traveller.open(f"/{code}/prospects?q={query}")
    page.locator("button[name=action][value=page]").click()
    page.locator("button[name=action][value=email]").click()
    page.wait_for_url(f"**/{code}/campaigns/new")
    page.locator("a.tab[href='#variant-en']").click()
    page.locator("input[name=subject_en]").fill(subject)
    page.locator("textarea[name=content_en]").fill("Hello {firstName|there}, {unsubscribeUrl}")
    page.locator("select[name=source_locale]").select_option("en")


def _act(traveller: Traveller, action: str) -> None:
    traveller.page.locator(f"button[name=action][value={action}]:visible").click()


def test_a_token_nobody_knows_is_refused_with_its_place(visit: Open) -> None:
    """The nearest known token is named; nothing goes out until it is mended."""
    traveller, words = visit("fr")
    page = traveller.page
    _write(traveller, "fr", "Harbour", "Bonjour")
    page.locator("textarea[name=content_en]").fill("Line one\nHello {fristName}")
    _act(traveller, "send")
    finding = page.locator("[data-findings=content_en] .finding")
    expect(finding).to_contain_text("{firstName}")
    place = words.gettext("Line %(line)s, column %(column)s") % {"line": 2, "column": 7}
    expect(finding).to_contain_text(place)
    expect(page.locator(".error-summary")).to_be_visible()
    traveller.see_no_barrier()
    # A browser reports the refusal itself.
    assert [error for error in traveller.errors if "400" not in error] == []
    traveller.errors.clear()
    page.locator("textarea[name=content_en]").fill("Hello {firstName|there}")
    _act(traveller, "send")
    page.wait_for_url(re.compile(r"/campaigns/\d+$"))


def test_scheduled_and_started(visit: Open, demo: Demo) -> None:
    """F-11: planned for tomorrow, changed, and started when the moment has come."""
    traveller, words = visit("ja")
    page = traveller.page
    _write(traveller, "ja", "Brightside", "Scheduled mail")
    tomorrow = f"{datetime.now() + timedelta(days=1):%Y-%m-%d}"  # noqa: DTZ005
    page.locator("input[name=send_at]").fill(f"{tomorrow}T09:30")
    traveller.see_no_barrier()
    _act(traveller, "schedule")
    page.wait_for_url(re.compile(r"/campaigns/\d+$"))
    expect(page.locator("#progress")).to_contain_text(words.pgettext("campaign", "Scheduled"))
    traveller.see_no_barrier()
    traveller.see_no_overflow()
    page.locator("input[name=send_at]").fill(f"{tomorrow}T10:45")
    page.get_by_role("button", name=words.gettext("Change the time"), exact=True).click()
    expect(page.locator("#progress")).to_contain_text("10:45")
    assert not [to for to, raw in demo.mails() if b"Scheduled mail" in raw]
    with closing(sqlite3.connect(demo.data / "prospectus.db", timeout=20)) as connection:
        now = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}"
        connection.execute("UPDATE campaigns SET scheduled_at = ? WHERE state = 'scheduled'", (now,))
        connection.commit()
    finished = words.pgettext("campaign", "Finished")
    until(page, lambda: page.locator("#progress").get_by_text(finished, exact=True).count() > 0)
    assert len([to for to, raw in demo.mails() if b"Scheduled mail" in raw]) == 1


def test_from_a_captured_mail_to_no_more_mails(visit: Open, demo: Demo) -> None:
    """One click in the mail, then the history and the suppression list tell it, and a reason lifts it."""
    traveller, words = visit("zh")
    page = traveller.page
    _write(traveller, "zh", "Trailhead", "Goodbye mail")
    _act(traveller, "send")
    page.wait_for_url(re.compile(r"/campaigns/\d+$"))
    finished = words.pgettext("campaign", "Finished")
    until(page, lambda: page.locator("#progress").get_by_text(finished, exact=True).count() > 0)
    campaign = page.url
    [raw] = [raw for _, raw in demo.mails() if b"Goodbye mail" in raw]
    text = message_from_bytes(raw, policy=policy.default).get_body(("plain",)).get_content()  # type: ignore[attr-defined]
    link = re.search(r"https?://\S+/unsubscribe/[^\s>]+", text)
    assert link is not None
    page.goto(link.group())
    page.locator("main form button").first.click()
    page.wait_for_load_state()
    page.goto(campaign)
    page.locator("#deliveries tbody a", has_text=words.gettext("History")).first.click()
    expect(page.locator(".notice-warning")).to_contain_text(words.pgettext("suppression", "Unsubscribed"))
    traveller.see_no_barrier()
    page.locator("main ol a").first.click()
    expect(page.frame_locator("iframe").locator("body")).to_contain_text("Hello")
    traveller.see_no_barrier()
    traveller.open("/zh/settings/suppression-list?q=trailhead")
    traveller.see_no_barrier()
    page.get_by_role("link", name=words.pgettext("suppression", "Lift")).first.click()
    page.locator("input[name=note]").fill("She asked by phone")
    page.get_by_role("button", name=words.gettext("Lift suppression"), exact=True).click()
    traveller.open("/zh/settings/suppression-list?q=trailhead")
    expect(page.locator("tbody tr")).to_have_count(0)


def test_an_unknown_and_a_failed_mail_are_sent_again_by_button(visit_relayed: Open, relay: Relay) -> None:
    """F-7: nothing is repeated without a person's word, and the word is carried out once."""
    traveller, words = visit_relayed("en")
    page = traveller.page
    _write(traveller, "en", "Juniper", "Doubtful mail")
    relay.answers["hi@juniper.example"] = DROP
    _act(traveller, "send")
    page.wait_for_url(re.compile(r"/campaigns/\d+$"))
    again = page.locator(".notice-warning button[value=resend]")
    until(page, lambda: again.count() > 0)
    traveller.see_no_barrier()
    relay.answers["hi@juniper.example"] = "554 5.7.1 Not wanted"
    again.click()
    link = page.locator("main a[href$='/decide/failed']")
    until(page, lambda: link.count() > 0)
    relay.answers.clear()
    link.click()
    traveller.see_no_barrier()
    page.locator("main form button").first.click()
    finished = words.pgettext("campaign", "Finished")
    until(page, lambda: page.locator("#progress").get_by_text(finished, exact=True).count() > 0)
    expect(page.locator("#deliveries tbody")).to_contain_text(words.pgettext("delivery", "Sent"))
    taken = [mail for mail in relay.sink.taken() if mail.recipient == "hi@juniper.example"]
    assert [mail.accepted for mail in taken] == [True, False, True]
    assert len({mail.message_id for mail in taken}) == 1


def test_cancelled_while_it_is_being_sent(visit_relayed: Open, relay: Relay) -> None:
    """F-15: after the page says cancelled, the server gets nothing but what was in flight."""
    traveller, words = visit_relayed("fr")
    page = traveller.page
    before = len(relay.sink.taken())
    relay.sink.script = lambda step, _to: _held(relay, step)
    _write(traveller, "fr", "", "Cancelled mail")
    _act(traveller, "send")
    page.wait_for_url(re.compile(r"/campaigns/\d+$"))
    page.locator("main a[href$='/cancel']").click()
    page.locator("main form button").first.click()
    expect(page.locator("#progress")).to_contain_text(words.pgettext("campaign", "Cancelled"))
    at_most = len(relay.sink.taken()) + 1
    relay.gate.set()
    counts = page.locator("#progress .legend")
    until(page, lambda: words.pgettext("delivery", "Sending") not in counts.inner_text())
    taken = relay.sink.taken()[before:]
    assert before + len(taken) <= at_most
    assert set(Counter(mail.recipient for mail in taken).values()) <= {1}
    relay.sink.script = relay.answer


def _held(relay: Relay, step: str) -> str:
    # The server takes its time over each mail until the page has said that the campaign is cancelled.
    if step == "data":
        relay.gate.wait(0.5)
    return "250 Ok"
