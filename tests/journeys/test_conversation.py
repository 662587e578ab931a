"""A creator in French: a mail, its link, the message read, an answer, and messages switched off."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, expect
from sqlalchemy import select

from service import bootstrap
from service.bootstrap import Services
from service.config import Settings
from service.domain import messages, system_mails, threads
from service.i18n.catalogs import Catalogs
from service.models import Message, Partner, Program, SystemMail, Thread, User
from service.web.app import create_app
from tests.domain import factories
from tests.journeys import conftest, served
from tests.judged import faults

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """An installation with the demo's data."""
    data = tmp_path_factory.mktemp("talk")
    made = bootstrap.build(Settings(data=data, secret_key="tests" * 8), jobs=False)
    served.signed_in(made)
    yield made
    made.db.dispose()


@pytest.fixture(scope="module")
def url(services: Services) -> Iterator[str]:
    app: Flask = create_app(services)
    with served.answering(app) as address:
        yield address


def write(services: Services, name: str) -> tuple[int, str]:
    """Write to a French creator; return the thread and the path of the link in the mail."""
    now = datetime.now(UTC)
    with services.db.transaction() as session:
        program, user = session.scalars(select(Program)).first(), session.scalars(select(User)).first()
        assert program is not None
        assert user is not None
        prospect = factories.prospect(session, program, name, locale="fr", email=f"{name}@people.example")
        prospect.partner.messaging_enabled = True
        thread = threads.open_with(session, program.id, prospect.partner_id, now=now)
        messages.send(session, thread.id, actor=user, body="Bonjour, on commence ?", form_key="a", now=now)
        # Beside those of the demo's own conversations.
        due = system_mails.claim(session, token="t", now=now + timedelta(minutes=1))
        (claimed,) = (mail for mail in due if mail.address == f"{name}@people.example")
        thread_id = thread.id
    raw = services.composer.system(claimed)
    assert faults(raw) == []
    text = message_from_bytes(raw, policy=policy.default).get_body(("plain",)).get_content()  # type: ignore[attr-defined]
    (link,) = {word.strip("<>") for word in text.split() if "/conversation/" in word}
    return thread_id, link[link.index("/fr/") :]


@pytest.fixture(params=[True, False], ids=["scripts", "plain"])
def context(request: pytest.FixtureRequest, browser: Browser) -> Iterator[BrowserContext]:
    """The phone of somebody who was never here."""
    opened = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=request.param)
    opened.set_default_timeout(conftest.PATIENCE)
    yield opened
    opened.close()


def test_a_creator_reads_answers_and_switches_off(
    context: BrowserContext, services: Services, url: str, catalogs: Catalogs, request: pytest.FixtureRequest
) -> None:
    """W-1, D-7: the script marks as read, or a button; with it a message that comes in shows itself."""
    scripts = "scripts" in request.node.name
    say = catalogs.catalog("fr").gettext
    thread_id, path = write(services, "scripted" if scripts else "plain")
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    page.goto(url + path)
    expect(page.locator(".talk-body")).to_have_text("Bonjour, on commence ?")
    if not scripts:
        page.get_by_role("button", name=say("Mark as read")).click()
    expect(page.get_by_role("button", name=say("Mark as read"))).to_have_count(0)
    page.get_by_label(say("Your answer")).fill("Oui,\navec plaisir.")
    page.get_by_role("button", name=say("Send"), exact=True).click()
    expect(page.locator(".talk-own .talk-body")).to_have_text("Oui,\navec plaisir.")
    if scripts:
        assert Axe().run(page).violations_count == 0
        with services.db.transaction() as session:
            user = session.scalars(select(User)).first()
            assert user is not None
            now = datetime.now(UTC)
            messages.send(session, thread_id, actor=user, body="Parfait.", form_key="b", now=now)
        expect(page.get_by_text("Parfait.")).to_be_visible(timeout=30_000)
    page.get_by_text(say("Messages to you"), exact=True).click()
    page.get_by_role("button", name=say("Switch messages off")).click()
    expect(
        page.get_by_text(say("Messages to you are switched off. You can still write here."))
    ).to_be_visible()
    with services.db.reading() as session:
        thread = session.get_one(Thread, thread_id)
        assert not session.get_one(Partner, thread.partner_id).messaging_enabled
        first = session.scalars(select(Message).where(Message.thread_id == thread_id)).first()
        assert first is not None
        assert first.read_at is not None
        assert (
            session.scalars(select(SystemMail.values).where(SystemMail.thread_id == thread_id)).first() == {}
        )
    assert {one for one in asked if not one.startswith(url)} == set()


def test_a_long_conversation_opens_at_what_is_new(browser: Browser, services: Services, url: str) -> None:
    """Who comes by the link of a mail sees its message first; on paper the conversation is all there."""
    thread_id, path = write(services, "long")
    now = datetime.now(UTC)
    with services.db.transaction() as session:
        user = session.scalars(select(User)).first()
        assert user is not None
        for number in range(12):
            body = f"Nouvelle {number}.\n" + "Encore une ligne.\n" * 5
            messages.send(session, thread_id, actor=user, body=body, form_key=f"n{number}", now=now)
    context = browser.new_context(viewport={"width": 390, "height": 844})
    context.set_default_timeout(conftest.PATIENCE)
    page = context.new_page()
    page.goto(url + path)
    last = page.locator(".talk-item").last
    expect(last.get_by_text("Nouvelle 11.")).to_be_in_viewport()
    page.emulate_media(media="print")
    expect(page.locator("main form:visible")).to_have_count(0)
    expect(page.locator(".talk-item:visible")).to_have_count(13)
    context.close()
