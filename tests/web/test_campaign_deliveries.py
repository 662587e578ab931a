"""Engage → Campaigns → one on its way: the rows of its mails, their reasons, and what is decided of them."""

from collections.abc import Callable

import pytest

from service.bootstrap import Services
from service.domain import erasure
from service.facts.permissions import BuiltInRole
from service.facts.replies import Reason, words_of
from service.facts.states import DeliveryState
from service.i18n.locales import LOCALES
from service.models import Campaign, Delivery, Program, Prospect
from service.web.histories import MAIL_ERASED
from service.web.words import NO_SERVER, PERSON_ERASED
from tests.domain import factories
from tests.web.browser import Browser
from tests.web.conftest import NAMES
from tests.web.pages import check_page, notice, soup, words


def test_a_row_says_why_a_sent_mail_is_worth_a_word(
    enter: Callable[..., Browser], launch: Callable[..., int], settle: Callable[..., list[int]]
) -> None:
    """M-15: a complaint, a decision; what a server said to a mail that it took is no reason."""
    campaign_id = launch()
    browser = enter()
    for reply, shown in {
        words_of(Reason.REPORTED_AS_SPAM): "The recipient reported this email as spam.",
        words_of(Reason.TREATED_AS_SENT): "A user decided that this email counts as sent.",
        "250 2.0.0 Ok": "",
    }.items():
        settle(campaign_id, DeliveryState.SENT, reply=reply)
        page = soup(browser.get(f"/en/campaigns/{campaign_id}"))
        assert words(page.select_one("#deliveries td[data-label=Reason]")) == shown
    settle(campaign_id, DeliveryState.FAILED, reply="550 5.1.1 Unknown")
    page = soup(browser.get(f"/en/campaigns/{campaign_id}"))
    assert words(page.select_one("#deliveries td[data-label=Reason]")) == "550 5.1.1 Unknown"


@pytest.mark.parametrize("state", [DeliveryState.SENT, DeliveryState.UNKNOWN])
@pytest.mark.parametrize("code", LOCALES)
def test_a_recipient_who_was_erased_stays_in_the_campaign_without_a_name(
    enter: Callable[..., Browser], parts: Services, launch: Callable[..., int],
    settle: Callable[..., list[int]], code: str, state: DeliveryState,
) -> None:  # fmt: skip
    """D-: the campaign and the mail can be looked at; of the person they say that the data are erased."""
    campaign_id = launch()
    delivery_id = settle(campaign_id, state)[0]
    with parts.db.transaction() as session:
        prospect = session.get_one(Prospect, session.get_one(Delivery, delivery_id).prospect_id)
        erasure.erase_partner(session, prospect.partner_id, actor_id=None, now=factories.NOW)
    browser, said = enter(), parts.catalogs.catalog(code).say(PERSON_ERASED)
    page = check_page(browser.get(f"/{code}/campaigns/{campaign_id}"), code)
    row = page.select_one("#deliveries tbody th")
    assert words(row) == said
    page = check_page(browser.get(f"/{code}/campaigns/{campaign_id}/deliveries/{delivery_id}"), code)
    assert words(page.h1) == said
    assert words(page.select_one("#email > p:last-child")) == parts.catalogs.catalog(code).say(MAIL_ERASED)


@pytest.mark.parametrize("state", [DeliveryState.QUEUED, DeliveryState.CANCELLED])
@pytest.mark.parametrize("code", LOCALES)
def test_that_no_mail_server_was_reached_is_said_in_the_reader_s_language(
    enter: Callable[..., Browser], parts: Services, launch: Callable[..., int],
    settle: Callable[..., list[int]], code: str, state: DeliveryState,
) -> None:  # fmt: skip
    """M-15: no server said this; what a server said stands for itself, also while a mail is tried again."""
    campaign_id = launch()
    delivery_id = settle(campaign_id, state, reply="[Errno 111] Connection refused")[0]
    told = parts.catalogs.catalog(code).say(NO_SERVER, detail="[Errno 111] Connection refused")
    said = " ".join(told.split())
    browser = enter()
    page = soup(browser.get(f"/{code}/campaigns/{campaign_id}"))
    assert words(page.select("#deliveries tbody tr:first-child td")[-1]) == said
    assert said in words(soup(browser.get(f"/{code}/campaigns/{campaign_id}/deliveries/{delivery_id}")).main)
    settle(campaign_id, state, reply="451 4.3.0 Later")
    page = soup(browser.get(f"/{code}/campaigns/{campaign_id}"))
    assert words(page.select("#deliveries tbody tr:first-child td")[-1]) == "451 4.3.0 Later"


