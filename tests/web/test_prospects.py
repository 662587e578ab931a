"""Discover → Prospects: the table, one prospect, adding one by hand."""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from service.bootstrap import Services
from service.domain import groups, prospects
from service.facts.limits import PAGE_ROWS
from service.facts.permissions import BuiltInRole
from service.facts.sources import Source
from service.facts.states import CampaignState
from service.i18n.locales import LOCALES
from service.models import Campaign, Delivery, Program, Prospect
from tests.domain import factories
from tests.web.browser import Browser, Clock
from tests.web.pages import check_page, error_of, form_of, soup, words

HOSTILE = "<script>alert(1)</script>\"'{{7*7}}{% raw %}&lt;b&gt;"


def names(page: object) -> list[str]:
    return [words(cell.a) for cell in page.select("tbody th")]  # type: ignore[attr-defined]


@pytest.mark.parametrize("code", LOCALES)
def test_it_works(
    enter: Callable[..., Browser], program: Program, add_prospect: Callable[..., Prospect], code: str
) -> None:
    add_prospect(program, "株式会社ひかり", locale="ja")
    page = check_page(enter().get(f"/{code}/prospects"), code)
    name = page.select_one("tbody th a bdi")
    assert name is not None
    assert (name["lang"], name.get_text()) == ("ja", "株式会社ひかり")


@pytest.mark.parametrize("code", LOCALES)
def test_one_prospect_works(
    enter: Callable[..., Browser], program: Program, add_prospect: Callable[..., Prospect], code: str
) -> None:
    prospect = add_prospect(program, "王秀英", locale="zh", media_properties=("https://blog.example/",))
    page = check_page(enter().get(f"/{code}/prospects/{prospect.id}"), code)
    assert words(page.h1) == "王秀英"
    assert page.h1 is not None
    assert page.h1["lang"] == "zh-Hans"


@pytest.mark.parametrize("code", LOCALES)
def test_the_form_works(enter: Callable[..., Browser], program: Program, code: str) -> None:
    check_page(enter().get(f"/{code}/prospects/new"), code)


@pytest.mark.parametrize("role", BuiltInRole)
def test_the_page_offers_what_the_role_may_do(
    enter: Callable[..., Browser], program: Program, add_prospect: Callable[..., Prospect], role: BuiltInRole
) -> None:
    prospect = add_prospect(program)
    response = enter(role).get("/en/prospects")
    offered = {
        BuiltInRole.ADMINISTRATOR: {"Import prospects", "New prospect", "Email", "Archive"},
        BuiltInRole.COMMUNITY_MANAGER: {"Import prospects", "New prospect", "Email", "Archive"},
        BuiltInRole.ANALYST: set(),
        BuiltInRole.TRANSLATOR: None,
    }[role]
    if offered is None:
        assert response.status_code == 403
        return
    main = soup(response).main
    assert main is not None
    found = {words(element) for element in main.select("a, button")}
    assert found & {"Import prospects", "New prospect", "Email", "Archive"} == offered
    assert f"/en/prospects/{prospect.id}" in {link["href"] for link in main.select("tbody a")}


def test_the_number_of_queries_does_not_grow_with_the_rows(
    enter: Callable[..., Browser],
    program: Program,
    add_prospect: Callable[..., Prospect],
    count_queries: Callable[[Callable[[], object]], int],
) -> None:
    browser = enter()
    add_prospect(program, "First")
    one = count_queries(lambda: browser.get("/en/prospects"))
    add_prospect(program, "Second")
    add_prospect(program, "Third")
    three = count_queries(lambda: browser.get("/en/prospects"))
    assert (one, three) == (9, 9)


def test_filters_show_as_chips_that_can_be_taken_off(
    enter: Callable[..., Browser], program: Program, add_prospect: Callable[..., Prospect]
) -> None:
    add_prospect(program, "Café Noir", locale="fr")
    add_prospect(program, "Brightside", locale="en")
    page = soup(enter().get("/en/prospects?language=fr&q=cafe&stage=new"))
    assert names(page) == ["Café Noir"]
    chips = {words(chip).removeprefix("Remove filter "): chip["href"] for chip in page.select(".chip")}
    assert chips == {
        "Stage New": "/en/prospects?language=fr&q=cafe",
        "Language Français": "/en/prospects?stage=new&q=cafe",
        "Search cafe": "/en/prospects?stage=new&language=fr",
    }
    assert page.select_one(".chip bdi[lang=fr]") is not None


def test_a_search_without_results_says_what_to_do(enter: Callable[..., Browser], program: Program) -> None:
    page = soup(enter().get("/en/prospects?q=nobody"))
    assert words(page.select_one(".empty")) == (
        "No results No prospect matches these filters. Clear all filters"
    )


