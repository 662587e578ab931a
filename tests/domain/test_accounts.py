"""Checks who may do what to users and roles, and that sign-in links work once."""

from datetime import datetime, timedelta
from threading import Thread

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.db import Database
from service.domain import accounts, roles, sessions
from service.domain.errors import DomainError
from service.domain.passwords import Passwords
from service.domain.signing import Signer
from service.facts.permissions import ROLE_PERMISSIONS, BuiltInRole, Permission
from service.facts.refusals import Refusal
from service.models import AuditEntry, Program, Role, UsedLink, User
from tests.domain import factories

FAST = Passwords(memory_kib=8, passes=1)
SIGNER = Signer("a key of the tests that is long enough")
BASE = "https://prospectus.example"


def make_user(
    session: Session,
    now: datetime,
    email: str = "hanako@example.test",
    role: BuiltInRole | Role | None = None,
) -> User:
    held = role if isinstance(role, Role) else accounts.built_in_role(session, role or BuiltInRole.ANALYST)
    return accounts.add_user(
        session, email=email, name="山田 花子", role=held, locale="ja", time_zone="Asia/Tokyo", now=now
    )


def refused(error: pytest.ExceptionInfo[DomainError]) -> Refusal:
    return error.value.refusal


def test_every_installation_has_the_four_roles_with_the_permissions_of_the_facts(session: Session) -> None:
    accounts.ensure_roles(session)
    accounts.ensure_roles(session)
    roles = session.scalars(select(Role)).all()
    assert {role.key: accounts.role_permissions(role) for role in roles} == {
        key.value: permissions for key, permissions in ROLE_PERMISSIONS.items()
    }


def test_a_user_is_kept_as_given_and_found_by_any_spelling_of_the_address(
    session: Session, now: datetime
) -> None:
    user = accounts.add_user(
        session,
        email=" Hanako@Bücher.Example ",
        name=" 山田\u3000花子 ",
        role=accounts.built_in_role(session, BuiltInRole.COMMUNITY_MANAGER),
        locale="ja",
        time_zone="Asia/Tokyo",
        password="correct horse battery",
        passwords=FAST,
        now=now,
    )
    assert (user.email, user.name) == ("Hanako@Bücher.Example", "山田\u3000花子")
    assert FAST.verify(user.password_hash, "correct horse battery")
    for spelling in ("hanako@xn--bcher-kva.example", "HANAKO@BÜCHER.EXAMPLE"):
        assert accounts.find_user(session, spelling) is user
    for other in (
        "",
        "hanako",
        "hanako@example",
        "hanakö@bücher.example",
        "hanako@bücher.example\n",
        "x" * 5000,
    ):
        assert accounts.find_user(session, other) is not user or other.endswith("\n")
    with pytest.raises(DomainError) as error:
        make_user(session, now, email="HANAKO@bücher.example")
    assert refused(error) is Refusal.USER_KNOWN


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"email": "hanako"}, Refusal.EMAIL_INVALID),
        ({"name": "  "}, Refusal.NAME_MISSING),
        ({"name": "x" * 201}, Refusal.NAME_TOO_LONG),
        ({"name": "Hanako\x00"}, Refusal.TEXT_UNPRINTABLE),
        ({"locale": "../../etc"}, Refusal.LOCALE_UNKNOWN),
        ({"time_zone": "../UTC"}, Refusal.ZONE_UNKNOWN),
        ({"password": "sunshine1"}, Refusal.PASSWORD_COMMON),
        ({"password": "rosenzweig9"}, Refusal.PASSWORD_PERSONAL),
    ],
)
def test_what_cannot_be_a_user_is_refused(
    session: Session, now: datetime, change: dict[str, str], expected: Refusal
) -> None:
    given = {
        "email": "hanako@example.test",
        "name": "Rosenzweig",
        "locale": "ja",
        "time_zone": "Asia/Tokyo",
        **change,
    }
    role = accounts.built_in_role(session, BuiltInRole.ANALYST)
    with pytest.raises(DomainError) as error:
        accounts.add_user(session, role=role, now=now, **given)  # type: ignore[arg-type]
    assert refused(error) is expected


