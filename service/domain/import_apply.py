"""Applying: doing what the plan says, a batch of rows a transaction, and saying where the data had moved."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.domain import import_lookup, import_reasons, import_states, partners
from service.domain.import_states import CUSTOM_EMAIL, Decision, State
from service.facts.sources import PartnerKind, Source
from service.facts.stages import Stage, StageEvent
from service.facts.states import RowOutcome
from service.mail import addresses
from service.models import Group, GroupMember, MediaProperty, Partner, Prospect, StageChange
from service.models.imports import Import, ImportRow

_TRIES = 5
_COLUMNS = {"language": "locale"}


class _Planned(NamedTuple):
    number: int
    outcome: str
    identity: str | None
    partner_id: int | None
    reasons: list[dict[str, object]] | None
    changes: dict[str, Any] | None


_PLANNED = (
    ImportRow.number,
    ImportRow.outcome,
    ImportRow.identity,
    ImportRow.partner_id,
    ImportRow.reasons,
    ImportRow.changes,
)


@dataclass(slots=True)
class _Work:
    """What a batch writes, collected first: many rows, few statements."""

    new_partners: dict[str, State] = field(default_factory=dict)
    changed: dict[int, tuple[State, set[str]]] = field(default_factory=dict)
    media: dict[str, State] = field(default_factory=dict)
    new_prospects: dict[str, State] = field(default_factory=dict)
    custom_emails: dict[str, State] = field(default_factory=dict)
    members: list[tuple[State, int]] = field(default_factory=list)
    rows: list[tuple[_Planned, State, Decision]] = field(default_factory=list)


def apply_rows(session: Session, import_: Import, *, limit: int, now: datetime) -> int:
    """Do the next rows of the plan and return how many there were.

    Another import at the same moment may make the same partner: the unique keys refuse, the batch is looked
    at again, and what is there by then is not made twice.
    """
    planned = (
        select(*_PLANNED)
        .where(ImportRow.import_id == import_.id, ImportRow.number > import_.applied_rows)
        .order_by(ImportRow.number)
        .limit(limit)
    )
    rows = [_Planned(*row) for row in session.execute(planned)]
    if not rows:
        return 0
    work = _written(session, import_, rows, now)
    _record(session, import_, work)
    import_.applied_rows = rows[-1].number
    return len(rows)


def _written(session: Session, import_: Import, rows: Sequence[_Planned], now: datetime) -> _Work:
    for tries_left in reversed(range(_TRIES)):
        work = _collect(session, import_, rows)
        try:
            with session.begin_nested():
                _write(session, import_, work, now)
        except IntegrityError:
            if not tries_left:
                raise
        else:
            return work
    raise AssertionError


def _collect(session: Session, import_: Import, rows: Sequence[_Planned]) -> _Work:
    due = [row for row in rows if row.changes and row.outcome in _DOING]
    identities = {row.identity for row in due if row.identity is not None}
    states = import_lookup.states_of_identities(session, import_.program_id, identities)
    groups = set(session.scalars(select(Group.id).where(Group.program_id == import_.program_id)))
    work = _Work()
    for row in due:
        assert row.identity is not None
        assert row.changes is not None
        state = states[row.identity]
        decision = import_states.carry_out(state, row.changes, groups)
        work.rows.append((row, state, decision))
        if decision.changes:
            _add(work, state, decision.changes)
            import_states.note(state, decision.changes)
    return work


_DOING = {RowOutcome.CREATED.value, RowOutcome.UPDATED.value}


def _add(work: _Work, state: State, changes: Mapping[str, Any]) -> None:
    if changes.get("new") == "partner":
        work.new_partners[state.identity] = state
    if "new" in changes:
        work.new_prospects[state.identity] = state
    names = set(changes.get("set", {}))
    if CUSTOM_EMAIL in names:
        work.custom_emails[state.identity] = state
    if "media_property" in names:
        work.media[state.identity] = state
    names -= {CUSTOM_EMAIL, "media_property"}
    if names and state.partner_id is not None:
        work.changed.setdefault(state.partner_id, (state, set()))[1].update(names)
    if "group" in changes:
        work.members.append((state, changes["group"]))


def _write(session: Session, import_: Import, work: _Work, now: datetime) -> None:
    _insert_partners(session, work.new_partners.values(), now)
    _update_partners(session, work.changed.values())
    _write_media(session, work.media.values(), {id(state) for state in work.new_partners.values()})
    _insert_prospects(session, import_, work.new_prospects.values(), now)
    _update_custom_emails(session, import_, work)
    if work.members:
        members = [{"group_id": group_id, "partner_id": state.partner_id} for state, group_id in work.members]
        session.execute(insert(GroupMember), members)


def _insert_partners(session: Session, states: Iterable[State], now: datetime) -> None:
    states = list(states)
    if not states:
        return
    rows = [
        {
            "name": state.fields["name"],
            "first_name": state.fields.get("first_name"),
            "last_name": state.fields.get("last_name"),
            "email": state.fields["email"],
            "email_key": state.identity,
            "locale": state.fields.get("language"),
            "time_zone": state.fields.get("time_zone"),
            "description": state.fields.get("description"),
            "kind": PartnerKind.PARTNER.value,
            "messaging_enabled": False,
            "search_text": _search_text(state),
            "created_at": now,
        }
        for state in states
    ]
    ids = session.scalars(insert(Partner).returning(Partner.id, sort_by_parameter_order=True), rows)
    for state, partner_id in zip(states, ids, strict=True):
        state.partner_id = partner_id


def _search_text(state: State, mpid: str | None = None) -> str:
    fields = state.fields
    return partners.search_text(
        fields["name"] or "", fields.get("first_name"), fields.get("last_name"), fields["email"] or "", mpid
    )


def _update_partners(session: Session, changed: Iterable[tuple[State, set[str]]]) -> None:
    for state, names in changed:
        values: dict[str, Any] = {_COLUMNS.get(name, name): state.fields[name] for name in names}
        partner = session.get_one(Partner, state.partner_id)
        for column, value in values.items():
            setattr(partner, column, value)
        partners.index(partner)


def _write_media(session: Session, states: Iterable[State], new: set[int]) -> None:
    states = list(states)
    before = [state.partner_id for state in states if id(state) not in new]
    if before:
        session.execute(delete(MediaProperty).where(MediaProperty.partner_id.in_(before)))
    rows = [
        {"partner_id": state.partner_id, "url": url}
        for state in states
        for url in (state.fields["media_property"] or "").split("\n")
        if url
    ]
    if rows:
        session.execute(insert(MediaProperty), rows)


def _insert_prospects(session: Session, import_: Import, states: Iterable[State], now: datetime) -> None:
    states = list(states)
    if not states:
        return
    rows = [
        {
            "program_id": import_.program_id,
            "partner_id": state.partner_id,
            "stage": Stage.NEW.value,
            "source": Source.IMPORT.value,
            "import_id": import_.id,
            "created_at": now,
        }
        for state in states
    ]
    ids = list(session.scalars(insert(Prospect).returning(Prospect.id, sort_by_parameter_order=True), rows))
    for state, prospect_id in zip(states, ids, strict=True):
        state.prospect_id, state.import_id = prospect_id, import_.id
    events = [
        {
            "prospect_id": prospect_id,
            "event": StageEvent.MARKED.value,
            "stage": Stage.NEW.value,
            "user_id": import_.user_id,
            "at": now,
        }
        for prospect_id in ids
    ]
    session.execute(insert(StageChange), events)


def _update_custom_emails(session: Session, import_: Import, work: _Work) -> None:
    for state in work.custom_emails.values():
        custom = state.fields[CUSTOM_EMAIL] or ""
        change = (
            update(Prospect)
            .where(Prospect.program_id == import_.program_id, Prospect.partner_id == state.partner_id)
            .values(custom_email=custom, custom_email_key=addresses.parse(custom).key)
        )
        session.execute(change.execution_options(synchronize_session=False))


def _record(session: Session, import_: Import, work: _Work) -> None:
    """Write down what came of each row, and count anew those that came out otherwise than planned.

    A partner that this import made is found by its address, so that most rows need no word more.
    """
    settled = []
    for row, state, decision in work.rows:
        as_planned = decision.outcome.value == row.outcome
        made_here = state.import_id == import_.id
        if as_planned and _is_planned(row, decision) and (made_here or state.partner_id == row.partner_id):
            continue
        reasons = row.reasons
        if not as_planned:
            _recount(import_, row.outcome, decision.outcome.value)
            if decision.outcome is RowOutcome.REJECTED:
                import_.drifted_rows += 1
                reasons = [*(import_reasons.stored(decision.reasons) or []), *(row.reasons or [])]
        settled.append(
            {
                "number_": row.number,
                "outcome": decision.outcome.value,
                "partner_id": row.partner_id if made_here else state.partner_id,
                "rule": reasons[0]["rule"] if reasons else None,
                "reasons": reasons,
                "changes": decision.changes,
            }
        )
    if settled:
        table = ImportRow.__table__
        change = (
            update(table)  # type: ignore[arg-type]
            .where(table.c.import_id == import_.id, table.c.number == bindparam("number_"))
            .values(
                {name: bindparam(name) for name in ("outcome", "partner_id", "rule", "reasons", "changes")}
            )
        )
        session.connection().execute(change, settled)


def _is_planned(row: _Planned, decision: Decision) -> bool:
    """Whether a row did exactly what its plan says."""
    if row.changes is decision.changes:
        return True
    planned = {name: value for name, value in (row.changes or {}).items() if name != "same"}
    return planned == (decision.changes or {})


def _recount(import_: Import, before: str, after: str) -> None:
    setattr(import_, f"{before}_rows", getattr(import_, f"{before}_rows") - 1)
    setattr(import_, f"{after}_rows", getattr(import_, f"{after}_rows") + 1)
