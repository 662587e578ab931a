"""Which files an import takes, how they are read another way, and what is kept of them."""

import pytest
from sqlalchemy import func, select

from service.domain import import_reasons
from service.domain.import_files import PIECE
from service.facts.states import ImportState
from service.models import (
    Notice,
    Partner,
)
from service.models.imports import Import, ImportPiece, ImportRow
from tests.domain.import_desk import ENGLISH, HEADER, ROW, Desk


def test_a_refused_file_stores_nothing_and_can_be_read_otherwise(desk: Desk) -> None:
    import_id = desk.upload("Name;E-mail\nA;a@x.example\n")
    with desk.db.reading() as session:
        found = session.get_one(Import, import_id)
        assert (found.state, desk.jobs.imports) == (ImportState.REFUSED, [])
        reasons = import_reasons.loaded(found.refusal)
        assert [import_reasons.say(one, ENGLISH) for one in reasons] == [
            "A required column is missing: Media property."
        ]
    assert desk.state(desk.upload(b"PK\x03\x04 xl/workbook.xml")) == ImportState.REFUSED
    fine = "Name|Email|URL\nSociété;1|a@x.example|x.example\n".encode("mac_roman")
    import_id = desk.upload(fine, locale="fr")
    desk.read_as(import_id, "mac_roman", "|")
    desk.run(import_id)
    assert [name for name, *_ in desk.people()] == ["Société;1"]


def test_an_uncertain_encoding_is_asked_for(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.csvfile.encoding.CERTAIN", 1e9)
    import_id = desk.upload((HEADER + "Été,a@x.example,https://x.example,,,,,\n").encode("cp1252"))
    assert (desk.state(import_id), desk.jobs.imports) == (ImportState.UPLOADED, [])
    desk.read_as(import_id, "cp1252")
    assert desk.jobs.imports == [import_id]
    desk.run(import_id)
    assert [name for name, *_ in desk.people()] == ["Été"]


def test_too_many_rows_refuse_the_file_and_store_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """C-6."""
    monkeypatch.setattr("service.csvfile.file.IMPORT_ROWS", 5)
    import_id = desk.upload(HEADER + ROW * 6)
    desk.run(import_id, batch=2)
    with desk.db.reading() as session:
        found = session.get_one(Import, import_id)
        assert (found.state, [row["rule"] for row in found.refusal or []]) == (
            ImportState.REFUSED,
            ["file-too-many-rows"],
        )
        assert (session.scalar(select(func.count()).select_from(ImportRow)), found.planned_rows) == (0, 0)
        assert [one.kind for one in session.scalars(select(Notice))] == ["import_refused"]


def test_a_file_above_the_limit_is_refused_and_not_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """C-6."""
    for place in ("service.csvfile.file", "service.domain.imports"):
        monkeypatch.setattr(f"{place}.IMPORT_FILE_BYTES", 100_000)
    import_id = desk.upload(HEADER + ROW * 10_000)
    with desk.db.reading() as session:
        assert session.get_one(Import, import_id).state == ImportState.REFUSED
        assert session.scalar(select(func.count()).select_from(ImportPiece)) == 0


def test_a_file_of_several_pieces(desk: Desk) -> None:
    long = "x" * 9_000
    lines = [f"N{number},n{number}@x.example,https://x.example,,,{long}日,,\n" for number in range(260)]
    data = (HEADER + "".join(lines)).encode()
    assert len(data) > 2 * PIECE
    import_id = desk.upload(data)
    desk.run(import_id, batch=70, runner_each_step=True)
    assert desk.counts(import_id) == (260, 0, 0, 0)
    with desk.db.reading() as session:
        assert set(session.scalars(select(Partner.description))) == {long + "日"}


def test_a_file_that_is_none_can_be_read_in_another_way(desk: Desk) -> None:
    import_id = desk.upload(b"PK\x03\x04 xl/workbook.xml")
    for _ in range(2):
        desk.read_as(import_id, "utf-8", ";")
    assert desk.state(import_id) == ImportState.REFUSED
