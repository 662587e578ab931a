"""The result file of an import: the user's own rows with what became of each, said in their language."""

from collections.abc import Iterator
from typing import BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.csvfile import CsvFile, report
from service.csvfile.report import Result, Written
from service.domain import import_files, import_reasons
from service.facts.states import ROW_OUTCOME_LABELS, RowOutcome
from service.i18n.catalogs import Catalog
from service.models.imports import Import, ImportRow

_BATCH = 2_000


def write(
    session: Session,
    import_: Import,
    out: BinaryIO,
    catalog: Catalog,
    *,
    only_rejected: bool = False,
    raw: bool = False,
) -> Written:
    """Write the result file to a seekable `out`; with `only_rejected` those rows alone, to be corrected."""
    file = import_files.opened(session, import_)
    return report.write(
        out,
        file,
        lambda: _results(session, import_, file, catalog, only_rejected=only_rejected),
        catalog.locale.code,
        raw=raw,
    )


def _results(
    session: Session, import_: Import, file: CsvFile, catalog: Catalog, *, only_rejected: bool
) -> Iterator[Result]:
    labels = {outcome.value: catalog.say(phrase) for outcome, phrase in ROW_OUTCOME_LABELS.items()}
    planned = _planned(session, import_)
    number, outcome, reasons = next(planned, (0, "", None))
    for row in file.rows():
        while 0 < number < row.number:
            number, outcome, reasons = next(planned, (0, "", None))
        if number != row.number:
            # Not looked at: the import was cancelled before.
            if not only_rejected:
                yield Result(row, "", "")
        elif not only_rejected or outcome == RowOutcome.REJECTED.value:
            said = " ".join(import_reasons.say(one, catalog) for one in import_reasons.loaded(reasons))
            yield Result(row, labels[outcome], said)


def _planned(session: Session, import_: Import) -> Iterator[tuple[int, str, list[dict[str, object]] | None]]:
    """Number, outcome and reasons of each planned row; a packed one creates somebody and has none."""
    done = 0
    while True:
        query = (
            select(ImportRow.number, ImportRow.outcome, ImportRow.reasons)
            .where(ImportRow.import_id == import_.id, ImportRow.number > done)
            .order_by(ImportRow.number)
            .limit(_BATCH)
        )
        rows = session.execute(query).all()
        for number, outcome, reasons in rows:
            yield from ((packed, RowOutcome.CREATED.value, None) for packed in range(done + 1, number))
            yield number, outcome, reasons
            done = number
        if not rows:
            break
    yield from (
        (packed, RowOutcome.CREATED.value, None) for packed in range(done + 1, import_.planned_rows + 1)
    )
