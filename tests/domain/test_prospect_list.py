"""The prospect table: filters, search in any script, keyset pages."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from service.domain import groups, partners, prospect_list, prospects
from service.domain.prospect_list import Cursor, ProspectFilter, Sort
from service.facts.sources import Source
from service.facts.stages import Stage, StageEvent
from service.models import Program
from tests.domain import factories
from tests.domain.factories import NOW

NAMES = [
    "Zébulon",
    "Atelier",
    "東京ガジェット通信",
    "四季花艺",
    "Brightside",
    "atelier 2",
    "Émile",
    "Juniper",
]


@pytest.fixture
def program(session: Session) -> Program:
    made = factories.program(session)
    for number, name in enumerate(NAMES):
        locale = "ja" if "東" in name else "zh" if "四" in name else "fr"
        factories.prospect(session, made, name, at=NOW + timedelta(hours=number % 3), locale=locale)
    other = factories.program(session, "Other")
    factories.prospect(session, other, "Atelier of another program")
    return made


def names(session: Session, program: Program, wanted: ProspectFilter, **how: object) -> list[str]:
    found = prospect_list.list_page(session, program.id, wanted, **how)  # type: ignore[arg-type]
    return [prospect.partner.name for prospect in found.prospects]


def test_it_works(session: Session, program: Program) -> None:
    page = prospect_list.list_page(session, program.id, ProspectFilter())
    assert (page.total, page.previous, page.next) == (8, None, None)
    assert [item.partner.name for item in page.prospects][:4] == [
        "Atelier",
        "atelier 2",
        "Brightside",
        "Émile",
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("atelier", ["Atelier", "atelier 2"]),
        ("ÉMILE", ["Émile"]),
        ("emile", ["Émile"]),
        ("ガジェット", ["東京ガジェット通信"]),
        ("東京", ["東京ガジェット通信"]),
        ("ｶﾞｼﾞｪｯﾄ", ["東京ガジェット通信"]),
        ("花艺", ["四季花艺"]),
        (" juniper\u3000", ["Juniper"]),
        ("通信  東京", ["東京ガジェット通信"]),
        ("100%", []),
        ("_", []),
        ("'; DROP TABLE prospects; --", []),
        ("\\", []),
    ],
)
def test_search_folds_width_case_and_accents(
    session: Session, program: Program, text: str, found: list[str]
) -> None:
    """W-4: what a user types is only ever a value."""
    assert names(session, program, ProspectFilter(text=text)) == found


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("rows", [1, 2, 3, 7, 8])
def test_pages_forward_and_back_show_every_row_once(
    session: Session, program: Program, sort: Sort, descending: bool, rows: int
) -> None:
    """W-5: the pages of a keyset are the whole list, both ways."""
    how = {"sort": sort, "descending": descending}
    whole = names(session, program, ProspectFilter(), rows=100, **how)
    page = prospect_list.list_page(session, program.id, ProspectFilter(), rows=rows, **how)  # type: ignore[arg-type]
    forward = [item.partner.name for item in page.prospects]
    assert page.previous is None
    while page.next is not None:
        page = prospect_list.list_page(
            session,
            program.id,
            ProspectFilter(),
            rows=rows,
            after=page.next,
            **how,  # type: ignore[arg-type]
        )
        forward += [item.partner.name for item in page.prospects]
    backward = [item.partner.name for item in page.prospects]
    while page.previous is not None:
        page = prospect_list.list_page(
            session,
            program.id,
            ProspectFilter(),
            rows=rows,
            before=page.previous,
            **how,  # type: ignore[arg-type]
        )
        backward = [item.partner.name for item in page.prospects] + backward
    assert forward == whole
    assert backward == whole


@pytest.mark.parametrize("stages", [(), ("new", "joined", "declined", "archived")])
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("rows", [1, 2, 5])
def test_pages_by_stage_go_through_all_stages(
    session: Session, program: Program, stages: tuple[str, ...], descending: bool, rows: int
) -> None:
    """W-5: those of one stage in the order in which they were added; archived ones among them."""
    wanted, how = ProspectFilter(stages=stages), {"sort": Sort.STAGE, "descending": descending, "rows": rows}
    found = prospect_list.list_page(session, program.id, ProspectFilter()).prospects
    for prospect, event in zip(found, [StageEvent.JOINED, StageEvent.DECLINED] * 3, strict=False):
        prospects.record(session, prospect.id, event, now=NOW)
    user = factories.user(session, program)
    for prospect in (found[0], found[-1]):
        prospects.archive(session, prospect, now=NOW, actor_id=user.id)
    page = prospect_list.list_page(session, program.id, wanted, **how)  # type: ignore[arg-type]
    pages = [page]
    while page.next is not None:
        page = prospect_list.list_page(session, program.id, wanted, after=page.next, **how)  # type: ignore[arg-type]
        pages.append(page)
    back = [page]
    while page.previous is not None:
        page = prospect_list.list_page(session, program.id, wanted, before=page.previous, **how)  # type: ignore[arg-type]
        back.insert(0, page)
    ranks = [stage.value for stage in Stage]
    shown = [one for one in found if stages or one.archived_at is None]
    expected = sorted(shown, key=lambda one: (ranks.index(one.stage), one.id), reverse=descending)
    for way in (pages, back):
        assert [one.id for some in way for one in some.prospects] == [one.id for one in expected]


@pytest.mark.parametrize("value", ["", "9", "x"])
def test_a_cursor_of_no_stage_has_nobody_after_it(session: Session, program: Program, value: str) -> None:
    place = Cursor(value, 1)
    assert not prospect_list.list_page(
        session, program.id, ProspectFilter(), sort=Sort.STAGE, after=place
    ).prospects


def test_filters_narrow_together(session: Session, program: Program) -> None:
    group = groups.create(session, program.id, name="Été", now=NOW)
    atelier = prospect_list.list_page(session, program.id, ProspectFilter(text="atelier")).prospects[0]
    groups.add_members(session, group, [atelier.partner_id])
    prospects.record(session, atelier.id, StageEvent.EMAIL_ACCEPTED, now=NOW)
    assert names(session, program, ProspectFilter(group_id=group.id)) == ["Atelier"]
    assert names(session, program, ProspectFilter(stages=("outreach",))) == ["Atelier"]
    assert names(session, program, ProspectFilter(stages=("outreach",), locales=("ja",))) == []
    assert names(session, program, ProspectFilter(locales=("ja", "zh"))) == ["四季花艺", "東京ガジェット通信"]
    assert names(session, program, ProspectFilter(sources=(Source.IMPORT.value,))) == []


@pytest.mark.parametrize("few", [1, 2, 1000])
@pytest.mark.parametrize("sort", list(Sort))
def test_few_and_many_that_match_are_listed_alike(
    session: Session, program: Program, monkeypatch: pytest.MonkeyPatch, few: int, sort: Sort
) -> None:
    """Whether what matches is looked for once, or counted and walked through in order."""
    monkeypatch.setattr(prospect_list, "FEW", few)
    wanted = ProspectFilter(text="e", locales=("fr",))
    first = prospect_list.list_page(session, program.id, wanted, sort=sort, rows=2)
    second = prospect_list.list_page(session, program.id, wanted, sort=sort, rows=9, after=first.next)
    found = [one.partner.name for one in (*first.prospects, *second.prospects)]
    assert (first.total, second.total, len(found), second.next) == (6, 6, 6, None)
    assert found == [name for name in names(session, program, ProspectFilter(), sort=sort) if name in found]


def test_a_page_is_read_from_an_index_in_order(session: Session, program: Program) -> None:
    """L-3: neither its rows nor how many there are takes a look at the others' rows."""
    listed = "SELECT id FROM prospects WHERE program_id = 1 AND archived_at IS NULL"
    plans = [
        [row.detail for row in session.execute(text(f"EXPLAIN QUERY PLAN {query}"))]
        for query in (
            f"{listed} ORDER BY sort_key, id LIMIT 51",
            f"{listed} AND (sort_key, id) > ('b', 1) ORDER BY sort_key, id LIMIT 51",
            f"{listed} ORDER BY created_at DESC, id DESC LIMIT 51",
            f"{listed} AND (created_at, id) < ('2038', 1) ORDER BY created_at DESC, id DESC LIMIT 51",
            f"{listed} AND stage = 'new' AND id > 9 ORDER BY archived_at, id LIMIT 51",
            f"SELECT count(*) FROM ({listed})",
        )
    ]
    by_name, by_date, by_stage = (
        f"SEARCH prospects USING {index}"
        for index in (
            "INDEX ix_prospects_program_name",
            "INDEX ix_prospects_program_added",
            "COVERING INDEX ix_prospects_program_stage",
        )
    )
    assert plans == [
        [f"{by_name} (program_id=?)"],
        [f"{by_name} (program_id=? AND sort_key>?)"],
        [f"{by_date} (program_id=?)"],
        [f"{by_date} (program_id=? AND created_at<?)"],
        [f"{by_stage} (program_id=? AND stage=? AND archived_at=? AND id>?)"],
        ["SEARCH prospects USING COVERING INDEX ix_prospects_program_stage (program_id=?)"],
    ]


