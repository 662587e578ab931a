"""Inbox → a thread: what its page shows, its marks, and who finds it."""

from collections.abc import Callable

import pytest

from service.bootstrap import Services
from service.domain import threads
from service.facts.limits import PAGE_ROWS
from service.facts.permissions import BuiltInRole
from service.i18n.locales import LOCALES
from service.models import Program, Thread
from tests.domain import factories
from tests.web.browser import Browser
from tests.web.pages import check_page, soup, words
from tests.web.threads import HOSTILE, Post


@pytest.mark.parametrize("code", LOCALES)
def test_it_works(
    enter: Callable[..., Browser], parts: Services, thread: Thread, post: Post, code: str
) -> None:
    browser = enter()
    check_page(browser.get(f"/{code}/inbox/{thread.id}"), code)
    sent = post.brand_writes(thread, "Hello, this is the offer")
    post.partner_reads(thread)
    answered = post.partner_writes(thread, "ご連絡ありがとうございます")
    changed = post.brand_writes(thread, "Bonjour, voici notre offre")
    taken = post.brand_writes(thread, "Oops")
    browser.post(f"/{code}/inbox/{thread.id}/messages/{changed}/edit", {"body": "Bonjour, voici l’offre"})
    browser.post(f"/{code}/inbox/{thread.id}/messages/{taken}/withdraw")
    page = check_page(browser.get(f"/{code}/inbox/{thread.id}"), code)
    ids = [one["id"] for one in page.select("#messages > li")]
    assert ids == [f"message-{one}" for one in (sent, answered, changed, taken)]
    assert [one["lang"] for one in page.select(".said-body")] == ["en", "ja", "fr"]
    assert all(one.find("time") for one in page.select("#messages > li"))
    assert "Oops" not in page.get_text()
    check_page(browser.get(f"/{code}/inbox/{thread.id}/messages/{changed}/withdraw"), code)


def test_a_page_that_is_looked_at_changes_nothing(
    enter: Callable[..., Browser], thread: Thread, post: Post
) -> None:
    """W-1: who looks has read it only when the page, or a press, says so by a form."""
    browser = enter()
    post.partner_writes(thread, "Hello")
    page = soup(browser.get(f"/en/inbox/{thread.id}"))
    assert post.kept(thread).unread
    form = page.select_one("form[data-mark-read]")
    assert form is not None
    sent = {str(one["name"]): str(one["value"]) for one in form.select("input")}
    answer = browser.post(str(form["action"]), sent, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.get_data()) == (204, b"")
    assert not post.kept(thread).unread
    assert browser.post(f"/en/inbox/{thread.id}/unread").location == "/en/inbox"
    assert post.kept(thread).unread


def test_earlier_messages_are_a_page_further_up(
    enter: Callable[..., Browser], thread: Thread, post: Post
) -> None:
    browser = enter()
    for number in range(PAGE_ROWS + 1):
        post.partner_writes(thread, f"Message {number}")
    page = soup(browser.get(f"/en/inbox/{thread.id}"))
    assert len(page.select("#messages > li")) == PAGE_ROWS
    up = page.select_one(".messages-more a")
    assert up is not None
    earlier = soup(browser.get(str(up["href"])))
    assert [words(one) for one in earlier.select(".said-body")] == ["Message 0"]
    assert earlier.select("[data-news]") == []
    assert words(earlier.select(".messages-more a")[-1]) == "Newest messages"


