"""The page behind a mail's unsubscribe link."""

from typing import Any

import pytest
from sqlalchemy import select

from service.bootstrap import Services
from service.domain import suppression
from service.domain.letters import UNSUBSCRIBE
from service.facts.refusals import Refusal
from service.facts.states import DeliveryState
from service.i18n.locales import LOCALES
from service.models import Campaign, Delivery, Program, Suppression
from service.web.errors import PARTNER_TITLES
from tests.domain import factories
from tests.web.browser import Browser
from tests.web.pages import check_page, soup, words

ADDRESS = "hana@x.example"


@pytest.fixture
def token(parts: Services, program: Program) -> str:
    """The token of a mail that one person got from the program."""
    with parts.db.transaction() as session:
        author = factories.user(session, program)
        campaign = Campaign(
            program_id=program.id, author_id=author.id, form_key="k", state="finished", from_name="Alex",
            source_locale="en", unknown_policy="ask", selection={}, created_at=factories.NOW,
        )  # fmt: skip
        session.add(campaign)
        session.flush()
        delivery = Delivery(
            campaign_id=campaign.id, address=ADDRESS, address_key=ADDRESS, locale="ja", time_zone="UTC",
            message_id="m@brand.example", state=DeliveryState.SENT.value,
        )  # fmt: skip
        session.add(delivery)
        session.flush()
        return parts.signer.sign(UNSUBSCRIBE, delivery.id)


def stopped(parts: Services) -> set[tuple[int, str]]:
    with parts.db.reading() as session:
        return {(row.program_id, row.address_key) for row in session.scalars(select(Suppression))}


@pytest.mark.parametrize("code", LOCALES)
def test_it_works(browser: Browser, parts: Services, token: str, code: str) -> None:
    """M-5: looking changes nothing, in any language and without signing in."""
    page = check_page(browser.get(f"/{code}/unsubscribe/{token}"), code)
    assert words(page.select_one("main bdi")) == "Alpine"
    assert browser.client.head(f"/{code}/unsubscribe/{token}").status_code == 200
    assert stopped(parts) == set()


@pytest.mark.parametrize("form", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_one_click(browser: Browser, parts: Services, program: Program, token: str, form: str) -> None:
    """M-5, RFC 8058: one POST without cookie or token, either body form; 200, no redirect, no cookie."""
    answer = browser.client.post(
        f"/ja/unsubscribe/{token}", data={"List-Unsubscribe": "One-Click"}, content_type=form
    )
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert "Location" not in answer.headers
    assert stopped(parts) == {(program.id, ADDRESS)}


def test_one_click_from_another_origin_and_again(
    browser: Browser, parts: Services, program: Program, token: str
) -> None:
    """M-6: a replay is harmless."""
    for _ in range(3):
        answer = browser.client.post(
            f"/en/unsubscribe/{token}",
            data={"List-Unsubscribe": "One-Click"},
            headers={"Origin": "https://mail.example"},
        )
        assert answer.status_code == 200
    assert stopped(parts) == {(program.id, ADDRESS)}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"data": b"", "content_type": "application/x-www-form-urlencoded"},
        {"data": b"", "content_type": "multipart/form-data; boundary=x"},
        {"data": b"broken", "content_type": "multipart/form-data"},
        {"data": b"List-Unsubscribe=One-Click", "content_type": "text/plain"},
        {"data": b"\xff\xfe", "content_type": "application/octet-stream"},
        {"data": {"something": "else"}},
    ],
)
def test_a_post_from_no_page_of_ours_unsubscribes_whatever_its_body(
    browser: Browser, parts: Services, program: Program, token: str, body: dict[str, Any]
) -> None:
    """M-5, P10: 200 without redirect for every form that a mail program may send."""
    answer = browser.client.post(f"/zh/unsubscribe/{token}", **body)
    assert (answer.status_code, answer.get_data(), "Location" in answer.headers) == (200, b"", False)
    assert stopped(parts) == {(program.id, ADDRESS)}


def test_looking_never_does_what_a_button_would(browser: Browser, parts: Services, token: str) -> None:
    """M-5: neither a query nor a prefetch is a decision."""
    for query in ("choice=all", "List-Unsubscribe=One-Click", "choice=stop"):
        for method in ("GET", "HEAD"):
            answer = browser.client.open(f"/en/unsubscribe/{token}?{query}", method=method)
            assert answer.status_code == 200
    browser.client.get(f"/en/unsubscribe/{token}", headers={"Sec-Purpose": "prefetch", "Purpose": "prefetch"})
    assert stopped(parts) == set()


def buttons(browser: Browser, path: str) -> list[str]:
    found = soup(browser.get(path)).select("main button")
    return [str(button.get("aria-label") or words(button)) for button in found]


