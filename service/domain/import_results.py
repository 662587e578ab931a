"""The result file of an import: the user's own rows with what became of each, said in their language."""

from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.csvfile import CsvFile, report
from service.csvfile.report import Result, Written
from service.domain import import_files, import_reasons
from service.facts.states import ROW_OUTCOME_LABELS, RowOutcome
from service.facts.words import N_, NP_
from service.i18n.catalogs import Catalog
from service.models.imports import Import, ImportLeftover, ImportRow

_BATCH = 2_000
_Reasons = list[dict[str, object]] | None
_END: tuple[int, str, _Reasons, _Reasons] = (0, "", None, None)
_NONE: Sequence[Any] = (0,)
_WRITTEN = {RowOutcome.CREATED.value, RowOutcome.UPDATED.value}
_TAKEN_BACK = NP_("row", "Undone")
_STAYS = N_("Stays, whole or in part: %(reason)s")


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
    undone = import_.undone_by is not None and import_.undo_left is not None
    return report.write(
        out,
        file,
        lambda: _results(session, import_, file, catalog, only_rejected=only_rejected),
        catalog.locale.code,
        raw=raw,
        undone=undone,
    )


def _results(
    session: Session, import_: Import, file: CsvFile, catalog: Catalog, *, only_rejected: bool
) -> Iterator[Result]:
    labels = {outcome.value: catalog.say(phrase) for outcome, phrase in ROW_OUTCOME_LABELS.items()}
    undo = _Undo(import_, catalog)
    planned = _planned(session, import_)
    for row in file.rows():
        number, outcome, reasons, kept = next(planned, _END)
        if number != row.number:
            # Not looked at: the import was cancelled before.
            if not only_rejected:
                yield Result(row, "", "")
        elif not only_rejected or outcome == RowOutcome.REJECTED.value:
            said = " ".join(import_reasons.say(one, catalog) for one in import_reasons.loaded(reasons))
            yield Result(row, labels[outcome], said, undo.of(number, outcome, kept))


class _Undo:
    """What the undo of an import did with its rows, in the reader's words."""

    def __init__(self, import_: Import, catalog: Catalog) -> None:
        self._applied, self._left = import_.applied_rows, import_.undo_left
        self._catalog = catalog

    def of(self, number: int, outcome: str, kept: _Reasons) -> str:
        if self._left is None or not self._left < number <= self._applied or outcome not in _WRITTEN:
            return ""
        if not kept:
            return self._catalog.say(_TAKEN_BACK)
        reasons = " ".join(import_reasons.say(one, self._catalog) for one in import_reasons.loaded(kept))
        return self._catalog.say(_STAYS, reason=reasons)


def _planned(session: Session, import_: Import) -> Iterator[tuple[int, str, _Reasons, _Reasons]]:
    """Number, outcome and reasons of each planned row, and why an undo left it.

    A row that is not stored by itself is packed: it creates somebody and has no reasons.
    """
    stored = _in_order(session, import_.id, ImportRow.number, ImportRow.outcome, ImportRow.reasons)
    left = _in_order(session, import_.id, ImportLeftover.number, ImportLeftover.reasons)
    row, leftover = next(stored, _NONE), next(left, _NONE)
    for number in range(1, import_.planned_rows + 1):
        outcome, reasons, kept = RowOutcome.CREATED.value, None, None
        if row[0] == number:
            outcome, reasons = row[1:]
            row = next(stored, _NONE)
        if leftover[0] == number:
            kept = leftover[1]
            leftover = next(left, _NONE)
        yield number, outcome, reasons, kept


def _in_order(session: Session, import_id: int, number: Any, *columns: Any) -> Iterator[Sequence[Any]]:
    after = 0
    while True:
        query = select(number, *columns).where(number.class_.import_id == import_id, number > after)
        rows = session.execute(query.order_by(number).limit(_BATCH)).all()
        if not rows:
            return
        yield from rows
        after = rows[-1][0]