def test_priority_archive_and_assignment(
    enter: Callable[..., Browser], parts: Services, thread: Thread, post: Post
) -> None:
    browser = enter()
    post.partner_writes(thread, "Hello")
    path = f"/en/inbox/{thread.id}"
    browser.get(path)
    browser.post(f"{path}/priority", {"priority": "on"})
    assert post.kept(thread).priority
    browser.post(f"{path}/priority", {"priority": "off"})
    assert not post.kept(thread).priority
    assert browser.post(f"{path}/archive?stage=new").location == "/en/inbox?stage=new"
    assert post.kept(thread).archived_at is not None
    browser.post(f"{path}/restore")
    assert post.kept(thread).archived_at is None
    options = soup(browser.get(path)).select("#f-user option")
    assert [words(one) for one in options] == ["Nobody", "山田 花子"]
    browser.post(f"{path}/assign", {"user": options[1]["value"]})
    assert post.kept(thread).assignee_id == int(str(options[1]["value"]))
    browser.post(f"{path}/assign", {"user": ""})
    assert post.kept(thread).assignee_id is None
    assert browser.post(f"{path}/assign", {"user": "999"}).status_code == 404


def test_a_report_of_the_partner_is_shown(
    enter: Callable[..., Browser], parts: Services, thread: Thread, post: Post
) -> None:
    post.brand_writes(enter() and thread, "Hello")
    with parts.db.transaction() as session:
        threads.report(session, session.get_one(Thread, thread.id), words=HOSTILE, now=post.clock.now)
    page = check_page(enter(BuiltInRole.COMMUNITY_MANAGER).get(f"/en/inbox/{thread.id}"), "en")
    told = words(page.select_one("#thread-marks"))
    assert "The partner reported this conversation." in told
    assert HOSTILE in told


def test_hostile_texts_are_text(enter: Callable[..., Browser], program: Program, post: Post) -> None:
    """X-1."""
    browser = enter()
    thread = post.open(program, HOSTILE)
    sent = post.partner_writes(thread, f"{HOSTILE} javascript:alert(1) https://x.example/?a=1&b=<i>")
    page = check_page(browser.get(f"/en/inbox/{thread.id}"), "en")
    said = page.select_one(f"#message-{sent} .said-body")
    assert said is not None
    assert said.get_text() == f"{HOSTILE} javascript:alert(1) https://x.example/?a=1&b=<i>"
    assert [one["href"] for one in said.select("a")] == ["https://x.example/?a=1&b="]
    assert HOSTILE in words(page.h1)


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("", "get"),
        ("", "post"),
        ("/draft", "post"),
        ("/read", "post"),
        ("/unread", "post"),
        ("/priority", "post"),
        ("/archive", "post"),
        ("/restore", "post"),
        ("/assign", "post"),
        ("/links", "get"),
        ("/links", "post"),
        ("/messages/1/edit", "post"),
        ("/messages/1/withdraw", "get"),
        ("/messages/1/withdraw", "post"),
        ("/messages/1/language", "post"),
    ],
)
def test_another_program_s_thread_does_not_exist(
    enter: Callable[..., Browser], parts: Services, program: Program, post: Post, path: str, method: str
) -> None:
    """A-2."""
    with parts.db.transaction() as session:
        theirs = factories.program(session, "Kumo Outdoor")
    browser = enter(BuiltInRole.COMMUNITY_MANAGER, program)
    thread = post.open(theirs, "Theirs")
    assert post.partner_writes(thread, "Hello") == 1
    data = {"body": "x", "form_key": "k", "lang": "en"}
    found = [
        browser.get(f"/en/inbox/{id_}{path}")
        if method == "get"
        else browser.post(f"/en/inbox/{id_}{path}", data)
        for id_ in (thread.id, 9999)
    ]
    assert [answer.status_code for answer in found] == [404, 404]
    assert words(soup(found[0]).main) == words(soup(found[1]).main)


def test_the_number_of_queries_does_not_grow_with_the_messages(
    enter: Callable[..., Browser],
    thread: Thread,
    post: Post,
    count_queries: Callable[[Callable[[], object]], int],
) -> None:
    browser = enter()
    post.brand_writes(thread, "one")
    one = count_queries(lambda: browser.get(f"/en/inbox/{thread.id}"))
    for number in range(3):
        post.brand_writes(thread, f"more {number}")
        post.partner_writes(thread, f"answer {number}")
    assert count_queries(lambda: browser.get(f"/en/inbox/{thread.id}")) == one
