"""The prospect table: what it can be filtered and sorted by, and its pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    case,
    false,
    func,
    literal,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import Session

from service.domain import checks
from service.domain.partners import matching
from service.facts.limits import PAGE_ROWS
from service.facts.sources import Source
from service.facts.stages import Stage
from service.models import GroupMember, Partner, Prospect
from service.statements import among

ARCHIVED = "archived"
# So many ids are looked for before anybody counts how many there are.
FEW = 1000


class Sort(StrEnum):
    """The columns the table can be sorted by."""

    NAME = "name"
    STAGE = "stage"
    ADDED = "added"


SORT_COLUMNS: dict[Sort, Any] = {
    Sort.NAME: Prospect.sort_key,
    Sort.STAGE: case({stage.value: rank for rank, stage in enumerate(Stage)}, value=Prospect.stage),
    Sort.ADDED: Prospect.created_at,
}


@dataclass(frozen=True, slots=True)
class ProspectFilter:
    """A filter of the table; an empty field does not narrow. Archived prospects show only when asked for."""

    stages: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    group_id: int | None = None
    import_id: int | None = None
    locales: tuple[str, ...] = ()
    text: str = ""

    @classmethod
    def from_values(cls, values: Mapping[str, Sequence[str]]) -> "ProspectFilter":
        """Read a filter from a query's values; what is not a known value does not narrow."""
        return cls(
            stages=_known(values.get("stage", ()), {*(stage.value for stage in Stage), ARCHIVED}),
            sources=_known(values.get("source", ()), {source.value for source in Source}),
            group_id=_id(values.get("group", ())),
            import_id=_id(values.get("import", ())),
            locales=tuple(
                dict.fromkeys(
                    value
                    for value in values.get("language", ())
                    if value.isascii() and value.isprintable() and 0 < len(value) <= 35
                )
            ),
            text=search_words("".join(values.get("q", ())[:1])),
        )

    def to_values(self) -> dict[str, list[str]]:
        """Return the query values that make this filter again."""
        values = {
            "stage": list(self.stages),
            "source": list(self.sources),
            "group": [str(self.group_id)] if self.group_id else [],
            "import": [str(self.import_id)] if self.import_id else [],
            "language": list(self.locales),
            "q": [self.text] if self.text else [],
        }
        return {name: found for name, found in values.items() if found}

    @property
    def narrows(self) -> bool:
        """Whether anything is filtered at all."""
        return bool(self.to_values())


@dataclass(frozen=True, slots=True)
class Cursor:
    """The row a page begins after: its sort value and id."""

    value: str
    id: int


@dataclass(frozen=True, slots=True)
class Page:
    """One page of prospects with the cursors of its neighbours."""

    prospects: Sequence[Prospect]
    total: int
    previous: Cursor | None
    next: Cursor | None


def ids_of(program_id: int, wanted: ProspectFilter) -> Select[int]:
    """Return the query for the ids of the prospects that a filter shows."""
    return _apart_from_words(program_id, wanted).where(
        *(
            or_(_has(Partner.search_text, word), _has(Prospect.custom_email_key, word))
            for word in matching(wanted.text)
        )
    )