def test_deliveries_are_filtered_by_state(
    enter: Callable[..., Browser], launch: Callable[..., int], settle: Callable[..., list[int]]
) -> None:
    campaign_id = launch()
    settle(campaign_id, DeliveryState.FAILED, DeliveryState.SENT, reply=words_of(Reason.NOT_COMPOSABLE))
    browser = enter()

    def rows(query: str) -> list[str]:
        page = soup(browser.get(f"/en/campaigns/{campaign_id}{query}"))
        return [words(row.th.a) for row in page.select("#deliveries tbody tr") if row.th]

    assert rows("") == list(NAMES)
    assert rows("?state=failed") == ["Harbour"]
    assert rows("?state=cancelled") == []
    assert rows("?state=<script>") == list(NAMES)
    page = soup(browser.get(f"/en/campaigns/{campaign_id}?state=failed"))
    assert words(page.select_one("td[data-label=Reason]")) == (
        "The email could not be written for this recipient."
    )
    current = page.select_one("#deliveries .tab[aria-current]")
    assert words(current) == "Failed 1"


@pytest.mark.parametrize("after", ["-1", "1e400", "9" * 5000, "\x01", "x"])
def test_a_forged_place_in_the_list_is_its_beginning(
    enter: Callable[..., Browser], launch: Callable[..., int], after: str
) -> None:
    """W-5."""
    answer = enter().get(f"/en/campaigns/{launch()}", query_string={"after": after})
    assert len(soup(answer).select("#deliveries tbody tr")) == 3


def test_a_long_list_has_pages(
    enter: Callable[..., Browser], launch: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.web.campaigns.ROWS", 2)
    browser = enter()
    page = soup(browser.get(f"/en/campaigns/{launch()}"))
    following = page.select_one("a[rel=next]")
    assert following is not None
    page = soup(browser.get(str(following["href"])))
    assert [words(row.a) for row in page.select("#deliveries tbody th")] == [NAMES[2]]
    assert page.select_one("a[rel=prev]") is not None


def test_an_unknown_result_waits_for_a_decision(
    enter: Callable[..., Browser],
    parts: Services,
    launch: Callable[..., int],
    settle: Callable[..., list[int]],
) -> None:
    campaign_id = launch()
    ids = settle(campaign_id, *[DeliveryState.UNKNOWN] * 3)
    browser = enter()
    page = soup(browser.get(f"/en/campaigns/{campaign_id}"))
    panel = page.select_one(".notice-warning")
    assert panel is not None
    assert words(panel.select_one(".notice-title")) == "3 emails with an unknown result"
    assert [words(row.bdi) for row in panel.select("li")] == list(NAMES)

    def decide(delivery_id: int, verb: str) -> str:
        answer = browser.post(f"/en/campaigns/{campaign_id}/deliveries/{delivery_id}", {"verb": verb})
        return notice(soup(browser.get(answer.location))) if answer.location else str(answer.status_code)

    assert decide(ids[0], "resend") == "1 email will be sent again."
    assert decide(ids[1], "settle") == "The email is treated as sent."
    assert decide(ids[1], "resend").endswith("This delivery has been settled in the meantime. State: Sent")
    assert decide(ids[2], "forget") == "400"
    assert decide(ids[2] + 1, "resend").endswith(
        "This item does not exist, or it belongs to another program."
    )
    with parts.db.reading() as session:
        states = [session.get_one(Delivery, number).state for number in ids]
    assert states == ["queued", "sent", "unknown"]


def test_another_campaign_s_delivery_cannot_be_decided_here(
    enter: Callable[..., Browser], parts: Services, program: Program, launch: Callable[..., int],
    settle: Callable[..., list[int]],
) -> None:  # fmt: skip
    """A-2: the path names both, and both must belong together."""
    with parts.db.transaction() as session:
        theirs = factories.program(session, "Kumo Outdoor")
    ours, foreign = launch(), launch(into=theirs)
    ids = settle(foreign, DeliveryState.UNKNOWN)
    browser = enter(BuiltInRole.COMMUNITY_MANAGER, program)
    browser.post(f"/en/campaigns/{ours}/deliveries/{ids[0]}", {"verb": "settle"})
    with parts.db.reading() as session:
        assert session.get_one(Delivery, ids[0]).state == "unknown"


@pytest.mark.parametrize(("state", "verbs"), [("cancelled", ["settle"]), ("finished", ["resend", "settle"])])
def test_what_a_cancelled_campaign_never_sends_is_not_offered(
    enter: Callable[..., Browser], parts: Services, launch: Callable[..., int],
    settle: Callable[..., list[int]], state: str, verbs: list[str],
) -> None:  # fmt: skip
    """F-7."""
    campaign_id = launch()
    [delivery_id] = settle(campaign_id, DeliveryState.UNKNOWN)[:1]
    with parts.db.transaction() as session:
        session.get_one(Campaign, campaign_id).state = state
    browser = enter()
    page = soup(browser.get(f"/en/campaigns/{campaign_id}"))
    assert [button["value"] for button in page.select(".notice-warning button")] == verbs
    answer = browser.post(f"/en/campaigns/{campaign_id}/deliveries/{delivery_id}", {"verb": "resend"})
    said = notice(soup(browser.get(answer.location)))
    if state == "cancelled":
        assert said.endswith("The campaign is in a state that does not allow this: Cancelled.")
    else:
        assert said == "1 email will be sent again."
