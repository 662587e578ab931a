"""What a user has ticked in the prospect table: kept on the server, page after page, until it is used."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from service.domain.prospect_list import ProspectFilter, ids_of
from service.domain.prospects import CHUNK
from service.models import Prospect, Selection


@dataclass(frozen=True, slots=True)
class Selected:
    """Either the ticked ids, or everything that matches a filter except some ids."""

    ids: frozenset[int] = frozenset()
    matching: ProspectFilter | None = None

    def includes(self, prospect_id: int) -> bool:
        """Whether a row that the filter shows is selected."""
        return (prospect_id in self.ids) is (self.matching is None)

    def to_json(self) -> dict[str, object]:
        """Return the form that a campaign keeps."""
        query = None if self.matching is None else self.matching.to_values()
        return {"ids": sorted(self.ids), "query": query}

    @classmethod
    def from_json(cls, kept: dict[str, object]) -> "Selected":
        """Read what `to_json` wrote."""
        ids, query = kept.get("ids"), kept.get("query")
        return cls(
            ids=frozenset(ids) if isinstance(ids, list) else frozenset(),
            matching=ProspectFilter.from_values(query) if isinstance(query, dict) else None,
        )


NOTHING = Selected()


def tick(
    session: Session,
    user_id: int,
    program_id: int,
    *,
    shown: Collection[int],
    ticked: Collection[int],
    now: datetime,
) -> Selected:
    """Take over the boxes of one page: `shown` are its rows, `ticked` those with a tick."""
    current = find(session, user_id, program_id)
    chosen = set(ticked) & set(shown)
    marked = chosen if current.matching is None else set(shown) - chosen
    ids = (current.ids - set(shown)) | marked
    return keep(session, user_id, program_id, Selected(frozenset(ids), current.matching), now=now)


def keep(session: Session, user_id: int, program_id: int, selected: Selected, *, now: datetime) -> Selected:
    """Store a selection in place of the one before."""
    row = session.get(Selection, (user_id, program_id))
    if row is None:
        row = Selection(user_id=user_id, program_id=program_id)
        session.add(row)
    row.ids = sorted(selected.ids)
    row.query = None if selected.matching is None else dict(selected.matching.to_values())
    row.updated_at = now
    session.flush()
    return selected


def find(session: Session, user_id: int, program_id: int) -> Selected:
    """Return the user's selection in this program."""
    row = session.get(Selection, (user_id, program_id))
    return NOTHING if row is None else Selected.from_json({"ids": row.ids, "query": row.query})


def prospect_ids(session: Session, program_id: int, selected: Selected) -> Sequence[int]:
    """Return the ids selected, resolved now and only within the program."""
    if selected.matching is None:
        return [id_ for chunk in _named(session, _all(program_id), selected) for id_ in chunk]
    query = ids_of(program_id, selected.matching).order_by(Prospect.id)
    return [id_ for id_ in session.scalars(query) if id_ not in selected.ids]


def count(session: Session, program_id: int, selected: Selected) -> int:
    """Return how many prospects are selected."""
    if selected.matching is None:
        return sum(len(chunk) for chunk in _named(session, _all(program_id), selected))
    matched = ids_of(program_id, selected.matching)
    matching = session.scalar(select(func.count()).select_from(matched.subquery())) or 0
    return matching - sum(len(chunk) for chunk in _named(session, matched, selected))


def _named(session: Session, among: Select[int], selected: Selected) -> Iterator[Sequence[int]]:
    """Yield the ids of the selection that a query finds too, in their order."""
    ids = sorted(selected.ids)
    for start in range(0, len(ids), CHUNK):
        query = among.where(Prospect.id.in_(ids[start : start + CHUNK]))
        yield session.scalars(query.order_by(Prospect.id)).all()


def _all(program_id: int) -> Select[int]:
    return select(Prospect.id).where(Prospect.program_id == program_id)