def test_by_hand_and_back(browser: Browser, parts: Services, program: Program, token: str) -> None:
    """The page offers every program of the brand, and the way back."""
    path = f"/en/unsubscribe/{token}"
    with parts.db.transaction() as session:
        other = factories.program(session, "Kumo <b>Outdoor</b>")
    mine, theirs = (program.id, ADDRESS), (other.id, ADDRESS)
    assert buttons(browser, path) == [
        "Unsubscribe", "Unsubscribe from all programs", "Unsubscribe: Kumo <b>Outdoor</b>",
    ]  # fmt: skip

    def choose(choice: str) -> set[tuple[int, str]]:
        answer = browser.post(path, {"choice": choice})
        assert (answer.status_code, answer.location) == (303, path)
        return stopped(parts)

    assert choose(f"stop:{program.id}") == {mine}
    assert buttons(browser, path)[:2] == ["Subscribe again", "Unsubscribe from all programs"]
    assert choose("all") == {mine, theirs}
    assert buttons(browser, path) == ["Subscribe again", "Subscribe again: Kumo <b>Outdoor</b>"]
    assert choose(f"resume:{program.id}") == {theirs}
    assert choose(f"resume:{other.id}") == set()
    assert choose(f"stop:{other.id}") == {theirs}
    assert choose("stop:999") == {theirs}
    assert choose("resume:999") == {theirs}


def test_a_choice_that_no_button_makes_is_refused(browser: Browser, parts: Services, token: str) -> None:
    assert browser.client.post(f"/en/unsubscribe/{token}", data={"choice": "x"}).status_code == 400
    assert stopped(parts) == set()


@pytest.mark.parametrize("reason", suppression.SuppressionReason)
def test_only_what_a_person_stopped_themselves_can_they_resume(
    browser: Browser, parts: Services, program: Program, token: str, reason: suppression.SuppressionReason
) -> None:
    """M-15: an address that bounced, or that the brand itself put away, stays put away."""
    path = f"/en/unsubscribe/{token}"
    with parts.db.transaction() as session:
        suppression.suppress(session, program.id, ADDRESS, reason=reason, now=factories.NOW)
    theirs = reason in {"unsubscribed", "complaint"}
    assert ("Subscribe again" in buttons(browser, path)) is theirs
    browser.post(path, {"choice": f"resume:{program.id}"})
    assert stopped(parts) == (set() if theirs else {(program.id, ADDRESS)})


@pytest.mark.parametrize("code", LOCALES)
def test_the_page_says_what_happened(
    browser: Browser, parts: Services, program: Program, token: str, code: str
) -> None:
    path = f"/{code}/unsubscribe/{token}"
    before = words(check_page(browser.get(path), code).main)
    browser.post(path, {"choice": "stop"})
    page = check_page(browser.get(path), code)
    assert page.select_one("[role=status]") is not None
    assert words(page.main) != before
    assert "Set-Cookie" not in browser.post(path, {"choice": "all"}).headers


def test_the_link_works_years_later(
    browser: Browser, parts: Services, program: Program, token: str, clock: object
) -> None:
    """M-6, P10: the token has no end."""
    from datetime import timedelta  # the clock alone tells the time here

    clock.pass_by(timedelta(days=800))  # type: ignore[attr-defined]
    assert browser.get(f"/en/unsubscribe/{token}").status_code == 200


def test_a_link_that_is_not_ours(browser: Browser, parts: Services, token: str) -> None:
    """D-7: signed, bound to its purpose."""
    forged = [token[:-2], token + "x", parts.signer.sign("join", 1), parts.signer.sign(UNSUBSCRIBE, 999),
              parts.signer.sign(UNSUBSCRIBE, "1"),
              parts.signer.sign(UNSUBSCRIBE, {"id": 1}), "x", "<script>"]  # fmt: skip
    statuses = [(browser.get(f"/en/unsubscribe/{text}").status_code,
                 browser.client.post(f"/en/unsubscribe/{text}").status_code) for text in forged]  # fmt: skip
    assert statuses == [(404, 404)] * len(forged)
    assert stopped(parts) == set()


@pytest.mark.parametrize("code", LOCALES)
def test_a_link_that_was_cut_off_says_what_to_do(
    browser: Browser, parts: Services, token: str, code: str
) -> None:
    """D-7: whoever wants no more emails has no account, and finds nothing on the home page."""
    page = soup(browser.get(f"/{code}/unsubscribe/{token[:-2]}"))
    catalog = parts.catalogs.catalog(code)
    assert words(page.h1) == catalog.say(PARTNER_TITLES[Refusal.UNSUBSCRIBE_LINK_BROKEN])
    assert words(page.main).endswith(catalog.say(Refusal.UNSUBSCRIBE_LINK_BROKEN.phrase))
    assert page.select("main a") == []


def test_the_address_is_not_in_the_link_or_the_page(browser: Browser, token: str) -> None:
    """D-7."""
    answer = browser.get(f"/en/unsubscribe/{token}")
    assert "hana" not in token
    assert "hana" not in answer.get_data(as_text=True)


def test_a_suppressed_address_stays_so_when_asked_twice(
    browser: Browser, parts: Services, program: Program, token: str
) -> None:
    with parts.db.transaction() as session:
        suppression.suppress(
            session, program.id, ADDRESS, reason=suppression.SuppressionReason.COMPLAINT, now=factories.NOW
        )
    browser.post(f"/en/unsubscribe/{token}", {"choice": "stop"})
    with parts.db.reading() as session:
        assert [row.reason for row in session.scalars(select(Suppression))] == ["complaint"]
