"""A plan of which most rows are packed is the same plan: seen, searched, applied, drifted from, undone."""

import io

import pytest
from sqlalchemy import delete, func, select

from service.domain import import_results, import_rows, import_store, import_undo, partners
from service.domain.import_rows import RowFilter
from service.facts.states import RowOutcome
from service.i18n.catalogs import Catalog
from service.i18n.locales import LOCALES
from service.models import Import, Partner
from service.models.imports import ImportBlock, ImportRow
from tests.domain.factories import NOW
from tests.domain.import_desk import HEADER, Desk

COUNT = 60


def line(number: int, address: str = "", name: str = "") -> str:
    address = address or f"p{number}@minato.example"
    return f"{name or f'Harbor {number}'},{address},https://minato.example/{number},夏,,,,\n"


PLAIN = HEADER + "".join(line(number) for number in range(1, COUNT + 1))
# One address is not right, one has a remark that is none of the plan's, one is named again at the end.
ADDRESSES = {20: "nobody", 30: "p30@みなと.example"}
ODD = (
    HEADER
    + "".join(line(number, ADDRESSES.get(number, "")) for number in range(1, COUNT))
    + line(COUNT, "P7@minato.example", "Else")
)


def rows(desk: Desk, import_id: int, *, after: int = 0, limit: int = 500, **wanted: object) -> list[int]:
    with desk.db.reading() as session:
        found = import_rows.list_rows(
            session,
            import_id,
            RowFilter(**wanted),  # type: ignore[arg-type]
            after=after,
            limit=limit,
        )
        return [row.number for row in found]


def seen(desk: Desk, import_id: int) -> list[tuple[object, ...]]:
    with desk.db.reading() as session:
        return [
            (row.number, row.line, row.outcome, row.identity, row.name, row.rule, row.reasons, row.changes)
            for row in import_rows.list_rows(session, import_id, limit=500)
        ]


def apart(desk: Desk, import_id: int) -> list[int]:
    """The rows that stand by themselves."""
    with desk.db.reading() as session:
        query = select(ImportRow.number).where(ImportRow.import_id == import_id)
        return list(session.scalars(query.order_by(ImportRow.number)))


def meet(desk: Desk, number: int) -> None:
    """Have somebody be known by another way."""
    with desk.db.transaction() as session:
        profile = partners.Profile(name="Known", email=f"p{number}@minato.example")
        partners.add(session, profile, now=NOW)


@pytest.mark.parametrize("batch", [30, 1000])
def test_only_rows_that_need_it_stand_by_themselves(desk: Desk, batch: int) -> None:
    import_id = desk.upload(ODD, dry_run=True)
    desk.run(import_id, batch=batch)
    assert apart(desk, import_id) == [7, 20, COUNT]
    assert desk.counts(import_id) == (COUNT - 2, 0, 1, 1)
    found = seen(desk, import_id)
    assert [row[0] for row in found] == list(range(1, COUNT + 1))
    assert found[6][2:6] == ("created", "p7@minato.example", "Harbor 7", None)
    assert found[-1][2:6] == ("unchanged", "p7@minato.example", "Else", "first-row-wins")
    assert found[29][3] == "p30@xn--o9jd6d.example"


@pytest.mark.parametrize("batch", [1, 7, 40])
@pytest.mark.parametrize("runner_each_step", [False, True])
def test_batches_of_any_size_come_to_the_same(desk: Desk, batch: int, *, runner_each_step: bool) -> None:
    whole = desk.upload(ODD, dry_run=True)
    desk.run(whole)
    expected = seen(desk, whole), desk.counts(whole)
    import_id = desk.upload(ODD, dry_run=True)
    desk.run(import_id, batch=batch, runner_each_step=runner_each_step)
    assert (seen(desk, import_id), desk.counts(import_id)) == expected


