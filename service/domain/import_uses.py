"""What people have done with prospects since an import made them: reasons to keep them when it is undone."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from service.db import Base
from service.domain.import_reasons import (
    HAS_ACCOUNT,
    HAS_HISTORY,
    IN_PROGRAM,
    IN_USE,
    WRITTEN_TO,
    Reason,
    warning,
)
from service.facts.stages import StageEvent
from service.facts.words import Phrase
from service.models import Delivery, Group, GroupMember, MediaProperty, Partner, Prospect, StageChange
from service.statements import among

# What goes away with a prospect or a partner, and is judged by itself.
_OWNED = {table.__tablename__ for table in (Prospect, StageChange, MediaProperty, GroupMember)}


def find(
    session: Session, program_id: int, prospects: Mapping[int, int | None], whole: Collection[int]
) -> dict[int, list[Reason]]:
    """Return why somebody must stay, by the partner's id.

    `prospects` maps partners to their place in the program; of those in `whole` the partner itself would go.
    Whatever table points at them counts as use, so that one that is added later is not forgotten.
    """
    partner_of = {prospect_id: one for one, prospect_id in prospects.items() if prospect_id is not None}
    found: dict[int, list[Reason]] = defaultdict(list)

    def note(partner_ids: Collection[int], rule: str, phrase: Phrase) -> None:
        for partner_id in sorted(partner_ids):
            found[partner_id].append(warning(rule, phrase))

    def told_of(column: ColumnElement[Any]) -> set[int]:
        query = select(column).where(among(session, column, partner_of))
        return {partner_of[prospect_id] for prospect_id in session.scalars(query)}

    if not partner_of:
        return found
    written = _first_mails(session, partner_of)
    for partner_id, (campaign_id, delivery_id) in sorted(written.items()):
        mail = warning("undo-written-to", WRITTEN_TO, campaign=campaign_id, delivery=delivery_id)
        found[partner_id].append(mail)
    other = {one for column in _pointing_at("prospects") for one in told_of(column)}
    note(other - written.keys(), "undo-in-use", IN_USE)
    history = select(StageChange.prospect_id).where(
        among(session, StageChange.prospect_id, partner_of), StageChange.event != StageEvent.MARKED.value
    )
    moved = {partner_of[prospect_id] for prospect_id in session.scalars(history)}
    note(moved - written.keys(), "undo-history", HAS_HISTORY)
    if whole:
        ids = list(whole)
        note(_elsewhere(session, program_id, ids), "undo-program", IN_PROGRAM)
        accounts = select(Partner.id).where(among(session, Partner.id, ids), Partner.mpid.is_not(None))
        note(set(session.scalars(accounts)), "undo-account", HAS_ACCOUNT)
        used = {
            one
            for column in _pointing_at("partners")
            for one in session.scalars(select(column).where(among(session, column, ids)))
        }
        note(used, "undo-in-use", IN_USE)
    return found


def _first_mails(session: Session, partner_of: Mapping[int, int]) -> dict[int, tuple[int, int]]:
    """The campaign and the id of the first mail to each of these people, by the partner's id."""
    query = (
        select(Delivery.prospect_id, Delivery.campaign_id, Delivery.id)
        .where(among(session, Delivery.prospect_id, partner_of))
        .order_by(Delivery.id.desc())
    )
    return {
        partner_of[prospect_id]: (campaign_id, delivery_id)
        for prospect_id, campaign_id, delivery_id in session.execute(query)
        if prospect_id is not None
    }


def _elsewhere(session: Session, program_id: int, ids: Collection[int]) -> set[int]:
    prospects = select(Prospect.partner_id).where(
        among(session, Prospect.partner_id, ids), Prospect.program_id != program_id
    )
    members = (
        select(GroupMember.partner_id)
        .join(Group, Group.id == GroupMember.group_id)
        .where(among(session, GroupMember.partner_id, ids), Group.program_id != program_id)
    )
    return {*session.scalars(prospects), *session.scalars(members)}


def _pointing_at(table: str) -> list[ColumnElement[Any]]:
    """The columns of tables that are not known here and refer to a table."""
    return [
        key.parent
        for other in Base.metadata.sorted_tables
        if other.name not in _OWNED
        for key in other.foreign_keys
        if key.column.table.name == table
    ]
