"""Engage → Campaigns → one on its way: its progress, what the page asks for again, and when it goes on."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from bs4 import Tag
from sqlalchemy import select

from service.bootstrap import Services
from service.domain import pauses
from service.facts.acts import Act
from service.facts.bounces import PauseReason
from service.facts.states import CampaignState, DeliveryState
from service.i18n.locales import LOCALES
from service.models import AuditEntry, Campaign, Delivery
from tests.domain import factories
from tests.web.browser import Browser
from tests.web.pages import check_nothing_inline, check_page, notice, soup, words

PAUSED = {
    "en": "This campaign was paused automatically",
    "fr": "Cette campagne a été mise en pause automatiquement",
    "ja": "このキャンペーンは自動的に一時停止されました",
    "zh": "此邮件活动已自动暂停",
}


@pytest.mark.parametrize("code", LOCALES)
@pytest.mark.parametrize("reason", PauseReason)
def test_an_automatic_pause_says_why_until_somebody_resumes(
    enter: Callable[..., Browser], parts: Services, launch: Callable[..., int],
    code: str, reason: PauseReason,
) -> None:  # fmt: skip
    """M-16: the reason stands on the page and in the part that poll.js fetches, and the author is told."""
    campaign_id = launch()
    with parts.db.transaction() as session:
        campaign = session.get_one(Campaign, campaign_id)
        pauses.pause(session, campaign.program_id, reason, now=factories.NOW)
    browser = enter()
    address = f"/{code}/campaigns/{campaign_id}"
    for path in ("", "/progress"):
        answer = browser.get(address + path)
        page = soup(answer) if path else check_page(answer, code)
        title, said = page.select(".notice-warning p")
        assert words(title) == PAUSED[code]
        assert said.get_text() == parts.catalogs.catalog(code).say(reason.phrase)
    browser.post(f"{address}/resume")
    assert soup(browser.get(address)).select(".notice-warning") == []


def test_a_pause_by_hand_needs_no_reason(
    enter: Callable[..., Browser], parts: Services, launch: Callable[..., int]
) -> None:
    campaign_id = launch()
    with parts.db.transaction() as session:
        pauses.pause(
            session,
            session.get_one(Campaign, campaign_id).program_id,
            PauseReason.COMPLAINTS,
            now=factories.NOW,
        )
    browser = enter()
    for verb in ("resume", "pause"):
        browser.post(f"/en/campaigns/{campaign_id}/{verb}")
    page = soup(browser.get(f"/en/campaigns/{campaign_id}"))
    assert (words(page.select_one("#progress .badge")), page.select(".notice-warning")) == ("Paused", [])


def test_pause_resume_cancel(
    enter: Callable[..., Browser], parts: Services, launch: Callable[..., int]
) -> None:
    campaign_id = launch()
    browser = enter()
    path = f"/en/campaigns/{campaign_id}"

    def do(verb: str) -> tuple[str, str]:
        said = notice(soup(browser.get(browser.post(f"{path}/{verb}").location)))
        with parts.db.reading() as session:
            return session.get_one(Campaign, campaign_id).state, said

    assert do("pause") == ("paused", "The campaign is paused. Emails already in flight are being finished.")
    assert do("resume") == ("sending", "The campaign goes on.")
    page = soup(browser.get(f"{path}/cancel"))
    assert "3 emails that have not been sent will not be sent." in words(page.main)
    assert do("cancel") == (
        "cancelled",
        "The campaign is cancelled. What had not been sent will not be sent.",
    )
    assert do("resume")[1].endswith("The campaign is in a state that does not allow this: Cancelled.")
    region = soup(browser.get(path)).find(id="progress")
    assert region is not None
    told = "0 of 3 settled before the campaign was cancelled"
    assert (words(region.select_one("[data-announce]")), region.progress["value"]) == (told, "0")
    assert browser.post(f"{path}/explode").status_code in {404, 405}


@pytest.mark.parametrize(
    ("verbs", "acts", "state"),
    [
        (["pause"] * 8, [Act.CAMPAIGN_PAUSED], "paused"),
        (["cancel"] * 8, [Act.CAMPAIGN_CANCELLED], "cancelled"),
        (["pause", *["resume"] * 8], [Act.CAMPAIGN_PAUSED, Act.CAMPAIGN_RESUMED], "sending"),
    ],
)
def test_a_button_clicked_again_finds_it_done(
    enter: Callable[..., Browser],
    parts: Services,
    launch: Callable[..., int],
    verbs: list[str],
    acts: list[Act],
    state: str,
) -> None:
    """F-14: no refusal for what was wanted, and one line in the audit trail."""
    campaign_id = launch()
    browser = enter()
    path = f"/en/campaigns/{campaign_id}"
    said = [notice(soup(browser.get(browser.post(f"{path}/{verb}").location))) for verb in verbs]
    assert len(set(said)) == len(acts)
    with parts.db.reading() as session:
        assert session.get_one(Campaign, campaign_id).state == state
        wanted = [act.value for act in acts]
        about = (AuditEntry.subject_id == campaign_id, AuditEntry.act.in_(wanted))
        assert session.scalars(select(AuditEntry.act).where(*about).order_by(AuditEntry.id)).all() == wanted


def test_the_progress_region_is_the_one_of_the_page(
    enter: Callable[..., Browser],
    launch: Callable[..., int],
    settle: Callable[..., list[int]],
    parts: Services,
) -> None:
    campaign_id = launch()
    settle(campaign_id, DeliveryState.SENT, DeliveryState.IN_FLIGHT)
    browser = enter()
    page = soup(browser.get(f"/en/campaigns/{campaign_id}"))
    fragment = soup(browser.get(f"/en/campaigns/{campaign_id}/progress"))
    check_nothing_inline(fragment)
    region = fragment.find(id="progress")
    assert region is not None
    assert str(region) == str(page.find(id="progress"))
    assert region["data-poll"] == f"/en/campaigns/{campaign_id}/progress"
    assert not region.has_attr("data-done")
    assert words(region.select_one("[data-announce]")) == "1 of 3 settled"
    legend = {words(item): str(item.a["href"]) for item in region.select(".legend li") if item.a}
    assert legend == {
        "Sent 1": f"/en/campaigns/{campaign_id}?state=sent#deliveries",
        "Sending 1": f"/en/campaigns/{campaign_id}?state=sending#deliveries",
        "Queued 1": f"/en/campaigns/{campaign_id}?state=queued#deliveries",
    }
    with parts.db.transaction() as session:
        session.get_one(Campaign, campaign_id).state = CampaignState.FINISHED.value
    done = soup(browser.get(f"/en/campaigns/{campaign_id}/progress")).find(id="progress")
    assert done is not None
    assert done.has_attr("data-done")


def test_the_tabs_are_renewed_with_the_progress(
    enter: Callable[..., Browser], launch: Callable[..., int], settle: Callable[..., list[int]]
) -> None:
    """The polled part holds the tabs of the very list that the reader looks at."""
    campaign_id = launch()
    browser = enter()
    page = soup(browser.get(f"/en/campaigns/{campaign_id}?state=queued"))
    poll = str(page.find(id="progress")["data-poll"])  # type: ignore[index]
    assert poll == f"/en/campaigns/{campaign_id}/progress?state=queued"

    def tabs(states: Tag | None) -> list[tuple[str, bool]]:
        assert states is not None
        assert states["data-with"] == "progress"
        return [(words(tab), tab.has_attr("aria-current")) for tab in states.select(".tab")]

    assert str(page.find(id="states")) == str(soup(browser.get(poll)).find(id="states"))
    assert tabs(page.select_one("#deliveries #states")) == [("All 3", False), ("Queued 3", True)]
    settle(campaign_id, DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.FAILED)
    assert tabs(soup(browser.get(poll)).select_one("#states")) == [
        ("All 3", False),
        ("Sent 1", False),
        ("Failed 2", False),
        ("Queued 0", True),
    ]


def test_the_list_is_updated_by_a_link_while_mails_go_out(
    enter: Callable[..., Browser], parts: Services, launch: Callable[..., int],
    settle: Callable[..., list[int]],
) -> None:  # fmt: skip
    """The link never leads to the address it stands on: a browser would jump there and load nothing."""
    campaign_id = launch()
    browser = enter()

    def fresh(address: str) -> str:
        link = soup(browser.get(address)).find(id="fresh")
        assert link is not None
        return str(link["href"])

    path = f"/en/campaigns/{campaign_id}"
    assert fresh(f"{path}?state=sent&after=1") == f"{path}?state=sent&after=1&seen=0#deliveries"
    assert fresh(f"{path}?seen=0") == f"{path}#deliveries"
    settle(campaign_id, DeliveryState.SENT)
    assert fresh(f"{path}?seen=0") == fresh(f"{path}/progress?seen=0") == f"{path}?seen=1#deliveries"
    assert fresh(f"{path}?seen=<x>") == f"{path}?seen=1#deliveries"
    with parts.db.transaction() as session:
        session.get_one(Campaign, campaign_id).state = CampaignState.FINISHED.value
    assert soup(browser.get(path)).find(id="fresh") is None


@pytest.mark.parametrize(("state", "told"), [(CampaignState.SCHEDULED, True), (CampaignState.SENDING, False)])
def test_a_schedule_is_told_until_the_start(
    enter: Callable[..., Browser], parts: Services, launch: Callable[..., int],
    state: CampaignState, told: bool,
) -> None:  # fmt: skip
    """A campaign that was sent before its time is no longer scheduled for it."""
    campaign_id = launch()
    with parts.db.transaction() as session:
        campaign = session.get_one(Campaign, campaign_id)
        campaign.state, campaign.scheduled_at = state.value, factories.NOW + timedelta(days=9)
    details = words(soup(enter().get(f"/en/campaigns/{campaign_id}")).select_one("#details"))
    assert ("Scheduled for" in details, "Sent on" in details) == (told, not told)


@pytest.mark.parametrize("state", [CampaignState.SENDING, CampaignState.PAUSED])
def test_the_page_tells_when_a_deferred_mail_is_tried_again(
    enter: Callable[..., Browser], parts: Services, launch: Callable[..., int],
    settle: Callable[..., list[int]], state: CampaignState,
) -> None:  # fmt: skip
    """In the reader's time zone (Tokyo); a paused campaign tries nothing."""
    campaign_id = launch()
    ids = settle(campaign_id, DeliveryState.DEFERRED, DeliveryState.DEFERRED)
    with parts.db.transaction() as session:
        session.get_one(Campaign, campaign_id).state = state.value
        for delivery_id, minutes in zip(ids, (40, 5), strict=False):
            again = factories.NOW + timedelta(minutes=minutes)
            session.get_one(Delivery, delivery_id).next_attempt_at = again
    page = soup(enter().get(f"/en/campaigns/{campaign_id}"))
    said = words(page.find(id="progress"))
    sends = state is CampaignState.SENDING
    assert ("The mail server asked to wait. Next try: " in said) is sends
    assert ("9:05" in said) is sends
    tries = [words(row) for row in page.select("#deliveries td[data-label=Time] .under")]
    assert [tried[-8:-3] for tried in tries] == ([" 9:40", " 9:05"] if sends else [])