def test_a_disabled_user_may_do_nothing(session: Session, now: datetime) -> None:
    user = make_user(session, now, role=BuiltInRole.COMMUNITY_MANAGER)
    assert accounts.permissions_of(user) == ROLE_PERMISSIONS[BuiltInRole.COMMUNITY_MANAGER]
    accounts.disable(session, user, actor=None, now=now)
    assert accounts.permissions_of(user) == frozenset()
    accounts.enable(session, user, actor=None, now=now)
    assert accounts.permissions_of(user) == ROLE_PERMISSIONS[BuiltInRole.COMMUNITY_MANAGER]


def test_a_custom_role_gives_what_it_lists_and_forgets_what_no_longer_exists(
    session: Session, now: datetime
) -> None:
    role = roles.add(session, "Group keepers", [Permission.GROUPS_MANAGE], actor=None, now=now)
    role.permissions = [*role.permissions, "moon.land"]
    assert accounts.role_permissions(role) == {Permission.GROUPS_MANAGE}
    with pytest.raises(DomainError) as error:
        roles.add(session, " ｇｒｏｕｐ  KEEPERS", [], actor=None, now=now)
    assert refused(error) is Refusal.ROLE_NAME_TAKEN


def test_nobody_changes_their_own_role(session: Session, now: datetime) -> None:
    """A-3: a user edits their own role."""
    make_user(session, now, "other@example.test", BuiltInRole.ADMINISTRATOR)
    for number, key in enumerate(BuiltInRole):
        user = make_user(session, now, f"user{number}@example.test", key)
        with pytest.raises(DomainError) as error:
            accounts.change_role(
                session, user, accounts.built_in_role(session, BuiltInRole.ADMINISTRATOR), actor=user, now=now
            )
        assert refused(error) is Refusal.OWN_ROLE


def test_nobody_gives_what_they_do_not_hold(session: Session, now: datetime) -> None:
    """A-3: a user grants a permission they lack."""
    role = roles.add(
        session, "User keepers", [Permission.USERS_MANAGE, Permission.ROLES_MANAGE], actor=None, now=now
    )
    keeper = make_user(session, now, "keeper@example.test", role)
    other = make_user(
        session, now, "other@example.test", roles.add(session, "Nothing", [], actor=None, now=now)
    )
    analyst = accounts.built_in_role(session, BuiltInRole.ANALYST)
    with pytest.raises(DomainError) as error:
        accounts.change_role(session, other, analyst, actor=keeper, now=now)
    assert refused(error) is Refusal.NOT_ALLOWED
    with pytest.raises(DomainError) as error:
        accounts.add_user(
            session,
            email="new@example.test",
            name="New",
            role=analyst,
            locale="en",
            time_zone="UTC",
            actor=keeper,
            now=now,
        )
    assert refused(error) is Refusal.NOT_ALLOWED
    with pytest.raises(DomainError) as error:
        roles.add(session, "More", [Permission.DATA_ERASE], actor=keeper, now=now)
    assert refused(error) is Refusal.NOT_ALLOWED
    boss = make_user(session, now, "boss@example.test", BuiltInRole.ADMINISTRATOR)
    make_user(session, now, "boss2@example.test", BuiltInRole.ADMINISTRATOR)
    for act in (
        lambda: accounts.change_role(session, boss, role, actor=keeper, now=now),
        lambda: accounts.disable(session, boss, actor=keeper, now=now),
    ):
        with pytest.raises(DomainError) as error:
            act()
        assert refused(error) is Refusal.NOT_ALLOWED
    accounts.change_role(session, other, role, actor=keeper, now=now)
    assert other.role is role


def test_the_last_administrator_stays(session: Session, now: datetime) -> None:
    """A-3: the last administrator cannot be removed."""
    boss = make_user(session, now, "boss@example.test", BuiltInRole.ADMINISTRATOR)
    analyst = accounts.built_in_role(session, BuiltInRole.ANALYST)
    gone = make_user(session, now, "gone@example.test", BuiltInRole.ADMINISTRATOR)
    accounts.disable(session, gone, actor=boss, now=now)
    for act in (
        lambda: accounts.change_role(session, boss, analyst, actor=None, now=now),
        lambda: accounts.disable(session, boss, actor=None, now=now),
        lambda: accounts.disable(session, boss, actor=boss, now=now),
    ):
        with pytest.raises(DomainError) as error:
            act()
        assert refused(error) is Refusal.LAST_ADMINISTRATOR
    accounts.enable(session, gone, actor=boss, now=now)
    accounts.change_role(session, boss, analyst, actor=gone, now=now)
    assert accounts.permissions_of(boss) == ROLE_PERMISSIONS[BuiltInRole.ANALYST]