def test_a_column_sorts_and_sorts_back(
    enter: Callable[..., Browser], program: Program, add_prospect: Callable[..., Prospect]
) -> None:
    add_prospect(program, "Bravo")
    add_prospect(program, "Alpha")
    browser = enter()
    page = soup(browser.get("/en/prospects"))
    assert names(page) == ["Alpha", "Bravo"]
    head = page.select_one("th[aria-sort]")
    assert head is not None
    assert head["aria-sort"] == "ascending"
    assert head.a is not None
    page = soup(browser.get(str(head.a["href"])))
    assert names(page) == ["Bravo", "Alpha"]


def test_the_last_page_comes_in_as_many_queries_as_the_first(
    enter: Callable[..., Browser],
    program: Program,
    add_prospect: Callable[..., Prospect],
    count_queries: Callable[[Callable[[], object]], int],
) -> None:
    """W-5: pages are found by key, not by counting rows."""
    browser = enter()
    for number in range(PAGE_ROWS + 3):
        add_prospect(program, f"Partner {number:03}")
    first = soup(browser.get("/en/prospects"))
    assert len(names(first)) == PAGE_ROWS
    forward = first.select_one("button[value^='go:after:']")
    assert forward is not None
    data = form_of(first, id="prospects")
    moved = browser.post("/en/prospects/select", {**data, "action": forward["value"]})
    second = soup(browser.get(moved.location))
    assert names(second) == [f"Partner {number:03}" for number in range(PAGE_ROWS, PAGE_ROWS + 3)]
    assert count_queries(lambda: browser.get(moved.location)) == count_queries(
        lambda: browser.get("/en/prospects")
    )
    back = second.select_one("button[value^='go:before:']")
    assert back is not None
    moved = browser.post("/en/prospects/select", {**form_of(second, id="prospects"), "action": back["value"]})
    assert names(soup(browser.get(moved.location))) == names(first)


def cursor(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("after=%00", 400),
        ("after=1~a", 400),
        ("after=é", 400),
        ("after=////", 400),
        (f"after={cursor('0~a')}", 400),
        (f"after={cursor('-1~a')}", 400),
        (f"after={cursor('9' * 30 + '~a')}", 400),
        (f"after={cursor('1~a' + chr(0))}", 400),
        (f"after={cursor('1~not a date')}&sort=added", 400),
        (f"after={cursor('1~2038-01-18T12:00:00')}&sort=added", 400),
        (f"after={cursor('999999~zzzz')}", 200),
        (f"before={cursor('1~')}", 200),
        ("page=-1", 200),
        ("page=1e400&per_page=1000000", 200),
        ("group=99999999999999999999999999", 200),
        ("group=-1&import=1e9&stage=x&source=%00&language=" + "x" * 9000, 200),
        ("sort=id;DROP TABLE prospects", 200),
        ("sort=-", 200),
        ("q=%00%FF' OR 1=1 --", 200),
        ("q=" + "%25_" * 500, 200),
        ("&".join(["stage=new"] * 300), 200),
    ],
)
def test_a_forged_query_is_refused_or_ignored(
    enter: Callable[..., Browser],
    program: Program,
    add_prospect: Callable[..., Prospect],
    query: str,
    status: int,
) -> None:
    """W-4, W-5: nothing in the query reaches the database as text, and no page is out of bounds."""
    add_prospect(program)
    assert enter().get(f"/en/prospects?{query}").status_code == status


@pytest.mark.parametrize("path", ["", "/archive", "/restore"])
def test_another_program_s_prospect_does_not_exist(
    enter: Callable[..., Browser],
    parts: Services,
    program: Program,
    add_prospect: Callable[..., Prospect],
    path: str,
) -> None:
    """A-2: the same answer for what belongs to others and for what is not there."""
    with parts.db.transaction() as session:
        theirs = factories.program(session, "Kumo Outdoor")
    foreign = add_prospect(theirs, "Foreign")
    browser = enter(BuiltInRole.COMMUNITY_MANAGER, program)
    open_ = browser.post if path else browser.get
    answers = [open_(f"/en/prospects/{id_}{path}") for id_ in (foreign.id, foreign.id + 1)]
    assert [answer.status_code for answer in answers] == [404, 404]
    texts = [words(soup(answer).main) for answer in answers]
    assert texts[0] == texts[1]


def test_archive_and_restore(
    enter: Callable[..., Browser], parts: Services, program: Program, add_prospect: Callable[..., Prospect]
) -> None:
    prospect = add_prospect(program)
    browser = enter()
    data = form_of(soup(browser.get("/en/prospects?q=atelier")), id="prospects")
    answer = browser.post(f"/en/prospects/{prospect.id}/archive", data)
    assert answer.location == "/en/prospects?q=atelier"
    assert names(soup(browser.get("/en/prospects?stage=archived"))) == ["Atelier Lumière"]
    page = soup(browser.get(f"/en/prospects/{prospect.id}"))
    assert "Archived" in words(page.select_one(".page-header"))
    browser.post(f"/en/prospects/{prospect.id}/restore")
    with parts.db.reading() as session:
        assert prospects.find(session, program.id, prospect.id).archived_at is None


