"""The plan of an import in the database: rows by themselves, and the plainest of them packed in blocks.

Each row of the file up to `Import.planned_rows` is in one of the two. One that must stand by itself after all
is written as such and left in its block, where it no longer counts.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from service.domain import import_people
from service.domain.import_people import People, Somebody
from service.facts.limits import IMPORT_ROWS
from service.facts.states import RowOutcome
from service.models.imports import Import, ImportBlock, ImportRow
from service.statements import Bulk


class Stored(NamedTuple):
    """A row of the plan as it is stored by itself, `reasons` and `changes` as JSON text."""

    number: int
    line: int
    outcome: str
    identity: str | None
    partner_id: int | None
    name: str
    rule: str | None = None
    reasons: str | None = None
    changes: str | None = None


_ROWS_ADDED = Bulk(ImportRow, *Stored._fields)
# Nothing in a row that is imported is half a character, and most is not ASCII.
_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def changes_text(changes: Mapping[str, Any] | None) -> str | None:
    """What a row changes as it is stored."""
    return None if changes is None else _json(changes)


def add_rows(session: Session, import_id: int, rows: Sequence[Stored]) -> None:
    """Store rows by themselves."""
    _ROWS_ADDED.insert(session.connection(), rows, import_id=import_id)


def add_blocks(session: Session, import_id: int, people: Iterable[People]) -> bytes:
    """Store rows packed, and return what is stored."""
    stored = []
    for some in people:
        data = some.packed()
        block = {"import_id": import_id, "first": some.numbers[0], "last": some.numbers[-1], "data": data}
        session.connection().execute(insert(ImportBlock), block)
        stored.append(data)
    return b"".join(stored)


def set_apart(session: Session, import_id: int, rows: Iterable[Somebody]) -> None:
    """Have rows that are packed stand by themselves from now on."""
    add_rows(
        session,
        import_id,
        [
            Stored(
                row.number,
                row.line,
                RowOutcome.CREATED.value,
                row.identity,
                None,
                row.changes["fields"]["name"],
                changes=changes_text(row.changes),
            )
            for row in rows
        ],
    )


def people(session: Session, import_id: int, *, above: int, upto: int = IMPORT_ROWS) -> Iterator[People]:
    """Return the packed rows with numbers above one and up to another, block by block."""
    while above < upto:
        query = _BLOCK.where(ImportBlock.import_id == import_id, ImportBlock.last > above)
        block = session.execute(query.order_by(ImportBlock.last).limit(1)).first()
        if block is None or block.first > upto:
            return
        yield _between(_counting(session, import_id, block.data), above, upto)
        above = block.last


def people_backwards(session: Session, import_id: int, *, upto: int) -> Iterator[People]:
    """Return the packed rows with numbers up to one, the last block first."""
    while True:
        query = _BLOCK.where(ImportBlock.import_id == import_id, ImportBlock.first <= upto)
        block = session.execute(query.order_by(ImportBlock.last.desc()).limit(1)).first()
        if block is None:
            return
        yield _between(_counting(session, import_id, block.data), 0, upto)
        upto = block.first - 1


def block_with(session: Session, import_id: int, number: int) -> People:
    """Return the packed rows of the block in which a row of the plan is, or would be."""
    query = _BLOCK.where(ImportBlock.import_id == import_id, ImportBlock.last >= number)
    block = session.execute(query.order_by(ImportBlock.last).limit(1)).first()
    return People([], [], {}) if block is None else _counting(session, import_id, block.data)


def find(session: Session, import_id: int, numbers: Collection[int]) -> list[Somebody]:
    """Return those of the rows with these numbers that are packed."""
    found: dict[int, Somebody] = {}
    for number in numbers:
        if number not in found:
            block = block_with(session, import_id, number)
            wanted = block.where([one in numbers for one in block.numbers])
            found |= {row.number: row for row in wanted.rows()}
    return list(found.values())


_BLOCK = select(ImportBlock.first, ImportBlock.last, ImportBlock.data)


def _counting(session: Session, import_id: int, data: bytes) -> People:
    """The rows of a block that do not stand by themselves."""
    packed = import_people.unpacked(data)
    near = ImportRow.number.between(packed.numbers[0], packed.numbers[-1])
    apart = set(session.scalars(select(ImportRow.number).where(ImportRow.import_id == import_id, near)))
    return packed.where([number not in apart for number in packed.numbers]) if apart else packed


def _between(packed: People, above: int, upto: int) -> People:
    numbers = packed.numbers
    if not len(numbers) or (numbers[0] > above and numbers[-1] <= upto):
        return packed
    return packed.where([above < number <= upto for number in packed.numbers])


class Named:
    """The people whom a plan makes so far: by the hash of the address, the block that one is packed in, or 0.

    This takes some 80 bytes for each. Two people with one hash are only looked at more closely than needed.
    """

    def __init__(self) -> None:
        self._blocks: dict[int, int] = {}

    @classmethod
    def of(cls, session: Session, import_: Import) -> "Named":
        """Those of the rows planned before."""
        named = cls()
        for block in people(session, import_.id, above=0, upto=import_.planned_rows):
            named.add_packed(block)
        query = select(ImportRow.identity).where(
            ImportRow.import_id == import_.id, ImportRow.identity.is_not(None), ImportRow.partner_id.is_(None)
        )
        named.add_apart(identity for identity in session.scalars(query) if identity is not None)
        return named

    def again(self, identities: Sequence[str]) -> set[str]:
        """Those who are named in rows before, or here more than once."""
        hashes = set(map(hash, identities))
        if len(hashes) == len(identities) and self._blocks.keys().isdisjoint(hashes):
            return set()
        counted = Counter(map(hash, identities))
        return {one for one in identities if hash(one) in self._blocks or counted[hash(one)] > 1}

    def blocks(self, identities: Iterable[str]) -> set[int]:
        """Numbers of rows in whose blocks some of these may be packed."""
        return {self._blocks.get(hash(one), 0) for one in identities} - {0}

    def add_packed(self, people: People) -> None:
        """Note people who are packed in one block."""
        if len(people):
            self._blocks.update(dict.fromkeys(map(hash, people.identities), people.numbers[0]))

    def add_apart(self, identities: Iterable[str]) -> None:
        """Note people who are in rows that stand by themselves."""
        self._blocks.update(dict.fromkeys(map(hash, identities), 0))
