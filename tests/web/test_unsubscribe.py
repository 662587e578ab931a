"""The page behind a mail's unsubscribe link."""

import pytest
from sqlalchemy import select

from service.bootstrap import Services
from service.domain import suppression
from service.domain.letters import UNSUBSCRIBE
from service.facts.states import DeliveryState
from service.i18n.locales import LOCALES
from service.models import Campaign, Delivery, Program, Suppression
from tests.domain import factories
from tests.web.conftest import Browser, check_page, soup, words

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


def test_by_hand_and_back(browser: Browser, parts: Services, program: Program, token: str) -> None:
    path = f"/en/unsubscribe/{token}"
    with parts.db.transaction() as session:
        other = factories.program(session, "Kumo Outdoor")

    def choose(choice: str) -> tuple[set[tuple[int, str]], list[str]]:
        answer = browser.post(path, {"choice": choice})
        assert answer.location == path
        page = soup(browser.get(path))
        return stopped(parts), [words(button) for button in page.select("main button")]

    assert choose("program") == (
        {(program.id, ADDRESS)},
        ["Unsubscribe from all programs", "Subscribe again"],
    )
    assert choose("all") == ({(program.id, ADDRESS), (other.id, ADDRESS)}, ["Subscribe again"])
    assert choose("resubscribe")[0] == {(other.id, ADDRESS)}


@pytest.mark.parametrize("code", LOCALES)
def test_the_page_says_what_happened(
    browser: Browser, parts: Services, program: Program, token: str, code: str
) -> None:
    path = f"/{code}/unsubscribe/{token}"
    before = words(check_page(browser.get(path), code).main)
    browser.post(path, {"choice": "program"})
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
    browser.post(f"/en/unsubscribe/{token}", {"choice": "program"})
    with parts.db.reading() as session:
        assert [row.reason for row in session.scalars(select(Suppression))] == ["complaint"]
