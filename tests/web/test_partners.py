"""Discover → Find partners, Find creators: who is known, and marking them. Engage → Partners: who joined."""

from collections.abc import Callable

import pytest

from service.bootstrap import Services
from service.domain import partners, prospects
from service.domain.partners import Profile
from service.facts.limits import PAGE_ROWS
from service.facts.permissions import BuiltInRole
from service.facts.sources import PartnerKind
from service.facts.stages import StageEvent
from service.i18n.locales import LOCALES
from service.models import Partner, Program, Prospect
from tests.domain import factories
from tests.web.browser import Browser
from tests.web.pages import check_page, soup, words

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


@pytest.fixture
def join(parts: Services) -> Callable[..., Prospect]:
    """Make somebody a partner of the program."""

    def make(program: Program, name: str, **facts: object) -> Prospect:
        with parts.db.transaction() as session:
            prospect = factories.prospect(session, program, name, **facts)  # type: ignore[arg-type]
            prospects.record(session, prospect.id, StageEvent.JOINED, now=factories.NOW)
            return prospect

    return make


def rows(page: object) -> list[str]:
    return [words(cell) for cell in page.select("tbody th")]  # type: ignore[attr-defined]


@pytest.mark.parametrize("code", LOCALES)
def test_those_who_joined_are_listed(
    enter: Callable[..., Browser], parts: Services, program: Program, join: Callable[..., Prospect], code: str
) -> None:
    browser = enter()
    check_page(browser.get(f"/{code}/partners"), code)
    with parts.db.transaction() as session:
        factories.prospect(session, program, "Only asked")
    join(program, "旅する吉野", locale="ja", messaging_enabled=True)
    page = check_page(browser.get(f"/{code}/partners"), code)
    assert rows(page) == ["旅する吉野"]
    times = [str(one["datetime"]) for one in page.select("tbody time")]
    assert times == [factories.NOW.isoformat()]


def test_partners_are_filtered_and_paged(
    enter: Callable[..., Browser], program: Program, join: Callable[..., Prospect]
) -> None:
    browser = enter()
    for number in range(PAGE_ROWS + 1):
        join(program, f"Partner {number:03}", locale="fr" if number else "ja")
    first = soup(browser.get("/en/partners"))
    onward = first.select_one(".pager a[rel=next]")
    assert onward is not None
    second = soup(browser.get(str(onward["href"])))
    assert (rows(first)[0], rows(second)) == ("Partner 000", [f"Partner {PAGE_ROWS:03}"])
    back = second.select_one(".pager a[rel=prev]")
    assert back is not None
    assert rows(soup(browser.get(str(back["href"])))) == rows(first)
    assert rows(soup(browser.get("/en/partners?language=ja"))) == ["Partner 000"]
    assert rows(soup(browser.get("/en/partners?q=049&sort=-name"))) == ["Partner 049"]
    chips = soup(browser.get("/en/partners?language=ja&stage=new")).select(".chip-remove")
    assert [(words(chip), chip["href"]) for chip in chips] == [
        ("Remove filter Language 日本語", "/en/partners")
    ]
    assert browser.get("/en/partners?after=x").status_code == 400


@pytest.mark.parametrize("enabled", [True, False])
def test_from_a_row_to_a_message_or_an_email(
    enter: Callable[..., Browser], program: Program, join: Callable[..., Prospect], enabled: bool
) -> None:
    """Partners → More → Message, and More → Email."""
    browser = enter()
    joined = join(program, "Harbour", messaging_enabled=enabled)
    more = soup(browser.get("/en/partners")).select_one("td.row-actions")
    assert more is not None
    email = next(link for link in more.select("a") if words(link) == "Email")
    assert email["href"] == f"/en/campaigns/new?prospect={joined.id}"
    form = more.select_one("form[action='/en/inbox/open']")
    assert (form is not None) is enabled
    if form is not None:
        partner = form.select_one("input[name=partner]")
        assert partner is not None
        opened = browser.post(str(form["action"]), {"partner": partner["value"]})
        assert words(soup(browser.get(opened.location.partition("#")[0])).h1) == "Harbour"
    else:
        assert "Messaging is off for this partner." in words(more)


def test_the_table_takes_the_same_queries_for_many_partners(
    enter: Callable[..., Browser],
    program: Program,
    join: Callable[..., Prospect],
    count_queries: Callable[[Callable[[], object]], int],
) -> None:
    browser = enter()
    join(program, "First")
    one = count_queries(lambda: browser.get("/en/partners"))
    join(program, "Second")
    join(program, "Third")
    assert count_queries(lambda: browser.get("/en/partners")) == one
