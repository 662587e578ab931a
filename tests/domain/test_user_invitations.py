"""Invitations to the team: the mail, the link that works once and for one person, and who may send them."""

import re
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.db import Database
from service.domain import accounts, credentials, roles, user_invitations
from service.domain.errors import DomainError
from service.domain.passwords import Passwords
from service.domain.signing import Signer
from service.facts.limits import USER_INVITATION_LIFE
from service.facts.permissions import BuiltInRole, Permission
from service.facts.refusals import Refusal
from service.models import AuditEntry, Program, SystemMail, User
from tests.domain import factories
from tests.domain.factories import NOW, AskedJobs

FAST = Passwords(memory_kib=8, passes=1)
SIGNER = Signer("a key of the tests that is long enough")
BASE = "https://prospectus.example"
PASSWORD = "correct horse battery"


@pytest.fixture
def boss(session: Session) -> User:
    """An administrator who may work in every program."""
    role = accounts.built_in_role(session, BuiltInRole.ADMINISTRATOR)
    return accounts.add_user(
        session, email="boss@brand.example", name="Kim", role=role, locale="en", time_zone="Asia/Tokyo",
        all_programs=True, now=NOW,
    )  # fmt: skip


def invite(session: Session, actor: User, *programs: Program, **changes: object) -> User:
    given = {
        "email": "aiko@brand.example",
        "name": "愛子",
        "role": accounts.built_in_role(session, BuiltInRole.COMMUNITY_MANAGER),
        "locale": "ja",
        "programs": programs,
        "all_programs": False,
        **changes,
    }
    return user_invitations.invite(
        session, AskedJobs(), SIGNER, **given, base_url=BASE, actor=actor, now=NOW  # type: ignore[arg-type]
    )  # fmt: skip


def token_of(user: User) -> str:
    return user_invitations.link(SIGNER, user, base_url=BASE).rpartition("/")[2]


def accept(session: Session, token: str, now: object = NOW) -> User:
    return user_invitations.accept(
        session, SIGNER, token, password=PASSWORD, time_zone="Europe/Paris", hasher=FAST, now=now  # type: ignore[arg-type]
    )  # fmt: skip


def refused(act: object) -> Refusal:
    with pytest.raises(DomainError) as error:
        act()  # type: ignore[operator]
    return error.value.refusal


def test_who_is_invited_gets_a_mail_in_their_language(session: Session, boss: User) -> None:
    user = invite(session, boss)
    mail = session.scalars(select(SystemMail)).one()
    assert (mail.template, mail.address, mail.locale) == ("user-invitation", "aiko@brand.example", "ja")
    url = user_invitations.link(SIGNER, user, base_url=BASE)
    assert mail.values == {"inviter": "Kim", "url": url, "days": 7}
    assert re.fullmatch(r"https://prospectus\.example/ja/invitation/[\w.-]+", url)
    assert "aiko" not in url
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert (entry.act, entry.user_id, entry.subject_id) == ("user_invited", boss.id, user.id)


def test_nobody_enters_before_accepting(session: Session, boss: User) -> None:
    """A-3: an invited user may do nothing, and has no other way in."""
    user = invite(session, boss)
    assert accounts.permissions_of(user) == frozenset()
    jobs = AskedJobs()
    credentials.request_reset(session, jobs, SIGNER, email=user.email, base_url=BASE, now=NOW)
    assert session.scalars(select(SystemMail.template)).all() == ["user-invitation"]
    link = accounts.sign_in_link(session, SIGNER, user, base_url=BASE, now=NOW).rpartition("/")[2]
    assert refused(lambda: accounts.user_of_link(session, SIGNER, link, now=NOW)) is Refusal.LINK_SPENT
    reset = credentials.reset_link(SIGNER, user, base_url=BASE, now=NOW).rpartition("/")[2]
    assert refused(lambda: credentials.user_of_reset(session, SIGNER, reset, now=NOW)) is Refusal.LINK_SPENT


def test_the_link_opens_the_account_once(session: Session, boss: User) -> None:
    """A-3: a used invite is refused."""
    user = invite(session, boss)
    token = token_of(user)
    assert accept(session, token) is user
    assert FAST.verify(user.password_hash, PASSWORD)
    assert (user.time_zone, user.invitation, user.invited_at) == ("Europe/Paris", None, None)
    assert Permission.EMAIL_SEND in accounts.permissions_of(user)
    assert refused(lambda: accept(session, token)) is Refusal.LINK_SPENT
    assert refused(lambda: user_invitations.user_of(session, SIGNER, token, now=NOW)) is Refusal.LINK_SPENT


