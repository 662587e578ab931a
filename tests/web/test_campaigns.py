"""Engage → Campaigns: the list, one campaign on its way, and what can be done to it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup, Tag

from service.bootstrap import Services
from service.domain import erasure, pauses
from service.facts.bounces import PauseReason
from service.facts.permissions import BuiltInRole
from service.facts.replies import Reason, words_of
from service.facts.states import CampaignState, DeliveryState
from service.i18n.locales import LOCALES
from service.models import Campaign, Delivery, Program, Prospect
from service.web.histories import MAIL_ERASED
from service.web.words import NO_SERVER, PERSON_ERASED
from tests.domain import factories
from tests.web.browser import Browser
from tests.web.conftest import NAMES
from tests.web.pages import check_nothing_inline, check_page, soup, words

HOSTILE = "<script>alert(1)</script>\"'{{7*7}}"


def notice(page: BeautifulSoup) -> str:
    return words(page.select_one(".notices"))


@pytest.mark.parametrize("code", LOCALES)
def test_it_works(enter: Callable[..., Browser], launch: Callable[..., int], code: str) -> None:
    launch()
    page = check_page(enter().get(f"/{code}/campaigns"), code)
    assert words(page.select_one("tbody th")) == "Join Alpine"


@pytest.mark.parametrize("code", LOCALES)
def test_one_campaign_works(
    enter: Callable[..., Browser], launch: Callable[..., int], settle: Callable[..., list[int]], code: str
) -> None:
    campaign_id = launch()
    settle(
        campaign_id, DeliveryState.SENT, DeliveryState.UNKNOWN, DeliveryState.FAILED, reply="550 <b>no</b>"
    )
    page = check_page(enter().get(f"/{code}/campaigns/{campaign_id}"), code)
    assert words(page.h1) == "Join Alpine"
    assert len(page.select("#deliveries tbody tr")) == 3


@pytest.mark.parametrize("code", LOCALES)
def test_confirming_and_the_empty_list_work(
    enter: Callable[..., Browser], program: Program, launch: Callable[..., int], code: str
) -> None:
    browser = enter()
    check_page(browser.get(f"/{code}/campaigns"), code)
    check_page(browser.get(f"/{code}/campaigns/{launch()}/cancel"), code)


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


@pytest.mark.parametrize("path", ["", "/progress", "/cancel", "/edit"])
def test_another_program_s_campaign_does_not_exist(
    enter: Callable[..., Browser], parts: Services, program: Program, launch: Callable[..., int], path: str
) -> None:
    """A-2: the same answer for what belongs to others and for what is not there."""
    campaign_id = launch()
    with parts.db.transaction() as session:
        theirs = factories.program(session, "Kumo Outdoor")
    browser = enter(BuiltInRole.COMMUNITY_MANAGER, theirs)
    answers = [browser.get(f"/en/campaigns/{number}{path}") for number in (campaign_id, campaign_id + 1)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert words(soup(answers[0]).main) == words(soup(answers[1]).main)
    for verb in ("pause", "cancel"):
        browser.post(f"/en/campaigns/{campaign_id}/{verb}")
    with parts.db.reading() as session:
        assert session.get_one(Campaign, campaign_id).state == CampaignState.SENDING.value


def test_an_analyst_looks_on(
    enter: Callable[..., Browser], launch: Callable[..., int], settle: Callable[..., list[int]]
) -> None:
    campaign_id = launch()
    settle(campaign_id, DeliveryState.UNKNOWN)
    browser = enter(BuiltInRole.ANALYST)
    page = soup(browser.get(f"/en/campaigns/{campaign_id}"))
    assert page.main is not None
    assert [words(button) for button in page.main.select("button")] == []
    assert browser.post(f"/en/campaigns/{campaign_id}/pause").status_code == 403


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
    assert do("pause")[1].endswith("The campaign is in a state that does not allow this: Paused.")
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


def test_hostile_values_are_text(
    enter: Callable[..., Browser], launch: Callable[..., int], settle: Callable[..., list[int]]
) -> None:
    """X-1: subject, names and the mail server's own words."""
    campaign_id = launch(subject=HOSTILE, names=(HOSTILE, "B", "C"))
    settle(campaign_id, DeliveryState.FAILED, DeliveryState.UNKNOWN, reply=HOSTILE)
    browser = enter()
    for path in (
        "/en/campaigns",
        f"/en/campaigns/{campaign_id}",
        f"/en/campaigns/{campaign_id}/cancel",
        "/en/",
    ):
        page = check_page(browser.get(path), "en")
        assert HOSTILE in words(page.main)
        assert all(str(script["src"]).startswith("/static/") for script in page.find_all("script"))


