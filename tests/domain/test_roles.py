"""Custom roles: nobody gives or takes what they lack, and nothing is overwritten unseen."""

from threading import Barrier, Thread

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.db import Database
from service.domain import accounts, roles, sessions
from service.domain.errors import DomainError
from service.facts.permissions import BuiltInRole, Permission
from service.facts.refusals import Refusal
from service.models import AuditEntry, Role, User
from tests.domain.factories import NOW

VIEW, GROUPS, EMAIL = Permission.PROSPECTS_VIEW, Permission.GROUPS_MANAGE, Permission.EMAIL_SEND
KEEPING = frozenset({Permission.ROLES_MANAGE, Permission.USERS_MANAGE, VIEW, GROUPS})


def somebody(session: Session, role: Role, email: str = "ada@brand.example") -> User:
    return accounts.add_user(
        session, email=email, name="Ada", role=role, locale="en", time_zone="UTC", now=NOW
    )


@pytest.fixture
def keeper(session: Session) -> User:
    """Somebody with a custom role that manages roles, but not everything."""
    return somebody(session, roles.add(session, "Keepers", KEEPING, actor=None, now=NOW))


@pytest.fixture
def role(session: Session) -> Role:
    return roles.add(session, "Groups", {VIEW, GROUPS}, actor=None, now=NOW)


def refusal(error: pytest.ExceptionInfo[DomainError]) -> Refusal:
    return error.value.refusal


def edit(session: Session, role: Role, keeper: User | None, **changes: object) -> Role:
    kept = {"version": role.version, "name": role.name, "permissions": accounts.role_permissions(role)}
    return roles.edit(session, role.id, **{**kept, **changes}, actor=keeper, now=NOW)  # type: ignore[arg-type]


def test_a_role_is_renamed_and_its_permissions_change(session: Session, keeper: User, role: Role) -> None:
    edit(session, role, keeper, name=" Viewers ", permissions={VIEW})
    assert (role.name, role.permissions, role.version) == ("Viewers", [VIEW.value], 2)
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert (entry.act, entry.user_id, entry.subject_id) == ("role_changed", keeper.id, role.id)
    assert entry.details == {"given": [], "taken": [GROUPS.value], "name_before": "Groups"}


def test_who_saves_second_overwrites_nothing(session: Session, keeper: User, role: Role) -> None:
    """F-13: two administrators edit one role."""
    opened = role.version
    edit(session, role, keeper, permissions={VIEW})
    with pytest.raises(DomainError) as error:
        edit(session, role, keeper, version=opened, permissions={GROUPS})
    assert refusal(error) is Refusal.EDITED_MEANWHILE
    assert role.permissions == [VIEW.value]


