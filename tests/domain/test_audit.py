"""The audit trail: what is kept of an act, who may read it, filters and pages."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.domain import audit
from service.domain.audit import Sight, Wanted
from service.facts.acts import ACTS, AREA_LABELS, Act, Area
from service.models import AuditEntry, Program, User
from tests.domain import factories
from tests.domain.factories import NOW


@pytest.fixture
def world(session: Session) -> tuple[User, User, Program, Program]:
    """Two users and two programs; the entries of making them are forgotten."""
    first, second = factories.program(session, "First"), factories.program(session, "Second")
    users = [factories.user(session, first, email=f"{name}@brand.example") for name in ("ada", "bob")]
    session.query(AuditEntry).delete()
    return users[0], users[1], first, second


EVERYTHING = Wanted()


def seen(session: Session, sight: Sight, wanted: Wanted = EVERYTHING, **page: int) -> list[Act]:
    found = audit.list_page(session, sight, wanted, **{"limit": 50, **page})
    return [Act(entry.act) for entry in found]


def test_every_act_has_its_words_and_every_area_has_acts() -> None:
    assert set(ACTS) == set(Act)
    assert {facts.area for facts in ACTS.values()} == set(Area) == set(AREA_LABELS)


def test_an_act_is_kept_with_what_it_is_about(
    session: Session, world: tuple[User, User, Program, Program]
) -> None:
    ada, _, first, _ = world
    audit.record(session, Act.PROSPECTS_ARCHIVED, actor=ada, now=NOW, program_id=first.id, num=12)
    audit.record(session, Act.USER_DISABLED, actor=None, now=NOW, subject_id=ada.id)
    rows = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [
        (row.user_id, row.act, row.subject_kind, row.subject_id, row.program_id, row.details) for row in rows
    ] == [
        (ada.id, "prospects_archived", None, None, first.id, {"num": 12}),
        (None, "user_disabled", "user", ada.id, None, {}),
    ]


def test_a_reader_sees_their_programs_and_what_concerns_them(
    session: Session, world: tuple[User, User, Program, Program]
) -> None:
    """A-2: entries of another program, or about others, are not there for somebody without the right."""
    ada, bob, first, second = world
    audit.record(session, Act.GROUP_DELETED, actor=bob, now=NOW, program_id=first.id)
    audit.record(session, Act.AD_CREATED, actor=bob, now=NOW, program_id=second.id)
    audit.record(session, Act.SIGNED_IN, actor=ada, now=NOW, subject_id=ada.id)
    audit.record(session, Act.USER_ENABLED, actor=bob, now=NOW, subject_id=ada.id)
    audit.record(session, Act.ROLE_CREATED, actor=bob, now=NOW, subject_id=ada.id)
    audit.record(session, Act.SIGN_IN_UNKNOWN, actor=None, now=NOW)
    plain = Sight(ada.id, frozenset({first.id}), manages_users=False)
    assert seen(session, plain) == [Act.USER_ENABLED, Act.SIGNED_IN, Act.GROUP_DELETED]
    keeper = Sight(ada.id, frozenset({second.id}), manages_users=True)
    assert seen(session, keeper) == [
        Act.SIGN_IN_UNKNOWN,
        Act.ROLE_CREATED,
        Act.USER_ENABLED,
        Act.SIGNED_IN,
        Act.AD_CREATED,
    ]
    assert [user.id for user in audit.actors(session, plain)] == [ada.id, bob.id]
    nobody = Sight(0, frozenset(), manages_users=False)
    assert (seen(session, nobody), audit.actors(session, nobody)) == ([], [])


def test_filters_narrow_and_a_foreign_program_stays_out_of_sight(
    session: Session, world: tuple[User, User, Program, Program]
) -> None:
    ada, bob, first, second = world
    hour = timedelta(hours=1)
    audit.record(session, Act.SIGNED_IN, actor=ada, now=NOW - hour, subject_id=ada.id)
    audit.record(session, Act.GROUP_DELETED, actor=bob, now=NOW, program_id=first.id)
    audit.record(session, Act.AD_CREATED, actor=bob, now=NOW + hour, program_id=second.id)
    sight = Sight(ada.id, frozenset({first.id}), manages_users=True)
    everything = [Act.GROUP_DELETED, Act.SIGNED_IN]
    assert seen(session, sight) == everything
    assert seen(session, sight, Wanted(user_id=bob.id)) == [Act.GROUP_DELETED]
    assert seen(session, sight, Wanted(area=Area.SIGN_IN)) == [Act.SIGNED_IN]
    assert seen(session, sight, Wanted(program_id=first.id)) == [Act.GROUP_DELETED]
    assert seen(session, sight, Wanted(program_id=second.id)) == []
    assert seen(session, sight, Wanted(since=NOW)) == [Act.GROUP_DELETED]
    assert seen(session, sight, Wanted(until=NOW)) == [Act.SIGNED_IN]


def test_pages_follow_one_another_by_key(
    session: Session, world: tuple[User, User, Program, Program]
) -> None:
    """W-5: pages are found by key, not by counting rows."""
    ada = world[0]
    for _ in range(5):
        audit.record(session, Act.SIGNED_IN, actor=ada, now=NOW, subject_id=ada.id)
    sight, ids, before = Sight(ada.id, frozenset(), manages_users=False), [], 0
    while page := audit.list_page(session, sight, Wanted(), before=before, limit=2):
        ids += [entry.id for entry in page]
        before = page[-1].id
        assert len(ids) <= 5
    kept = session.scalars(select(AuditEntry.id).order_by(AuditEntry.id.desc())).all()
    assert ids == list(kept)


def test_an_entry_outlives_its_user(session: Session, world: tuple[User, User, Program, Program]) -> None:
    ada, bob, *_ = world
    audit.record(session, Act.USER_ENABLED, actor=ada, now=NOW, subject_id=bob.id)
    session.delete(ada)
    session.flush()
    session.expire_all()
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.user_id, entry.subject_id) == (None, bob.id)
    assert audit.subjects(session, [entry]) == {("user", bob.id): bob}
    assert audit.names_of_users(session, [entry]) == {}
