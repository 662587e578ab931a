"""Discover → Find partners, Find creators: who is known, and marking them as prospects."""

from collections.abc import Callable

import pytest

from service.bootstrap import Services
from service.domain import partners
from service.domain.partners import Profile
from service.facts.permissions import BuiltInRole
from service.facts.sources import PartnerKind
from service.i18n.locales import LOCALES
from service.models import Partner, Program, Prospect
from tests.domain import factories
from tests.web.conftest import Browser, check_page, soup, words

HOSTILE = "<script>alert(1)</script>\"'{{7*7}}"


@pytest.fixture
def add(parts: Services) -> Callable[..., Partner]:
    """Add somebody with an account."""

    def make(name: str, *, kind: PartnerKind = PartnerKind.PARTNER, **facts: object) -> Partner:
        with parts.db.transaction() as session:
            mpid = str(1000 + session.query(Partner).count())
            profile = Profile(name=name, email=f"p{mpid}@x.example", mpid=mpid, kind=kind, **facts)  # type: ignore[arg-type]
            return partners.add(session, profile, now=factories.NOW)

    return make


def tiles(page: object) -> list[str]:
    return [words(tile.h2) for tile in page.select("main li.card")]  # type: ignore[attr-defined]


@pytest.mark.parametrize("code", LOCALES)
@pytest.mark.parametrize("path", ["/partners/marketplace", "/creators/marketplace"])
def test_it_works(
    enter: Callable[..., Browser], program: Program, add: Callable[..., Partner], path: str, code: str
) -> None:
    add("Harbour", locale="en", country="GB", business_model="content")
    add("旅する吉野", kind=PartnerKind.CREATOR, locale="ja", country="JP", business_model="social")
    page = check_page(enter().get(f"/{code}{path}"), code)
    assert tiles(page) == (["Harbour"] if path.startswith("/partners") else ["旅する吉野"])
    assert len(page.select(".tab[aria-current=page]")) == 1


def test_the_number_of_queries_does_not_grow_with_the_rows(
    enter: Callable[..., Browser],
    program: Program,
    add: Callable[..., Partner],
    count_queries: Callable[[Callable[[], object]], int],
) -> None:
    browser = enter()
    add("First")
    one = count_queries(lambda: browser.get("/en/partners/marketplace"))
    add("Second")
    add("Third")
    assert (one, count_queries(lambda: browser.get("/en/partners/marketplace"))) == (5, 5)


def test_search_in_any_script(
    enter: Callable[..., Browser], program: Program, add: Callable[..., Partner]
) -> None:
    for name in ("Café Crème", "ルミエール", "北海道クラブ"):
        add(name)
    browser = enter()
    found = {
        text: tiles(soup(browser.get("/en/partners/marketplace", query_string={"q": text})))
        for text in ("cafe", "ﾙﾐｴｰﾙ", "海道", "%", "nobody")
    }
    assert found == {
        "cafe": ["Café Crème"],
        "ﾙﾐｴｰﾙ": ["ルミエール"],
        "海道": ["北海道クラブ"],
        "%": [],
        "nobody": [],
    }


def test_marking_as_prospect_comes_back_to_the_search(
    enter: Callable[..., Browser], parts: Services, program: Program, add: Callable[..., Partner]
) -> None:
    partner = add("Harbour", kind=PartnerKind.CREATOR)
    browser = enter()
    page = soup(browser.get("/en/creators/marketplace?q=harb"))
    form = page.select_one("main li.card form")
    assert form is not None
    answer = browser.post(str(form["action"]), {"q": "harb"})
    assert answer.location == "/en/creators/marketplace?q=harb"
    page = soup(browser.get(answer.location))
    assert words(page.select_one(".notices")) == "Marked as prospect: Harbour"
    assert words(page.select_one("main li.card .badge")) == "Prospect"
    browser.post(str(form["action"]))
    with parts.db.reading() as session:
        assert [row.partner_id for row in session.query(Prospect)] == [partner.id]


def test_marking_needs_its_permission(
    enter: Callable[..., Browser], parts: Services, program: Program, add: Callable[..., Partner]
) -> None:
    partner = add("Harbour")
    browser = enter(BuiltInRole.ANALYST)
    page = soup(browser.get("/en/partners/marketplace"))
    assert page.select("main li.card form") == []
    assert browser.post(f"/en/partners/{partner.id}/mark").status_code == 403
    assert enter(BuiltInRole.COMMUNITY_MANAGER).post("/en/partners/999/mark").status_code == 404


def test_hostile_values_are_text(
    enter: Callable[..., Browser], program: Program, add: Callable[..., Partner]
) -> None:
    """X-1."""
    add(HOSTILE, description=HOSTILE, locale="fr")
    page = check_page(enter().get("/en/partners/marketplace", query_string={"q": "script"}), "en")
    assert tiles(page) == [HOSTILE]
    page = check_page(
        enter(email="b@x.example").get("/en/partners/marketplace", query_string={"q": HOSTILE}), "en"
    )
    field = page.find(id="f-q")
    assert field is not None
    assert field["value"] == HOSTILE
