"""One person's history and one mail as a whole; the chart and the pace of a campaign under way."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from service.bootstrap import Services
from service.domain import attempts, marks, programs, suppression
from service.domain.suppression import SuppressionReason
from service.facts.permissions import BuiltInRole
from service.facts.replies import Outcome, Reply
from service.facts.states import DeliveryState
from service.i18n.locales import LOCALES
from service.models import Campaign, CampaignMark, Delivery, MailAccount, Program, User
from service.web.security import MAIL_POLICY
from tests.domain import factories
from tests.web.browser import Browser, Clock
from tests.web.pages import check_page, soup, words
from tests.web.test_campaigns import HOSTILE


@pytest.fixture
def failed(
    parts: Services, launch: Callable[..., int], settle: Callable[..., list[int]], program: Program
) -> tuple[int, int]:
    """A campaign and a delivery of it that failed after a first refusal; the address bounced."""
    campaign_id = launch()
    [delivery_id, *_] = settle(campaign_id, DeliveryState.FAILED, reply="550 5.1.1 <b>No such user</b>")
    with parts.db.transaction() as session:
        attempts.note(session, {delivery_id: Reply(Outcome.TEMPORARY, "450 later")}, now=factories.NOW)
        row = session.get_one(Delivery, delivery_id)
        row.settled_at = factories.NOW + timedelta(minutes=5)
        reason = SuppressionReason.HARD_BOUNCE
        suppression.suppress(session, program.id, row.address_key, reason=reason, now=factories.NOW)
    return campaign_id, delivery_id


@pytest.mark.parametrize("code", LOCALES)
def test_it_works(enter: Callable[..., Browser], failed: tuple[int, int], code: str) -> None:
    campaign_id, delivery_id = failed
    browser = enter()
    for part in ("", "?part=text", "?part=raw", "?part=<x>"):
        page = check_page(
            browser.get(f"/{code}/campaigns/{campaign_id}/deliveries/{delivery_id}{part}"), code
        )
    page = check_page(browser.get(f"/{code}/prospects/1/history"), code)
    assert page.select_one(".notice-warning") is not None


def test_from_the_row_of_a_delivery_to_the_person_in_one_click(
    enter: Callable[..., Browser], failed: tuple[int, int]
) -> None:
    browser = enter()
    row = soup(browser.get(f"/en/campaigns/{failed[0]}")).select_one("#deliveries tbody th")
    assert row is not None
    links = [str(link["href"]) for link in row.select("a")]
    assert links == [f"/en/campaigns/{failed[0]}/deliveries/{failed[1]}", "/en/prospects/1/history"]
    pages = [soup(browser.get(link)) for link in links]
    places = [words(page.select_one(".frame > nav a[aria-current]")) for page in pages]
    assert places == ["Campaigns", "Prospects"]  # where the menu says one is
    prospect = soup(browser.get("/en/prospects/1"))
    assert prospect.select_one("a[href='/en/prospects/1/history']") is not None
    told = words(soup(browser.get(links[1])).main)
    for text in (
        "Join Alpine",
        "Failed",
        "550 5.1.1 <b>No such user</b>",
        "Refused for now",
        "450 later",
        "Marked as prospect",
        "Put on the suppression list: Hard bounce",
    ):
        assert text in told


def test_one_mail_with_all_that_is_known_of_it(
    enter: Callable[..., Browser], parts: Services, failed: tuple[int, int]
) -> None:
    path = f"/en/campaigns/{failed[0]}/deliveries/{failed[1]}"
    browser = enter(BuiltInRole.ANALYST)
    page = soup(browser.get(path))
    with parts.db.reading() as session:
        row = session.get_one(Delivery, failed[1])
    told = words(page.main)
    assert row.message_id in told
    assert "This address gets no more emails from the program. Reason: Hard bounce." in told
    frame = browser.get(str(page.select_one("iframe")["src"]))  # type: ignore[index]
    assert frame.headers["Content-Security-Policy"] == MAIL_POLICY
    assert "Hello there" in frame.get_data(as_text=True)
    raw = soup(browser.get(f"{path}?part=raw")).select_one("pre")
    assert f"Message-ID: <{row.message_id}>" in words(raw)
    # Nobody unsubscribes or joins for somebody else from here.
    signer = parts.signer
    assert signer.sign("unsubscribe", row.id) not in frame.get_data(as_text=True)
    assert signer.sign("unsubscribe", 0) in frame.get_data(as_text=True)


def test_a_mail_that_cannot_be_written_says_why(
    enter: Callable[..., Browser], parts: Services, failed: tuple[int, int]
) -> None:
    with parts.db.transaction() as session:
        campaign = session.get_one(Campaign, failed[0])
        campaign.variants[0].content = "Hello {lastName}"
    path = f"/en/campaigns/{failed[0]}/deliveries/{failed[1]}"
    browser = enter()
    assert "There is no value for {lastName}" in words(soup(browser.get(path)).main)
    frame = browser.get(f"{path}/html")
    assert frame.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_another_campaign_s_and_another_program_s_mail_does_not_exist(
    enter: Callable[..., Browser], parts: Services, failed: tuple[int, int], launch: Callable[..., int]
) -> None:
    """A-2."""
    other = launch()
    with parts.db.transaction() as session:
        theirs = factories.program(session, "Kumo Outdoor")
    browser, stranger = enter(), enter(BuiltInRole.ANALYST, theirs)
    for end in ("", "/html"):
        assert browser.get(f"/en/campaigns/{other}/deliveries/{failed[1]}{end}").status_code == 404
        assert stranger.get(f"/en/campaigns/{failed[0]}/deliveries/{failed[1]}{end}").status_code == 404
    assert stranger.get("/en/prospects/1/history").status_code == 404


def test_hostile_values_are_text(
    enter: Callable[..., Browser], parts: Services, launch: Callable[..., int],
    settle: Callable[..., list[int]],
) -> None:  # fmt: skip
    """X-1."""
    campaign_id = launch(subject=HOSTILE, names=(HOSTILE,))
    [delivery_id] = settle(campaign_id, DeliveryState.FAILED, reply=HOSTILE)
    with parts.db.transaction() as session:
        attempts.note(session, {delivery_id: Reply(Outcome.PERMANENT, HOSTILE)}, now=factories.NOW)
    browser = enter()
    for path in (f"/en/campaigns/{campaign_id}/deliveries/{delivery_id}", "/en/prospects/1/history"):
        page = check_page(browser.get(path), "en")
        assert HOSTILE in words(page.main)
        assert all(str(script["src"]).startswith("/static/") for script in page.find_all("script"))


def test_the_chart_has_a_table_and_the_pace_is_told(
    enter: Callable[..., Browser], parts: Services, launch: Callable[..., int],
    settle: Callable[..., list[int]], clock: Clock,
) -> None:  # fmt: skip
    campaign_id = launch()
    browser = enter()
    assert soup(browser.get(f"/en/campaigns/{campaign_id}")).select_one(".chart-areas") is None
    with parts.db.transaction() as session:
        marks.take(session, now=clock.now)
    settle(campaign_id, DeliveryState.SENT, DeliveryState.SENT)
    clock.pass_by(timedelta(minutes=4))
    region = soup(browser.get(f"/en/campaigns/{campaign_id}/progress")).find(id="progress")
    told = words(region).replace("\u202f", " ")
    assert "About 1 email per minute. Expected end: Jan 18, 2038, 9:06 PM" in told
    assert [str(area["class"]) for area in region.select("polygon")] == [  # type: ignore[union-attr]
        "['fill-sent']",
        "['fill-queued']",
    ]
    rows = [words(row).replace("\u202f", " ") for row in region.select(".chart table tr")]  # type: ignore[union-attr]
    assert rows == ["Time Sent Queued", "Jan 18, 2038, 9:00 PM 0 3", "Jan 18, 2038, 9:04 PM 2 1"]


def test_a_pace_is_told_of_what_is_sending_only(
    enter: Callable[..., Browser], parts: Services, launch: Callable[..., int],
    settle: Callable[..., list[int]], clock: Clock,
) -> None:  # fmt: skip
    campaign_id = launch()
    with parts.db.transaction() as session:
        marks.take(session, now=clock.now)
        session.get_one(Campaign, campaign_id).state = "paused"
    settle(campaign_id, DeliveryState.SENT)
    clock.pass_by(timedelta(minutes=4))
    assert "per minute" not in words(soup(enter().get(f"/en/campaigns/{campaign_id}")).main)


@pytest.mark.parametrize("held_by", ["nothing", "the limit", "the account"])
def test_what_is_held_up_has_neither_rate_nor_end(
    enter: Callable[..., Browser], parts: Services, launch: Callable[..., int],
    settle: Callable[..., list[int]], clock: Clock, held_by: str,
) -> None:  # fmt: skip
    """A page must not say that it ends before it goes on."""
    campaign_id = launch()
    with parts.db.transaction() as session:
        marks.take(session, now=clock.now)
    settle(campaign_id, DeliveryState.SENT)
    clock.pass_by(timedelta(minutes=4))
    with parts.db.transaction() as session:
        campaign = session.get_one(Campaign, campaign_id)
        if held_by == "the limit":
            session.get_one(Program, campaign.program_id).hourly_limit = 1
            programs.take_allowance(session, campaign.program_id, 1, now=clock.now)
        elif held_by == "the account":
            account = MailAccount(
                user_id=campaign.author_id, address="ann@x.example", address_key="ann@x.example",
                host="m.example", port=587, tls="starttls", user_name="ann", secret=None,
                created_at=clock.now, disconnected_at=clock.now,
            )  # fmt: skip
            session.add(account)
            session.flush()
            campaign.mail_account_id = account.id
    told = words(soup(enter().get(f"/en/campaigns/{campaign_id}/progress")).find(id="progress"))
    assert {
        "nothing": "per minute" in told and "Expected end" in told,
        "the limit": "The next ones go out at" in told,
        "the account": "is disconnected" in told,
    }[held_by]
    assert ("per minute" in told, "Expected end" in told) == (held_by == "nothing",) * 2


def test_the_history_tells_who_lifted_a_suppression(
    enter: Callable[..., Browser], parts: Services, failed: tuple[int, int], program: Program
) -> None:
    browser = enter()
    with parts.db.transaction() as session:
        row = session.get_one(Delivery, failed[1])
        suppression.lift(session, program.id, row.address_key, now=factories.NOW)
        reason = SuppressionReason.COMPLAINT
        suppression.suppress(session, program.id, row.address_key, reason=reason, now=factories.NOW)
        user = session.scalars(select(User)).first()
        assert user is not None
        user.name = "Ann <i>Lee</i>"
        suppression.lift(
            session, program.id, row.address_key, actor_id=user.id, note="By phone", now=factories.NOW
        )
    told = words(check_page(browser.get("/en/prospects/1/history"), "en").main)
    for text in (
        "Put on the suppression list: Hard bounce",
        "The person resubscribed: taken off the suppression list",
        "Put on the suppression list: Complaint",
        "Taken off the suppression list. User: Ann <i>Lee</i> By phone",
    ):
        assert text in told


def test_neither_queries_nor_the_page_grow_with_the_marks(
    enter: Callable[..., Browser], parts: Services, launch: Callable[..., int],
    count_queries: Callable[[Callable[[], object]], int], clock: Clock,
) -> None:  # fmt: skip
    """A chart of days is as large as one of minutes."""
    campaign_id, browser = launch(), enter()
    path = f"/en/campaigns/{campaign_id}/progress"

    def add(number: int) -> None:
        with parts.db.transaction() as session:
            begun = session.query(CampaignMark).count()
            for index in range(begun, number):
                at = factories.NOW + timedelta(seconds=5 * index)
                session.add(CampaignMark(campaign_id=campaign_id, at=at, counts={"queued": 3}))

    sizes = []
    clock.pass_by(timedelta(hours=1))
    browser.get(path)  # the session notes a visit after an hour
    for number in (60, 500):
        add(number)
        queries = count_queries(lambda: browser.get(path))
        sizes.append((queries, len(browser.get(path).get_data())))
    assert sizes[0][0] == sizes[1][0]
    assert abs(sizes[0][1] - sizes[1][1]) < 1000


def test_the_history_of_a_person_takes_the_same_queries_however_long(
    enter: Callable[..., Browser], parts: Services, launch: Callable[..., int],
    count_queries: Callable[[Callable[[], object]], int],
) -> None:  # fmt: skip
    browser = enter()
    launch(names=("Ann",))
    one = count_queries(lambda: browser.get("/en/prospects/1/history"))
    for _ in range(3):
        again = launch(names=("Ann",))
        with parts.db.transaction() as session:
            for row in session.scalars(select(Delivery).where(Delivery.campaign_id == again)):
                row.prospect_id = 1
    assert count_queries(lambda: browser.get("/en/prospects/1/history")) == one