def test_a_title_says_its_language(enter: Callable[..., Browser], launch: Callable[..., int]) -> None:
    launch()
    title = soup(enter().get("/ja/campaigns")).select_one("tbody th bdi")
    assert title is not None
    assert (title["lang"], words(title)) == ("en", "Join Alpine")


def test_drafts_are_opened_for_writing(
    enter: Callable[..., Browser], parts: Services, program: Program
) -> None:
    browser = enter()
    browser.post("/en/campaigns/new", {"form_key": "k", "from_name": "A", "source_locale": "en"})
    page = soup(browser.get("/en/campaigns"))
    link = page.select_one("tbody th a")
    assert words(link) == "(no subject)"
    assert link is not None
    assert browser.get(str(link["href"])).location == "/en/campaigns/1/edit"


def test_the_number_of_queries_does_not_grow_with_the_rows(
    enter: Callable[..., Browser],
    launch: Callable[..., int],
    count_queries: Callable[[Callable[[], object]], int],
) -> None:
    browser = enter()
    launch()
    pages = ("/en/campaigns", "/en/")
    one = [count_queries(lambda path=path: browser.get(path)) for path in pages]  # type: ignore[misc]
    launch()
    launch()
    three = [count_queries(lambda path=path: browser.get(path)) for path in pages]  # type: ignore[misc]
    assert (one, three) == ([7, 10], [7, 10])


@pytest.mark.parametrize("path", ["", "/progress", "/cancel"])
def test_a_campaign_of_another_of_the_readers_programs_is_found(
    enter: Callable[..., Browser], parts: Services, program: Program, launch: Callable[..., int], path: str
) -> None:
    """A notice leads to it whatever program is being worked in; the page says whose it is."""
    with parts.db.transaction() as session:
        other = factories.program(session, "Kumo <b>Outdoor")
    campaign_id = launch(into=other)
    browser = enter(BuiltInRole.COMMUNITY_MANAGER, program, other)
    answer = browser.get(f"/en/campaigns/{campaign_id}{path}")
    assert answer.status_code == 200
    if path != "/progress":
        page = check_page(answer, "en")
        assert "Program: Kumo <b>Outdoor" in words(page.main)
        assert not page.select("#deliveries tbody a")
    assert browser.post(f"/en/campaigns/{campaign_id}/pause").location == f"/en/campaigns/{campaign_id}"
    with parts.db.reading() as session:
        assert session.get_one(Campaign, campaign_id).state == CampaignState.PAUSED.value
    own = words(soup(browser.get(f"/en/campaigns/{launch()}")).main)
    assert "Program: " not in own


def test_the_list_of_campaigns_has_pages(
    enter: Callable[..., Browser], launch: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Newest first; every campaign is on one page, and a forged place is the beginning."""
    monkeypatch.setattr("service.web.campaigns.ROWS", 2)
    for number in range(5):
        launch(f"Letter {number}")
    browser = enter()

    def titles(page: BeautifulSoup) -> list[str]:
        return [words(row) for row in page.select("tbody th")]

    page, seen = check_page(browser.get("/en/campaigns"), "en"), []
    assert page.select_one("a[rel=prev]") is None
    while True:
        seen.append(titles(page))
        following = page.select_one("a[rel=next]")
        if following is None:
            break
        page = check_page(browser.get(str(following["href"])), "en")
    assert seen == [["Letter 4", "Letter 3"], ["Letter 2", "Letter 1"], ["Letter 0"]]
    first = page.select_one("a[rel=prev]")
    assert first is not None
    assert titles(soup(browser.get(str(first["href"])))) == seen[0]
    for forged in ("-1", "x", "9" * 5000):
        assert titles(soup(browser.get("/en/campaigns", query_string={"before": forged}))) == seen[0]


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
