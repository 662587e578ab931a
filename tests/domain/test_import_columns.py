"""Which column is which: applied to a file, remembered for a program, asked about or not."""

import pytest

from service import csvfile
from service.csvfile.headers import BadMapping, Key
from service.csvfile.source import InMemory
from service.domain import import_columns, imports
from service.models.imports import Import
from tests.domain.factories import NOW
from tests.domain.import_desk import Desk

UNCLEAR = b"Partner name;Contact email;Media property;Group name 2\nA;a@x.example;x.example;\n"
MAPPING = {0: Key.NAME, 1: Key.EMAIL, 2: Key.MEDIA, 3: Key.DESCRIPTION}


def test_a_mapping_takes_the_place_of_the_names_and_of_what_they_found() -> None:
    file = csvfile.read(b"a;b;c\n1;2;3\n", locale="ja")
    assert file.refused
    mapped = import_columns.mapped(file, {2: Key.NAME, 0: Key.EMAIL, 1: Key.MEDIA}, "ja")
    assert (mapped.refused, mapped.findings) == (False, ())
    assert [mapped.values(row) for row in mapped.rows()] == [{Key.NAME: "3", Key.EMAIL: "1", Key.MEDIA: "2"}]
    with pytest.raises(BadMapping):
        import_columns.mapped(file, {3: Key.NAME}, "ja")


def test_what_is_not_about_the_columns_is_still_said() -> None:
    file = csvfile.read(b'"a;b\n', locale="en")
    others = {one.rule for one in file.findings} - {one.rule for one in file.mapped.findings}
    mapped = import_columns.mapped(file, {}, "en")
    assert others <= {one.rule for one in mapped.findings}


def test_only_a_column_that_seems_to_be_ours_is_asked_about() -> None:
    assert import_columns.asks(csvfile.read(UNCLEAR, locale="en"))
    assert not import_columns.asks(csvfile.read(UNCLEAR.replace(b"Group name 2", b"Shoe size"), locale="en"))
    assert not import_columns.asks(csvfile.read(UNCLEAR.replace(b" 2", b""), locale="en"))


def test_a_mapping_is_kept_as_facts() -> None:
    assert import_columns.loaded(import_columns.stored(MAPPING)) == MAPPING
    assert import_columns.loaded(import_columns.stored(None)) is None


def test_what_a_program_remembers_is_its_own(desk: Desk) -> None:
    file = csvfile.read(UNCLEAR, locale="en")
    with desk.db.transaction() as session:
        import_columns.remember(session, desk.program_id, file, MAPPING, now=NOW)
        import_columns.remember(session, desk.program_id, file, MAPPING, now=NOW)
    with desk.db.reading() as session:
        assert import_columns.recalled(session, desk.program_id, file) == MAPPING
        assert import_columns.recalled(session, desk.program_id + 1, file) is None


def test_without_a_person_nothing_is_asked_and_nothing_recalled(desk: Desk) -> None:
    """The command line has nobody to ask: the names alone decide."""
    file = csvfile.read(InMemory(UNCLEAR), locale="en")
    with desk.db.transaction() as session:
        import_columns.remember(session, desk.program_id, file, MAPPING, now=NOW)
        made = [
            imports.upload(
                session,
                desk.jobs,
                desk.program_id,
                file_name="a.csv",
                file=file,
                locale="en",
                dry_run=True,
                overwrite=False,
                actor_id=desk.user_id,
                now=NOW,
                ask=ask,
            ).id
            for ask in (False, True)
        ]
    with desk.db.reading() as session:
        found = [session.get_one(Import, import_id) for import_id in made]
        assert [(one.state, one.mapping) for one in found] == [
            ("planning", None),
            ("planning", import_columns.stored(MAPPING)),
        ]
