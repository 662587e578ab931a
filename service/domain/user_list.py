"""The list of users: what it can be filtered by, and its keyset pages by name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, func, literal, select, tuple_
from sqlalchemy.orm import Session, selectinload

from service.domain import accounts, user_invitations
from service.domain.partners import matching
from service.domain.prospect_list import Cursor
from service.facts.limits import PAGE_ROWS, USER_INVITATION_LIFE
from service.models import User


class UserState(StrEnum):
    """Whether somebody can sign in, or why not."""

    ACTIVE = "active"
    INVITED = "invited"
    EXPIRED = "expired"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class UserFilter:
    """A filter of the list; an empty field does not narrow. `text` is a part of a name or an address."""

    text: str = ""
    state: UserState | None = None
    role_id: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """One page of users with their programs, how many match in all, and the cursors of its neighbours."""

    users: Sequence[User]
    total: int
    previous: Cursor | None
    next: Cursor | None


def list_page(
    session: Session,
    wanted: UserFilter,
    *,
    after: Cursor | None = None,
    before: Cursor | None = None,
    rows: int = PAGE_ROWS,
    now: datetime,
) -> Page:
    """Return the page of users after (or before) a cursor, by name; invited and disabled ones too."""
    backwards, edge = before is not None, before or after
    conditions = _matching(wanted, now)
    query = select(User).options(selectinload(User.programs)).where(*conditions)
    if edge is not None:
        place, there = tuple_(User.search_text, User.id), tuple_(literal(edge.value), literal(edge.id))
        query = query.where(place < there if backwards else place > there)
    if backwards:
        query = query.order_by(User.search_text.desc(), User.id.desc())
    else:
        query = query.order_by(User.search_text, User.id)
    found = list(session.scalars(query.limit(rows + 1)))
    more, found = len(found) > rows, found[:rows]
    if backwards:
        found.reverse()
    has_previous, has_next = (more, True) if backwards else (after is not None, more)
    return Page(
        users=found,
        total=session.scalar(select(func.count()).select_from(User).where(*conditions)) or 0,
        previous=cursor_of(found[0]) if found and has_previous else None,
        next=cursor_of(found[-1]) if found and has_next else None,
    )


def cursor_of(user: User) -> Cursor:
    """Return the cursor that points at a user of the list."""
    return Cursor(user.search_text, user.id)


def count(session: Session) -> int:
    """Return how many users there are, invited and disabled ones too."""
    return session.scalar(select(func.count()).select_from(User).where(accounts.NOT_ERASED)) or 0


def state_of(user: User, *, now: datetime) -> UserState:
    """Return the state a user is in."""
    if user.disabled_at is not None:
        return UserState.DISABLED
    if not accounts.is_invited(user):
        return UserState.ACTIVE
    return UserState.EXPIRED if user_invitations.is_expired(user, now=now) else UserState.INVITED


def named(text: str) -> list[ColumnElement[bool]]:
    """Return which users have these words in their name or address; nobody who was erased."""
    words = (User.search_text.like(word, escape="\\") for word in matching(text))
    return [accounts.NOT_ERASED, *words]


def _matching(wanted: UserFilter, now: datetime) -> list[ColumnElement[bool]]:
    conditions = named(wanted.text)
    if wanted.role_id:
        conditions.append(User.role_id == wanted.role_id)
    if wanted.state is not None:
        conditions += _STATES[wanted.state](now - USER_INVITATION_LIFE)
    return conditions


# What makes a state, given the moment since when invitations hold.
_STATES: Mapping[UserState, Callable[[datetime], tuple[ColumnElement[bool], ...]]] = {
    UserState.ACTIVE: lambda _: (User.disabled_at.is_(None), User.invitation.is_(None)),
    UserState.INVITED: lambda since: (User.disabled_at.is_(None), User.invited_at > since),
    UserState.EXPIRED: lambda since: (User.disabled_at.is_(None), User.invited_at <= since),
    UserState.DISABLED: lambda _: (User.disabled_at.is_not(None),),
}