def test_people_whose_hashes_are_one_are_told_apart(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = desk.upload(ODD, dry_run=True)
    desk.run(whole)
    monkeypatch.setattr(import_store, "hash", lambda text: len(text), raising=False)
    import_id = desk.upload(ODD, dry_run=True)
    desk.run(import_id, batch=7)
    assert seen(desk, import_id) == seen(desk, whole)


def test_a_file_that_names_people_again_and_again_is_not_packed(desk: Desk) -> None:
    text = PLAIN + "".join(line(number) for number in range(1, 9))
    import_id = desk.upload(text, dry_run=True)
    desk.run(import_id)
    assert apart(desk, import_id) == list(range(1, COUNT + 9))
    assert desk.counts(import_id) == (COUNT, 0, 8, 0)


@pytest.mark.parametrize("batch", [7, 1000])
def test_packed_rows_are_listed_and_found(desk: Desk, batch: int) -> None:
    import_id = desk.upload(ODD, dry_run=True)
    desk.run(import_id, batch=batch)
    assert rows(desk, import_id, after=17, limit=5) == [18, 19, 20, 21, 22]
    assert rows(desk, import_id, after=17, limit=3, outcome=RowOutcome.CREATED) == [18, 19, 21]
    assert rows(desk, import_id, outcome=RowOutcome.REJECTED) == [20]
    assert rows(desk, import_id, rule="first-row-wins") == [COUNT]
    assert rows(desk, import_id, text="harbor 4") == [4, 14, 24, 34, *range(40, 50), 54]
    assert rows(desk, import_id, text="P5@") == [5]
    assert rows(desk, import_id, text="012") == [12]
    assert rows(desk, import_id, text="12", outcome=RowOutcome.UPDATED) == []
    assert rows(desk, import_id, text="%") == []


@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_packed_rows_that_drift_say_so(desk: Desk, batch: int) -> None:
    """Somebody known by another way since is not made again; who was changed is told, row by row."""
    import_id = desk.upload(PLAIN, dry_run=True)
    desk.run(import_id)
    meet(desk, 9)
    with desk.db.transaction() as session:
        import_ = session.get_one(Import, import_id)
        import_.state = "applying"
    desk.run(import_id, batch=batch)
    assert apart(desk, import_id) == [9]
    assert desk.counts(import_id) == (COUNT - 1, 0, 0, 1)
    assert desk.rules(import_id)[8] == (9, "rejected", [("drift", "name")])
    assert rows(desk, import_id, outcome=RowOutcome.CREATED) == [*range(1, 9), *range(10, COUNT + 1)]


@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_an_undo_goes_through_packed_rows(desk: Desk, batch: int) -> None:
    """Those who changed since stay, with the name and the line of their row."""
    before = desk.data()
    import_id = desk.import_file(ODD)
    with desk.db.transaction() as session:
        for number in (3, 50):
            query = select(Partner).where(Partner.email_key == f"p{number}@minato.example")
            session.scalars(query).one().description = "Later"
    with desk.db.reading() as session:
        preview = import_undo.preview(session, [desk.program_id], import_id)
    assert (preview.rows, preview.kept) == (COUNT - 2, 2)
    desk.undo(import_id, batch=batch)
    assert desk.undo_counts(import_id) == (COUNT - 4, 2)
    with desk.db.reading() as session:
        for found in (preview.leftovers, import_undo.list_leftovers(session, import_id)):
            assert [(one.number, one.line, one.name) for one in found] == [
                (3, 4, "Harbor 3"),
                (50, 51, "Harbor 50"),
            ]
        left = session.scalars(select(Partner.email_key).order_by(Partner.id)).all()
    assert left == ["p3@minato.example", "p50@minato.example"]
    assert len(before[0]) == 0


def test_an_undo_that_was_stopped_knows_how_many_rows_are_left(desk: Desk) -> None:
    import_id = desk.import_file(ODD)
    with desk.db.transaction() as session:
        import_ = session.get_one(Import, import_id)
        # As one that was given up leaves it: the last row, which changed nothing, and ten before it are done.
        import_.undo_left = COUNT - 11
    with desk.db.reading() as session:
        assert import_undo.preview(session, [desk.program_id], import_id).rows == COUNT - 12


def test_the_result_file_has_the_packed_rows(desk: Desk) -> None:
    """Of a file whose planning was stopped, rows not looked at have no status."""
    import_id = desk.upload(ODD, dry_run=True)
    desk.run(import_id)
    out = io.BytesIO()
    with desk.db.reading() as session:
        import_ = session.get_one(Import, import_id)
        import_results.write(session, import_, out, Catalog(LOCALES["en"], {}, {}))
    told = [one.split(",") for one in out.getvalue().decode().splitlines()[1:]]
    assert [cells[8] for cells in told] == [
        {20: "Rejected", COUNT: "Unchanged"}.get(number, "Created") for number in range(1, COUNT + 1)
    ]


def test_a_plan_of_an_earlier_version_is_applied_and_undone(desk: Desk) -> None:
    """It has all its rows by themselves."""
    before = desk.data()
    import_id = desk.upload(ODD, dry_run=True)
    desk.run(import_id, batch=7)
    expected = seen(desk, import_id)
    with desk.db.transaction() as session:
        for people in import_store.people(session, import_id, above=0):
            import_store.set_apart(session, import_id, people.rows())
        session.execute(delete(ImportBlock))
    assert (seen(desk, import_id), apart(desk, import_id)) == (expected, list(range(1, COUNT + 1)))
    desk.apply(import_id)
    assert len(desk.people()) == COUNT - 2
    desk.undo(import_id, batch=7)
    assert desk.data() == before


def test_a_file_read_in_another_way_has_a_new_plan(desk: Desk) -> None:
    import_id = desk.upload(PLAIN, dry_run=True)
    desk.run(import_id, batch=7)
    desk.read_as(import_id, "utf-8", ",")
    with desk.db.reading() as session:
        assert session.scalar(select(func.count()).select_from(ImportBlock)) == 0
    desk.run(import_id)
    assert desk.counts(import_id) == (COUNT, 0, 0, 0)
