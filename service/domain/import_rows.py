"""The rows of an import as its page asks for them: by outcome, by reason, by words; and their reasons."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from service.domain import import_reasons, import_store
from service.domain.import_people import People
from service.domain.import_reasons import Reason
from service.domain.partners import matching
from service.facts.states import RowOutcome
from service.i18n.folding import fold
from service.models import Partner
from service.models.imports import ImportRow


@dataclass(frozen=True, slots=True)
class RowFilter:
    """Which rows are wanted; an empty field does not narrow. `text` is what a person typed.

    `rule` stands for a family: `drift` is also `drift-group`.
    """

    outcome: RowOutcome | None = None
    rule: str = ""
    text: str = ""


def list_rows(
    session: Session, import_id: int, wanted: RowFilter | None = None, *, after: int = 0, limit: int = 50
) -> list[ImportRow]:
    """Return rows of the plan in the order of the file, `after` the number of the last one already seen."""
    wanted = wanted or RowFilter()
    query = (
        select(ImportRow)
        .where(ImportRow.import_id == import_id, ImportRow.number > after)
        .where(*_conditions(wanted))
    )
    apart = session.scalars(query.order_by(ImportRow.number).limit(limit))
    packed = islice(_packed(session, import_id, wanted, after), limit)
    return sorted([*apart, *packed], key=attrgetter("number"))[:limit]


def _packed(session: Session, import_id: int, wanted: RowFilter, after: int) -> Iterator[ImportRow]:
    """The same of the rows in blocks, all of which create somebody and have no reasons."""
    if wanted.rule or wanted.outcome not in {None, RowOutcome.CREATED}:
        return
    for people in import_store.people(session, import_id, above=after):
        for row in (people.where(_found(wanted.text, people)) if wanted.text.strip() else people).rows():
            yield ImportRow(
                import_id=import_id,
                number=row.number,
                line=row.line,
                outcome=RowOutcome.CREATED.value,
                identity=row.identity,
                name=row.changes["fields"]["name"],
                changes=row.changes,
            )


def _found(text: str, people: People) -> list[bool]:
    """Which of these have the words in name or address, or the number: as `_about` asks the database."""
    named, about, wanted = text.lower().split(), fold(text).split(), _number(text)
    return [
        all(word in name for word in named) or all(word in key for word in about) or number == wanted
        for name, key, number in zip(
            map(str.lower, people.columns["name"]), people.identities, people.numbers, strict=True
        )
    ]


def _conditions(wanted: RowFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.outcome is not None:
        found.append(ImportRow.outcome == wanted.outcome.value)
    if wanted.rule:
        family = ImportRow.rule.startswith(f"{wanted.rule}-", autoescape=True)
        found.append(or_(ImportRow.rule == wanted.rule, family))
    patterns = matching(wanted.text)
    if patterns:
        found.append(or_(*_about(wanted.text, patterns)))
    return found


def _about(text: str, patterns: list[str]) -> list[ColumnElement[bool]]:
    """The row of this number; rows whose name, address or known partner has all of the words."""
    known = select(Partner.id).where(*_all(Partner.search_text, patterns))
    # Names are kept as written: letters of other cases than ASCII are found as they stand.
    named = and_(*(ImportRow.name.ilike(one, escape="\\") for one in _as_written(text)))
    found = [named, and_(*_all(ImportRow.identity, patterns)), ImportRow.partner_id.in_(known)]
    number = _number(text)
    if number is not None:
        found.append(ImportRow.number == number)
    return found


def _number(text: str) -> int | None:
    number = text.strip()
    return int(number) if number.isascii() and number.isdigit() and len(number) <= 9 else None


def _all(column: InstrumentedAttribute[Any], patterns: list[str]) -> list[ColumnElement[bool]]:
    return [column.like(one, escape="\\") for one in patterns]


def _as_written(text: str) -> list[str]:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return [f"%{word}%" for word in escaped.split()]


@dataclass(frozen=True, slots=True)
class Known:
    """A partner that a row was found to be about: name as kept, partner ID where there is an account."""

    name: str
    mpid: str | None


def known(session: Session, rows: Iterable[ImportRow]) -> dict[int, Known]:
    """Return the partners known before that rows are about, by their id."""
    ids = {row.partner_id for row in rows if row.partner_id is not None}
    query = select(Partner.id, Partner.name, Partner.mpid).where(Partner.id.in_(ids))
    return {partner_id: Known(name, mpid) for partner_id, name, mpid in session.execute(query)}


@dataclass(frozen=True, slots=True)
class ReasonGroup:
    """Rows of one outcome that have the same first reason, with that of the first of them."""

    rule: str
    rows: int
    example: Reason


def list_reasons(session: Session, import_id: int) -> list[ReasonGroup]:
    """Return the reasons of an import's rows, those that rejected most rows first."""
    query = (
        select(ImportRow.rule, func.count(), func.min(ImportRow.number))
        .where(ImportRow.import_id == import_id, ImportRow.rule.is_not(None))
        .group_by(ImportRow.rule)
    )
    found = session.execute(query).all()
    numbers = [number for _, _, number in found]
    stored = select(ImportRow.number, ImportRow.reasons).where(
        ImportRow.import_id == import_id, ImportRow.number.in_(numbers)
    )
    examples = {number: import_reasons.loaded(reasons)[0] for number, reasons in session.execute(stored)}
    grouped = [ReasonGroup(rule, rows, examples[number]) for rule, rows, number in found if rule is not None]
    return sorted(grouped, key=lambda group: (not group.example.rejects, -group.rows, group.rule))
