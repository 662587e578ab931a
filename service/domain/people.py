"""What is stored about one partner, wherever it is: found by name or address, and handed to them whole."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, exists, func, or_, select
from sqlalchemy.orm import Session

from service.db import Base
from service.domain import import_store, partners
from service.models import (
    Attachment,
    Bounce,
    Delivery,
    DeliveryAttempt,
    Draft,
    Group,
    GroupMember,
    MediaProperty,
    Message,
    Partner,
    Prospect,
    StageChange,
    Suppression,
    SuppressionLift,
    SystemMail,
    Thread,
)
from service.models.imports import Import, ImportLeftover, ImportRow
from service.models.personal import OF_BOTH, OF_PARTNERS

# Bytes of whole files with other people in them; the person's own rows are read out of them.
NOT_BY_ROW = frozenset({"import_pieces", "import_blocks"})
# What a row is besides the person's data: which one, when.
_FRAME = frozenset({"id"})


@dataclass(frozen=True, slots=True)
class Traces:
    """Where a partner is: the ids of their rows, and every address that is theirs in its comparison form."""

    partner_id: int
    addresses: frozenset[str]
    written: frozenset[str]
    prospects: frozenset[int]
    threads: frozenset[int]
    deliveries: frozenset[int]


def list_matching(session: Session, text: str, *, limit: int = 20) -> Sequence[Partner]:
    """Return the partners whose name or address contains what was typed, in every program."""
    patterns = partners.matching(text)
    if not patterns:
        return ()
    theirs = Prospect.partner_id == Partner.id
    conditions = [
        or_(
            Partner.search_text.like(pattern, escape="\\"),
            exists().where(theirs, Prospect.custom_email_key.like(pattern, escape="\\")),
        )
        for pattern in patterns
    ]
    return session.scalars(select(Partner).where(*conditions).order_by(Partner.id).limit(limit)).all()


def list_with_address(session: Session, address_key: str) -> list[Partner]:
    """Return the partners who have this address, as their own or as what a program knows them by."""
    custom = select(Prospect.partner_id).where(Prospect.custom_email_key == address_key)
    query = select(Partner).where(or_(Partner.email_key == address_key, Partner.id.in_(custom)))
    return list(session.scalars(query.order_by(Partner.id)))


def traces_of(session: Session, partner_id: int) -> Traces:
    """Return where a partner is; raise DomainError(NOT_FOUND)."""
    partner = partners.find(session, partner_id)
    prospects = session.execute(
        select(Prospect.id, Prospect.custom_email, Prospect.custom_email_key).where(
            Prospect.partner_id == partner_id
        )
    ).all()
    addresses = {partner.email_key} | {row.custom_email_key for row in prospects if row.custom_email_key}
    written = {partner.email} | {row.custom_email for row in prospects if row.custom_email}
    ids = frozenset(row.id for row in prospects)
    mailed = or_(Delivery.prospect_id.in_(ids), Delivery.address_key.in_(addresses))
    return Traces(
        partner_id,
        frozenset(addresses),
        frozenset(written),
        ids,
        frozenset(session.scalars(select(Thread.id).where(Thread.partner_id == partner_id))),
        frozenset(session.scalars(select(Delivery.id).where(mailed))),
    )


def reach(traces: Traces) -> dict[str, ColumnElement[bool]]:
    """Return, for each table with a partner's data in rows of their own, which rows these are."""
    identities = [*traces.addresses, f"={traces.partner_id}"]
    of_rows = or_(ImportRow.partner_id == traces.partner_id, ImportRow.identity.in_(identities))
    left = exists().where(
        ImportRow.import_id == ImportLeftover.import_id, ImportRow.number == ImportLeftover.number, of_rows
    )
    return {
        "partners": Partner.id == traces.partner_id,
        "media_properties": MediaProperty.partner_id == traces.partner_id,
        "prospects": Prospect.id.in_(traces.prospects),
        "stage_changes": StageChange.prospect_id.in_(traces.prospects),
        "deliveries": Delivery.id.in_(traces.deliveries),
        "delivery_attempts": DeliveryAttempt.delivery_id.in_(traces.deliveries),
        "bounces": Bounce.delivery_id.in_(traces.deliveries),
        "suppressions": Suppression.address_key.in_(traces.addresses),
        "suppression_lifts": SuppressionLift.address_key.in_(traces.addresses),
        "system_mails": SystemMail.address.in_(traces.written | traces.addresses),
        "import_rows": of_rows,
        "import_leftovers": left,
        "threads": Thread.id.in_(traces.threads),
        "messages": Message.thread_id.in_(traces.threads),
        "attachments": Attachment.thread_id.in_(traces.threads),
        "drafts": Draft.thread_id.in_(traces.threads),
    }


