"""The prospect table: what it can be filtered and sorted by, and its pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from service.domain import checks
from service.domain.partners import matching
from service.facts.limits import PAGE_ROWS
from service.facts.sources import Source
from service.facts.stages import Stage
from service.models import GroupMember, Partner, Prospect

ARCHIVED = "archived"


class Sort(StrEnum):
    """The columns the table can be sorted by."""

    NAME = "name"
    STAGE = "stage"
    ADDED = "added"


SORT_COLUMNS: dict[Sort, Any] = {
    Sort.NAME: Partner.search_text,
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


def matches(program_id: int, wanted: ProspectFilter) -> list[ColumnElement[bool]]:
    """Return the conditions of a filter on a query over prospects joined with their partners."""
    conditions: list[ColumnElement[bool]] = [Prospect.program_id == program_id]
    stages = [stage for stage in wanted.stages if stage != ARCHIVED]
    if ARCHIVED in wanted.stages:
        away = Prospect.archived_at.is_not(None)
        conditions.append(or_(away, Prospect.stage.in_(stages)) if stages else away)
    else:
        conditions.append(Prospect.archived_at.is_(None))
        if stages:
            conditions.append(Prospect.stage.in_(stages))
    if wanted.sources:
        conditions.append(Prospect.source.in_(wanted.sources))
    if wanted.import_id:
        conditions.append(Prospect.import_id == wanted.import_id)
    if wanted.locales:
        conditions.append(Partner.locale.in_(wanted.locales))
    if wanted.group_id:
        members = select(GroupMember.partner_id).where(GroupMember.group_id == wanted.group_id)
        conditions.append(Prospect.partner_id.in_(members))
    for pattern in matching(wanted.text):
        known_by = (Partner.search_text, Prospect.custom_email_key)
        conditions.append(or_(*(column.like(pattern, escape="\\") for column in known_by)))
    return conditions


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
    conditions = matches(program_id, wanted)
    backwards = before is not None
    query = _ordered(select(Prospect).join(Prospect.partner).where(*conditions), sort, descending ^ backwards)
    edge = before or after
    if edge is not None:
        query = query.where(_beyond(sort, edge, descending ^ backwards))
    found = list(session.scalars(query.limit(rows + 1)))
    more, found = len(found) > rows, found[:rows]
    if backwards:
        found.reverse()
    counted = select(func.count()).select_from(Prospect).where(*conditions)
    if wanted.locales or wanted.text:  # only these are asked of the partners, and a join takes twice the time
        counted = counted.join(Prospect.partner)
    total = session.scalar(counted)
    has_previous, has_next = (more, True) if backwards else (after is not None, more)
    return Page(
        prospects=found,
        total=total or 0,
        previous=cursor_of(found[0], sort) if found and has_previous else None,
        next=cursor_of(found[-1], sort) if found and has_next else None,
    )


def cursor_of(prospect: Prospect, sort: Sort) -> Cursor:
    """Return the cursor that points at this row."""
    value: dict[Sort, str] = {
        Sort.NAME: prospect.partner.search_text,
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


def _beyond(sort: Sort, edge: Cursor, descending: bool) -> ColumnElement[bool]:
    column: ColumnElement[Any] = SORT_COLUMNS[sort]
    value: Any = {Sort.ADDED: moment_of, Sort.STAGE: rank_of}.get(sort, lambda cursor: cursor.value)(edge)
    if descending:
        return or_(column < value, and_(column == value, Prospect.id < edge.id))
    return or_(column > value, and_(column == value, Prospect.id > edge.id))


def _known(values: Sequence[str], allowed: set[str]) -> tuple[str, ...]:
    return tuple(value for value in dict.fromkeys(values) if value in allowed)


def _id(values: Sequence[str]) -> int | None:
    text = values[0] if values else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else None


def search_words(text: str) -> str:
    """Return what somebody typed into a search box as at most a line, without what no name can hold."""
    return "".join(character for character in text[:200] if checks.is_line(character))
