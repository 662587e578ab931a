"""Checks that guessing becomes slow and that nobody can be locked out by somebody else."""

from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy.orm import Session

from service.db import Database
from service.domain import throttle
from service.domain.errors import DomainError
from service.domain.throttle import Brake
from service.facts.limits import SIGN_IN_TRIES
from service.facts.refusals import Refusal
from service.models import Throttle

VICTIM = "hanako@example.test"


def waits(session: Session, brakes: tuple[Brake, ...], now: datetime) -> int:
    """Return 0 for a try that may be made, otherwise the minutes that the refusal names."""
    try:
        throttle.attempt(session, brakes, now=now)
    except DomainError as error:
        if error.refusal is not Refusal.TOO_MANY_TRIES:
            raise
        return int(str(error.values["num"]))
    return 0


def test_ten_tries_are_free_and_the_delay_then_doubles(session: Session, now: datetime) -> None:
    """A-5: ten tries per account, growing delay."""
    brake = (Brake("k"),)
    for _ in range(SIGN_IN_TRIES):
        assert waits(session, brake, now) == 0
    pauses = []
    for _ in range(14):
        row = session.get_one(Throttle, "k")
        assert row.blocked_until is not None
        pauses.append((row.blocked_until - now).total_seconds())
        assert waits(session, brake, now) > 0
        now = row.blocked_until
        assert waits(session, brake, now) == 0
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900]


def test_tries_while_waiting_do_not_make_the_wait_longer(session: Session, now: datetime) -> None:
    """A-5: no lock-out weapon."""
    brake = (Brake("k", free=1),)
    waits(session, brake, now)
    before = session.get_one(Throttle, "k").blocked_until
    for _ in range(50):
        assert waits(session, brake, now) == 1
    assert session.get_one(Throttle, "k").blocked_until == before
    assert session.get_one(Throttle, "k").tries == 1


def test_one_source_may_try_ten_times_whatever_the_account(session: Session, now: datetime) -> None:
    """A-5: ten tries per source."""
    results = [
        waits(session, throttle.sign_in_brakes(f"user{number}@example.test", "192.0.2.7", None), now)
        for number in range(12)
    ]
    assert results == [0] * 10 + [1, 1]
    assert waits(session, throttle.sign_in_brakes("user99@example.test", "192.0.2.8", None), now) == 0


def test_one_account_may_be_tried_ten_times_whatever_the_source(session: Session, now: datetime) -> None:
    """A-5: ten tries per account, and its own delay stays within a minute for its owner's sake."""
    results = [
        waits(session, throttle.sign_in_brakes(VICTIM, f"192.0.2.{number}", None), now)
        for number in range(12)
    ]
    assert results == [0] * 10 + [1, 1]
    account = throttle.sign_in_brakes(VICTIM, "x", None)[0]
    assert account.delay_after(10_000) == timedelta(minutes=1)


def test_a_known_browser_signs_in_while_its_account_and_source_are_under_attack(
    session: Session, now: datetime
) -> None:
    """A-5: no lock-out weapon."""
    for number in range(200):
        waits(session, throttle.sign_in_brakes(VICTIM, f"192.0.2.{number % 50}", None), now)
    assert waits(session, throttle.sign_in_brakes(VICTIM, "192.0.2.1", None), now) > 0
    assert waits(session, throttle.sign_in_brakes(VICTIM, "192.0.2.1", "its mark"), now) == 0


def test_a_stolen_mark_buys_ten_tries_like_anything_else(session: Session, now: datetime) -> None:
    brakes = throttle.sign_in_brakes(VICTIM, "192.0.2.1", "stolen")
    assert [waits(session, brakes, now) for _ in range(11)] == [0] * 10 + [1]


def test_a_right_try_forgives_the_account_but_not_what_others_did_from_the_source(
    session: Session, now: datetime
) -> None:
    for number in range(9):
        waits(session, throttle.sign_in_brakes(f"user{number}@example.test", "192.0.2.7", None), now)
    mine = throttle.sign_in_brakes(VICTIM, "192.0.2.7", None)
    assert waits(session, mine, now) == 0
    throttle.succeeded(session, mine)
    assert session.get(Throttle, mine[0].key) is None
    assert session.get(Throttle, mine[1].key) is None
    assert session.get_one(Throttle, mine[2].key).tries == 9
    assert session.get_one(Throttle, mine[2].key).blocked_until is None


def test_tries_are_forgotten_an_hour_after_the_last_wait(session: Session, now: datetime) -> None:
    brake = (Brake("k"),)
    for _ in range(SIGN_IN_TRIES):
        waits(session, brake, now)
    now += timedelta(hours=1, seconds=1)
    assert waits(session, brake, now) == 0
    assert session.get_one(Throttle, "k").tries == 1


def test_counters_survive_a_restart(tmp_path: Path, db: Database, now: datetime) -> None:
    """A-5: counters survive a restart."""
    with db.transaction() as session:
        for _ in range(SIGN_IN_TRIES):
            waits(session, (Brake("k"),), now)
    db.dispose()
    again = Database(f"sqlite:///{tmp_path / 'test.db'}")
    with again.transaction() as session:
        assert waits(session, (Brake("k"),), now) == 1
    again.dispose()


def test_tries_made_at_once_are_all_counted(db: Database, now: datetime) -> None:
    results: list[int] = []

    def guess() -> None:
        for _ in range(5):
            try:
                with db.transaction() as session:
                    throttle.attempt(session, (Brake("k"),), now=now)
                results.append(0)
            except DomainError:
                results.append(1)

    threads = [Thread(target=guess, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(results) == [0] * 10 + [1] * 10


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::1", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("unix:", "unix:", True),
        ("", "192.0.2.1", False),
    ],
)
def test_a_source_is_an_address_or_the_site_of_an_ipv6_address(one: str, other: str, same: bool) -> None:
    assert (throttle.source_key(one) == throttle.source_key(other)) is same


def test_keys_say_nothing_of_the_person(session: Session, now: datetime) -> None:
    for mark in (None, "mark"):
        for brake in throttle.sign_in_brakes(VICTIM, "192.0.2.7", mark):
            assert "hanako" not in brake.key
            assert "192.0.2.7" not in brake.key


def test_sweeping_keeps_what_still_counts(session: Session, now: datetime) -> None:
    throttle.attempt(session, (Brake("old"),), now=now - timedelta(hours=2))
    throttle.attempt(session, (Brake("new"),), now=now)
    assert throttle.sweep(session, now=now) == 1
    assert [row.key for row in session.query(Throttle)] == ["new"]