def test_who_is_renamed_moves_in_every_program(session: Session, program: Program) -> None:
    juniper = prospect_list.list_page(session, program.id, ProspectFilter(text="juniper")).prospects[0]
    second = factories.program(session, "Second")
    prospects.mark(session, second.id, juniper.partner, source=Source.MANUAL, now=NOW)
    factories.prospect(session, second, "Benjamin")
    facts = partners.Facts("Aaron", first_name="A")
    partners.edit(session, juniper.partner_id, facts, version=partners.version_of(juniper.partner))
    assert names(session, program, ProspectFilter())[0] == "Aaron"
    assert names(session, second, ProspectFilter()) == ["Aaron", "Benjamin"]
    assert factories.misplaced(session) == []


def test_blanks_that_are_filled_move_nobody_out_of_place(session: Session, program: Program) -> None:
    """A first name belongs to what prospects are sorted by, in the programs that knew none as well."""
    other = factories.program(session, "Third")
    known = factories.prospect(session, program, "Known", email="known@people.example")
    profile = partners.Profile("Known", "known@people.example", first_name="Kim")
    actor = factories.user(session, program)
    added = prospects.add(session, other.id, profile, now=NOW, actor_id=actor.id)
    assert (added.partner_id, added.partner.first_name) == (known.partner_id, "Kim")
    assert factories.misplaced(session) == []


