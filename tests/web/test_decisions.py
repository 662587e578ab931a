"""Decisions about all failed and all unknown mails: named, confirmed, carried out once."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from service.bootstrap import Services
from service.domain import suppression
from service.domain.suppression import SuppressionReason
from service.facts.permissions import BuiltInRole
from service.facts.states import DeliveryState
from service.i18n.locales import LOCALES
from service.models import Campaign, Delivery, Program
from tests.domain import factories
from tests.web.browser import Browser
from tests.web.pages import check_page, form_of, notice, soup, words
from tests.web.test_schedules import at_once

FAILED, SENT, UNKNOWN = DeliveryState.FAILED, DeliveryState.SENT, DeliveryState.UNKNOWN


def states(parts: Services) -> list[str]:
    with parts.db.reading() as session:
        return list(session.scalars(select(Delivery.state).order_by(Delivery.id)))


def finish(parts: Services, campaign_id: int, state: str = "finished") -> None:
    with parts.db.transaction() as session:
        session.get_one(Campaign, campaign_id).state = state


@pytest.mark.parametrize("code", LOCALES)
@pytest.mark.parametrize("kind", ["failed", "resend", "settle"])
def test_each_question_works(
    enter: Callable[..., Browser], launch: Callable[..., int], settle: Callable[..., list[int]],
    code: str, kind: str,
) -> None:  # fmt: skip
    campaign_id = launch()
    settle(campaign_id, FAILED, UNKNOWN, UNKNOWN)
    page = check_page(enter().get(f"/{code}/campaigns/{campaign_id}/decide/{kind}"), code)
    assert page.select_one("main form button") is not None


def test_failed_mails_are_sent_again_after_a_question(
    enter: Callable[..., Browser], parts: Services, program: Program, launch: Callable[..., int],
    settle: Callable[..., list[int]],
) -> None:  # fmt: skip
    """M-23: what is suppressed by now stays as it is, and the question says so."""
    campaign_id = launch()
    ids = settle(campaign_id, FAILED, SENT, FAILED)
    finish(parts, campaign_id)
    with parts.db.transaction() as session:
        key = session.get_one(Delivery, ids[0]).address_key
        suppression.suppress(
            session, program.id, key, reason=SuppressionReason.HARD_BOUNCE, now=program.created_at
        )
    browser = enter()
    page = soup(browser.get(f"/en/campaigns/{campaign_id}"))
    link = page.find("a", string=lambda text: text and "failed email" in text) or page.select_one(
        f"a[href$='/{campaign_id}/decide/failed']"
    )
    assert words(link) == "Send 1 failed email again"
    path = f"/en/campaigns/{campaign_id}/decide/failed"
    page = soup(browser.get(path))
    assert "1 email that failed goes back to the queue, unchanged." in words(page.main)
    assert "1 failed email is not sent again, because its address is on the suppression list." in words(
        page.main
    )
    answer = browser.post(path, form_of(page, action=path))
    assert notice(soup(browser.get(answer.location))).endswith("The failed emails are being sent again.")
    assert states(parts) == ["failed", "sent", "queued"]
    with parts.db.reading() as session:
        assert session.get_one(Campaign, campaign_id).state == "sending"


@pytest.mark.parametrize("kind", ["failed", "resend", "settle"])
def test_fifty_equal_forms_are_carried_out_once(
    app: Flask, enter: Callable[..., Browser], parts: Services, launch: Callable[..., int],
    settle: Callable[..., list[int]], kind: str,
) -> None:  # fmt: skip
    """F-14: all get the same page, and a form of a round that is over moves nothing."""
    campaign_id = launch()
    state = FAILED if kind == "failed" else UNKNOWN
    settle(campaign_id, *[state] * 3)
    browser = enter()
    path = f"/en/campaigns/{campaign_id}/decide/{kind}"
    data = form_of(soup(browser.get(path)), action=path)
    assert at_once(app, browser, path, data) == {f"/en/campaigns/{campaign_id}"}
    with parts.db.reading() as session:
        assert session.get_one(Campaign, campaign_id).rounds == 1
    assert states(parts) == ["sent" if kind == "settle" else "queued"] * 3
    settle(campaign_id, *[state] * 3)
    browser.post(path, data)
    assert states(parts) == [state.value] * 3


def test_all_unknown_mails_are_offered_together_from_two_on(
    enter: Callable[..., Browser], launch: Callable[..., int], settle: Callable[..., list[int]],
    parts: Services,
) -> None:  # fmt: skip
    campaign_id = launch()
    browser = enter()

    def offered() -> list[str]:
        page = soup(browser.get(f"/en/campaigns/{campaign_id}"))
        return [str(link["href"]).rpartition("/")[2] for link in page.select(".notice-warning a.button")]

    settle(campaign_id, UNKNOWN)
    assert offered() == []
    settle(campaign_id, UNKNOWN, UNKNOWN)
    assert offered() == ["resend", "settle"]
    finish(parts, campaign_id, "cancelled")
    assert offered() == ["settle"]


def test_a_question_about_nothing_leads_back(
    enter: Callable[..., Browser], launch: Callable[..., int], parts: Services,
    settle: Callable[..., list[int]],
) -> None:  # fmt: skip
    campaign_id = launch()
    browser = enter()
    for kind in ("failed", "resend", "settle"):
        answer = browser.get(f"/en/campaigns/{campaign_id}/decide/{kind}")
        assert answer.location == f"/en/campaigns/{campaign_id}"
    settle(campaign_id, FAILED)
    finish(parts, campaign_id, "cancelled")
    path = f"/en/campaigns/{campaign_id}/decide/failed"
    assert browser.get(path).location == f"/en/campaigns/{campaign_id}"
    answer = browser.post(path, {"round": "0"})
    assert notice(soup(browser.get(answer.location))).endswith("does not allow this: Cancelled.")
    assert browser.get(f"/en/campaigns/{campaign_id}/decide/all").status_code == 404


def test_another_program_s_campaign_is_not_decided(
    enter: Callable[..., Browser], parts: Services, program: Program, launch: Callable[..., int],
    settle: Callable[..., list[int]],
) -> None:  # fmt: skip
    """A-2."""
    campaign_id = launch()
    settle(campaign_id, FAILED)
    with parts.db.transaction() as session:
        theirs = factories.program(session, "Kumo Outdoor")
    browser = enter(BuiltInRole.COMMUNITY_MANAGER, theirs)
    assert browser.get(f"/en/campaigns/{campaign_id}/decide/failed").status_code == 404
    browser.post(f"/en/campaigns/{campaign_id}/decide/failed", {"round": "0"})
    assert states(parts)[0] == "failed"


def test_the_policy_is_told(enter: Callable[..., Browser], launch: Callable[..., int]) -> None:
    page = soup(enter().get(f"/en/campaigns/{launch()}"))
    facts = {words(term): words(term.find_next("dd")) for term in page.select("#details dt")}
    assert facts["If the mail server’s answer is lost"] == "Ask me each time"
