"""Erasing a user of the brand: no byte of name, address or secret is left, what they did stays by number."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from service.db import Database
from service.domain import (
    accounts,
    audit,
    erased,
    import_reasons,
    notices,
    user_data,
    user_erasure,
    user_list,
)
from service.domain.errors import DomainError
from service.domain.import_runs import Runner
from service.facts.permissions import BuiltInRole, Permission
from service.facts.refusals import Refusal
from service.facts.states import DeliveryState, ImportState
from service.models import (
    Attachment,
    AuditEntry,
    Campaign,
    Erasure,
    Message,
    Notice,
    Role,
    SystemMail,
    Thread,
    User,
)
from service.models.imports import Import
from tests.domain import factories, leaver
from tests.domain.conftest import BOTH
from tests.domain.erasing import bytes_on_disk, tables_naming
from tests.domain.factories import NOW, AskedJobs
from tests.domain.leaver import ACCOUNT, ADDRESS, CANARY, LATER, NAME, Leaver


@pytest.fixture
def known(db: Database) -> Leaver:
    return leaver.put(db)


def test_nothing_is_left_on_disk(db: Database, known: Leaver) -> None:
    """D-5: not in a table, an index, or a page of the file that nobody uses any more."""
    assert CANARY.encode() in bytes_on_disk(db)
    done = leaver.erase(db, known)
    assert CANARY.encode() not in bytes_on_disk(db)
    assert done.file_ids == [f"loose-{known.user_id}"]
    assert (done.addresses, done.names) == ({ADDRESS, ADDRESS.upper(), ACCOUNT}, {NAME})


@BOTH
def test_nothing_is_left_in_a_table(db: Database, known: Leaver) -> None:
    """D-5: whatever tables there are, also those that no list of ours names."""
    assert tables_naming(db, CANARY) == {
        "attachments", "campaigns", "drafts", "imports", "mail_accounts", "notices",
        "recovery_codes", "selections", "system_mails", "user_sessions", "users",
    }  # fmt: skip
    leaver.erase(db, known)
    assert tables_naming(db, CANARY) == set()


@BOTH
def test_the_colleague_keeps_everything(db: Database, known: Leaver) -> None:
    with db.reading() as session:
        before = user_data.export(session, known.other_id).as_json()
    leaver.erase(db, known)
    with db.reading() as session:
        assert user_data.export(session, known.other_id).as_json() == before


@BOTH
def test_what_they_did_stays_under_their_number(db: Database, known: Leaver) -> None:
    with db.reading() as session:
        trail = [(row.id, row.user_id, row.subject_id) for row in session.scalars(select(AuditEntry))]
    done = leaver.erase(db, known)
    with db.reading() as session:
        assert [(row.id, row.user_id, row.subject_id) for row in session.scalars(select(AuditEntry))] == trail
        assert session.scalars(select(Message.body).where(Message.author_id == known.user_id)).all() == [
            "Our rates."
        ]
        kept = session.scalars(select(Attachment.file_id).where(Attachment.user_id == known.user_id)).all()
        assert kept == [f"sent-{known.user_id}"]
        user = session.get_one(User, known.user_id)
        assert (user.name, user.email, user.email_key) == ("", "", f"erased:{user.id}")
        assert (user.disabled_at, user.erased_at, user.role.key) == (LATER, LATER, BuiltInRole.ANALYST.value)
        assert (accounts.permissions_of(user), accounts.programs_of(session, user)) == (frozenset(), [])
        assert session.scalars(select(Thread.id).where(Thread.assignee_id == known.user_id)).all() == []
        revoked = select(func.count(Thread.id)).where(Thread.links_revoked_by_id == known.user_id)
        assert session.scalar(revoked) == 1
        logged = session.scalars(select(Erasure).where(Erasure.subject == "user")).one()
        assert (logged.subject_id, logged.actor_id, logged.counts) == (known.user_id, None, done.counts)
    assert done.counts == {
        "system_mails": 1, "mail_accounts": 1, "attachments": 1, "user_sessions": 1, "recovery_codes": 1,
        "notification_choices": 1, "drafts": 1, "selections": 1, "notices": 2, "digests": 1,
        "terms_acceptances": 1, "program_access": 1, "users": 1,
    }  # fmt: skip


def test_somebody_erased_is_a_user_no_more(db: Database, known: Leaver) -> None:
    leaver.erase(db, known)
    with db.reading() as session:
        listed = user_list.list_page(session, user_list.UserFilter(), now=LATER)
        assert known.user_id not in {user.id for user in listed.users}
        assert user_list.count(session) == listed.total == len(listed.users)
        assert accounts.find_user(session, ADDRESS) is None
        for question in (accounts.find, user_data.export):
            with pytest.raises(DomainError) as refused:
                question(session, known.user_id)
            assert refused.value.refusal is Refusal.NOT_FOUND
    with pytest.raises(DomainError) as refused:
        leaver.erase(db, known)
    assert refused.value.refusal is Refusal.NOT_FOUND


def test_the_address_is_free_again(db: Database, known: Leaver) -> None:
    leaver.erase(db, known)
    with db.transaction() as session:
        again = factories.user(session, email=ADDRESS)
        assert again.id != known.user_id


@BOTH
def test_a_role_of_the_brands_own_is_free_again(db: Database, known: Leaver) -> None:
    with db.transaction() as session:
        role = Role(key=None, name="Interns", permissions=[])
        session.add(role)
        session.get_one(User, known.user_id).role = role
    leaver.erase(db, known)
    with db.transaction() as session:
        session.delete(session.scalars(select(Role).where(Role.name == "Interns")).one())


@BOTH
def test_an_import_that_runs_stops_by_the_rule(db: Database, known: Leaver) -> None:
    """A-8: and neither it nor one that stopped before says who it was."""
    leaver.erase(db, known)
    with db.transaction() as session:
        mine = select(Import).where(Import.user_id == known.user_id).order_by(Import.id)
        stopped, running = session.scalars(mine).all()
        runner = Runner(running.id, base_url="https://x.example")
        assert runner.step(session, AskedJobs(), now=LATER) == 0
        assert (stopped.state, running.state) == (ImportState.CANCELLED.value,) * 2
        for import_ in (stopped, running):
            (reason,) = import_reasons.loaded(import_.refusal)
            assert (reason.phrase, dict(reason.values)) == (import_reasons.USER_ERASED, {})


def test_a_mail_on_its_way_is_waited_for(db: Database, known: Leaver) -> None:
    with db.transaction() as session:
        session.execute(update(SystemMail).values(state=DeliveryState.IN_FLIGHT.value))
    with pytest.raises(DomainError) as refused:
        leaver.erase(db, known)
    assert refused.value.refusal is Refusal.ERASURE_BUSY
    with db.reading() as session:
        assert accounts.find(session, known.user_id).name == NAME


def _boss(session: Session) -> User:
    return session.scalars(select(User).where(User.name == "Boss")).one()


def _with(session: Session, permissions: set[Permission]) -> User:
    role = Role(key=None, name="Custom", permissions=sorted(permissions))
    session.add(role)
    user = factories.user(session, email="custom@brand.example")
    user.role = role
    session.flush()
    return user


MANAGER = {Permission(value) for value in (
    "prospects.view", "prospects.edit", "groups.manage", "import.run", "email.send", "messages.use",
    "workflows.manage",
)}  # fmt: skip


@pytest.mark.parametrize(
    ("actor", "refusal"),
    [
        (lambda session: _boss(session), None),
        (lambda session: _with(session, MANAGER | {Permission.DATA_ERASE}), None),
        (lambda session: _with(session, MANAGER), Refusal.NOT_ALLOWED),
        (lambda session: _with(session, {Permission.DATA_ERASE}), Refusal.NOT_ALLOWED),
        (lambda session: session.scalars(select(User).where(User.name == NAME)).one(), Refusal.OWN_ERASURE),
    ],
)
def test_who_may_erase_a_user(
    db: Database, known: Leaver, actor: Callable[[Session], User], refusal: Refusal | None
) -> None:
    """A-3: nobody touches what they do not hold themselves, and nobody erases themselves."""
    said = None
    with db.transaction() as session:
        try:
            user_erasure.erase(session, known.user_id, actor=actor(session), now=LATER)
        except DomainError as error:
            said = error.refusal
        erased_at = session.get_one(User, known.user_id).erased_at
    assert (said, erased_at) == (refusal, None if refusal else LATER)


@BOTH
def test_the_campaigns_that_stay_tell_their_author_nothing(db: Database, known: Leaver) -> None:
    """D-5: no row anew of who is erased; the colleague is told as before."""
    leaver.erase(db, known)
    with db.transaction() as session:
        campaigns = session.scalars(select(Campaign.id).order_by(Campaign.id)).all()
        for campaign_id in campaigns:
            for kind in (notices.FINISHED, notices.UNKNOWN, notices.PAUSED, notices.HELD):
                notices.tell_author(session, campaign_id, kind, now=LATER)
        told = select(Notice.user_id, func.count()).where(Notice.created_at == LATER).group_by(Notice.user_id)
        theirs = select(func.count(Campaign.id)).where(Campaign.author_id == known.other_id)
        assert [tuple(row) for row in session.execute(told)] == [
            (known.other_id, 4 * (session.scalar(theirs) or 0))
        ]
        authors = set(session.scalars(select(Campaign.author_id)))
    assert authors == {known.user_id, known.other_id}


def test_the_last_administrator_stays(db: Database, known: Leaver) -> None:
    """Unless a backup brings back who was not the last one any more."""
    with db.transaction() as session:
        boss = _boss(session).id
    with pytest.raises(DomainError) as refused, db.transaction() as session:
        user_erasure.erase(session, boss, actor=None, now=LATER)
    assert refused.value.refusal is Refusal.LAST_ADMINISTRATOR
    with db.transaction() as session:
        user_erasure.erase(session, boss, actor=None, the_last_too=True, now=LATER)
        assert accounts.first_administrator(session) is None


def test_a_disabled_administrator_is_not_the_last(db: Database, known: Leaver) -> None:
    with db.transaction() as session:
        boss = _boss(session)
        boss.disabled_at = NOW
        user_erasure.erase(session, boss.id, actor=None, now=LATER)
        assert session.get_one(User, boss.id).disabled_at == NOW


@BOTH
def test_a_backup_is_erased_again(db: Database, known: Leaver) -> None:
    """D-5: who was there before the erasure, not who was added anew after it, nor their partner."""
    with db.transaction() as session:
        marks = erased.marks_of(session)
        mine = marks.mark(erased.user_key(ADDRESS))
        assert mine != marks.mark(ADDRESS)
        assert user_erasure.users_back(session, {mine: LATER}) == [known.user_id]
        assert user_erasure.users_back(session, {mine: NOW, marks.mark(ADDRESS): LATER}) == []
    assert leaver.erase(db, known).marks == (mine,)
    with db.reading() as session:
        assert user_erasure.users_back(session, {mine: LATER + timedelta(days=1)}) == []


def test_the_trail_says_who_by_number(db: Database, known: Leaver) -> None:
    leaver.erase(db, known)
    with db.reading() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.user_id == known.user_id)).all()
        assert audit.names_of_users(session, entries) == {known.user_id: ""}
