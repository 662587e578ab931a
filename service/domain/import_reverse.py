"""Undoing: from the last row to the first what an import did is taken back, unless it changed or is in use.

Somebody whom the import made is removed whole or stays whole. Of somebody known before, each field is put
back that still says what the import wrote.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from service.csvfile.headers import Key
from service.domain import (
    import_lookup,
    import_reasons,
    import_states,
    import_store,
    import_uses,
    import_writes,
)
from service.domain.import_reasons import CHANGED_AFTER, GONE, IN_GROUP, Reason, warning
from service.domain.import_states import CUSTOM_EMAIL, FIELDS, NOBODY, State
from service.facts.states import ImportState, RowOutcome
from service.models import Partner, Prospect
from service.models.imports import Import, ImportLeftover, ImportRow
from service.statements import among

_NOT_OVER = (ImportState.PLANNING.value, ImportState.PLANNED.value, ImportState.APPLYING.value)
DONE = (RowOutcome.CREATED.value, RowOutcome.UPDATED.value)


class Done(NamedTuple):
    """A row that the import carried out."""

    number: int
    identity: str
    partner_id: int | None
    changes: Mapping[str, Any]


@dataclass(slots=True)
class Undone:
    """What becomes of a batch of rows: why some stay, and what is written for the others.

    `groups` are those that the import may have put somebody into.
    """

    groups: set[int]
    rows: int = 0
    kept: dict[int, list[Reason]] = field(default_factory=dict)
    changed: dict[int, tuple[State, set[str]]] = field(default_factory=dict)
    left_groups: list[tuple[int, int]] = field(default_factory=list)
    prospects: list[int] = field(default_factory=list)
    partners: list[int] = field(default_factory=list)


def undo_rows(session: Session, import_: Import, *, limit: int) -> int:
    """Undo the next rows from the end and return how many there were; they are counted."""
    if import_.undo_left is None:
        import_.undo_left = import_.applied_rows
    rows = rows_to_undo(session, import_, limit=limit)
    if not rows:
        return 0
    undone = judge(session, import_, rows, locking=True)
    _write(session, undone)
    if undone.kept:
        session.execute(
            insert(ImportLeftover),
            [
                {"import_id": import_.id, "number": number, "reasons": import_reasons.stored(reasons)}
                for number, reasons in undone.kept.items()
            ],
        )
    import_.undone_rows += undone.rows
    import_.kept_rows += len(undone.kept)
    import_.undo_left = rows[-1].number - 1
    return len(rows)


def rows_to_undo(session: Session, import_: Import, *, limit: int) -> list[Done]:
    """Return the next rows that an undo goes through, the last of the file first."""
    left = import_.applied_rows if import_.undo_left is None else import_.undo_left
    query = (
        select(ImportRow.number, ImportRow.identity, ImportRow.partner_id, ImportRow.changes)
        .where(
            ImportRow.import_id == import_.id,
            ImportRow.number <= left,
            ImportRow.outcome.in_(DONE),
            ImportRow.identity.is_not(None),
        )
        .order_by(ImportRow.number.desc())
        .limit(limit)
    )
    apart = [
        Done(number, identity or "", partner_id, changes or {})
        for number, identity, partner_id, changes in session.execute(query)
    ]
    packed = (
        Done(row.number, row.identity, None, row.changes)
        for people in import_store.people_backwards(session, import_.id, upto=left)
        for row in reversed(list(people.rows()))
    )
    return sorted([*apart, *islice(packed, limit)], key=attrgetter("number"), reverse=True)[:limit]


def judge(session: Session, import_: Import, rows: Sequence[Done], *, locking: bool) -> Undone:
    """Decide what can be taken back of rows, the last of the file first; nothing is written yet.

    `locking` holds the partners and prospects until the transaction ends, so that nobody uses them meanwhile.
    """
    partner_ids = _partner_ids(session, import_, rows)
    ids = set(partner_ids.values())
    if locking and ids:
        _lock(session, import_, sorted(ids))
    known = import_lookup.load(session, import_.program_id, ids=ids).by_id
    by_partner: dict[int, list[Done]] = defaultdict(list)
    undone = Undone(import_lookup.planned_groups(session, import_))
    for row in rows:
        partner_id = partner_ids.get(row.identity)
        if partner_id is None or partner_id not in known:
            undone.kept[row.number] = [warning("undo-gone", GONE)]
        else:
            by_partner[partner_id].append(row)
    made = {one for one in by_partner if known[one].import_id == import_.id}
    before = _earlier_rows(session, import_, {one: by_partner[one] for one in made})
    stayed = _rows_that_stay(session, import_, {by_partner[one][0].identity for one in made})
    uses = import_uses.find(
        session,
        import_.program_id,
        {one: known[one].prospect_id for one in made},
        {one for one in made if before[one][0].changes.get("new") == "partner"},
    )
    for partner_id, its_rows in by_partner.items():
        state = known[partner_id]
        if partner_id in made:
            written = [*before[partner_id], *stayed.get(its_rows[0].identity, ())]
            _undo_somebody_made(undone, state, its_rows, written, uses.get(partner_id, []))
        else:
            for row in its_rows:
                _put_back(undone, state, row)
        if state.prospect_id is not None:
            _tell_of(undone, its_rows, state.prospect_id)
    return undone


def _tell_of(undone: Undone, rows: Iterable[Done], prospect_id: int) -> None:
    """Have the reasons why rows stay lead to the prospect they are about."""
    for number in {row.number for row in rows} & undone.kept.keys():
        undone.kept[number] = [
            replace(reason, values={**reason.values, "prospect": prospect_id})
            for reason in undone.kept[number]
        ]


def _partner_ids(session: Session, import_: Import, rows: Sequence[Done]) -> dict[str, int]:
    """The partners that rows are about; one that the import made is found by its address."""
    found = {row.identity: row.partner_id for row in rows if row.partner_id is not None}
    keys = [row.identity for row in rows if row.partner_id is None]
    if keys:
        made = (
            select(Partner.email_key, Partner.id)
            .join(Prospect, Prospect.partner_id == Partner.id)
            .where(
                Prospect.program_id == import_.program_id,
                Prospect.import_id == import_.id,
                among(session, Partner.email_key, keys),
            )
        )
        for key, partner_id in session.execute(made):
            found.setdefault(key, partner_id)
    return found


def _lock(session: Session, import_: Import, ids: Sequence[int]) -> None:
    partners = select(Partner.id).where(among(session, Partner.id, ids)).order_by(Partner.id)
    session.execute(partners.with_for_update())
    prospects = select(Prospect.id).where(
        Prospect.program_id == import_.program_id, among(session, Prospect.partner_id, ids)
    )
    session.execute(prospects.order_by(Prospect.id).with_for_update())


def _earlier_rows(
    session: Session, import_: Import, made: Mapping[int, Sequence[Done]]
) -> dict[int, list[Done]]:
    """The rows about people whom the import made, from the one that made them to the last of the batch."""
    found = {partner_id: list(reversed(rows)) for partner_id, rows in made.items()}
    cut = {rows[0].identity: partner_id for partner_id, rows in found.items() if "new" not in rows[0].changes}
    if not cut:
        return found
    lowest = {identity: found[partner_id][0].number for identity, partner_id in cut.items()}
    query = (
        select(ImportRow.number, ImportRow.identity, ImportRow.partner_id, ImportRow.changes)
        .where(
            ImportRow.import_id == import_.id,
            among(session, ImportRow.identity, cut),
            ImportRow.outcome.in_(DONE),
            ImportRow.number < max(lowest.values()),
        )
        .order_by(ImportRow.number.desc())
    )
    for number, identity, partner_id, changes in session.execute(query):
        assert identity is not None
        if number < lowest[identity]:
            found[cut[identity]].insert(0, Done(number, identity, partner_id, changes or {}))
    return found


def _rows_that_stay(session: Session, import_: Import, identities: Collection[str]) -> dict[str, list[Done]]:
    """The rows about these people that batches before this one left in place."""
    found: dict[str, list[Done]] = defaultdict(list)
    if not import_.kept_rows:
        return found
    query = (
        select(ImportRow.number, ImportRow.identity, ImportRow.partner_id, ImportRow.changes)
        .join(
            ImportLeftover,
            (ImportLeftover.import_id == ImportRow.import_id) & (ImportLeftover.number == ImportRow.number),
        )
        .where(ImportRow.import_id == import_.id, among(session, ImportRow.identity, identities))
        .order_by(ImportRow.number)
    )
    for number, identity, partner_id, changes in session.execute(query):
        assert identity is not None
        found[identity].append(Done(number, identity, partner_id, changes or {}))
    return found


def _undo_somebody_made(
    undone: Undone, state: State, rows: Sequence[Done], written: Sequence[Done], uses: list[Reason]
) -> None:
    """Remove somebody, or keep them with all that the import wrote of them.

    `rows` come from the last to the first; `written` are those whose changes should be there, the first of
    them made somebody.
    """
    expected = State(state.identity)
    for row in written:
        import_states.note(expected, row.changes)
    is_whole = written[0].changes.get("new") == "partner"
    reasons = [*uses, *_changed(state, expected, (*FIELDS, "email") if is_whole else ())]
    if (state.fields.get(CUSTOM_EMAIL) or None) != (expected.fields.get(CUSTOM_EMAIL) or None):
        reasons.append(warning("undo-changed", CHANGED_AFTER, Key.EMAIL))
    if is_whole and state.groups - (expected.groups & undone.groups):
        reasons.append(warning("undo-group", IN_GROUP, Key.GROUP))
    if reasons:
        undone.kept |= {row.number: reasons for row in rows}
        return
    removed = "new" in rows[-1].changes
    for row in rows:
        if removed and is_whole:
            undone.rows += 1
        else:
            _put_back(undone, state, row, prospect_goes=removed)
    if removed:
        assert state.prospect_id is not None
        assert state.partner_id is not None
        undone.prospects.append(state.prospect_id)
        if is_whole:
            undone.partners.append(state.partner_id)


def _changed(state: State, expected: State, names: Iterable[str]) -> list[Reason]:
    return [
        warning("undo-changed", CHANGED_AFTER, Key(name))
        for name in names
        if (state.fields.get(name) or None) != (expected.fields.get(name) or None)
    ]


def _put_back(undone: Undone, state: State, row: Done, *, prospect_goes: bool = False) -> None:
    """Put the fields of a row back that still say what it wrote; the state is then as before the row."""
    assert state.partner_id is not None
    reasons: list[Reason] = []
    for name, (before, after) in row.changes.get("set", {}).items():
        if name == CUSTOM_EMAIL and prospect_goes:
            continue
        now = state.fields.get(name) or None
        if now == (after or None):
            state.fields[name] = before
            undone.changed.setdefault(state.partner_id, (state, set()))[1].add(name)
        elif now != (before or None):
            column = Key.EMAIL if name == CUSTOM_EMAIL else Key(name)
            reasons.append(warning("undo-changed", CHANGED_AFTER, column))
    group_id = row.changes.get("group")
    if group_id in state.groups & undone.groups:
        state.groups.discard(group_id)
        undone.left_groups.append((group_id, state.partner_id))
    if reasons:
        undone.kept[row.number] = reasons
    else:
        undone.rows += 1


def _write(session: Session, undone: Undone) -> None:
    import_writes.update_changed(session, undone.changed.values())
    import_writes.leave_groups(session, undone.left_groups)
    if undone.partners:
        _forget_plans(session, undone.partners)
    for table, ids in ((Prospect, undone.prospects), (Partner, undone.partners)):
        if ids:
            gone = delete(table).where(among(session, table.id, ids))
            session.execute(gone.execution_options(synchronize_session=False))


def _forget_plans(session: Session, partner_ids: Collection[int]) -> None:
    """Have imports that are not over know that people are gone: SQLite gives an id to somebody else later."""
    still_open = select(Import.id).where(Import.state.in_(_NOT_OVER))
    rows = (ImportRow.import_id.in_(still_open), among(session, ImportRow.partner_id, partner_ids))
    forgotten = update(ImportRow).where(*rows).values(identity=NOBODY, partner_id=None)
    session.execute(forgotten.execution_options(synchronize_session=False))