def test_of_two_who_save_at_once_one_is_told(db: Database) -> None:
    """F-13, by a race."""
    with db.transaction() as session:
        role_id = roles.add(session, "Groups", {VIEW}, actor=None, now=NOW).id
    barrier, refusals = Barrier(2), list[Refusal]()

    def save(permission: Permission) -> None:
        barrier.wait(60)
        try:
            with db.transaction(patience=60) as session:
                roles.edit(
                    session, role_id, version=1, name="Groups", permissions={permission}, actor=None, now=NOW
                )
        except DomainError as error:
            refusals.append(error.refusal)

    threads = [Thread(target=save, args=(one,), daemon=True) for one in (GROUPS, EMAIL)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert refusals == [Refusal.EDITED_MEANWHILE]
    with db.reading() as session:
        assert session.get_one(Role, role_id).version == 2


@pytest.mark.parametrize("permissions", [{VIEW, GROUPS, EMAIL}, frozenset(Permission)])
def test_nobody_gives_a_permission_they_lack(
    session: Session, keeper: User, role: Role, permissions: set[Permission]
) -> None:
    """A-3: a user grants a permission they lack, in a new role or in one that is there."""
    with pytest.raises(DomainError) as error:
        roles.add(session, "More", permissions, actor=keeper, now=NOW)
    assert refusal(error) is Refusal.NOT_ALLOWED
    with pytest.raises(DomainError) as error:
        edit(session, role, keeper, permissions=permissions)
    assert refusal(error) is Refusal.NOT_ALLOWED
    assert role.permissions == sorted({VIEW.value, GROUPS.value})


def test_nobody_takes_a_permission_they_lack_and_the_rest_can_change(session: Session, keeper: User) -> None:
    """A-3."""
    role = roles.add(session, "Mail", {VIEW, EMAIL}, actor=None, now=NOW)
    with pytest.raises(DomainError) as error:
        edit(session, role, keeper, permissions={VIEW})
    assert refusal(error) is Refusal.NOT_ALLOWED
    edit(session, role, keeper, permissions={EMAIL, GROUPS})
    assert role.permissions == sorted({EMAIL.value, GROUPS.value})
    with pytest.raises(DomainError) as error:
        roles.remove(session, role.id, actor=keeper, now=NOW)
    assert refusal(error) is Refusal.NOT_ALLOWED


def test_nobody_changes_the_permissions_of_their_own_role(session: Session, keeper: User) -> None:
    """A-3: a user edits their own role; its name they may change."""
    for permissions in (KEEPING - {VIEW}, KEEPING | {EMAIL}):
        with pytest.raises(DomainError) as error:
            edit(session, keeper.role, keeper, permissions=permissions)
        assert refusal(error) is Refusal.OWN_ROLE_PERMISSIONS
    assert edit(session, keeper.role, keeper, name="Door keepers").name == "Door keepers"


def test_who_may_not_manage_roles_changes_none(session: Session, role: Role) -> None:
    """A-3."""
    analyst = somebody(session, accounts.built_in_role(session, BuiltInRole.ANALYST))
    for act in (
        lambda: roles.add(session, "Empty", [], actor=analyst, now=NOW),
        lambda: edit(session, role, analyst, name="Mine"),
        lambda: roles.remove(session, role.id, actor=analyst, now=NOW),
    ):
        with pytest.raises(DomainError) as error:
            act()
        assert refusal(error) is Refusal.NOT_ALLOWED


def test_built_in_roles_stay_as_they_are(session: Session) -> None:
    boss = somebody(session, accounts.built_in_role(session, BuiltInRole.ADMINISTRATOR))
    for key in BuiltInRole:
        role = accounts.built_in_role(session, key)
        for act in (
            lambda role=role: edit(session, role, boss, permissions=frozenset()),
            lambda role=role: roles.remove(session, role.id, actor=boss, now=NOW),
        ):
            with pytest.raises(DomainError) as error:
                act()
            assert refusal(error) is Refusal.ROLE_BUILT_IN


def test_a_change_renews_the_secrets_of_whoever_has_the_role(session: Session, role: Role) -> None:
    """A-4, A-8: rights change, session secrets too; a rename alone changes neither."""
    user = somebody(session, role)
    row, _ = sessions.open_session(session, user, now=NOW)
    edit(session, role, None, name="Other")
    session.refresh(row)
    assert row.renew is False
    edit(session, role, None, permissions={VIEW})
    session.refresh(row)
    assert row.renew is True
    assert accounts.permissions_of(user) == {VIEW}


def test_a_role_is_deleted_only_when_nobody_has_it(session: Session, keeper: User, role: Role) -> None:
    user = somebody(session, role, "bob@brand.example")
    accounts.disable(session, user, actor=None, now=NOW)
    with pytest.raises(DomainError) as error:
        roles.remove(session, role.id, actor=keeper, now=NOW)
    assert refusal(error) is Refusal.ROLE_IN_USE
    accounts.change_role(session, user, keeper.role, actor=None, now=NOW)
    assert roles.remove(session, role.id, actor=keeper, now=NOW) == "Groups"
    with pytest.raises(DomainError) as error:
        roles.find(session, role.id)
    assert refusal(error) is Refusal.NOT_FOUND


def test_a_role_that_is_given_at_this_very_moment_is_not_deleted(
    session: Session, role: Role, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The count saw nobody; the database knows better."""
    somebody(session, role)
    monkeypatch.setattr(roles, "count_users", lambda _session: {})
    with pytest.raises(DomainError) as error:
        roles.remove(session, role.id, actor=None, now=NOW)
    assert refusal(error) is Refusal.ROLE_IN_USE
    assert roles.find(session, role.id) is role


def test_roles_are_listed_built_in_first(session: Session) -> None:
    accounts.ensure_roles(session)
    for name in ("zeta", "Alpha"):
        roles.add(session, name, [], actor=None, now=NOW)
    assert [role.key or role.name for role in roles.list_all(session)] == [*BuiltInRole, "Alpha", "zeta"]
