"""Inbox → a thread: its messages, writing, drafts, changing what was written, and its marks."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from service.bootstrap import Services
from service.csvfile import words as csv_words
from service.domain import messages, roles, suppression, threads
from service.domain.letters import CONVERSATION
from service.domain.suppression import SuppressionReason
from service.facts.left_out import NOT_SCANNED, LeftOut
from service.facts.limits import MESSAGE_CHARACTERS, PAGE_ROWS
from service.facts.messages import (
    SCAN_STATE_LABELS,
    UNREACHABLE_ADVICE,
    UNREACHABLE_LABELS,
    Channel,
    MessageState,
    ScanState,
    Unreachable,
)
from service.facts.permissions import BuiltInRole, Permission
from service.facts.states import DeliveryState
from service.facts.words import NN_
from service.i18n.locales import LOCALES
from service.models import Attachment, AuditEntry, Draft, Message, Program, SystemMail, Thread
from tests.domain import factories
from tests.web.browser import Browser, Clock
from tests.web.pages import check_page, error_of, form_of, soup, words
from tests.web.threads import Post

HOSTILE = "<script>alert(1)</script>\"'{{7*7}}{% raw %}&lt;b&gt;"


@pytest.fixture
def post(parts: Services, clock: Clock) -> Post:
    """Who writes."""
    return Post(parts, clock)


@pytest.fixture
def thread(post: Post, program: Program) -> Thread:
    """A thread in which nothing is written yet."""
    return post.open(program, "Atelier Lumière", locale="fr", time_zone="Europe/Paris")


def composed(browser: Browser, thread: Thread) -> dict[str, Any]:
    """Return the form for a message as the page has it."""
    page = soup(browser.get(f"/en/inbox/{thread.id}"))
    form = page.select_one(".composer form")
    assert form is not None
    sent = {str(one["name"]): str(one.get("value", "")) for one in form.select("input[name]")}
    body = form.select_one("textarea")
    assert body is not None
    return {**sent, "body": body.get_text().removeprefix("\n")}


def message(parts: Services, message_id: int) -> Message:
    with parts.db.reading() as session:
        return session.get_one(Message, message_id)


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


def test_links_are_revoked_once_and_the_page_says_by_whom(
    enter: Callable[..., Browser], parts: Services, thread: Thread, post: Post
) -> None:
    """D-7, F-14: a page of its own says what happens; the same form again changes nothing."""
    browser = enter()
    assert soup(browser.get(f"/en/inbox/{thread.id}")).select(".partner-links") == []
    post.brand_writes(thread, "Hello")
    page = soup(browser.get(f"/en/inbox/{thread.id}"))
    link = page.select_one(".partner-links a")
    assert link is not None
    assert "Last revoked" not in words(page.select_one(".partner-links"))
    path = str(link["href"])
    asked = check_page(browser.get(path), "en")
    assert "The partner gets a new link with the email about your next message." in words(asked.main)
    form = form_of(asked, action=path)
    answers = [browser.post(path, form) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    page = check_page(browser.get(answers[1].location), "en")
    assert "The links that were sent so far no longer work." in words(page.select_one(".notices"))
    told = words(page.select_one(".partner-links"))
    assert "Last revoked: Jan 18, 2038, 9:00 PM , 山田 花子" in told
    assert post.kept(thread).link_version == 2
    with parts.db.reading() as session:
        acts = session.scalars(select(AuditEntry.act).where(AuditEntry.program_id == thread.program_id)).all()
    assert acts == ["links_revoked"]
    for version in ("", "3", "-1", "x"):
        assert browser.post(path, {"version": version}).status_code == 400
    assert post.kept(thread).link_version == 2


@pytest.mark.parametrize("code", LOCALES)
@pytest.mark.parametrize("reason", SuppressionReason)
def test_whom_no_mail_reaches_is_said_where_one_writes(
    enter: Callable[..., Browser],
    parts: Services,
    thread: Thread,
    post: Post,
    reason: SuppressionReason,
    code: str,
) -> None:
    """In the reader's language, with the reason and the way out; writing stays possible."""
    browser = enter()
    assert soup(browser.get(f"/{code}/inbox/{thread.id}")).select(".composer .notice") == []
    with parts.db.transaction() as session:
        partner = session.get_one(Thread, thread.id).partner
        key = partner.email_key
        suppression.suppress(session, thread.program_id, key, reason=reason, now=post.clock.now)
    page = check_page(browser.get(f"/{code}/inbox/{thread.id}"), code)
    why = Unreachable(reason.value)
    reason_told, advice = (
        " ".join(parts.catalogs.catalog(code).say(labels[why]).split())
        for labels in (UNREACHABLE_LABELS, UNREACHABLE_ADVICE)
    )
    told = words(page.select_one(".composer .notice"))
    assert reason_told in told
    assert advice in told
    assert reason_told in words(page.select_one(".partner"))
    way_out = page.select_one(".composer .notice a")
    assert way_out is not None
    assert key in words(soup(browser.get(str(way_out["href"]))).main)
    asked = words(check_page(browser.get(f"/{code}/inbox/{thread.id}/links"), code).main)
    assert reason_told in asked
    sent = browser.post(f"/{code}/inbox/{thread.id}", {**composed(browser, thread), "body": "Hello"})
    assert (sent.status_code, post.bodies(thread)) == (303, ["Hello"])


