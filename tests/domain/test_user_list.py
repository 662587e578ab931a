"""The list of users: what narrows it, its states, and its keyset pages on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from service.domain import accounts, user_list
from service.domain.prospect_list import Cursor
from service.domain.user_list import UserFilter, UserState
from service.facts.limits import USER_INVITATION_LIFE
from service.facts.permissions import BuiltInRole
from service.models import User
from tests.domain.factories import NOW

NAMES = ("Émilie Roux", "emil Čapek", "田中 さくら", "タナカ サクラ", "Emil", "Emil", "100%_sure")


def add(session: Session, name: str, number: int, role: BuiltInRole = BuiltInRole.ANALYST) -> User:
    return accounts.add_user(
        session,
        email=f"u{number}@brand.example",
        name=name,
        role=accounts.built_in_role(session, role),
        locale="en",
        time_zone="UTC",
        now=NOW,
    )


@pytest.fixture
def users(either: Session) -> list[User]:
    return [add(either, name, number) for number, name in enumerate(NAMES)]


def found(session: Session, wanted: UserFilter | None = None, **how: object) -> list[int]:
    page = user_list.list_page(session, wanted or UserFilter(), now=NOW, **how)  # type: ignore[arg-type]
    return [user.id for user in page.users]


@pytest.mark.parametrize("rows", [1, 2, 3, 7])
def test_pages_hold_everybody_once_there_and_back(either: Session, users: list[User], rows: int) -> None:
    """Equal names are told apart by their ids; backwards the pages are the same ones."""
    whole = found(either, rows=100)
    assert sorted(whole) == sorted(user.id for user in users)
    forwards, cursors, after = list[list[int]](), list[Cursor](), None
    while True:
        page = user_list.list_page(either, UserFilter(), after=after, rows=rows, now=NOW)
        forwards.append([user.id for user in page.users])
        assert (page.total, page.previous is None) == (len(NAMES), after is None)
        if page.next is None:
            break
        after = page.next
        cursors.append(after)
    assert [one for part in forwards for one in part] == whole
    page, backwards = (
        user_list.list_page(either, UserFilter(), after=after, rows=rows, now=NOW),
        [forwards[-1]],
    )
    while page.previous is not None:
        page = user_list.list_page(either, UserFilter(), before=page.previous, rows=rows, now=NOW)
        backwards.append([user.id for user in page.users])
    assert backwards[::-1] == forwards


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("emil", {0, 1, 4, 5}),
        ("EMILIE roux", {0}),
        ("さくら", {2, 3}),
        ("capek", {1}),
        ("u3@brand", {3}),
        ("%_", {6}),
        ("nobody", set()),
        ("", set(range(7))),
    ],
)
def test_a_part_of_a_name_or_address_in_any_writing(
    either: Session, users: list[User], text: str, expected: set[int]
) -> None:
    assert set(found(either, UserFilter(text=text))) == {users[number].id for number in expected}


def test_a_new_name_is_found(either: Session, users: list[User]) -> None:
    accounts.update_profile(either, users[0], name="Zoé", locale="en", time_zone="UTC")
    assert found(either, UserFilter(text="zoe")) == [users[0].id]
    assert found(either, UserFilter(text="roux")) == []


def test_each_state_is_narrowed_to_as_it_is_told(either: Session, users: list[User]) -> None:
    """On the very moment an invitation ends it has expired, in both."""
    for number, since in ((1, timedelta()), (2, USER_INVITATION_LIFE), (3, timedelta(days=30))):
        users[number].invitation, users[number].invited_at = "x", NOW - since
    users[3].disabled_at = users[4].disabled_at = NOW
    either.flush()
    told = {user.id: user_list.state_of(user, now=NOW) for user in users}
    assert [told[user.id] for user in users[:5]] == [
        UserState.ACTIVE, UserState.INVITED, UserState.EXPIRED, UserState.DISABLED, UserState.DISABLED,
    ]  # fmt: skip
    for state in UserState:
        wanted = UserFilter(state=state)
        assert set(found(either, wanted)) == {id_ for id_, its in told.items() if its is state}
        assert user_list.list_page(either, wanted, rows=1, now=NOW).total == len(found(either, wanted))


def test_roles_narrow_as_well(either: Session, users: list[User]) -> None:
    boss = add(either, "Emil", 99, BuiltInRole.ADMINISTRATOR)
    assert found(either, UserFilter(text="emil", role_id=boss.role_id)) == [boss.id]
    assert user_list.count(either) == len(NAMES) + 1
