"""Planning: what each row of a file would do, decided in the order of the file and stored."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, partial

from sqlalchemy import String, cast, select
from sqlalchemy.orm import Session

from service.csvfile import CsvFile
from service.csvfile.batches import Batch
from service.csvfile.headers import Key
from service.csvfile.rows import Row
from service.domain import import_judging, import_lookup, import_reasons, import_states, import_store
from service.domain.import_reasons import Reason
from service.domain.import_states import Decision, State
from service.domain.import_store import Stored
from service.domain.import_values import Values
from service.facts.limits import NAME_CHARACTERS
from service.facts.states import RowOutcome
from service.models import Group
from service.models.imports import Import, ImportRow
from service.statements import among

# Rows of a block at most, which are also applied together: what is unpacked then is used whole.
BLOCK = 2_000
# Where people are named again by fewer than one row in so many, rows are packed.
_SELDOM = 20


def groups_by_key(session: Session, program_id: int) -> dict[str, int]:
    """The program's groups by the key that makes their names unique."""
    query = select(Group.name_key, Group.id).where(Group.program_id == program_id)
    return {key: group_id for key, group_id in session.execute(query)}  # noqa: C416  (rows are no pairs to mypy)


def plan_rows(
    session: Session, import_: Import, file: CsvFile, rows: Batch, named: import_store.Named
) -> None:
    """Plan a batch of rows that follow those planned before, and count them.

    `named` knows whom those rows make, and comes to know it of these.
    """
    groups = cache(partial(groups_by_key, session, import_.program_id))
    people, others = import_judging.judge(file, rows, groups)
    usable = [values.email_key for _, values in others if not values.rejected]
    again = named.again([*people.identities, *usable])
    if len(again) * _SELDOM > len(rows):
        # To look for each of so many in its block would take longer than having no blocks.
        apart = set(people.identities)
    else:
        apart = again | import_lookup.known_addresses(session, import_.program_id, people.identities)
    if apart:
        alone = [identity not in apart for identity in people.identities]
        others += [
            (rows.row(people.numbers[index] - rows.first), import_judging.values_of(people, index))
            for index, is_alone in enumerate(alone)
            if not is_alone
        ]
        others.sort(key=lambda one: one[0].number)
        people = people.where(alone)
    stored = _planned(session, import_, others, named)
    people = people.assuming(import_.default_language)
    blocks = people.parted(BLOCK)
    packed = import_store.add_blocks(session, import_.id, blocks)
    for block in blocks:
        named.add_packed(block)
    import_.planned_rows = rows.numbers[-1]
    import_.digest = _digest(import_.digest, stored, packed)
    _count(import_, Counter(row.outcome for row in stored) + Counter({RowOutcome.CREATED.value: len(people)}))


def _planned(
    session: Session, import_: Import, rows: Sequence[tuple[Row, Values]], named: import_store.Named
) -> list[Stored]:
    """Plan rows that stand by themselves, and store them."""
    if not rows:
        return []
    usable = [values for _, values in rows if not values.rejected]
    _set_apart(session, import_, {values.email_key for values in usable}, named)
    states = dict(zip(map(id, usable), _states(session, import_, usable), strict=True))
    stored = [_stored(import_, row, values, states.get(id(values))) for row, values in rows]
    import_store.add_rows(session, import_.id, stored)
    named.add_apart(one.identity for one in stored if one.identity and one.partner_id is None)
    return stored


def _set_apart(session: Session, import_: Import, keys: set[str], named: import_store.Named) -> None:
    """Have packed rows whose people are named again stand by themselves, where the other rows find them."""
    for number in named.blocks(keys):
        block = import_store.block_with(session, import_.id, number)
        found = list(block.where([identity in keys for identity in block.identities]).rows())
        import_store.set_apart(session, import_.id, found)
        named.add_apart(row.identity for row in found)


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


def _stored(import_: Import, row: Row, values: Values, state: State | Reason | None) -> Stored:
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
    return Stored(
        row.number,
        row.line,
        decision.outcome.value,
        found.identity if found else None,
        found.partner_id if found else None,
        values.fields.get(_NAME, "")[:NAME_CHARACTERS],
        reasons[0].rule if reasons else None,
        json.dumps(import_reasons.stored(reasons)) if reasons else None,
        import_store.changes_text(decision.changes),
    )


_NAME = Key.NAME.value


def _digest(before: str, stored: Iterable[Stored], packed: bytes) -> str:
    """What stands for the plan so far: the same file against the same data has the same digest."""
    facts = "".join([f"{row.number}\0{row.outcome}\0{row.identity}\0{row.changes}\n" for row in stored])
    return hashlib.blake2b(f"{before}{facts}".encode() + packed, digest_size=16).hexdigest()


def _count(import_: Import, counts: Mapping[str, int]) -> None:
    import_.created_rows += counts.get(RowOutcome.CREATED.value, 0)
    import_.updated_rows += counts.get(RowOutcome.UPDATED.value, 0)
    import_.unchanged_rows += counts.get(RowOutcome.UNCHANGED.value, 0)
    import_.rejected_rows += counts.get(RowOutcome.REJECTED.value, 0)
