"""Writing many changed partners at once: few statements, whatever their number."""

from collections.abc import Iterable, Sequence
from typing import cast

from sqlalchemy import Table, bindparam, delete, update
from sqlalchemy.orm import Session

from service.domain import partners
from service.domain.import_states import CUSTOM_EMAIL, State
from service.mail import addresses
from service.models import GroupMember, MediaProperty, Partner, Prospect
from service.statements import Bulk, Prepared, among

_MEDIA = "media_property"
_TEXTS = ("name", "first_name", "last_name", "description", "language", "time_zone")
_PARTNERS, _PROSPECTS = (cast(Table, table.__table__) for table in (Partner, Prospect))
_TEXTS_WRITTEN = Prepared(
    update(_PARTNERS)
    .where(_PARTNERS.c.id == bindparam("partner_id"))
    .values(
        name=bindparam("name_"),
        first_name=bindparam("first_name_"),
        last_name=bindparam("last_name_"),
        description=bindparam("description_"),
        locale=bindparam("language_"),
        time_zone=bindparam("time_zone_"),
        search_text=bindparam("search_text_"),
    ),
    *(f"{name}_" for name in _TEXTS),
    "search_text_",
    "partner_id",
)
_CONTACT_WRITTEN = Prepared(
    update(_PROSPECTS)
    .where(_PROSPECTS.c.id == bindparam("prospect_id"))
    .values(custom_email=bindparam("custom"), custom_email_key=bindparam("custom_key")),
    "custom",
    "custom_key",
    "prospect_id",
)
_MEDIA_ADDED = Bulk(MediaProperty, "partner_id", "url")


def update_changed(session: Session, changed: Iterable[tuple[State, set[str]]]) -> None:
    """Write the fields named of partners that are there, as their states have them."""
    changed = list(changed)
    connection = session.connection()
    texts = [state for state, names in changed if not names.isdisjoint(_TEXTS)]
    if texts:
        _TEXTS_WRITTEN.run(
            connection,
            [
                (*(state.fields.get(name) for name in _TEXTS), search_text(state), state.partner_id)
                for state in texts
            ],
        )
        partners.sort_anew(session, [state.partner_id for state in texts if state.partner_id])
    media = [state for state, names in changed if _MEDIA in names]
    if media:
        before = among(session, MediaProperty.partner_id, [state.partner_id for state in media])
        session.execute(delete(MediaProperty).where(before).execution_options(synchronize_session=False))
        add_media(session, ((state.partner_id, state.fields.get(_MEDIA)) for state in media))
    contacts = [state for state, names in changed if CUSTOM_EMAIL in names]
    if contacts:
        _CONTACT_WRITTEN.run(connection, [_contact(state) for state in contacts])


def add_media(session: Session, media: Iterable[tuple[int | None, str | None]]) -> None:
    """Write web addresses of partners that have none: pairs of their id and the addresses, a line each."""
    rows = [(partner_id, url) for partner_id, urls in media for url in (urls or "").split("\n") if url]
    _MEDIA_ADDED.insert(session.connection(), rows)


def leave_groups(session: Session, members: Sequence[tuple[int, int]]) -> None:
    """Take partners out of groups: pairs of group id and partner id."""
    table = cast(Table, GroupMember.__table__)
    gone = delete(table).where(
        table.c.group_id == bindparam("its_group"), table.c.partner_id == bindparam("its_partner")
    )
    if members:
        session.connection().execute(
            gone, [{"its_group": group, "its_partner": partner} for group, partner in members]
        )


def search_text(state: State) -> str:
    """The text by which search finds a partner."""
    fields = state.fields
    return partners.search_text(
        fields["name"] or "",
        fields.get("first_name"),
        fields.get("last_name"),
        fields["email"] or "",
        state.mpid,
    )


def _contact(state: State) -> tuple[str | None, str | None, int | None]:
    custom = state.fields.get(CUSTOM_EMAIL) or None
    return custom, None if custom is None else addresses.parse(custom).key, state.prospect_id
