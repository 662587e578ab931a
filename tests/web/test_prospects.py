"""Discover → Prospects: the table, its selection, one prospect, adding one by hand."""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from service.bootstrap import Services
from service.domain import groups, prospects, selections
from service.domain.prospect_list import ProspectFilter
from service.domain.selections import Selected
from service.facts.limits import PAGE_ROWS
from service.facts.permissions import BuiltInRole
from service.facts.sources import Source
from service.i18n.locales import LOCALES
from service.models import Program, Prospect, User
from tests.domain import factories
from tests.web.browser import Browser, Clock
from tests.web.pages import check_page, error_of, form_of, soup, words

HOSTILE = "<script>alert(1)</script>\"'{{7*7}}{% raw %}&lt;b&gt;"


@pytest.fixture
def add(parts: Services, clock: Clock) -> Callable[..., Prospect]:
    """Add a prospect to a program."""

    def make(program: Program, name: str = "Atelier Lumière", **facts: object) -> Prospect:
        with parts.db.transaction() as session:
            return factories.prospect(session, program, name, at=clock.now, **facts)  # type: ignore[arg-type]

    return make


@pytest.fixture
def selected(parts: Services) -> Callable[[Program], Selected]:
    """What the first user has selected in a program."""

    def look(program: Program) -> Selected:
        with parts.db.reading() as session:
            user = session.query(User).order_by(User.id).first()
            assert user is not None
            return selections.find(session, user.id, program.id)

    return look


def names(page: object) -> list[str]:
    return [words(cell.a) for cell in page.select("tbody th")]  # type: ignore[attr-defined]


@pytest.mark.parametrize("code", LOCALES)
def test_it_works(
    enter: Callable[..., Browser], program: Program, add: Callable[..., Prospect], code: str
) -> None:
    add(program, "株式会社ひかり", locale="ja")
    page = check_page(enter().get(f"/{code}/prospects"), code)
    name = page.select_one("tbody th a bdi")
    assert name is not None
    assert (name["lang"], name.get_text()) == ("ja", "株式会社ひかり")


@pytest.mark.parametrize("code", LOCALES)
def test_one_prospect_works(
    enter: Callable[..., Browser], program: Program, add: Callable[..., Prospect], code: str
) -> None:
    prospect = add(program, "王秀英", locale="zh", media_properties=("https://blog.example/",))
    page = check_page(enter().get(f"/{code}/prospects/{prospect.id}"), code)
    assert words(page.h1) == "王秀英"
    assert page.h1 is not None
    assert page.h1["lang"] == "zh-Hans"


@pytest.mark.parametrize("code", LOCALES)
def test_the_form_works(enter: Callable[..., Browser], program: Program, code: str) -> None:
    check_page(enter().get(f"/{code}/prospects/new"), code)


@pytest.mark.parametrize("role", BuiltInRole)
def test_the_page_offers_what_the_role_may_do(
    enter: Callable[..., Browser], program: Program, add: Callable[..., Prospect], role: BuiltInRole
) -> None:
    prospect = add(program)
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
    add: Callable[..., Prospect],
    count_queries: Callable[[Callable[[], object]], int],
) -> None:
    browser = enter()
    add(program, "First")
    one = count_queries(lambda: browser.get("/en/prospects"))
    add(program, "Second")
    add(program, "Third")
    three = count_queries(lambda: browser.get("/en/prospects"))
    assert (one, three) == (9, 9)


def test_filters_show_as_chips_that_can_be_taken_off(
    enter: Callable[..., Browser], program: Program, add: Callable[..., Prospect]
) -> None:
    add(program, "Café Noir", locale="fr")
    add(program, "Brightside", locale="en")
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
    enter: Callable[..., Browser], program: Program, add: Callable[..., Prospect]
) -> None:
    add(program, "Bravo")
    add(program, "Alpha")
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
    add: Callable[..., Prospect],
    count_queries: Callable[[Callable[[], object]], int],
) -> None:
    """W-5: pages are found by key, not by counting rows."""
    browser = enter()
    for number in range(PAGE_ROWS + 3):
        add(program, f"Partner {number:03}")
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
    enter: Callable[..., Browser], program: Program, add: Callable[..., Prospect], query: str, status: int
) -> None:
    """W-4, W-5: nothing in the query reaches the database as text, and no page is out of bounds."""
    add(program)
    assert enter().get(f"/en/prospects?{query}").status_code == status