def test_adding_by_hand(enter: Callable[..., Browser], parts: Services, program: Program) -> None:
    browser = enter()
    answer = browser.submit(
        "/en/prospects/new",
        {
            "name": " 花と暮らし ",
            "email": "hanako@hana.example",
            "kind": "creator",
            "locale": "ja",
            "time_zone": "Asia/Tokyo",
            "media_property": "https://hana.example/",
        },
    )
    assert answer.status_code == 303
    page = soup(browser.get(answer.location))
    assert words(page.h1) == "花と暮らし"
    assert words(page.select_one(".notices")).endswith("The prospect has been created: 花と暮らし")
    with parts.db.reading() as session:
        prospect = session.query(Prospect).one()
        assert (prospect.source, prospect.partner.kind) == (Source.MANUAL.value, "creator")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("name", "", "Enter a name."),
        ("email", "not an address", "This is not a valid email address: not an address."),
        ("media_property", "javascript:alert(1)", "This is not a valid web address: javascript:alert(1)."),
        ("time_zone", "Mars/Olympus", "This time zone is unknown: Mars/Olympus."),
        ("locale", "../../x", "This language is not available: ../../x."),
    ],
)
def test_a_refusal_stands_beside_its_field_and_keeps_what_was_typed(
    enter: Callable[..., Browser], program: Program, name: str, value: str, told: str
) -> None:
    typed = {"name": "Hana", "email": "hana@hana.example", "description": HOSTILE, name: value}
    answer = enter().submit("/en/prospects/new", typed)
    assert answer.status_code == 400
    page = soup(answer)
    assert error_of(page, name).startswith(told)
    summary = page.select_one(f".error-summary a[href='#f-{name}']")
    assert told in words(summary)
    description = page.find(id="f-description")
    assert description is not None
    assert description.get_text() == f"\n{HOSTILE}"


def test_hostile_values_are_text(
    enter: Callable[..., Browser], parts: Services, program: Program, add_prospect: Callable[..., Prospect]
) -> None:
    """X-1: whatever a partner is called, the page has the tags it always has."""
    plain = add_prospect(
        program, "Plain", first_name="A", last_name="B", description="C", locale="fr", email="a@x.example"
    )
    evil = add_prospect(
        program,
        HOSTILE,
        first_name=HOSTILE,
        last_name=HOSTILE,
        description=HOSTILE,
        locale="fr",
        email="b@x.example",
    )
    with parts.db.transaction() as session:
        group = groups.create(session, program.id, name=HOSTILE, now=factories.NOW)
        groups.add_members(session, group, [plain.partner_id, evil.partner_id])
    browser = enter()
    pages = [soup(browser.get(f"/en/prospects/{prospect.id}")) for prospect in (plain, evil)]
    shapes = [[(tag.name, *sorted(tag.attrs)) for tag in page.find_all(True)] for page in pages]
    assert shapes[0] == shapes[1]
    assert words(pages[1].h1) == " ".join(HOSTILE.split())
    table = check_page(browser.get(f"/en/prospects?q={HOSTILE}"), "en")
    assert names(table) == [" ".join(HOSTILE.split())]
    assert "49" not in words(table.main)


def test_the_history_names_each_step(
    enter: Callable[..., Browser],
    parts: Services,
    program: Program,
    add_prospect: Callable[..., Prospect],
    clock: Clock,
) -> None:
    prospect = add_prospect(program)
    with parts.db.transaction() as session:
        from service.facts.stages import StageEvent  # every event has a word of its own

        for step, happened in enumerate(StageEvent):
            prospects.record(session, prospect.id, happened, now=clock.now + timedelta(hours=step))
    page = soup(enter().get(f"/en/prospects/{prospect.id}"))
    steps = [words(item.span) for item in page.select(".split > .card ol > li")]
    assert steps == [
        "Restored", "Archived", "Invitation expired", "Invitation declined", "Invitation accepted",
        "Answered", "Message sent", "Email sent", "Marked as prospect", "Marked as prospect",
    ]  # fmt: skip


def test_a_mail_is_named_by_its_campaign_however_many_came_since(
    enter: Callable[..., Browser], parts: Services, launch: Callable[..., int]
) -> None:
    campaign_id = launch()
    with parts.db.transaction() as session:
        first = session.get_one(Campaign, campaign_id)
        prospect_id = session.scalars(select(Delivery.prospect_id)).first()
        session.add_all(
            Campaign(
                program_id=first.program_id,
                author_id=first.author_id,
                form_key=f"later {number}",
                state=CampaignState.DRAFT.value,
                from_name="",
                source_locale="en",
                unknown_policy=first.unknown_policy,
                selection=first.selection,
                created_at=factories.NOW,
            )
            for number in range(100)
        )
    page = soup(enter().get(f"/en/prospects/{prospect_id}"))
    assert words(page.select_one("#emails tbody th")) == "Join Alpine"
