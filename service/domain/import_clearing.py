"""Deleting the file and the rows of an import, of which then only the counts are left."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from service.domain import import_store
from service.facts.states import ImportState
from service.mail.addresses import display_domain
from service.models.imports import Import, ImportBlock, ImportLeftover, ImportPiece, ImportRow

RUNNING = frozenset({ImportState.PLANNING.value, ImportState.APPLYING.value, ImportState.UNDOING.value})
_WAITING = frozenset({ImportState.UPLOADED.value, ImportState.PLANNED.value})


def clear(session: Session, import_: Import, *, now: datetime) -> None:
    """Delete what an import read and planned; one that waits for a decision is cancelled, none can be undone.

    Raises ValueError for one that is running.
    """
    if import_.state in RUNNING:
        raise ValueError("a running import needs its rows")
    for table in (ImportLeftover, ImportRow, ImportBlock, ImportPiece):
        session.execute(delete(table).where(table.import_id == import_.id))
    if import_.state in _WAITING:
        import_.state, import_.finished_at = ImportState.CANCELLED.value, now
    import_.refusal, import_.cleared_at = None, now
    session.flush()


def clear_old(session: Session, *, age: timedelta, now: datetime) -> int:
    """Clear imports that nothing has happened to for this long; return how many."""
    old = session.scalars(
        select(Import).where(
            Import.cleared_at.is_(None), Import.created_at < now - age, Import.state.not_in(RUNNING)
        )
    )
    cleared = 0
    for import_ in old:
        if max(filter(None, (import_.created_at, import_.finished_at, import_.undone_at))) < now - age:
            clear(session, import_, now=now)
            cleared += 1
    return cleared


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look through the imports came to that was taken before: where the person is, and where not.

    `through` are those that are over: nothing more is read out of their files.
    """

    addresses: frozenset[str] = frozenset()
    found: frozenset[int] = frozenset()
    through: frozenset[int] = frozenset()


def look_through(session: Session, partner_id: int, addresses: Collection[str]) -> Looked:
    """Look for a person in the bytes of every import: it takes long, so do it in a session for reading."""
    known = frozenset(addresses)
    at_rest, found = set(), set()
    for import_id, state in _uncleared(session):
        if state not in RUNNING | _WAITING:
            at_rest.add(import_id)
        if _names(session, import_id, partner_id, known):
            found.add(import_id)
    return Looked(known, frozenset(found), frozenset(at_rest - found))


def naming(
    session: Session, partner_id: int, addresses: Collection[str], looked: Looked | None = None
) -> list[tuple[int, bool]]:
    """Return the imports in which a person is: (id, whether it is running).

    Found by their rows, by what is packed, and by the bytes of an address anywhere in the file. With
    `looked` only those files are read that came later, or that were not over at that time.
    """
    before = looked if looked is not None and looked.addresses >= set(addresses) else Looked()
    found = []
    for import_id, state in _uncleared(session):
        known = import_id in before.through
        named = import_id in before.found or (_in_rows if known else _names)(
            session, import_id, partner_id, addresses
        )
        if named:
            found.append((import_id, state in RUNNING))
    return found


def _uncleared(session: Session) -> Sequence[tuple[int, str]]:
    query = select(Import.id, Import.state).where(Import.cleared_at.is_(None)).order_by(Import.id)
    return [(row.id, row.state) for row in session.execute(query)]


def _in_rows(session: Session, import_id: int, partner_id: int, addresses: Collection[str]) -> bool:
    identities = [*addresses, f"={partner_id}"]
    of_person = (ImportRow.partner_id == partner_id) | ImportRow.identity.in_(identities)
    row = select(ImportRow.number).where(ImportRow.import_id == import_id, of_person).limit(1)
    return session.scalar(row) is not None


def _names(session: Session, import_id: int, partner_id: int, addresses: Collection[str]) -> bool:
    if _in_rows(session, import_id, partner_id, addresses):
        return True
    wanted = frozenset(addresses)
    packed = import_store.people(session, import_id, above=0)
    if any(not wanted.isdisjoint(people.identities) for people in packed):
        return True
    needles = [needle for address in addresses for needle in _spellings(address)]
    return any(needle in window for window in _windows(session, import_id) for needle in needles)


def _spellings(address: str) -> set[bytes]:
    """An address in lower case as the encodings of files write it."""
    local, _, domain = address.rpartition("@")
    found = set()
    for text in (address, f"{local}@{display_domain(domain)}"):
        for encoding in ("utf-8", "utf-16-le", "utf-16-be", "cp932", "euc_jp", "gb18030", "big5", "cp1252"):
            try:
                found.add(text.encode(encoding).lower())
            except UnicodeError:
                continue
    return found


def _windows(session: Session, import_id: int) -> Iterator[bytes]:
    """The bytes of a file in lower case, piece by piece, each with the end of the one before it."""
    query = select(ImportPiece.data).where(ImportPiece.import_id == import_id).order_by(ImportPiece.number)
    rest = b""
    for data in session.scalars(query.execution_options(yield_per=4)):
        window = rest + data.lower()
        yield window
        rest = window[-1024:]
