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
        lambda: _results(session, import_.id, file, catalog, only_rejected=only_rejected),
        catalog.locale.code,
        raw=raw,
    )


def _results(
    session: Session, import_id: int, file: CsvFile, catalog: Catalog, *, only_rejected: bool
) -> Iterator[Result]:
    labels = {outcome.value: catalog.say(phrase) for outcome, phrase in ROW_OUTCOME_LABELS.items()}
    planned = _planned(session, import_id)
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


def _planned(session: Session, import_id: int) -> Iterator[tuple[int, str, list[dict[str, object]] | None]]:
    after = 0
    while True:
        query = (
            select(ImportRow.number, ImportRow.outcome, ImportRow.reasons)
            .where(ImportRow.import_id == import_id, ImportRow.number > after)
            .order_by(ImportRow.number)
            .limit(_BATCH)
        )
        rows = session.execute(query).all()
        if not rows:
            return
        yield from ((number, outcome, reasons) for number, outcome, reasons in rows)
        after = rows[-1][0]