def _has(column: Any, pattern: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column.like(pattern, escape="\\")
    return found


def _apart_from_words(program_id: int, wanted: ProspectFilter) -> Select[int]:
    query = select(Prospect.id).where(Prospect.program_id == program_id)
    stages = [stage for stage in wanted.stages if stage != ARCHIVED]
    if ARCHIVED in wanted.stages:
        away = Prospect.archived_at.is_not(None)
        query = query.where(or_(away, Prospect.stage.in_(stages)) if stages else away)
    else:
        query = query.where(Prospect.archived_at.is_(None))
        if stages:
            query = query.where(Prospect.stage.in_(stages))
    if wanted.sources:
        query = query.where(Prospect.source.in_(wanted.sources))
    if wanted.import_id:
        query = query.where(Prospect.import_id == wanted.import_id)
    if wanted.group_id:
        members = select(GroupMember.partner_id).where(GroupMember.group_id == wanted.group_id)
        query = query.where(Prospect.partner_id.in_(members))
    if wanted.locales or wanted.text:  # only these are asked of the partners, and a join takes twice the time
        query = query.join(Prospect.partner)
    if wanted.locales:
        query = query.where(Partner.locale.in_(wanted.locales))
    return query


def _all_ids_of(program_id: int, wanted: ProspectFilter) -> Select[int] | CompoundSelect[int]:
    """Return a query for the same ids that is quicker where all of them are looked for.

    A database looks for words in names before it joins if it need not look into another table as well: few
    prospects have an address of their own.
    """
    words = matching(wanted.text)
    if not words:
        return ids_of(program_id, wanted)
    plain = _apart_from_words(program_id, wanted).where(
        Prospect.custom_email_key.is_(None), *(_has(Partner.search_text, word) for word in words)
    )
    return union_all(plain, ids_of(program_id, wanted).where(Prospect.custom_email_key.is_not(None)))


def list_page(
    session: Session,
    program_id: int,
    wanted: ProspectFilter,
    *,
    sort: Sort = Sort.NAME,
    descending: bool = False,
    after: Cursor | None = None,
    before: Cursor | None = None,
    rows: int = PAGE_ROWS,
) -> Page:
    """Return the page after (or before) a cursor; the same speed for the first page and the last."""
    matched, total = _counted(session, program_id, wanted)
    backwards = before is not None
    edge, falling, most = before or after, descending ^ backwards, rows + 1
    if sort is Sort.STAGE:
        ids = _by_stage(matched, edge, falling, most, archived=ARCHIVED in wanted.stages).subquery()
    else:
        ids = _by_column(matched, sort, edge, falling, most).subquery()
    # Only the rows of the page are read whole.
    query = select(Prospect).join(ids, ids.c.id == Prospect.id)
    found = list(session.scalars(_ordered(query, sort, falling).limit(most)))
    more, found = len(found) > rows, found[:rows]
    if backwards:
        found.reverse()
    has_previous, has_next = (more, True) if backwards else (after is not None, more)
    return Page(
        prospects=found,
        total=total,
        previous=cursor_of(found[0], sort) if found and has_previous else None,
        next=cursor_of(found[-1], sort) if found and has_next else None,
    )


def _counted(session: Session, program_id: int, wanted: ProspectFilter) -> tuple[Select[int], int]:
    """Return a query for the ids that a filter shows, and how many these are.

    Looking through a whole program takes long. What few match is looked for once, and only those are sorted.
    """
    every = _all_ids_of(program_id, wanted)
    if wanted.narrows:
        few = session.scalars(every.limit(FEW + 1)).all()
        if len(few) <= FEW:
            return select(Prospect.id).where(among(session, Prospect.id, few)), len(few)
    total = session.scalar(select(func.count()).select_from(every.subquery())) or 0
    return ids_of(program_id, wanted), total


def cursor_of(prospect: Prospect, sort: Sort) -> Cursor:
    """Return the cursor that points at this row."""
    value: dict[Sort, str] = {
        Sort.NAME: prospect.sort_key,
        Sort.STAGE: str(list(Stage).index(Stage(prospect.stage))),
        Sort.ADDED: prospect.created_at.isoformat(),
    }
    return Cursor(value[sort], prospect.id)


def moment_of(cursor: Cursor) -> datetime | None:
    """Return the moment a cursor of the *added* column names, or None if it names none."""
    try:
        moment = datetime.fromisoformat(cursor.value)
        return moment.astimezone(UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def rank_of(cursor: Cursor) -> int | None:
    """Return the rank a cursor of the *stage* column names, or None if it names none."""
    return int(cursor.value) if cursor.value in set("0123456789") else None


def _ordered(query: Select[Any], sort: Sort, descending: bool) -> Select[Any]:
    column = SORT_COLUMNS[sort]
    if descending:
        return query.order_by(column.desc(), Prospect.id.desc())
    return query.order_by(column, Prospect.id)


def _by_column(
    matched: Select[int], sort: Sort, edge: Cursor | None, descending: bool, most: int
) -> Select[int]:
    """Return a query for the first ids beyond an edge, which an index has in order."""
    if edge is not None:
        matched = matched.where(_beyond(sort, edge, descending))
    return _ordered(matched, sort, descending).limit(most)


def _by_stage(
    matched: Select[int], edge: Cursor | None, descending: bool, most: int, *, archived: bool
) -> Select[int] | CompoundSelect[int]:
    """Return a query for ids among which the first beyond an edge are: so many of each stage.

    Stages have no order for a database, but within each of them an index has one. `archived` says whether
    some that match are.
    """
    edge_rank = rank_of(edge) if edge is not None else None
    # Where it is nobody's, the date changes no order, and PostgreSQL finds the index in order by it.
    columns = (Prospect.id,) if archived else (Prospect.archived_at, Prospect.id)
    order = [column.desc() if descending else column.asc() for column in columns]
    parts = []
    for rank, stage in enumerate(Stage):
        of_stage = matched.where(Prospect.stage == stage.value)
        if edge is not None:
            if edge_rank is None or (rank > edge_rank if descending else rank < edge_rank):
                continue
            if rank == edge_rank:
                of_stage = of_stage.where(Prospect.id < edge.id if descending else Prospect.id > edge.id)
        parts.append(select(of_stage.order_by(*order).limit(most).subquery().c.id))
    return union_all(*parts) if parts else matched.where(false())


def _beyond(sort: Sort, edge: Cursor, descending: bool) -> ColumnElement[bool]:
    column: ColumnElement[Any] = SORT_COLUMNS[sort]
    value = moment_of(edge) if sort is Sort.ADDED else edge.value
    # As one comparison, which an index can answer.
    place, there = tuple_(column, Prospect.id), tuple_(literal(value, column.type), literal(edge.id))
    return place < there if descending else place > there


def _known(values: Sequence[str], allowed: set[str]) -> tuple[str, ...]:
    return tuple(value for value in dict.fromkeys(values) if value in allowed)


def _id(values: Sequence[str]) -> int | None:
    text = values[0] if values else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else None


def search_words(text: str) -> str:
    """Return what somebody typed into a search box as at most a line, without what no name can hold."""
    return "".join(character for character in text[:200] if checks.is_line(character))
