"""Planning: what each row of a file would do, decided in the order of the file and stored row by row."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import String, cast, select
from sqlalchemy.orm import Session

from service.csvfile import CsvFile
from service.csvfile.headers import Key
from service.csvfile.rows import Row
from service.domain import import_lookup, import_reasons, import_states, import_values
from service.domain.import_reasons import EXTRA_CELLS, Reason
from service.domain.import_states import Decision, State
from service.domain.import_values import Values
from service.facts.limits import NAME_CHARACTERS
from service.facts.states import RowOutcome
from service.models import Group
from service.models.imports import Import, ImportRow
from service.statements import Bulk, among


def groups_by_key(session: Session, program_id: int) -> dict[str, int]:
    """The program's groups by the key that makes their names unique."""
    query = select(Group.name_key, Group.id).where(Group.program_id == program_id)
    return {key: group_id for key, group_id in session.execute(query)}  # noqa: C416  (rows are no pairs to mypy)


def plan_rows(session: Session, import_: Import, file: CsvFile, rows: Sequence[Row]) -> None:
    """Plan a batch of rows that follow those planned before, and count them."""
    groups = groups_by_key(session, import_.program_id)
    judged = [_judge(file, row, groups) for row in rows]
    usable = [values for values in judged if not values.rejected]
    states = dict(zip(map(id, usable), _states(session, import_, usable), strict=True))
    stored = [
        _stored(import_, row, values, states.get(id(values)))
        for row, values in zip(rows, judged, strict=True)
    ]
    if stored:
        _ROWS_ADDED.insert(session.connection(), stored, import_id=import_.id)
        import_.planned_rows = rows[-1].number
        import_.digest = _digest(import_.digest, stored)
    _count(import_, Counter(row.outcome for row in stored))


def _judge(file: CsvFile, row: Row, groups: Mapping[str, int]) -> Values:
    if row.findings:
        reasons = import_reasons.of_findings(row.findings, file.columns)
        if any(one.rule == "row-extra-cells" for one in reasons):
            reasons.append(import_reasons.error("row-shifted", EXTRA_CELLS))
            reasons = [one for one in reasons if one.rule != "row-extra-cells"]
        if row.bad or any(one.rejects for one in reasons):
            return Values({Key.NAME.value: _shown_name(file, row)}, reasons=reasons)
        values = import_values.read(file.values(row), groups)
        values.reasons[:0] = reasons
        return values
    return import_values.read(file.values(row), groups)


def _shown_name(file: CsvFile, row: Row) -> str:
    """The name in a row that cannot be used, as far as it can be shown."""
    name = file.values(row).get(Key.NAME, "").strip()[:NAME_CHARACTERS]
    return "".join(char if char.isprintable() else "\ufffd" for char in name)


def _states(session: Session, import_: Import, usable: Sequence[Values]) -> list[State | Reason]:
    found = import_lookup.states_of_rows(session, import_.program_id, usable)
    by_identity = {state.identity: state for state in found if isinstance(state, State)}
    if by_identity and import_.planned_rows:
        earlier = (
            select(cast(ImportRow.identity, String), ImportRow.changes)
            .where(
                ImportRow.import_id == import_.id,
                among(session, ImportRow.identity, by_identity),
                ImportRow.changes.is_not(None),
            )
            .order_by(ImportRow.number)
        )
        for identity, changes in session.execute(earlier):
            import_states.note(by_identity[identity], changes)
    return found


class _Stored(NamedTuple):
    """A row of the plan as it is stored, `reasons` and `changes` as JSON text."""

    number: int
    line: int
    outcome: str
    identity: str | None
    partner_id: int | None
    name: str
    rule: str | None
    reasons: str | None
    changes: str | None


_ROWS_ADDED = Bulk(ImportRow, *_Stored._fields)


def _stored(import_: Import, row: Row, values: Values, state: State | Reason | None) -> _Stored:
    decision = Decision(RowOutcome.REJECTED, None)
    if isinstance(state, Reason):
        values.reasons.append(state)
    elif state is not None:
        decision = import_states.decide(
            state, values, overwrite=import_.overwrite, language=import_.default_language
        )
    reasons: Sequence[Reason] = ()
    if values.reasons or decision.reasons:
        reasons = sorted((*values.reasons, *decision.reasons), key=lambda one: not one.rejects)
    found = state if isinstance(state, State) else None
    return _Stored(
        row.number,
        row.line,
        decision.outcome.value,
        found.identity if found else None,
        found.partner_id if found else None,
        values.fields.get(_NAME, "")[:NAME_CHARACTERS],
        reasons[0].rule if reasons else None,
        json.dumps(import_reasons.stored(reasons)) if reasons else None,
        None if decision.changes is None else _text(decision.changes),
    )


_NAME = Key.NAME.value
# Nothing in a row that is imported is half a character, and most is not ASCII.
_text = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _digest(before: str, stored: Iterable[_Stored]) -> str:
    """What stands for the plan so far: the same file against the same data has the same digest."""
    facts = "".join([f"{row.number}\0{row.outcome}\0{row.identity}\0{row.changes}\n" for row in stored])
    return hashlib.blake2b(f"{before}{facts}".encode(), digest_size=16).hexdigest()


def _count(import_: Import, counts: Mapping[str, int]) -> None:
    import_.created_rows += counts.get(RowOutcome.CREATED.value, 0)
    import_.updated_rows += counts.get(RowOutcome.UPDATED.value, 0)
    import_.unchanged_rows += counts.get(RowOutcome.UNCHANGED.value, 0)
    import_.rejected_rows += counts.get(RowOutcome.REJECTED.value, 0)