def test_two_administrators_cannot_remove_each_other_at_once(db: Database, now: datetime) -> None:
    """A-3: the last administrator cannot be removed, not even by a race."""
    with db.transaction() as session:
        for number in range(2):
            make_user(session, now, f"boss{number}@example.test", BuiltInRole.ADMINISTRATOR)

    refusals: list[Refusal] = []

    def remove(number: int) -> None:
        try:
            with db.transaction() as session:
                victim = accounts.find_user(session, f"boss{number}@example.test")
                assert victim is not None
                accounts.disable(session, victim, actor=None, now=now)
        except DomainError as error:
            refusals.append(error.refusal)

    threads = [Thread(target=remove, args=(number,), daemon=True) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with db.reading() as session:
        assert session.scalar(select(func.count(User.id)).where(User.disabled_at.is_(None))) == 1
    assert refusals == [Refusal.LAST_ADMINISTRATOR]


def test_a_new_role_renews_the_secret_of_open_sessions(session: Session, now: datetime) -> None:
    """A-4: the session id changes on role change. A-8: the rights are those of this moment."""
    user = make_user(session, now)
    row, secret = sessions.open_session(session, user, now=now)
    accounts.change_role(
        session, user, accounts.built_in_role(session, BuiltInRole.COMMUNITY_MANAGER), actor=None, now=now
    )
    session.refresh(row)
    assert sessions.is_due(row, now=now)
    renewed = sessions.saw(session, row.id, now=now)
    assert renewed is not None
    assert sessions.find(session, secret, now=now) is None
    found = sessions.find(session, renewed, now=now)
    assert found is row
    assert accounts.permissions_of(found.user) == ROLE_PERMISSIONS[BuiltInRole.COMMUNITY_MANAGER]


def test_programs_are_those_given_or_all(session: Session, now: datetime) -> None:
    programs = [
        Program(name=name, name_key=name, default_locale="en", time_zone="UTC", created_at=now)
        for name in ("b", "a", "c")
    ]
    session.add_all(programs)
    session.flush()
    user = make_user(session, now)
    assert accounts.programs_of(session, user) == []
    user.programs.append(programs[2])
    session.flush()
    assert [program.name for program in accounts.programs_of(session, user)] == ["c"]
    accounts.work_in(session, user.id, programs[2].id)
    assert user.current_program_id == programs[2].id
    for foreign in (programs[0].id, 10_000, -1):
        with pytest.raises(DomainError) as error:
            accounts.work_in(session, user.id, foreign)
        assert refused(error) is Refusal.NOT_FOUND
    user.all_programs = True
    assert [program.name for program in accounts.programs_of(session, user)] == ["a", "b", "c"]


def test_a_profile_is_checked_like_a_new_user(session: Session, now: datetime) -> None:
    user = make_user(session, now)
    accounts.update_profile(session, user, name="Hana", locale="fr", time_zone="Europe/Paris")
    assert (user.name, user.locale, user.time_zone) == ("Hana", "fr", "Europe/Paris")
    with pytest.raises(DomainError) as error:
        accounts.update_profile(session, user, name="Hana", locale="xx", time_zone="Europe/Paris")
    assert refused(error) is Refusal.LOCALE_UNKNOWN


def token_of(link: str) -> str:
    return link.rsplit("/", 1)[1]


def test_a_sign_in_link_works_once(session: Session, now: datetime) -> None:
    """A-3: a used invitation is not used again. H-7: the link is made from the base URL given."""
    user = make_user(session, now)
    link = accounts.sign_in_link(session, SIGNER, user, base_url=BASE, now=now)
    assert link.startswith(f"{BASE}/ja/sign-in/link/")
    assert user.email not in link
    token = token_of(link)
    for _ in range(3):  # looking does not use it up
        assert accounts.user_of_link(session, SIGNER, token, now=now) is user
    assert accounts.use_sign_in_link(session, SIGNER, token, now=now) is user
    for act in (accounts.user_of_link, accounts.use_sign_in_link):
        with pytest.raises(DomainError) as error:
            act(session, SIGNER, token, now=now)
        assert refused(error) is Refusal.LINK_SPENT


def test_a_sign_in_link_dies_of_age_of_a_new_password_and_of_disabling(
    session: Session, now: datetime
) -> None:
    user = make_user(session, now)
    token = token_of(accounts.sign_in_link(session, SIGNER, user, base_url=BASE, now=now))
    accounts.user_of_link(session, SIGNER, token, now=now + timedelta(minutes=59))
    with pytest.raises(DomainError):
        accounts.user_of_link(session, SIGNER, token, now=now + timedelta(hours=1))
    user.password_hash = FAST.hash("correct horse battery")
    with pytest.raises(DomainError):
        accounts.user_of_link(session, SIGNER, token, now=now)
    token = token_of(accounts.sign_in_link(session, SIGNER, user, base_url=BASE, now=now))
    accounts.disable(session, user, actor=None, now=now)
    with pytest.raises(DomainError):
        accounts.use_sign_in_link(session, SIGNER, token, now=now)


def test_forged_links_sign_nobody_in(session: Session, now: datetime) -> None:
    user = make_user(session, now)
    token = token_of(accounts.sign_in_link(session, SIGNER, user, base_url=BASE, now=now))
    payload = SIGNER.read("sign-in", token)
    forgeries = [
        "",
        "x",
        token[:-1],
        token[1:],
        token + "a",
        Signer("another key of the tests, long enough").sign("sign-in", payload),
        SIGNER.sign("password-reset", payload),
        SIGNER.sign("sign-in", [user.id]),
        SIGNER.sign("sign-in", {"user": user.id}),
        "\x00",
        "é" * 400,
    ]
    for forged in forgeries:
        with pytest.raises(DomainError) as error:
            accounts.use_sign_in_link(session, SIGNER, forged, now=now)
        assert refused(error) is Refusal.LINK_SPENT


def test_a_link_used_in_two_places_at_once_signs_in_one(db: Database, now: datetime) -> None:
    with db.transaction() as session:
        user = make_user(session, now)
        token = token_of(accounts.sign_in_link(session, SIGNER, user, base_url=BASE, now=now))
    used: list[int] = []
    refusals: list[Refusal] = []

    def use() -> None:
        try:
            with db.transaction() as session:
                used.append(accounts.use_sign_in_link(session, SIGNER, token, now=now).id)
        except DomainError as error:
            refusals.append(error.refusal)

    threads = [Thread(target=use, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(used) == 1
    assert refusals == [Refusal.LINK_SPENT] * 3
    with db.transaction() as session:
        assert accounts.sweep_used_links(session, now=now) == 0
        assert accounts.sweep_used_links(session, now=now + timedelta(hours=3)) == 1
        assert session.scalar(select(func.count(UsedLink.id))) == 0


def test_nobody_gives_or_takes_a_program_that_is_not_theirs(session: Session, now: datetime) -> None:
    """A-3, A-2: what the actor cannot see stays as it is, and is as if it were not there."""
    mine, other, foreign = (factories.program(session, name) for name in ("Mine", "Other", "Foreign"))
    role = roles.add(session, "User keepers", [Permission.USERS_MANAGE], actor=None, now=now)
    keeper = make_user(session, now, "keeper@example.test", role)
    keeper.programs = [mine, other]
    user = make_user(session, now, "user@example.test", role)
    user.programs = [mine, foreign]

    def change(actor: User | None, *programs: Program, all_programs: bool = False) -> None:
        accounts.change_programs(
            session, user, [one.id for one in programs], all_programs=all_programs, actor=actor, now=now
        )

    change(keeper, other)
    assert {one.id for one in user.programs} == {other.id, foreign.id}
    for programs, whole, refusal in (
        ((foreign,), False, Refusal.NOT_FOUND),
        ((), True, Refusal.PROGRAMS_NOT_YOURS),
    ):
        with pytest.raises(DomainError) as error:
            change(keeper, *programs, all_programs=whole)
        assert refused(error) is refusal
    with pytest.raises(DomainError) as error:
        change(user, mine)
    assert refused(error) is Refusal.OWN_PROGRAMS
    change(None, all_programs=True)
    assert (user.all_programs, user.programs) == (True, [])
    with pytest.raises(DomainError) as error:
        change(keeper, mine)
    assert refused(error) is Refusal.PROGRAMS_NOT_YOURS
    keeper.all_programs = True
    change(keeper, foreign)
    assert (user.all_programs, user.programs) == (False, [foreign])
    entries = session.scalars(
        select(AuditEntry.details).where(AuditEntry.act == "user_programs_changed")
    ).all()
    assert entries == [
        {"all": False, "given": [other.id], "taken": [mine.id]},
        {"all": True, "given": [], "taken": [other.id, foreign.id]},
        {"all": False, "given": [foreign.id], "taken": []},
    ]
