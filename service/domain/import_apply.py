"""Applying: doing what the plan says, a batch of rows a transaction, and saying where the data had moved."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import Connection, String, Table, bindparam, select, update
from sqlalchemy import cast as sql_cast
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.domain import (
    import_additions,
    import_lookup,
    import_reasons,
    import_states,
    import_store,
    import_writes,
    partners,
)
from service.domain.import_people import People
from service.domain.import_states import CUSTOM_EMAIL, Decision, State
from service.facts.states import RowOutcome
from service.models import Partner
from service.models.imports import Import, ImportRow
from service.statements import Prepared, among, those_in

_TRIES = 5


class _Planned(NamedTuple):
    number: int
    outcome: str
    identity: str
    partner_id: int | None
    changes: dict[str, Any]


_PLANNED = (
    ImportRow.number,
    ImportRow.outcome,
    ImportRow.identity,
    ImportRow.partner_id,
    sql_cast(ImportRow.changes, String),
)
_DOING = (RowOutcome.CREATED.value, RowOutcome.UPDATED.value)
_SETTLED = Prepared(
    update(cast(Table, ImportRow.__table__))
    .where(ImportRow.import_id == bindparam("import_"), ImportRow.number == bindparam("number_"))
    .values({name: bindparam(name) for name in ("outcome", "partner_id", "rule", "reasons", "changes")}),
    *("outcome", "partner_id", "rule", "reasons", "changes", "import_", "number_"),
)


@dataclass(slots=True)
class _Work:
    """What a batch writes, collected first: many rows, few statements.

    `rows` are those that may come out otherwise than planned; somebody new who is still unknown never does.
    Most of those come in columns and are not in here.
    """

    new_partners: list[State] = field(default_factory=list)
    new_prospects: list[State] = field(default_factory=list)
    changed: dict[str, tuple[State, set[str]]] = field(default_factory=dict)
    members: list[tuple[State, int]] = field(default_factory=list)
    rows: list[tuple[_Planned, State, Decision]] = field(default_factory=list)


def apply_rows(session: Session, import_: Import, *, limit: int, now: datetime) -> int:
    """Do the next rows of the plan and return how many there were.

    Another import at the same moment may make the same partner: the unique keys refuse, the batch is looked
    at again, and what is there by then is not made twice.
    """
    before, upto = import_.applied_rows, min(import_.applied_rows + limit, import_.planned_rows)
    if before == upto:
        return 0
    due = _due(session, import_.id, before, upto)
    packed = list(import_store.people(session, import_.id, above=before, upto=upto))
    work = _written(session, import_, due, packed, now)
    _record(session, import_, work)
    import_.applied_rows = upto
    return upto - before


def _due(session: Session, import_id: int, above: int, upto: int) -> list[_Planned]:
    """What is to be done in rows that stand by themselves, above a number and up to another."""
    query = select(*_PLANNED).where(
        ImportRow.import_id == import_id,
        ImportRow.number > above,
        ImportRow.number <= upto,
        ImportRow.outcome.in_(_DOING),
    )
    rows = session.execute(query).all()
    # All of them at once: reading one after the other takes twice as long.
    changes = json.loads(f"[{','.join([row[4] or 'null' for row in rows])}]")
    return [
        _Planned(number, outcome, identity, partner_id, one)
        for (number, outcome, identity, partner_id, _), one in zip(rows, changes, strict=True)
        if identity is not None and one
    ]


def _written(
    session: Session, import_: Import, due: Sequence[_Planned], packed: Sequence[People], now: datetime
) -> _Work:
    for tries_left in reversed(range(_TRIES)):
        groups = import_lookup.planned_groups(session, import_)
        news, others = _parted(session, packed, groups)
        work = _collect(session, import_, sorted([*due, *others]), groups)
        try:
            with session.begin_nested():
                for people in news:
                    import_additions.add_people(session, import_, people, now)
                _write(session, import_, work, now)
        except IntegrityError:
            if not tries_left:
                raise
        else:
            return work
    raise AssertionError


def _parted(
    session: Session, packed: Sequence[People], groups: set[int]
) -> tuple[list[People], list[_Planned]]:
    """Of packed rows those that do just what they say, and the others: somebody is known or a group gone."""
    news: list[People] = []
    others: list[_Planned] = []
    there = {"", *map(str, groups)}
    for people in packed:
        known = those_in(session, Partner.email_key, people.identities)
        named = people.columns.get("group") or [""] * len(people)
        plain = [
            identity not in known and group in there
            for identity, group in zip(people.identities, named, strict=True)
        ]
        news.append(people.where(plain))
        others += [
            _Planned(row.number, RowOutcome.CREATED.value, row.identity, None, row.changes)
            for row in people.where([not one for one in plain]).rows()
        ]
    return news, others


def _collect(session: Session, import_: Import, rows: Sequence[_Planned], groups: set[int]) -> _Work:
    identities = {row.identity for row in rows}
    states = import_lookup.states_of_identities(session, import_.program_id, identities)
    work = _Work()
    for row in rows:
        state = states[row.identity]
        group_id = row.changes.get("group")
        if _is_news(row.changes, state) and (group_id is None or group_id in groups):
            _add_somebody(work, state, row.changes, group_id)
            continue
        decision = import_states.carry_out(state, row.changes, groups)
        work.rows.append((row, state, decision))
        if decision.changes:
            _add(work, state, decision.changes)
            import_states.note(state, decision.changes)
    return work


def _is_news(changes: Mapping[str, Any], state: State) -> bool:
    return changes.get("new") == "partner" and not state.partner_exists


def _add_somebody(work: _Work, state: State, changes: Mapping[str, Any], group_id: int | None) -> None:
    """The case of most rows: somebody planned as new who is unknown still."""
    state.fields = changes["fields"].copy()
    state.given = changes["fields"]
    state.email_key = state.identity
    state.partner_planned = state.prospect_planned = True
    work.new_partners.append(state)
    work.new_prospects.append(state)
    if group_id is not None:
        state.groups.add(group_id)
        work.members.append((state, group_id))


def _add(work: _Work, state: State, changes: Mapping[str, Any]) -> None:
    if changes.get("new") == "partner":
        work.new_partners.append(state)
    if "new" in changes:
        work.new_prospects.append(state)
    names = set(changes.get("set", ()))
    if names and changes.get("new") != "partner":
        work.changed.setdefault(state.identity, (state, set()))[1].update(names)
    if "group" in changes:
        work.members.append((state, changes["group"]))


def _write(session: Session, import_: Import, work: _Work, now: datetime) -> None:
    connection = session.connection()
    _insert_partners(connection, work.new_partners, now)
    media = [(state.partner_id, state.fields.get("media_property")) for state in work.new_partners]
    import_writes.add_media(session, media)
    _insert_prospects(connection, import_, work.new_prospects, now)
    # Somebody who is new here may be changed by a later row: both are written as the last row leaves them.
    new = set(map(id, work.new_partners))
    changed = [one for one in work.changed.values() if id(one[0]) not in new]
    contacts = [(one, names & {CUSTOM_EMAIL}) for one, names in work.changed.values() if id(one) in new]
    import_writes.update_changed(session, [*changed, *contacts])
    import_additions.add_members(connection, [(group_id, one.partner_id) for one, group_id in work.members])


def _insert_partners(connection: Connection, states: Sequence[State], now: datetime) -> None:
    said = []
    for state in states:
        given = {**state.fields, "identity": state.identity}
        said.append(tuple(given.get(name) for name in import_additions.SAID))
    added = import_additions.add_partners(connection, said, now)
    for state, (partner_id, _) in zip(states, added, strict=True):
        state.partner_id = partner_id


def _insert_prospects(
    connection: Connection, import_: Import, states: Sequence[State], now: datetime
) -> None:
    places = [(one.partner_id, partners.sort_key(import_writes.search_text(one))) for one in states]
    ids = import_additions.add_prospects(connection, import_, places, now)
    for state, prospect_id in zip(states, ids, strict=True):
        state.prospect_id, state.import_id = prospect_id, import_.id


def _record(session: Session, import_: Import, work: _Work) -> None:
    """Write down what came of each row, and count anew those that came out otherwise than planned.

    A partner that this import made is found by its address, so that most rows need no word more.
    """
    other = [one for one in work.rows if not _is_as_planned(import_, *one)]
    if not other:
        return
    query = select(ImportRow.number, ImportRow.reasons).where(
        ImportRow.import_id == import_.id,
        among(session, ImportRow.number, [row.number for row, _, _ in other]),
    )
    said = {number: reasons or [] for number, reasons in session.execute(query)}
    packed = {row.number for row, _, _ in other} - said.keys()
    import_store.set_apart(session, import_.id, import_store.find(session, import_.id, packed))
    settled = []
    for row, state, decision in other:
        reasons, outcome = said.get(row.number, []), decision.outcome.value
        if outcome != row.outcome:
            _recount(import_, row.outcome, outcome)
        if decision.outcome is RowOutcome.REJECTED:
            import_.drifted_rows += 1
            reasons = [*(import_reasons.stored(decision.reasons) or []), *reasons]
        rule = reasons[0]["rule"] if reasons else None
        partner_id = row.partner_id if state.import_id == import_.id else state.partner_id
        settled.append((outcome, partner_id, rule, reasons or None, decision.changes, import_.id, row.number))
    _SETTLED.run(session.connection(), settled)


def _is_as_planned(import_: Import, row: _Planned, state: State, decision: Decision) -> bool:
    """Whether a row did exactly what its plan says, to the partner that it names."""
    if decision.outcome.value != row.outcome:
        return False
    if state.import_id != import_.id and state.partner_id != row.partner_id:
        return False
    planned = {name: value for name, value in row.changes.items() if name != "same"}
    return planned == (decision.changes or {})


def _recount(import_: Import, before: str, after: str) -> None:
    setattr(import_, f"{before}_rows", getattr(import_, f"{before}_rows") - 1)
    setattr(import_, f"{after}_rows", getattr(import_, f"{after}_rows") + 1)
