"""Addresses as pages show them: look-alike domains flagged, other scripts taken, refusals in words."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from service.bootstrap import Services
from service.facts.replies import Reason, words_of
from service.facts.states import DeliveryState
from service.i18n.locales import LOCALES
from service.models import Campaign, Delivery, Partner, Program, Variant
from tests.domain import factories
from tests.web.browser import Browser
from tests.web.pages import check_page, soup, words

FALSE, PUNYCODE = "anna@аррӏе.example", "xn--80ak6aa92e.example"
REAL = "bo@apple.example"


@pytest.fixture
def two(parts: Services, program: Program) -> list[int]:
    """Two prospects whose domains look the same and are not; their ids."""
    with parts.db.transaction() as session:
        return [
            factories.prospect(session, program, name, email=email).id
            for name, email in (("False", FALSE), ("Real", REAL))
        ]


def flags(browser: Browser, path: str, code: str) -> list[str]:
    return [words(one) for one in check_page(browser.get(path), code).select(".address-warning")]


@pytest.mark.parametrize("code", LOCALES)
def test_a_lookalike_is_flagged_with_its_punycode_wherever_it_is_shown(
    enter: Callable[..., Browser], two: list[int], code: str
) -> None:
    """H-8: in the table, on the prospect's page, among the recipients; the real one is not."""
    browser = enter()
    browser.submit(f"/{code}/prospects", {})
    browser.post(f"/{code}/prospects/select", {"selected": two, "shown": two, "action": "keep", "query": ""})
    for path in ("prospects", f"prospects/{two[0]}", "campaigns/new"):
        (flag,) = flags(browser, f"/{code}/{path}", code)
        assert PUNYCODE in flag, path
        assert "apple.example" in flag, path
    assert flags(browser, f"/{code}/prospects/{two[1]}", code) == []


def test_lookalikes_are_two_people(parts: Services, two: list[int]) -> None:
    """H-8: never merged with the Latin one."""
    with parts.db.reading() as session:
        assert set(session.scalars(select(Partner.email_key))) == {f"anna@{PUNYCODE}", REAL}


def test_adding_a_lookalike_by_hand_warns(enter: Callable[..., Browser], program: Program) -> None:
    """H-8: taken as it is, with the warning on the next page."""
    browser = enter()
    answer = browser.submit("/en/prospects/new", {"name": "Anna", "email": FALSE, "kind": "creator"})
    assert answer.status_code == 303
    page = check_page(browser.get(answer.location), "en")
    assert any(PUNYCODE in words(notice) for notice in page.select(".notices .notice-warning"))


@pytest.mark.parametrize("email", ["用户@例子.广告", "a@faß.de", "A+tag@X.example"])
def test_an_address_of_any_script_can_be_entered(
    enter: Callable[..., Browser], program: Program, email: str
) -> None:
    """H-9, H-10, H-11: shown as it was written; the field lets a browser send it."""
    browser = enter()
    field = check_page(browser.get("/en/prospects/new"), "en").select_one("input[name=email]")
    assert field is not None
    assert (field["type"], field["inputmode"]) == (
        "text",
        "email",
    )  # a browser refuses other letters in "email"
    answer = browser.post("/en/prospects/new", {"name": "Anna", "email": email, "kind": "creator"})
    assert answer.status_code == 303
    assert email in check_page(browser.get(answer.location), "en").get_text()


@pytest.mark.parametrize(
    "email",
    [
        "a@b.example>\r\nRCPT TO:<c@d.example>",
        "a@x.example, b@x.example",
        "-a@x.example",
        "a@☃.net",
        "g: a@x.example;",
    ],
)
def test_what_is_not_one_address_gets_a_field_error(
    enter: Callable[..., Browser], program: Program, email: str
) -> None:
    """H-4, H-5, H-9: nothing is stored, and the field says so."""
    answer = enter().submit("/en/prospects/new", {"name": "Anna", "email": email, "kind": "creator"})
    assert answer.status_code == 400
    page = soup(answer)
    assert [link["href"] for link in page.select("main .error-summary a, main [role=alert] a")] == [
        "#f-email"
    ]


@pytest.mark.parametrize("code", LOCALES)
def test_why_an_international_address_could_not_be_written_to_stands_in_its_row(
    enter: Callable[..., Browser], parts: Services, program: Program, code: str
) -> None:
    """H-10: the refusal is in the reader's language, beside the flag of a look-alike."""
    with parts.db.transaction() as session:
        author = factories.user(session, program)
        campaign = Campaign(
            program_id=program.id, author_id=author.id, form_key="k", state="finished", from_name="Alex",
            source_locale="en", unknown_policy="ask", selection={}, created_at=factories.NOW,
            launched_at=factories.NOW, variants=[Variant(locale="en", subject="Hi", content="Hi")],
        )  # fmt: skip
        session.add(campaign)
        session.flush()
        for number, address in enumerate(("用户@例子.广告", FALSE)):
            session.add(
                Delivery(
                    campaign_id=campaign.id, address=address, address_key=address, locale="en",
                    time_zone="UTC", message_id=f"m{number}@b.example", state=DeliveryState.FAILED.value,
                    values={"name": f"P{number}"}, settled_at=factories.NOW,
                    reply=words_of(Reason.NO_SMTPUTF8),
                )
            )  # fmt: skip
        campaign_id = campaign.id
    page = check_page(enter().get(f"/{code}/campaigns/{campaign_id}"), code)
    rows = [words(row) for row in page.select("#deliveries tbody tr")]
    said = " ".join(parts.catalogs.catalog(code).say(Reason.NO_SMTPUTF8.phrase).split())
    assert [said in row for row in rows] == [True, True]
    assert [PUNYCODE in row for row in rows] == [False, True]
