"""Erasing a user of the brand: no byte of name, address or secret is left, what they did stays by number."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from service.db import Base, Database
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
from service.domain.signing import AddressMarks
from service.facts.permissions import BuiltInRole, Permission
from service.facts.refusals import Refusal
from service.facts.states import CampaignState, DeliveryState, ImportState
from service.models import (
    Attachment,
    AuditEntry,
    Campaign,
    Erasure,
    MailAccount,
    Message,
    Notice,
    Role,
    SystemMail,
    Thread,
    User,
)
from service.models.imports import Import
from tests.domain import factories, leaver
from tests.domain.factories import NOW, AskedJobs
from tests.domain.leaver import ACCOUNT, ADDRESS, CANARY, NAME, Leaver

KEYS = ("first key of the installation", "the key before it")
LATER = NOW + timedelta(days=1)
BOTH = pytest.mark.parametrize("db", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def db(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path / 'test.db'}"
    if getattr(request, "param", "sqlite") == "postgresql":
        url = request.getfixturevalue("postgres_server").new_database()
    database = Database(url, {erased.ADDRESS_MARKS: AddressMarks(*KEYS)})
    Base.metadata.create_all(database.engine)
    yield database
    database.dispose()


@pytest.fixture
def known(db: Database) -> Leaver:
    return leaver.put(db)


def _erase(db: Database, known: Leaver) -> user_erasure.Erased:
    with db.transaction() as session:
        return user_erasure.erase(session, known.user_id, actor=None, now=LATER)


def _bytes_on_disk(db: Database) -> bytes:
    db.fold_log()
    file = Path(str(db.engine.url.database))
    return b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*")).lower()


def _tables_naming_them(db: Database) -> set[str]:
    with db.reading() as session:
        return {
            table.name
            for table in Base.metadata.sorted_tables
            if CANARY in repr(session.execute(select(table)).all()).lower()
        }


def test_nothing_is_left_on_disk(db: Database, known: Leaver) -> None:
    """D-5: not in a table, an index, or a page of the file that nobody uses any more."""
    assert CANARY.encode() in _bytes_on_disk(db)
    done = _erase(db, known)
    assert CANARY.encode() not in _bytes_on_disk(db)
    assert done.file_ids == [f"loose-{known.user_id}"]
    assert (done.addresses, done.names) == ({ADDRESS, ADDRESS.upper(), ACCOUNT}, {NAME})


@BOTH
def test_nothing_is_left_in_a_table(db: Database, known: Leaver) -> None:
    """D-5: whatever tables there are, also those that no list of ours names."""
    assert _tables_naming_them(db) == {
        "attachments", "campaigns", "drafts", "imports", "mail_accounts", "notices",
        "recovery_codes", "selections", "system_mails", "user_sessions", "users",
    }  # fmt: skip
    _erase(db, known)
    assert _tables_naming_them(db) == set()


@BOTH
def test_the_colleague_keeps_everything(db: Database, known: Leaver) -> None:
    with db.reading() as session:
        before = user_data.export(session, known.other_id).as_json()
    _erase(db, known)
    with db.reading() as session:
        assert user_data.export(session, known.other_id).as_json() == before


@BOTH
def test_what_they_did_stays_under_their_number(db: Database, known: Leaver) -> None:
    with db.reading() as session:
        trail = [(row.id, row.user_id, row.subject_id) for row in session.scalars(select(AuditEntry))]
    done = _erase(db, known)
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
    _erase(db, known)
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
        _erase(db, known)
    assert refused.value.refusal is Refusal.NOT_FOUND


def test_the_address_is_free_again(db: Database, known: Leaver) -> None:
    _erase(db, known)
    with db.transaction() as session:
        again = factories.user(session, email=ADDRESS)
        assert again.id != known.user_id


@BOTH
def test_a_role_of_the_brands_own_is_free_again(db: Database, known: Leaver) -> None:
    with db.transaction() as session:
        role = Role(key=None, name="Interns", permissions=[])
        session.add(role)
        session.get_one(User, known.user_id).role = role
    _erase(db, known)
    with db.transaction() as session:
        session.delete(session.scalars(select(Role).where(Role.name == "Interns")).one())


@BOTH
def test_campaigns_go_on_in_the_name_of_the_program(db: Database, known: Leaver) -> None:
    """A-8: what goes out from their own mail account waits, as for any account that is disconnected."""
    with db.transaction() as session:
        session.add(
            Campaign(
                program_id=known.program_id, author_id=known.other_id, form_key="third", state="draft",
                from_name=f"For {NAME}", reply_to="team@brand.example", source_locale="en",
                unknown_policy="ask", created_at=NOW,
            )
        )  # fmt: skip
    _erase(db, known)
    with db.reading() as session:
        found = session.scalars(select(Campaign).order_by(Campaign.id)).all()
        own = [one for one in found if one.author_id == known.user_id]
        assert [(one.from_name, one.reply_to, one.from_address) for one in own] == [
            ("Maison Aurore", None, None)
        ] * 3
        account = session.scalars(select(MailAccount).where(MailAccount.user_id == known.user_id)).one()
        named = {one.state: one.mail_account_id for one in own}
        assert named == {
            CampaignState.FINISHED.value: None,
            CampaignState.SENDING.value: account.id,
            CampaignState.DRAFT.value: None,
        }
        assert (account.address, account.secret, account.disconnected_at) == ("", None, LATER)
        assert (found[-1].from_name, found[-1].reply_to) == ("Maison Aurore", "team@brand.example")
        others = [one for one in found if one.author_id == known.other_id and one.form_key != "third"]
        assert {one.from_name for one in others} == {"Mei of Aurore"}


@pytest.mark.parametrize(
    ("from_name", "own", "named"),
    [
        ("Ida Morgan", False, True),
        ("Maison Aurore, IDA MORGAN", False, True),
        ("Ida at Aurore", True, True),
        ("Ida at Aurore", False, False),
        ("Aurore team", True, False),
        ("山田", True, True),
        ("Idaho Travel", True, False),
        ("", True, False),
        ("", False, False),
    ],
)
def test_a_senders_name_that_is_the_users(from_name: str, own: bool, named: bool) -> None:
    name = "山田 花子" if from_name == "山田" else "Ida Morgan"
    assert user_erasure._names(from_name, name, own=own) is named


@BOTH
@pytest.mark.parametrize(
    ("name", "text", "whole"),
    [
        ("Max", "Maximum reach", "Max"),
        ("Anna", "Annapurna Interactive", "Anna, Maison Aurore"),
        ("Ana de Armas", "Studio Delta", "Ana de Armas"),
        ("林", "森林", "林"),
        ("Ida Morgan", "", "IDA MORGAN"),
    ],
)
def test_who_has_a_word_in_common_is_somebody_else(
    db: Database, known: Leaver, name: str, text: str, whole: str
) -> None:
    """D-5: neither the campaigns of others, nor the user's own, nor what others were told of change."""
    with db.transaction() as session:
        session.get_one(User, known.user_id).name = name
        for author_id in (known.user_id, known.other_id):
            for from_name in (text, whole):
                session.add(
                    Campaign(
                        program_id=known.program_id, author_id=author_id, form_key=f"{author_id}{from_name}",
                        state="draft", from_name=from_name, source_locale="en", unknown_policy="ask",
                        created_at=NOW,
                    )
                )  # fmt: skip
        for values in ({"subject": text}, {"file": f"{text} {ADDRESS}x.csv"}):
            session.add(Notice(user_id=known.other_id, kind="import_done", values=values, created_at=NOW))
    _erase(db, known)
    with db.reading() as session:
        made = select(Campaign.author_id, Campaign.from_name).order_by(Campaign.id.desc()).limit(4)
        found = [tuple(row) for row in session.execute(made)]
        told = session.scalars(select(Notice.values).where(Notice.user_id == known.other_id)).all()
    assert found[::-1] == [
        (known.user_id, text), (known.user_id, "Maison Aurore"),
        (known.other_id, text), (known.other_id, "Maison Aurore"),
    ]  # fmt: skip
    assert told[1:] == [{"subject": text}, {"file": f"{text} {ADDRESS}x.csv"}]


