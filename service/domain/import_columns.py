"""Which column of a file is which, as a person said it: kept with the import, remembered for the program."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from service.csvfile import CsvFile, headers
from service.csvfile.headers import Key
from service.models.imports import ImportColumn

_LOOKED_AT = 20
# A longer name is none, and too long for a key of a database.
_LONGEST = 200


def mapped(file: CsvFile, mapping: Mapping[int, Key], locale: str) -> CsvFile:
    """The file with its columns as the mapping says, by index from 0; raises BadMapping."""
    chosen = headers.assign_chosen(file.header, mapping, locale, line=file.header_line)
    others = tuple(one for one in file.findings if one not in file.mapped.findings)
    return replace(file, mapped=chosen, findings=(*others, *chosen.findings))


def recalled(session: Session, program_id: int, file: CsvFile) -> dict[int, Key] | None:
    """What was chosen in this program for these very columns; None where one of them is new."""
    keys = {headers.key_of(name) for name in file.header} - {""}
    query = select(ImportColumn.name_key, ImportColumn.column).where(ImportColumn.program_id == program_id)
    kept = {name_key: column for name_key, column in session.execute(query) if name_key in keys}
    mapping = headers.recalled(file.header, kept)
    return mapping or None


def remember(
    session: Session, program_id: int, file: CsvFile, mapping: Mapping[int, Key], *, now: datetime
) -> None:
    """Keep a mapping for the files to come of this program that have such columns."""
    kept = headers.remembered(file.header, mapping)
    kept = {name: column for name, column in kept.items() if len(name) <= _LONGEST}
    for names in _chunks(list(kept)):
        here = ImportColumn.program_id == program_id
        session.execute(delete(ImportColumn).where(here, ImportColumn.name_key.in_(names)))
        rows = [
            {"program_id": program_id, "name_key": name, "column": kept[name], "chosen_at": now}
            for name in names
        ]
        session.execute(insert(ImportColumn), rows)


def _chunks(names: list[str]) -> list[list[str]]:
    return [names[at : at + 500] for at in range(0, len(names), 500)]


def proposed(file: CsvFile) -> dict[int, Key]:
    """A mapping to begin with: what was recognised, and what names or first rows give away of the rest."""
    rows = [row.cells for row in file.preview(_LOOKED_AT) if not row.bad]
    return headers.suggested(file.mapped, rows)


def asks(file: CsvFile) -> bool:
    """Whether a person should look first: a name is a guess, or an unknown column seems to be one of ours."""
    return file.mapped.guessed or (bool(file.mapped.unknown) and proposed(file) != file.mapped.chosen)


def stored(mapping: Mapping[int, Key] | None) -> dict[str, str] | None:
    """A mapping as an import keeps it."""
    return None if mapping is None else {str(index): key.value for index, key in mapping.items()}


def loaded(kept: Mapping[str, str] | None) -> dict[int, Key] | None:
    """The mapping that an import keeps."""
    return None if kept is None else {int(index): Key(key) for index, key in kept.items()}
