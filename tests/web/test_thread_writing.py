"""Inbox → a thread: writing a message, its language, its draft, and where nothing can be written."""

from collections.abc import Callable

import pytest

from service.bootstrap import Services
from service.domain import threads
from service.facts.limits import MESSAGE_CHARACTERS
from service.facts.permissions import BuiltInRole
from service.models import Draft, Message, Thread
from tests.web.browser import Browser
from tests.web.pages import error_of, soup, words
from tests.web.threads import Post, composed, message


def test_what_came_after_the_page_stays_unread(
    enter: Callable[..., Browser], thread: Thread, post: Post
) -> None:
    browser = enter()
    post.partner_writes(thread, "Hello")
    form = composed(browser, thread)
    post.partner_writes(thread, "And one thing more")
    assert browser.post(f"/en/inbox/{thread.id}", {**form, "body": "Yes"}).status_code == 303
    assert post.kept(thread).unread
    form = composed(browser, thread)
    browser.post(f"/en/inbox/{thread.id}", {**form, "body": "Both"})
    assert not post.kept(thread).unread


def test_a_form_sent_twice_is_one_message(enter: Callable[..., Browser], thread: Thread, post: Post) -> None:
    """F-14."""
    browser = enter()
    form = {**composed(browser, thread), "body": "Hello\r\nthere"}
    answers = [browser.post(f"/en/inbox/{thread.id}", form) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [303] * 3
    assert len({answer.location for answer in answers}) == 1
    assert post.bodies(thread) == ["Hello\nthere"]


def test_another_text_in_a_form_that_was_sent_is_not_lost(
    enter: Callable[..., Browser], thread: Thread, post: Post
) -> None:
    """F-14: the way back in the browser brings an old form; what is typed into it is a message of its own."""
    browser = enter()
    form = {**composed(browser, thread), "body": "Hello"}
    browser.post(f"/en/inbox/{thread.id}", form)
    answer = browser.post(f"/en/inbox/{thread.id}", {**form, "body": "Hello again"})
    assert answer.status_code == 400
    page = soup(answer)
    assert error_of(page, "body").startswith("This form has already been sent with another text.")
    key = page.select_one("input[name=form_key]")
    assert key is not None
    browser.post(f"/en/inbox/{thread.id}", {**form, "body": "Hello again", "form_key": key["value"]})
    assert post.bodies(thread) == ["Hello", "Hello again"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("  \n ", "Write a message, or attach a file."),
        ("x" * (MESSAGE_CHARACTERS + 1), "The message is longer than 10,000 characters."),
        ("a\u2028b", "The text contains a character that cannot be stored: U+2028."),
    ],
)
def test_a_refused_text_stays_in_its_field(
    enter: Callable[..., Browser], thread: Thread, post: Post, body: str, told: str
) -> None:
    browser = enter()
    answer = browser.post(f"/en/inbox/{thread.id}", {**composed(browser, thread), "body": body})
    assert answer.status_code == 400
    page = soup(answer)
    field = page.find("textarea", id="f-body")
    assert field is not None
    assert field.get_text().removeprefix("\n") == body
    assert error_of(page, "body") == told
    assert post.bodies(thread) == []


def test_the_language_is_recognized_or_said(
    enter: Callable[..., Browser], parts: Services, thread: Thread
) -> None:
    browser = enter()
    for body, lang in (("Bonjour, merci pour votre réponse", ""), ("OK", "ja"), ("OK 2", "")):
        browser.post(f"/en/inbox/{thread.id}", {**composed(browser, thread), "body": body, "lang": lang})
    with parts.db.reading() as session:
        kept = session.query(Message).order_by(Message.id).all()
    assert [one.lang for one in kept] == ["fr", "ja", None]
    page = soup(browser.get(f"/en/inbox/{thread.id}"))
    assert [one["lang"] for one in page.select(".said-body")] == ["fr", "ja", ""]
    wrong = browser.post(f"/en/inbox/{thread.id}", {**composed(browser, thread), "body": "x", "lang": "tlh"})
    assert wrong.status_code == 400
    browser.post(f"/en/inbox/{thread.id}/messages/{kept[2].id}/language", {"lang": "zh"})
    assert message(parts, kept[2].id).lang == "zh"
    refused = browser.post(f"/en/inbox/{thread.id}/messages/{kept[2].id}/language", {"lang": "tlh"})
    assert refused.status_code == 400


def test_a_draft_is_kept_for_one_s_own_eyes_until_it_is_sent(
    enter: Callable[..., Browser], parts: Services, thread: Thread
) -> None:
    mine, other = enter(), enter(BuiltInRole.COMMUNITY_MANAGER)
    form = {**composed(mine, thread), "body": "Bonjour, je pense à vous"}
    path = f"/en/inbox/{thread.id}/draft"
    told = mine.post(path, form, headers={"Accept": "application/json"}).get_json()
    assert told == {
        "told": "The draft has been saved.",
        "recognized": "Recognized language: French",
        "lang": "fr",
    }
    assert composed(mine, thread)["body"] == "Bonjour, je pense à vous"
    assert composed(mine, thread)["form_key"] == form["form_key"]
    assert composed(other, thread)["body"] == ""
    assert mine.post(path, {**form, "body": "Bonjour"}).status_code == 303
    mine.post(f"/en/inbox/{thread.id}", {**form, "body": "Bonjour à vous"})
    late = mine.post(path, form, headers={"Accept": "application/json"}).get_json()
    assert late["told"] == ""
    with parts.db.reading() as session:
        assert session.query(Draft).count() == 0
    too_long = "x" * (MESSAGE_CHARACTERS + 1)
    assert mine.post(path, {**composed(mine, thread), "body": too_long}).status_code == 400


def test_with_messaging_off_the_page_says_so_and_keeps_the_draft(
    enter: Callable[..., Browser], parts: Services, thread: Thread, post: Post
) -> None:
    browser = enter()
    post.brand_writes(thread, "Hello")
    form = {**composed(browser, thread), "body": "What I had begun"}
    browser.post(f"/en/inbox/{thread.id}/draft", form)
    with parts.db.transaction() as session:
        threads.set_messaging(session, thread.partner_id, enabled=False)
    page = soup(browser.get(f"/en/inbox/{thread.id}"))
    assert page.select(".composer form") == []
    told = words(page.select_one(".composer"))
    assert "Messaging is off: Atelier Lumière" in told
    assert "What I had begun" in told
    answer = browser.post(f"/en/inbox/{thread.id}", form)
    assert answer.status_code == 400
    assert "What I had begun" in words(soup(answer).select_one(".composer"))
    assert post.bodies(thread) == ["Hello"]