def test_of_two_who_use_one_link_at_once_one_is_refused(db: Database) -> None:
    """A-3: a used invite is refused, by a race."""
    with db.transaction() as session:
        role = accounts.built_in_role(session, BuiltInRole.ADMINISTRATOR)
        boss = accounts.add_user(
            session, email="boss@brand.example", name="Kim", role=role, locale="en", time_zone="UTC", now=NOW
        )
        token = token_of(invite(session, boss))
    barrier, outcomes = Barrier(2), list[str]()

    def use() -> None:
        barrier.wait(60)
        try:
            with db.transaction(patience=60) as session:
                accept(session, token)
            outcomes.append("in")
        except DomainError as error:
            outcomes.append(error.refusal.name)

    threads = [Thread(target=use, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["LINK_SPENT", "in"]


def test_a_link_ends_after_seven_days(session: Session, boss: User) -> None:
    user = invite(session, boss)
    token, end = token_of(user), NOW + USER_INVITATION_LIFE
    assert user_invitations.expires_at(user) == end
    assert refused(lambda: accept(session, token, end)) is Refusal.LINK_SPENT
    assert accept(session, token, end - timedelta(seconds=1)) is user


def test_a_second_mail_ends_the_first_link(session: Session, boss: User) -> None:
    user = invite(session, boss)
    first, later = token_of(user), NOW + timedelta(days=9)
    user_invitations.resend(session, AskedJobs(), SIGNER, user, base_url=BASE, actor=boss, now=later)
    assert refused(lambda: accept(session, first, later)) is Refusal.LINK_SPENT
    assert accept(session, token_of(user), later) is user
    for act in (
        lambda: user_invitations.resend(
            session, AskedJobs(), SIGNER, user, base_url=BASE, actor=boss, now=later
        ),
        lambda: user_invitations.withdraw(session, user, actor=boss, now=later),
    ):
        assert refused(act) is Refusal.ALREADY_JOINED


def test_a_withdrawn_link_is_worth_nothing_and_the_address_is_free(session: Session, boss: User) -> None:
    user = invite(session, boss)
    token = token_of(user)
    assert user_invitations.withdraw(session, user, actor=boss, now=NOW) == "愛子"
    assert accounts.find_user(session, "aiko@brand.example") is None
    assert refused(lambda: accept(session, token)) is Refusal.LINK_SPENT
    again = invite(session, boss)
    assert refused(lambda: accept(session, token)) is Refusal.LINK_SPENT
    assert accept(session, token_of(again)) is again


def test_a_link_is_for_the_one_it_was_sent_to(session: Session, boss: User) -> None:
    """A-3: nobody accepts another's invite, nor makes one of another token."""
    one, other = invite(session, boss), invite(session, boss, email="bob@brand.example")
    forged = [
        SIGNER.sign("user-invitation", [other.id, one.invitation]),
        SIGNER.sign("user-invitation", [boss.id, None]),
        SIGNER.sign("user-invitation", [boss.id, ""]),
        SIGNER.sign("sign-in", [one.id, one.invitation]),
        SIGNER.sign("user-invitation", {"id": one.id}),
        Signer("another key that is long enough too").sign("user-invitation", [one.id, one.invitation]),
        token_of(one)[:-1],
        "",
        "x" * 5000,
    ]
    for token in forged:
        assert refused(lambda token=token: accept(session, token)) is Refusal.LINK_SPENT
    assert (one.password_hash, other.password_hash, boss.password_hash) == (None, None, None)


@pytest.mark.parametrize(
    ("password", "zone", "refusal"),
    [
        ("short", "UTC", Refusal.PASSWORD_TOO_SHORT),
        ("sunshine1", "UTC", Refusal.PASSWORD_COMMON),
        (PASSWORD, "../UTC", Refusal.ZONE_UNKNOWN),
    ],
)
def test_a_bad_choice_uses_nothing_up(db: Database, password: str, zone: str, refusal: Refusal) -> None:
    with db.transaction() as session:
        role = accounts.built_in_role(session, BuiltInRole.ADMINISTRATOR)
        boss = accounts.add_user(
            session, email="boss@brand.example", name="Kim", role=role, locale="en", time_zone="UTC", now=NOW
        )
        token = token_of(invite(session, boss))
    with pytest.raises(DomainError) as error, db.transaction() as session:
        user_invitations.accept(
            session, SIGNER, token, password=password, time_zone=zone, hasher=FAST, now=NOW
        )
    assert error.value.refusal is refusal
    with db.transaction() as session:
        assert accept(session, token).email == "aiko@brand.example"


def test_nobody_invites_with_what_they_do_not_have(session: Session) -> None:
    """A-3: neither a permission nor a program."""
    mine, foreign = factories.program(session, "Mine"), factories.program(session, "Foreign")
    role = roles.add(
        session, "Keepers", {Permission.USERS_MANAGE, Permission.PROSPECTS_VIEW}, actor=None, now=NOW
    )
    keeper = accounts.add_user(
        session, email="keeper@brand.example", name="Kim", role=role, locale="en", time_zone="UTC",
        programs=[mine], now=NOW,
    )  # fmt: skip
    assert refused(lambda: invite(session, keeper, mine)) is Refusal.NOT_ALLOWED
    assert refused(lambda: invite(session, keeper, foreign, role=role)) is Refusal.NOT_FOUND
    whole = {"role": role, "all_programs": True}
    assert refused(lambda: invite(session, keeper, **whole)) is Refusal.PROGRAMS_NOT_YOURS
    user = invite(session, keeper, mine, role=role)
    assert [program.id for program in user.programs] == [mine.id]
    analyst = accounts.built_in_role(session, BuiltInRole.ANALYST)
    plain = accounts.add_user(
        session, email="plain@brand.example", name="P", role=analyst, locale="en", time_zone="UTC", now=NOW
    )
    for act in (
        lambda: invite(session, plain, email="x@brand.example"),
        lambda: user_invitations.withdraw(session, user, actor=plain, now=NOW),
        lambda: user_invitations.resend(
            session, AskedJobs(), SIGNER, user, base_url=BASE, actor=plain, now=NOW
        ),
    ):
        assert refused(act) is Refusal.NOT_ALLOWED


def test_an_invited_administrator_is_not_yet_one(session: Session, boss: User) -> None:
    """A-3: the last administrator is the last one who can sign in."""
    invited = invite(session, boss, role=boss.role)
    assert refused(lambda: accounts.disable(session, boss, actor=None, now=NOW)) is Refusal.LAST_ADMINISTRATOR
    assert accounts.first_administrator(session) is boss
    accept(session, token_of(invited))
    accounts.disable(session, boss, actor=None, now=NOW)
    assert accounts.first_administrator(session) is invited