@dataclass(frozen=True, slots=True)
class Export:
    """Everything about one person: `sections` by table, and the stored files to be added, id -> name."""

    sections: Mapping[str, Sequence[Mapping[str, object]]]
    files: Mapping[str, str]

    def as_json(self) -> str:
        """Return the sections as JSON, with moments in ISO 8601 and texts as they are."""
        return json.dumps(self.sections, ensure_ascii=False, indent=2, default=_plain)


def count(session: Session, partner_id: int) -> dict[str, int]:
    """Return how many rows each section of the export has; raise DomainError(NOT_FOUND).

    What is packed in imports is not counted: it would take reading every one of them.
    """
    found = counted(session, reach(traces_of(session, partner_id)))
    groups = _groups(partner_id).subquery()
    found["groups"] = session.scalar(select(func.count()).select_from(groups)) or 0
    return found


def counted(session: Session, conditions: Mapping[str, ColumnElement[bool]]) -> dict[str, int]:
    """Return for each table how many of its rows meet its condition."""
    tables = Base.metadata.tables
    return {
        name: session.scalar(select(func.count()).select_from(tables[name]).where(condition)) or 0
        for name, condition in conditions.items()
    }


def export(session: Session, partner_id: int) -> Export:
    """Return all that is stored about a partner; raise DomainError(NOT_FOUND)."""
    traces = traces_of(session, partner_id)
    sections: dict[str, list[dict[str, object]]] = {}
    for name, condition in reach(traces).items():
        table = Base.metadata.tables[name]
        sections[name] = list(_rows(session, table, condition))
    sections["groups"] = [{"name": name} for name in session.scalars(_groups(partner_id))]
    sections["rows of imported files"] = list(_packed(session, traces))
    files = session.execute(
        select(Attachment.file_id, Attachment.name).where(
            Attachment.thread_id.in_(traces.threads), Attachment.file_id.is_not(None)
        )
    )
    return Export(sections, {str(row.file_id): row.name for row in files})


def _rows(session: Session, table: Table, condition: ColumnElement[bool]) -> Iterator[dict[str, object]]:
    personal = OF_PARTNERS.get(table.name, frozenset()) | OF_BOTH.get(table.name, frozenset())
    columns = [
        column for column in table.columns if column.name in personal | _FRAME or _is_moment(column.name)
    ]
    for row in session.execute(select(*columns).where(condition).order_by(*table.primary_key.columns)):
        yield {column.name: value for column, value in zip(columns, row, strict=True) if value is not None}


def _is_moment(name: str) -> bool:
    return name == "at" or name.endswith("_at")


def _groups(partner_id: int) -> Any:
    member = GroupMember.group_id == Group.id
    return select(Group.name).join(GroupMember, member).where(GroupMember.partner_id == partner_id)


def _packed(session: Session, traces: Traces) -> Iterator[dict[str, object]]:
    """The person's rows among those that imports keep packed."""
    for import_ in session.scalars(select(Import).where(Import.cleared_at.is_(None)).order_by(Import.id)):
        for people in import_store.people(session, import_.id, above=0):
            mine = [identity in traces.addresses for identity in people.identities]
            for row in people.where(mine).rows() if any(mine) else ():
                yield {"file": import_.file_name, "row": row.number, **row.changes["fields"]}


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else str(value)