def test_a_mail_that_was_refused_is_told_of(
    enter: Callable[..., Browser], parts: Services, thread: Thread, post: Post
) -> None:
    browser = enter()
    post.brand_writes(thread, "Hello")
    assert "could not be delivered" not in words(soup(browser.get(f"/en/inbox/{thread.id}")).main)
    with parts.db.transaction() as session:
        mail = session.scalars(select(SystemMail).where(SystemMail.thread_id == thread.id)).one()
        mail.state, mail.settled_at = DeliveryState.FAILED.value, post.clock.now
    partner = soup(browser.get(f"/en/inbox/{thread.id}")).select_one(".partner")
    assert "The last one could not be delivered: Jan 18, 2038, 9:00 PM" in words(partner)


def test_who_may_not_see_the_suppression_list_gets_no_link_to_it(
    enter: Callable[..., Browser], parts: Services, program: Program, thread: Thread, post: Post
) -> None:
    """A-1: nor does whoever works in another program at the moment, whose list it would be."""
    with parts.db.transaction() as session:
        other = factories.program(session, "Kumo Outdoor")
        only_messages = roles.add(
            session, "Writers", {Permission.MESSAGES_USE}, actor=None, now=post.clock.now
        )
        key = session.get_one(Thread, thread.id).partner.email_key
        suppression.suppress(session, program.id, key, reason=SuppressionReason.MANUAL, now=post.clock.now)
        assert only_messages.id
    elsewhere = enter()
    elsewhere.post("/en/program", {"program": other.id})
    writer = enter("Writers", email="writer@example.test")
    for browser in (writer, elsewhere):
        page = soup(browser.get(f"/en/inbox/{thread.id}"))
        assert page.select_one(".composer .notice") is not None
        assert page.select(".composer .notice a") == []


def test_files_that_stayed_behind_are_counted(
    enter: Callable[..., Browser], parts: Services, thread: Thread, post: Post
) -> None:
    with parts.db.transaction() as session:
        for number, left_out in enumerate((0, 1, 3)):
            messages.answer(
                session, thread.id, body="Hello", form_key=str(number), channel=Channel.EMAIL,
                uncounted=left_out, now=post.clock.now,
            )  # fmt: skip
    page = soup(enter().get(f"/en/inbox/{thread.id}"))
    assert [words(one) for one in page.select(".attachments-missing")] == [
        "1 file of this email was not added.",
        "3 files of this email were not added.",
    ]


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


@pytest.mark.parametrize("code", LOCALES)
def test_files_of_an_email_that_are_missing_are_told_to_both_sides(
    enter: Callable[..., Browser], parts: Services, thread: Thread, post: Post, code: str
) -> None:
    """P4, X-1: which and why, in the reader's language; one that the scanner refused has no link."""
    browser = enter()
    left_out = [
        LeftOut(HOSTILE, "EMPTY"),
        LeftOut("", "MAIL_TOO_LARGE", {"size": 72 * 1024 * 1024}),
        LeftOut("a.zip", "NAME_EXTENSION", {"extension": ".zip", "extensions": (".csv", ".pdf")}),
    ]
    with parts.db.transaction() as session:
        message = messages.answer(
            session,
            thread.id,
            body="Here.",
            form_key="k",
            channel=Channel.EMAIL,
            left_out=left_out,
            uncounted=1,
            now=post.clock.now,
        )
        session.add(
            Attachment(
                thread_id=thread.id, message_id=message.id, upload_key="k", side="partner", name="bad.pdf",
                kind="pdf", size=9, digest="", state="refused", threat="Eicar", give_up_at=post.clock.now,
                created_at=post.clock.now,
            )
        )  # fmt: skip
    catalog = parts.catalogs.catalog(code)
    reasons = [" ".join(csv_words.say(one.phrase, one.values, catalog).split()) for one in left_out]
    token = parts.signer.sign(CONVERSATION, [thread.id, thread.link_version])
    for path in (f"/{code}/inbox/{thread.id}", f"/{code}/conversation/{token}"):
        page = check_page(browser.get(path), code)
        shown = page.select_one(f"#message-{message.id}")
        assert shown is not None
        told = words(shown)
        assert [reason for reason in reasons if reason in told] == reasons
        assert (HOSTILE in told, "bad.pdf" in told, "Eicar" in told) == (True, True, True)
        counted = NN_(
            "%(num)s file of this email was not added.",
            "%(num)s files of this email were not added.",
        )
        assert " ".join(catalog.say(counted, num=4).split()) in told
        assert [one for one in shown.select("a") if "files" in str(one["href"])] == []


@pytest.mark.parametrize("code", LOCALES)
def test_a_file_that_could_not_be_scanned_is_told_to_both_sides_in_their_words(
    enter: Callable[..., Browser], parts: Services, thread: Thread, post: Post, code: str
) -> None:
    """P4: that it cannot be sent concerns who attached it; the brand has nothing to send."""
    browser = enter()
    with parts.db.transaction() as session:
        message = messages.answer(
            session, thread.id, body="Here.", form_key="k", channel=Channel.EMAIL, now=post.clock.now
        )
        session.add(
            Attachment(
                thread_id=thread.id, message_id=message.id, upload_key="k", side="partner", name="a.pdf",
                kind="pdf", size=9, digest="", state="unscanned", give_up_at=post.clock.now,
                created_at=post.clock.now,
            )
        )  # fmt: skip
    catalog = parts.catalogs.catalog(code)
    state, reason = catalog.say(SCAN_STATE_LABELS[ScanState.UNSCANNED]), catalog.say(NOT_SCANNED)
    token = parts.signer.sign(CONVERSATION, [thread.id, thread.link_version])
    for path, is_own in ((f"/{code}/inbox/{thread.id}", False), (f"/{code}/conversation/{token}", True)):
        page = check_page(browser.get(path), code)
        shown = page.select_one(f"#message-{message.id} .attachment")
        assert shown is not None
        told = words(shown)
        assert ("a.pdf" in told, state in told, " ".join(reason.split()) in told) == (True, True, is_own)


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