def test_a_single_word_deletes_nothing_that_others_were_told(db: Database, known: Leaver) -> None:
    """Their address does, and a full name that is written without spaces."""
    with db.transaction() as session:
        session.get_one(User, known.user_id).name = "Max"
        for values in ({"subject": "Max"}, {"file": f"{ADDRESS}.csv"}, {"subject": f"From {ADDRESS}."}):
            session.add(Notice(user_id=known.other_id, kind="import_done", values=values, created_at=NOW))
    done = _erase(db, known)
    with db.reading() as session:
        told = session.scalars(select(Notice.values).where(Notice.user_id == known.other_id)).all()
    assert told[1:] == [{"subject": "Max"}]
    assert done.is_told_in("Max") is False
    assert user_erasure.Erased(names=frozenset({"山田花子"})).is_told_in("山田花子さん") is True


def test_mails_of_the_product_name_nobody(db: Database, known: Leaver) -> None:
    """What waits to go to others goes out without the name; what was for the user does not go out."""
    _erase(db, known)
    with db.reading() as session:
        mails = session.scalars(select(SystemMail).order_by(SystemMail.id)).all()
        values = {mail.message_id: mail.values for mail in mails if mail.message_id.startswith("m-")}
    assert values == {
        f"m-{known.user_id}-1": {"inviter": "Prospectus", "days": 7},
        f"m-{known.user_id}-2": {"reply_to": None, "ads": [1]},
        f"m-{known.other_id}-0": {"url": "https://x.example/mei"},
        f"m-{known.other_id}-1": {"inviter": "Mei", "days": 7},
        f"m-{known.other_id}-2": {"reply_to": "mei@brand.example", "ads": [1]},
    }


def test_what_others_were_told_of_them_goes(db: Database, known: Leaver) -> None:
    with db.transaction() as session:
        for values in ({"subject": f"{NAME} invites you"}, {"name": f"{NAME} Records", "first": 1}):
            session.add(Notice(user_id=known.other_id, kind="import_done", values=values, created_at=NOW))
    with db.reading() as session:
        before = session.scalar(select(func.count(Notice.id)).where(Notice.user_id == known.other_id))
    _erase(db, known)
    with db.reading() as session:
        left = session.scalars(select(Notice.values).where(Notice.user_id == known.other_id)).all()
    assert (before, len(left)) == (3, 2)
    # A partner who is called alike is somebody else.
    assert {"name": f"{NAME} Records", "first": 1} in left


@BOTH
def test_an_import_that_runs_stops_by_the_rule(db: Database, known: Leaver) -> None:
    """A-8: and neither it nor one that stopped before says who it was."""
    _erase(db, known)
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
        _erase(db, known)
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
    _erase(db, known)
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
    assert _erase(db, known).marks == (mine,)
    with db.reading() as session:
        assert user_erasure.users_back(session, {mine: LATER + timedelta(days=1)}) == []


def test_the_trail_says_who_by_number(db: Database, known: Leaver) -> None:
    _erase(db, known)
    with db.reading() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.user_id == known.user_id)).all()
        assert audit.names_of_users(session, entries) == {known.user_id: ""}
