"""Inbox → a thread: what was written is edited or withdrawn, by whom, and until when."""

from collections.abc import Callable

from service.bootstrap import Services
from service.facts.messages import (
    MessageState,
)
from service.facts.permissions import BuiltInRole
from service.models import Program, Thread
from tests.web.browser import Browser
from tests.web.pages import check_page, soup, words
from tests.web.threads import Post, message


def test_what_was_read_cannot_be_changed_and_nothing_typed_is_lost(
    enter: Callable[..., Browser], parts: Services, thread: Thread, post: Post
) -> None:
    browser = enter()
    sent = post.brand_writes(thread, "Hello")
    browser.get(f"/en/inbox/{thread.id}")
    post.partner_reads(thread)
    path = f"/en/inbox/{thread.id}/messages/{sent}"
    answer = browser.post(f"{path}/edit", {"body": "What I would rather say"})
    assert answer.status_code == 400
    page = soup(answer)
    field = page.find("textarea", id=f"f-edit-{sent}")
    assert field is not None
    assert field.get_text().strip() == "What I would rather say"
    told = "The message has been read in the meantime. It cannot be changed any more."
    assert words(page.select_one(f".error-summary a[href='#f-edit-{sent}']")) == told
    for method in (browser.get, browser.post):
        answer = method(f"{path}/withdraw")
        assert answer.status_code == 303
        assert told in words(soup(browser.get(answer.location.partition("#")[0])).select_one(".notices"))
    assert message(parts, sent).body == "Hello"
    looked = soup(browser.get(f"/en/inbox/{thread.id}")).find(id=f"message-{sent}")
    assert "Read" in words(looked)
    assert "Edit" not in words(looked)


def test_a_message_is_withdrawn_after_a_word(
    enter: Callable[..., Browser], parts: Services, thread: Thread, post: Post
) -> None:
    browser = enter()
    sent = post.brand_writes(thread, "Hello")
    path = f"/en/inbox/{thread.id}/messages/{sent}/withdraw"
    page = check_page(browser.get(path), "en")
    assert "The partner no longer sees the text of this message" in words(page.main)
    assert message(parts, sent).state == MessageState.SENT.value
    browser.post(path)
    assert (message(parts, sent).state, message(parts, sent).body) == (MessageState.WITHDRAWN.value, "")


def test_a_colleague_s_message_has_no_button_that_would_be_refused(
    enter: Callable[..., Browser], parts: Services, thread: Thread, post: Post
) -> None:
    """A-3: editing is the author's; withdrawing also of whoever manages users, and the trail tells whose."""
    mine = enter(BuiltInRole.COMMUNITY_MANAGER, name="Mei")
    other = enter(BuiltInRole.COMMUNITY_MANAGER, email="other@example.test")
    boss = enter()
    sent = post.brand_writes(thread, "Hello")
    path = f"/en/inbox/{thread.id}/messages/{sent}"

    def offered(browser: Browser) -> list[str]:
        acts = soup(browser.get(f"/en/inbox/{thread.id}")).select(f"#message-{sent} .said-act")
        return [words(act.summary or act) for act in acts][1:]  # the first is its language

    assert (offered(mine), offered(other), offered(boss)) == (["Edit", "Withdraw"], [], ["Withdraw"])
    told = {
        "Only the person who wrote a message can edit it.": [
            lambda browser: browser.post(f"{path}/edit", {"body": "Forged"})
        ],
        "Only the person who wrote a message, or somebody with this permission, can withdraw it: Users.": [
            lambda browser: browser.get(f"{path}/withdraw"),
            lambda browser: browser.post(f"{path}/withdraw"),
        ],
    }
    for words_told, acts in told.items():
        for act in acts:
            answer = act(other)
            assert answer.status_code == 303
            page = soup(other.get(answer.location.partition("#")[0]))
            assert words_told in words(page.select_one(".notices"))
    assert message(parts, sent).body == "Hello"
    assert "Author: Mei" in words(check_page(boss.get(f"{path}/withdraw"), "en").main)
    assert [boss.post(f"{path}/withdraw").status_code for _ in range(2)] == [303, 303]
    assert boss.get(f"{path}/withdraw").status_code == 303
    assert message(parts, sent).state == MessageState.WITHDRAWN.value
    trail = soup(boss.get("/en/settings/audit?area=conversations"))
    [line] = trail.select("tbody th")
    assert "山田 花子 withdrew a message of another user. Author: Mei" in words(line)


def test_the_partner_s_messages_are_not_ours_to_change(
    enter: Callable[..., Browser], parts: Services, thread: Thread, post: Post
) -> None:
    browser = enter()
    theirs = post.partner_writes(thread, "Hello")
    browser.get(f"/en/inbox/{thread.id}")
    path = f"/en/inbox/{thread.id}/messages/{theirs}"
    assert browser.post(f"{path}/edit", {"body": "Changed"}).status_code == 404
    assert browser.post(f"{path}/withdraw").status_code == 404
    assert message(parts, theirs).body == "Hello"


def test_a_message_of_another_thread_does_not_exist_here(
    enter: Callable[..., Browser], program: Program, thread: Thread, post: Post
) -> None:
    """A-2."""
    browser = enter()
    elsewhere = post.brand_writes(post.open(program, "Elsewhere"), "Hello")
    browser.get(f"/en/inbox/{thread.id}")
    path = f"/en/inbox/{thread.id}/messages/{elsewhere}"
    assert [
        browser.post(f"{path}/edit", {"body": "x"}).status_code,
        browser.get(f"{path}/withdraw").status_code,
        browser.post(f"{path}/withdraw").status_code,
        browser.post(f"{path}/language", {"lang": "en"}).status_code,
    ] == [404] * 4
