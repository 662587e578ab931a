"""Which partner each row of a batch is about, and what is known of them, in a handful of queries."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from service.csvfile.headers import Key
from service.domain.import_reasons import NO_PARTNER_ID, SEVERAL_ACCOUNTS, Reason, error
from service.domain.import_states import CUSTOM_EMAIL, State
from service.domain.import_values import Values
from service.models import Group, GroupMember, Import, MediaProperty, Partner, Prospect
from service.statements import among, those_in

_COLUMNS = (
    Partner.id,
    Partner.mpid,
    Partner.name,
    Partner.first_name,
    Partner.last_name,
    Partner.description,
    Partner.locale,
    Partner.time_zone,
    Partner.email,
    Partner.email_key,
)


@dataclass(slots=True)
class Known:
    """The partners that a batch may be about, and the ways to find one."""

    by_id: dict[int, State] = field(default_factory=dict)
    by_mpid: dict[str, int] = field(default_factory=dict)
    by_custom_email: dict[str, int] = field(default_factory=dict)
    by_email: dict[str, int] = field(default_factory=dict)
    accounts: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def find(self, mpid: str | None, key: str) -> State | Reason | None:
        """The partner of a row, None for somebody new, or why nobody can tell.

        The partner ID decides; else whose address it is, else who is reached there in this program. In this
        order an import that sets a custom contact does not change whom its other rows are about.
        """
        if mpid is not None:
            if mpid in self.by_mpid:
                return self.by_id[self.by_mpid[mpid]]
            return error("partner-unknown", NO_PARTNER_ID, Key.MPID, mpid=mpid)
        if key in self.by_email:
            return self.by_id[self.by_email[key]]
        accounts = self.accounts.get(key, [])
        if len(accounts) > 1:
            prospects = [one for one in accounts if self.by_id[one].prospect_id is not None]
            accounts = prospects if len(prospects) == 1 else accounts
        if len(accounts) > 1:
            return error("several-accounts", SEVERAL_ACCOUNTS, Key.EMAIL, address=key)
        if not accounts and key in self.by_custom_email:
            accounts = [self.by_custom_email[key]]
        return self.by_id[accounts[0]] if accounts else None


def states_of_rows(session: Session, program_id: int, rows: Sequence[Values]) -> list[State | Reason]:
    """The partner of each row in order; rows of one partner share a state, somebody new gets one too."""
    known = load(
        session,
        program_id,
        mpids={row.mpid for row in rows if row.mpid is not None},
        keys={row.email_key for row in rows},
    )
    new: dict[str, State] = {}
    found: list[State | Reason] = []
    for row in rows:
        state = known.find(row.mpid, row.email_key)
        if state is None:
            state = new.setdefault(row.email_key, State(row.email_key))
        found.append(state)
    return found


def known_addresses(session: Session, program_id: int, keys: Sequence[str]) -> set[str]:
    """Which of these are addresses of partners, or of somebody who is reached there in this program."""
    if not keys:
        return set()
    found = those_in(session, Partner.email_key, keys)
    reached = select(Prospect.custom_email_key).where(
        Prospect.program_id == program_id, Prospect.custom_email_key.is_not(None)
    )
    # Few programs reach anybody elsewhere than at their own address.
    if session.scalar(reached.limit(1)) is not None:
        elsewhere = session.scalars(reached.where(among(session, Prospect.custom_email_key, keys)))
        found |= set(filter(None, elsewhere))
    return found


def states_of_identities(session: Session, program_id: int, identities: Iterable[str]) -> dict[str, State]:
    """The partners that planned rows were about, as they are now; absent ones as somebody new."""
    wanted = set(identities)
    # Somebody planned as new is looked for by their own address: a custom contact that an earlier row of the
    # import wrote meanwhile does not change whom a row is about.
    ids = {int(identity[1:]) for identity in wanted if identity.startswith("=")}
    keys = {identity for identity in wanted if not identity.startswith("=")}
    known = load(session, program_id, keys=keys, ids=ids, custom=False, locking=True)
    states: dict[str, State] = {}
    by_email, accounts = known.by_email, known.accounts
    for identity in wanted:
        if identity.startswith("="):
            found: State | Reason | None = known.by_id.get(int(identity[1:]))
        elif identity in by_email or identity in accounts:
            found = known.find(None, identity)
        else:
            found = None
        states[identity] = found if isinstance(found, State) else State(identity)
    return states


def planned_groups(session: Session, import_: Import) -> set[int]:
    """Return the program's groups that the plan may mean.

    SQLite gives the id of a group that was removed to the next one, which no plan of before can mean.
    """
    query = select(Group.id).where(Group.program_id == import_.program_id)
    if import_.planned_at is not None and session.get_bind().dialect.name == "sqlite":
        query = query.where(Group.created_at <= import_.planned_at)
    return set(session.scalars(query))


def load(
    session: Session,
    program_id: int,
    *,
    keys: Iterable[str] = (),
    mpids: Iterable[str] = (),
    ids: Iterable[int] = (),
    custom: bool = True,
    locking: bool = False,
) -> Known:
    """Everybody found by partner ID, by an address compared, or by id, as this program knows them.

    `custom` asks for those reached at an address here, too. `locking` keeps others from changing the partners
    until the transaction ends.
    """
    known = Known()
    keys, mpids, ids = list(keys), list(mpids), set(ids)
    if keys:
        _add(session, known, among(session, Partner.email_key, keys), locking=locking)
    if keys and custom:
        reached = session.execute(
            select(Prospect.custom_email_key, Prospect.partner_id)
            .where(Prospect.program_id == program_id, among(session, Prospect.custom_email_key, keys))
            .order_by(Prospect.id.desc())
        )
        known.by_custom_email = {key: partner_id for key, partner_id in reached if key is not None}
        ids |= set(known.by_custom_email.values())
    if mpids:
        _add(session, known, among(session, Partner.mpid, mpids), locking=locking)
    missing = ids - known.by_id.keys()
    if missing:
        _add(session, known, among(session, Partner.id, missing), locking=locking)
    known.by_custom_email = {key: one for key, one in known.by_custom_email.items() if one in known.by_id}
    if known.by_id:
        _add_program(session, program_id, known.by_id)
    return known


def _add(session: Session, known: Known, condition: ColumnElement[bool], *, locking: bool) -> None:
    query = select(*_COLUMNS).where(condition).order_by(Partner.id)
    for row in session.execute(query.with_for_update() if locking else query):
        partner_id, mpid, name, first, last, description, locale, zone, email, key = row
        if partner_id in known.by_id:
            continue
        known.by_id[partner_id] = State(
            f"={partner_id}",
            partner_id,
            mpid=mpid,
            fields={
                "name": name,
                "first_name": first,
                "last_name": last,
                "description": description,
                "language": locale,
                "time_zone": zone,
                "email": email,
            },
            email_key=key,
        )
        if mpid is None:
            known.by_email[key] = partner_id
        else:
            known.by_mpid[mpid] = partner_id
            known.accounts[key].append(partner_id)


def _add_program(session: Session, program_id: int, states: Mapping[int, State]) -> None:
    """Their place in the program, their groups there, and where they publish."""
    ids = list(states)
    prospects = select(
        Prospect.id,
        Prospect.partner_id,
        Prospect.custom_email,
        Prospect.custom_email_key,
        Prospect.import_id,
    ).where(Prospect.program_id == program_id, among(session, Prospect.partner_id, ids))
    for prospect_id, partner_id, custom, custom_key, import_id in session.execute(prospects):
        states[partner_id].prospect_id = prospect_id
        states[partner_id].import_id = import_id
        states[partner_id].fields[CUSTOM_EMAIL] = custom
        states[partner_id].custom_email_key = custom_key
    for partner_id, group_id in session.execute(
        select(GroupMember.partner_id, GroupMember.group_id)
        .join(Group, Group.id == GroupMember.group_id)
        .where(Group.program_id == program_id, among(session, GroupMember.partner_id, ids))
    ):
        states[partner_id].groups.add(group_id)
    urls: dict[int, list[str]] = defaultdict(list)
    for partner_id, url in session.execute(
        select(MediaProperty.partner_id, MediaProperty.url)
        .where(among(session, MediaProperty.partner_id, ids))
        .order_by(MediaProperty.id)
    ):
        urls[partner_id].append(url)
    for partner_id, found in urls.items():
        states[partner_id].fields["media_property"] = "\n".join(found)
