"""The page behind an invitation's link: the partner accepts or declines."""

from collections.abc import Callable

import pytest

from service.bootstrap import Services
from service.domain import prospects
from service.domain.letters import JOIN
from service.facts.refusals import Refusal
from service.facts.stages import Stage, StageEvent
from service.i18n.locales import LOCALES
from service.models import Program, Prospect
from service.web.errors import PARTNER_TITLES
from tests.domain import factories
from tests.web.browser import Browser
from tests.web.pages import check_page, soup, words

HOSTILE = "<script>alert(1)</script>\"'{{7*7}}"


@pytest.fixture
def invited(parts: Services, program: Program) -> Callable[..., tuple[int, str]]:
    """Return the id and the link's token of an invited prospect."""

    def invite(*events: StageEvent, name: str = "花と暮らし") -> tuple[int, str]:
        with parts.db.transaction() as session:
            prospect = factories.prospect(session, program, name, locale="ja")
            for event in (StageEvent.EMAIL_ACCEPTED, *events):
                prospects.record(session, prospect.id, event, now=factories.NOW)
            return prospect.id, parts.signer.sign(JOIN, prospect.id)

    return invite


def stage(parts: Services, prospect_id: int) -> str:
    with parts.db.reading() as session:
        return session.get_one(Prospect, prospect_id).stage


@pytest.mark.parametrize("code", LOCALES)
def test_it_works(
    browser: Browser, parts: Services, invited: Callable[..., tuple[int, str]], code: str
) -> None:
    prospect_id, token = invited()
    page = check_page(browser.get(f"/{code}/join/{token}"), code)
    assert [words(name) for name in page.select("main bdi")] == ["Alpine", "花と暮らし"]
    assert len(page.select("main button")) == 2
    assert stage(parts, prospect_id) == Stage.OUTREACH.value


@pytest.mark.parametrize(
    ("events", "answer", "leads_to", "left"),
    [
        ((), "accept", Stage.JOINED, []),
        ((), "decline", Stage.DECLINED, ["Accept"]),
        ((StageEvent.DECLINED,), "accept", Stage.JOINED, []),
        ((StageEvent.JOINED,), "decline", Stage.JOINED, []),
        ((StageEvent.EXPIRED,), "accept", Stage.JOINED, []),
        ((StageEvent.EXPIRED,), "decline", Stage.EXPIRED, ["Accept", "Decline"]),
    ],
)
def test_an_answer_moves_the_stage(
    browser: Browser,
    parts: Services,
    invited: Callable[..., tuple[int, str]],
    events: tuple[StageEvent, ...],
    answer: str,
    leads_to: Stage,
    left: list[str],
) -> None:
    prospect_id, token = invited(*events)
    path = f"/en/join/{token}"
    for _ in range(2):
        assert browser.client.post(path, data={"answer": answer}).location == path
    assert stage(parts, prospect_id) == leads_to.value
    assert [words(button) for button in soup(browser.get(path)).select("main button")] == left


@pytest.mark.parametrize("data", [{}, {"answer": ""}, {"answer": "maybe"}])
def test_no_answer_is_none(
    browser: Browser, parts: Services, invited: Callable[..., tuple[int, str]], data: dict[str, str]
) -> None:
    prospect_id, token = invited()
    assert browser.client.post(f"/en/join/{token}", data=data).status_code == 400
    assert stage(parts, prospect_id) == Stage.OUTREACH.value


@pytest.mark.parametrize("code", LOCALES)
@pytest.mark.parametrize("event", [StageEvent.JOINED, StageEvent.DECLINED, StageEvent.EXPIRED])
def test_the_page_says_where_it_stands(
    browser: Browser, invited: Callable[..., tuple[int, str]], event: StageEvent, code: str
) -> None:
    _, token = invited(event)
    page = check_page(browser.get(f"/{code}/join/{token}"), code)
    assert words(page.select_one("main [role=status]"))


def test_a_link_that_is_not_ours(
    browser: Browser, parts: Services, invited: Callable[..., tuple[int, str]]
) -> None:
    prospect_id, token = invited()
    forged = [token[:-2], parts.signer.sign("unsubscribe", prospect_id), parts.signer.sign(JOIN, 999),
              parts.signer.sign(JOIN, [prospect_id]), "x"]  # fmt: skip
    assert [browser.get(f"/en/join/{text}").status_code for text in forged] == [404] * 5
    for text in forged:
        assert browser.client.post(f"/en/join/{text}", data={"answer": "accept"}).status_code == 404
    assert stage(parts, prospect_id) == Stage.OUTREACH.value


@pytest.mark.parametrize("code", LOCALES)
def test_the_link_of_an_invitation_that_is_gone_says_what_to_do(
    browser: Browser, parts: Services, code: str
) -> None:
    """D-7: as where a prospect was erased, or where an import was undone."""
    page = soup(browser.get(f"/{code}/join/{parts.signer.sign(JOIN, 999)}"))
    catalog = parts.catalogs.catalog(code)
    assert words(page.h1) == catalog.say(PARTNER_TITLES[Refusal.JOIN_LINK_BROKEN])
    assert words(page.main).endswith(catalog.say(Refusal.JOIN_LINK_BROKEN.phrase))
    assert page.select("main a") == []


def test_hostile_names_are_text(browser: Browser, invited: Callable[..., tuple[int, str]]) -> None:
    """X-1."""
    _, token = invited(name=HOSTILE)
    assert HOSTILE in words(check_page(browser.get(f"/en/join/{token}"), "en").main)


@pytest.mark.parametrize(
    ("sent", "enabled"),
    [
        ({"offers_messaging": "1", "messaging": "1"}, True),
        ({"offers_messaging": "1"}, False),
        ({}, None),
    ],
)
def test_the_box_for_messages_is_ticked_and_counts_with_the_acceptance(
    browser: Browser,
    parts: Services,
    invited: Callable[..., tuple[int, str]],
    sent: dict[str, str],
    enabled: bool | None,
) -> None:
    """Taking it off says no; a form from before the box leaves all as it is."""
    prospect_id, token = invited()
    page = check_page(browser.get(f"/en/join/{token}"), "en")
    box = page.select_one("input[name=messaging]")
    assert box is not None
    assert box.has_attr("checked")
    with parts.db.transaction() as session:
        session.get_one(Prospect, prospect_id).partner.messaging_enabled = before = not enabled
    assert browser.client.post(f"/en/join/{token}", data={"answer": "accept", **sent}).status_code == 303
    with parts.db.reading() as session:
        found = session.get_one(Prospect, prospect_id).partner.messaging_enabled
    assert found is (before if enabled is None else enabled)