def test_ticks_survive_paging(
    enter: Callable[..., Browser],
    program: Program,
    add: Callable[..., Prospect],
    selected: Callable[[Program], Selected],
) -> None:
    browser = enter()
    made = [add(program, f"Partner {number:03}") for number in range(PAGE_ROWS + 2)]
    page = soup(browser.get("/en/prospects"))
    forward = page.select_one("button[value^='go:after:']")
    assert forward is not None
    data = {**form_of(page, id="prospects"), "selected": [made[1].id, made[4].id], "action": forward["value"]}
    page = soup(browser.get(browser.post("/en/prospects/select", data).location))
    assert words(page.select_one(".selection-count")) == "2 selected"
    back = page.select_one("button[value^='go:before:']")
    assert back is not None
    data = {**form_of(page, id="prospects"), "selected": [made[-1].id], "action": back["value"]}
    page = soup(browser.get(browser.post("/en/prospects/select", data).location))
    ticked = {int(str(box["value"])) for box in page.select(".row-check[checked]")}
    assert ticked == {made[1].id, made[4].id}
    assert selected(program).ids == {made[1].id, made[4].id, made[-1].id}
    assert words(page.select_one(".selection-count")) == "3 selected"


def test_everything_that_matches_is_a_second_step_and_survives_paging(
    enter: Callable[..., Browser],
    program: Program,
    add: Callable[..., Prospect],
    selected: Callable[[Program], Selected],
) -> None:
    browser = enter()
    for number in range(PAGE_ROWS + 2):
        add(program, f"Partner {number:03}", locale="fr")
    other = add(program, "Somebody else", locale="ja")
    path = "/en/prospects?language=fr"
    page = soup(browser.get(path))
    offer = page.select_one("button[name=select]")
    assert words(offer) == "Select all 52 that match"
    moved = browser.post("/en/prospects/select", {**form_of(page, id="prospects"), "select": "matching"})
    assert moved.location == path
    page = soup(browser.get(path))
    assert "All 52 that match are selected: Language: Français" in words(page.select_one(".selection"))
    assert len(page.select(".row-check[checked]")) == PAGE_ROWS
    forward = page.select_one("button[value^='go:after:']")
    assert forward is not None
    data = form_of(page, id="prospects")
    data["selected"] = data["selected"][1:]
    page = soup(
        browser.get(browser.post("/en/prospects/select", {**data, "action": forward["value"]}).location)
    )
    assert len(page.select(".row-check[checked]")) == 2
    assert words(page.select_one(".selection-count")) == "51 selected"
    # Without the filter, the rows that it did not show have no tick.
    page = soup(browser.get("/en/prospects?q=else"))
    assert page.select(".row-check[checked]") == []
    data = {**form_of(page, id="prospects"), "selected": [other.id], "action": "keep"}
    browser.post("/en/prospects/select", data)
    assert selected(program).matching is None
    assert len(selected(program).ids) == 52


def test_select_page_and_clear(
    enter: Callable[..., Browser],
    program: Program,
    add: Callable[..., Prospect],
    selected: Callable[[Program], Selected],
) -> None:
    browser = enter()
    made = [add(program, name) for name in ("A", "B", "C")]
    data = form_of(soup(browser.get("/en/prospects?q=B")), id="prospects")
    browser.post("/en/prospects/select", {**data, "action": "page"})
    assert selected(program).ids == {made[1].id}
    browser.post("/en/prospects/select", {**data, "action": "clear"})
    assert selected(program) == Selected()


def test_another_program_s_prospects_cannot_be_selected(
    enter: Callable[..., Browser], parts: Services, program: Program, add: Callable[..., Prospect]
) -> None:
    """A-2: ids of another program in a bulk form are never counted, mailed, or put into a group."""
    with parts.db.transaction() as session:
        theirs = factories.program(session, "Kumo Outdoor")
        group = groups.create(session, program.id, name="Ours", now=factories.NOW)
        their_group = groups.create(session, theirs.id, name="Theirs", now=factories.NOW)
    own, foreign = add(program, "Own"), add(theirs, "Foreign")
    browser = enter(BuiltInRole.COMMUNITY_MANAGER, program)
    data = {"query": "", "shown": [own.id, foreign.id], "selected": [foreign.id]}
    browser.post("/en/prospects/select", {**data, "action": "page"})
    page = soup(browser.get("/en/prospects"))
    assert words(page.select_one(".selection-count")) == "1 selected"
    assert "Foreign" not in words(soup(browser.get("/en/campaigns/new")).main)
    browser.post("/en/prospects/group", {**data, "into": group.id})
    assert browser.post("/en/prospects/group", {**data, "into": their_group.id}).status_code == 404
    with parts.db.reading() as session:
        members = {row.name: row.members for row in groups.list_of(session, program.id)}
        assert members == {"Ours": 0}


