"""Undoing an import: whether it can be, what it would take back, and asking for it; a worker does it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Exists, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from service.domain import import_reasons, import_reverse, import_store
from service.domain.errors import DomainError
from service.domain.import_reasons import Reason
from service.domain.imports import find
from service.domain.jobs import Jobs
from service.facts.refusals import Refusal
from service.facts.states import IMPORT_STATE_LABELS, ImportState
from service.models import Prospect
from service.models.imports import Import, ImportLeftover, ImportRow

# Of a larger import the preview says how many rows there are, not which of them will stay.
EXACT_ROWS = 10_000
_OVER = (ImportState.DONE.value, ImportState.CANCELLED.value)
_WROTE = (ImportState.APPLYING.value, ImportState.UNDOING.value, *_OVER)


@dataclass(frozen=True, slots=True)
class Leftover:
    """A row of the file of which something stays, and why."""

    number: int
    line: int
    name: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What an undo would do: `refusal` says why it cannot be had now.

    `rows` are those that created or updated somebody and are not undone yet. `kept` and `leftovers`, the
    first of them, are None and empty where the import is too large to look at each row (`EXACT_ROWS`).
    """

    refusal: DomainError | None
    rows: int
    kept: int | None = None
    leftovers: tuple[Leftover, ...] = ()


def preview(session: Session, program_ids: Collection[int], import_id: int, *, limit: int = 50) -> Preview:
    """Say what undoing an import would do now, with at most `limit` of the rows that would stay."""
    import_ = find(session, program_ids, import_id)
    refused = refusal(session, program_ids, import_)
    rows = _rows_left(session, import_)
    if refused is not None or not 0 < rows <= EXACT_ROWS:
        return Preview(refused, rows)
    found = import_reverse.rows_to_undo(session, import_, limit=EXACT_ROWS)
    kept = import_reverse.judge(session, import_, found, locking=False).kept
    return Preview(None, rows, len(kept), tuple(_leftovers(session, import_.id, kept, limit)))


def request(
    session: Session,
    jobs: Jobs,
    program_ids: Collection[int],
    import_id: int,
    *,
    actor_id: int,
    now: datetime,
) -> Import:
    """Have a worker undo an import, on the actor's rights; asked twice it is undone once.

    Raises DomainError with the refusals of `refusal`.
    """
    import_ = find(session, program_ids, import_id)
    session.refresh(import_, with_for_update=True)
    if import_.state in {ImportState.UNDOING.value, ImportState.UNDONE.value}:
        return import_
    refused = refusal(session, program_ids, import_)
    if refused is not None:
        raise refused
    import_.state, import_.undone_by, import_.undone_at = ImportState.UNDOING.value, actor_id, now
    import_.refusal, import_.tries = None, 0
    session.flush()
    jobs.run_import(session, import_.id)
    return import_


def refusal(session: Session, program_ids: Collection[int], import_: Import) -> DomainError | None:
    """Return why an import cannot be undone now, None if it can.

    IMPORT_NOT_IN_STATE while it runs or once it is undone, IMPORT_CLEARED where its rows are deleted,
    IMPORT_STORED_NOTHING where nothing was created or updated, IMPORT_OVERTAKEN where a later import changed
    some of the same partners: that one goes first.
    """
    if import_.state not in _OVER:
        return DomainError(Refusal.IMPORT_NOT_IN_STATE, state=IMPORT_STATE_LABELS[ImportState(import_.state)])
    if import_.cleared_at is not None:
        return DomainError(Refusal.IMPORT_CLEARED)
    if not _rows_left(session, import_):
        return DomainError(Refusal.IMPORT_STORED_NOTHING)
    later = _overtaken_by(session, import_)
    if later is None:
        return None
    if later.program_id not in program_ids:
        return DomainError(Refusal.IMPORT_OVERTAKEN_ELSEWHERE)
    return DomainError(Refusal.IMPORT_OVERTAKEN, file=later.file_name, import_id=later.id)


def _rows_left(session: Session, import_: Import) -> int:
    """How many rows wrote something that was not looked at by an undo yet."""
    if not import_.applied_rows:
        return 0
    if import_.undo_left is None and import_.applied_rows == import_.planned_rows:
        return import_.created_rows + import_.updated_rows
    left = import_.applied_rows if import_.undo_left is None else import_.undo_left
    # All others created or updated somebody, those in blocks too.
    others = select(func.count()).where(
        ImportRow.import_id == import_.id,
        ImportRow.number <= left,
        ImportRow.outcome.not_in(import_reverse.DONE),
    )
    return left - (session.scalar(others) or 0)


def _overtaken_by(session: Session, import_: Import) -> Import | None:
    """The newest import after this one that changed a partner whom this one made or changed."""
    later = [
        one
        for one in session.scalars(
            select(Import)
            .where(Import.id != import_.id, Import.state.in_(_WROTE), Import.applied_rows > 0)
            .order_by(Import.id.desc())
        )
        if one.finished_at is None
        or import_.finished_at is None
        or one.finished_at > import_.finished_at
        or (one.finished_at == import_.finished_at and one.id > import_.id)
    ]
    return next((one for one in later if session.scalar(select(_touches(import_, one)))), None)


def _touches(import_: Import, later: Import) -> Exists:
    """Whether a later import changed a partner of this one; brand-new partners of its own cannot be."""
    theirs, ours = aliased(ImportRow), aliased(ImportRow)
    made = exists().where(Prospect.partner_id == theirs.partner_id, Prospect.import_id == import_.id)
    changed = exists().where(
        ours.import_id == import_.id,
        ours.partner_id == theirs.partner_id,
        ours.partner_id.is_not(None),
        ours.outcome.in_(import_reverse.DONE),
        ours.number <= import_.applied_rows,
    )
    return exists().where(
        theirs.import_id == later.id,
        theirs.partner_id.is_not(None),
        theirs.outcome.in_(import_reverse.DONE),
        theirs.number <= later.applied_rows,
        or_(made, changed),
    )


def list_leftovers(session: Session, import_id: int, *, after: int = 0, limit: int = 50) -> list[Leftover]:
    """Return rows of which an undo left something, in the order of the file, `after` the last one seen."""
    query = (
        select(ImportLeftover.number, ImportLeftover.reasons)
        .where(ImportLeftover.import_id == import_id, ImportLeftover.number > after)
        .order_by(ImportLeftover.number)
        .limit(limit)
    )
    kept = {number: import_reasons.loaded(reasons) for number, reasons in session.execute(query)}
    return _leftovers(session, import_id, kept, limit)


def _leftovers(
    session: Session, import_id: int, kept: Mapping[int, Sequence[Reason]], limit: int
) -> list[Leftover]:
    numbers = sorted(kept)[:limit]
    query = select(ImportRow.number, ImportRow.line, ImportRow.name).where(
        ImportRow.import_id == import_id, ImportRow.number.in_(numbers)
    )
    found = {number: (line, name) for number, line, name in session.execute(query)}
    for row in import_store.find(session, import_id, set(numbers) - found.keys()):
        found[row.number] = row.line, row.changes["fields"]["name"]
    return [Leftover(number, *found[number], tuple(kept[number])) for number in numbers if number in found]
