"""Checks how long a signed-in browser stays so, and what ends it."""

import hashlib
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from service.domain import accounts, sessions
from service.domain.errors import DomainError
from service.facts.limits import SESSION_IDLE, SESSION_LENGTH
from service.facts.permissions import BuiltInRole
from service.facts.refusals import Refusal
from service.models import User, UserSession


@pytest.fixture
def user(session: Session, now: datetime) -> User:
    role = accounts.built_in_role(session, BuiltInRole.ANALYST)
    return accounts.add_user(
        session,
        email="hanako@example.test",
        name="Hanako",
        role=role,
        locale="ja",
        time_zone="Asia/Tokyo",
        now=now,
    )


@pytest.fixture
def other(session: Session, now: datetime) -> User:
    role = accounts.built_in_role(session, BuiltInRole.ANALYST)
    return accounts.add_user(
        session, email="o@example.test", name="Other", role=role, locale="en", time_zone="UTC", now=now
    )


def test_the_table_keeps_only_the_hash_of_the_secret(session: Session, user: User, now: datetime) -> None:
    row, secret = sessions.open_session(session, user, browser="Firefox, Linux", now=now)
    assert len(secret) >= 43  # 256 bits
    assert row.secret_hash == hashlib.sha256(secret.encode()).hexdigest()
    assert secret not in [str(getattr(row, column.key)) for column in UserSession.__table__.columns]
    assert sessions.find(session, secret, now=now) is row
    assert sessions.find(session, row.secret_hash, now=now) is None
    for wrong in ("", secret[:-1], secret + "A", "\x00", "\udcff"):
        assert sessions.find(session, wrong, now=now) is None


def test_a_session_ends_after_rest_and_after_its_whole_life(
    session: Session, user: User, now: datetime
) -> None:
    """A-4: idle and total life."""
    row, secret = sessions.open_session(session, user, now=now)
    almost = timedelta(seconds=1)
    assert sessions.find(session, secret, now=now + SESSION_IDLE - almost) is row
    assert sessions.find(session, secret, now=now + SESSION_IDLE) is None
    moment = now
    while moment + SESSION_IDLE < now + SESSION_LENGTH:
        moment += SESSION_IDLE - almost
        sessions.saw(session, row.id, now=moment)
        assert sessions.find(session, secret, now=moment) is row
    assert sessions.find(session, secret, now=now + SESSION_LENGTH - almost) is row
    assert sessions.find(session, secret, now=now + SESSION_LENGTH) is None
    assert sessions.saw(session, row.id, now=now + SESSION_LENGTH) is None


def test_visits_are_written_down_once_a_minute(session: Session, user: User, now: datetime) -> None:
    row, _ = sessions.open_session(session, user, now=now)
    assert not sessions.is_due(row, now=now + timedelta(seconds=59))
    assert sessions.is_due(row, now=now + timedelta(seconds=60))


def test_a_rotated_secret_replaces_the_old_one(session: Session, user: User, now: datetime) -> None:
    """A-4: the session id changes."""
    row, old = sessions.open_session(session, user, now=now)
    new = sessions.rotate(session, row)
    assert sessions.find(session, old, now=now) is None
    assert sessions.find(session, new, now=now) is row


def test_all_sessions_but_one_end_at_once(session: Session, user: User, other: User, now: datetime) -> None:
    """A-4: all other sessions die."""
    rows = [sessions.open_session(session, user, now=now) for _ in range(3)]
    _, theirs = sessions.open_session(session, other, now=now)
    assert sessions.revoke_all(session, user.id, keep=rows[0][0].id, now=now) == 2
    assert [sessions.find(session, secret, now=now) is not None for _, secret in rows] == [True, False, False]
    assert sessions.revoke_all(session, user.id, now=now) == 1
    assert sessions.find(session, rows[0][1], now=now) is None
    assert sessions.find(session, theirs, now=now) is not None


def test_disabling_ends_every_session(session: Session, user: User, now: datetime) -> None:
    """A-4: all sessions die on disabling, and do not come back."""
    _, secret = sessions.open_session(session, user, now=now)
    accounts.disable(session, user, actor=None, now=now)
    assert sessions.find(session, secret, now=now) is None
    accounts.enable(session, user, actor=None, now=now)
    assert sessions.find(session, secret, now=now) is None


def test_a_user_ends_their_own_sessions_only(
    session: Session, user: User, other: User, now: datetime
) -> None:
    """A-2: another user's session is answered like one that does not exist."""
    mine, _ = sessions.open_session(session, user, now=now)
    theirs, secret = sessions.open_session(session, other, now=now)
    for session_id in (theirs.id, 10_000, -1):
        with pytest.raises(DomainError) as error:
            sessions.revoke(session, user.id, session_id, now=now)
        assert error.value.refusal is Refusal.NOT_FOUND
    assert sessions.find(session, secret, now=now) is theirs
    sessions.revoke(session, user.id, mine.id, now=now)
    assert sessions.list_open(session, user.id, now=now) == []


def test_open_sessions_are_listed_last_seen_first(session: Session, user: User, now: datetime) -> None:
    first, _ = sessions.open_session(session, user, now=now)
    second, _ = sessions.open_session(session, user, now=now + timedelta(minutes=1))
    sessions.saw(session, first.id, now=now + timedelta(minutes=2))
    listed = sessions.list_open(session, user.id, now=now + timedelta(minutes=2))
    assert [row.id for row in listed] == [first.id, second.id]


def test_sweeping_deletes_what_ended_more_than_a_day_ago(session: Session, user: User, now: datetime) -> None:
    ended, _ = sessions.open_session(session, user, now=now)
    sessions.revoke(session, user.id, ended.id, now=now)
    sessions.open_session(session, user, now=now)
    assert sessions.sweep(session, now=now + timedelta(hours=1)) == 0
    assert sessions.sweep(session, now=now + timedelta(days=1, seconds=1)) == 1
    assert sessions.sweep(session, now=now + SESSION_IDLE + timedelta(days=1, seconds=1)) == 1