@pytest.mark.parametrize("path", ["", "/archive", "/restore"])
def test_another_program_s_prospect_does_not_exist(
    enter: Callable[..., Browser], parts: Services, program: Program, add: Callable[..., Prospect], path: str
) -> None:
    """A-2: the same answer for what belongs to others and for what is not there."""
    with parts.db.transaction() as session:
        theirs = factories.program(session, "Kumo Outdoor")
    foreign = add(theirs, "Foreign")
    browser = enter(BuiltInRole.COMMUNITY_MANAGER, program)
    open_ = browser.post if path else browser.get
    answers = [open_(f"/en/prospects/{id_}{path}") for id_ in (foreign.id, foreign.id + 1)]
    assert [answer.status_code for answer in answers] == [404, 404]
    texts = [words(soup(answer).main) for answer in answers]
    assert texts[0] == texts[1]


@pytest.mark.parametrize("shown", ["9" * 5000, "-1", "1e9", "é", "\0", "9" * 16, ""])
def test_forged_ids_are_ignored(
    enter: Callable[..., Browser], program: Program, selected: Callable[[Program], Selected], shown: str
) -> None:
    browser = enter()
    data = {"query": "%00=&&=;sort", "shown": [shown], "selected": [shown], "into": shown, "action": "keep"}
    assert browser.post("/en/prospects/select", data).status_code == 303
    assert browser.post("/en/prospects/group", data).status_code == 404
    assert selected(program).ids == frozenset()


def test_email_without_a_selection_goes_back_to_the_table(
    enter: Callable[..., Browser], program: Program, add: Callable[..., Prospect]
) -> None:
    add(program)
    browser = enter()
    data = form_of(soup(browser.get("/en/prospects?sort=-added")), id="prospects")
    answer = browser.post("/en/prospects/select", {**data, "action": "email"})
    assert answer.location == "/en/prospects?sort=-added"
    page = soup(browser.get(answer.location))
    assert words(page.select_one(".notices")).endswith(
        "No recipient is selected. Select at least one prospect."
    )


def test_email_takes_the_ticks_along(
    enter: Callable[..., Browser], program: Program, add: Callable[..., Prospect]
) -> None:
    prospect = add(program)
    browser = enter()
    data = form_of(soup(browser.get("/en/prospects")), id="prospects")
    answer = browser.post("/en/prospects/select", {**data, "selected": [prospect.id], "action": "email"})
    assert answer.location == "/en/campaigns/new"
    assert "1 recipient" in words(soup(browser.get(answer.location)).main)


def test_a_button_never_leads_away_from_the_site(enter: Callable[..., Browser], program: Program) -> None:
    browser = enter()
    for action in ("go:after://evil.example", "go:next:x", "https://evil.example", "go:"):
        location = browser.post("/en/prospects/select", {"query": "q=//evil", "action": action}).location
        assert urlsplit(location).netloc == ""
        assert urlsplit(location).path == "/en/prospects"
        assert parse_qs(urlsplit(location).query)["q"] == ["//evil"]


def test_archive_and_restore(
    enter: Callable[..., Browser], parts: Services, program: Program, add: Callable[..., Prospect]
) -> None:
    prospect = add(program)
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
    enter: Callable[..., Browser], parts: Services, program: Program, add: Callable[..., Prospect]
) -> None:
    """X-1: whatever a partner is called, the page has the tags it always has."""
    plain = add(
        program, "Plain", first_name="A", last_name="B", description="C", locale="fr", email="a@x.example"
    )
    evil = add(
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
    add: Callable[..., Prospect],
    clock: Clock,
) -> None:
    prospect = add(program)
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


def test_a_selection_made_by_filter_is_resolved_when_it_is_used(
    enter: Callable[..., Browser], parts: Services, program: Program, add: Callable[..., Prospect]
) -> None:
    add(program, "First", locale="fr")
    browser = enter()
    browser.post("/en/prospects/select", {"query": "language=fr", "select": "matching"})
    add(program, "Second", locale="fr")
    assert "2 recipients" in words(soup(browser.get("/en/campaigns/new")).main)
    with parts.db.reading() as session:
        user = session.query(User).one()
        kept = selections.find(session, user.id, program.id)
    assert kept == Selected(matching=ProspectFilter(locales=("fr",)))
