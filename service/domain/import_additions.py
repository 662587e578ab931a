"""Adding people who are new to the partners and to a program, many rows a statement."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from service.domain import import_writes, partners
from service.domain.import_people import People
from service.facts.sources import PartnerKind, Source
from service.facts.stages import Stage, StageEvent
from service.models import GroupMember, Partner, Prospect, StageChange
from service.models.imports import Import
from service.statements import Bulk, next_ids

# What is said of a partner, by the names of `People`, and the columns that it is kept in.
SAID = ("name", "first_name", "last_name", "email", "identity", "language", "time_zone", "description")
_KEPT = ("name", "first_name", "last_name", "email", "email_key", "locale", "time_zone", "description")
_PARTNERS_ADDED = Bulk(Partner, "id", *_KEPT, "search_text")
_PROSPECTS_ADDED = Bulk(Prospect, "id", "partner_id", "sort_key")
_EVENTS_ADDED = Bulk(StageChange, "prospect_id")
_MEMBERS_ADDED = Bulk(GroupMember, "group_id", "partner_id")


def add_people(session: Session, import_: Import, people: People, now: datetime) -> None:
    """Add people whom nobody knows yet, with all that is said of them; the groups must exist."""
    if not len(people):
        return
    connection = session.connection()
    blank = [None] * len(people)
    columns = ([text or None for text in people.columns.get(name, ())] or blank for name in SAID)
    places = add_partners(connection, list(zip(*columns, strict=True)), now)
    ids = [partner_id for partner_id, _ in places]
    import_writes.add_media(session, zip(ids, people.columns["media_property"], strict=True))
    add_prospects(connection, import_, places, now)
    groups = zip(people.columns.get("group", ()), ids, strict=False)
    add_members(connection, [(int(group), partner_id) for group, partner_id in groups if group])


def add_partners(
    connection: Connection, said: Sequence[tuple[str | None, ...]], now: datetime
) -> list[tuple[int, str]]:
    """Add partners, of each what `SAID` names, and return their ids, each with its `partners.sort_key`."""
    ids = next_ids(connection, Partner, len(said)) if said else ()
    texts = partners.search_texts((one[0] or "", one[1], one[2], one[3] or "", None) for one in said)
    rows = [(partner_id, *one, text) for partner_id, one, text in zip(ids, said, texts, strict=False)]
    kind = PartnerKind.PARTNER.value
    _PARTNERS_ADDED.insert(connection, rows, kind=kind, messaging_enabled=False, created_at=now)
    return [(partner_id, partners.sort_key(text)) for partner_id, text in zip(ids, texts, strict=False)]


def add_prospects(
    connection: Connection, import_: Import, places: Sequence[tuple[int | None, str]], now: datetime
) -> Sequence[int]:
    """Make partners, ids with `partners.sort_key`, prospects of the import's program; return their ids."""
    ids = next_ids(connection, Prospect, len(places)) if places else ()
    _PROSPECTS_ADDED.insert(
        connection,
        [(prospect_id, *place) for prospect_id, place in zip(ids, places, strict=False)],
        program_id=import_.program_id,
        stage=Stage.NEW.value,
        source=Source.IMPORT.value,
        import_id=import_.id,
        created_at=now,
    )
    _EVENTS_ADDED.insert(
        connection,
        list(zip(ids)),
        event=StageEvent.MARKED.value,
        stage=Stage.NEW.value,
        user_id=import_.user_id,
        at=now,
    )
    return ids


def add_members(connection: Connection, members: Iterable[tuple[int, int | None]]) -> None:
    """Put partners into groups: pairs of group id and partner id."""
    _MEMBERS_ADDED.insert(connection, list(members))
