"""Inbox → a thread: the mails that carry it, whom they do not reach, and the files that came without."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from service.bootstrap import Services
from service.csvfile import words as csv_words
from service.domain import messages, roles, suppression
from service.domain.letters import CONVERSATION
from service.domain.suppression import SuppressionReason
from service.facts.left_out import NOT_SCANNED, LeftOut
from service.facts.messages import (
    SCAN_STATE_LABELS,
    UNREACHABLE_ADVICE,
    UNREACHABLE_LABELS,
    Channel,
    ScanState,
    UnreachableReason,
)
from service.facts.permissions import Permission
from service.facts.states import DeliveryState
from service.facts.words import NN_
from service.i18n.locales import LOCALES
from service.models import Attachment, AuditEntry, Program, SystemMail, Thread
from tests.domain import factories
from tests.web.browser import Browser
from tests.web.pages import check_page, form_of, soup, words
from tests.web.threads import HOSTILE, Post, composed


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
    why = UnreachableReason(reason.value)
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