def test_archived_prospects_show_only_when_asked_for(session: Session, program: Program) -> None:
    actor = factories.user(session, program)
    first = prospect_list.list_page(session, program.id, ProspectFilter()).prospects[0]
    prospects.archive(session, first, now=NOW, actor_id=actor.id)
    assert "Atelier" not in names(session, program, ProspectFilter())
    assert names(session, program, ProspectFilter(stages=("archived",))) == ["Atelier"]


def test_stages_sort_by_how_far_they_are(session: Session, program: Program) -> None:
    found = prospect_list.list_page(session, program.id, ProspectFilter(), rows=3).prospects
    for prospect, event in zip(
        found, (StageEvent.JOINED, StageEvent.EMAIL_ACCEPTED, StageEvent.DECLINED), strict=True
    ):
        prospects.record(session, prospect.id, event, now=NOW)
    page = prospect_list.list_page(session, program.id, ProspectFilter(), sort=Sort.STAGE)
    assert [prospect.stage for prospect in page.prospects][-4:] == ["new", "outreach", "joined", "declined"]


@pytest.mark.parametrize(
    "typed", ["花屋", "株式会社\u3000花屋", "株式会社 花屋", "株式会社\u00a0花屋", "hanaya@custom"]
)
def test_a_name_is_found_as_it_is_written(session: Session, program: Program, typed: str) -> None:
    made = factories.prospect(session, program, "株式会社\u3000花屋")
    made.custom_email, made.custom_email_key = "Hanaya@custom.example", "hanaya@custom.example"
    session.flush()
    assert names(session, program, ProspectFilter.from_values({"q": [typed]})) == ["株式会社\u3000花屋"]


@pytest.mark.parametrize("value", ["", "x", "0001-01-01T00:00:00+14:00", "2038-01-19", "9" * 5000])
def test_a_cursor_that_names_no_moment_is_none(value: str) -> None:
    """W-5: a tampered cursor is told, not a 500."""
    assert prospect_list.moment_of(Cursor(value, 1)) is None


def test_a_filter_survives_its_query(session: Session) -> None:
    wanted = ProspectFilter(("new", "archived"), ("import",), 7, 3, ("ja", "zh"), "東京")
    assert ProspectFilter.from_values(wanted.to_values()) == wanted


def test_what_is_no_known_value_does_not_narrow() -> None:
    """W-5: foreign values of a query are left out, never an error."""
    values = {
        "stage": ["won", "new"],
        "group": ["-1"],
        "import": ["1e9"],
        "language": ["x" * 99, "\0", "日本"],
        "q": ["\0a\r\n"],
    }
    assert ProspectFilter.from_values(values) == ProspectFilter(stages=("new",), text="a")
