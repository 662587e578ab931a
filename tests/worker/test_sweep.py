"""The parts of a sweep stand alone: one that fails is told, and holds up none of the others."""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session

from service.bootstrap import Services
from service.config import Settings
from service.db import Database
from service.domain import (
    audit,
    deliveries,
    marks,
    message_search,
    prospects,
    retention,
    schedules,
    system_mails,
    throttle,
    workers,
)
from service.domain.retention import Keep
from service.facts.acts import Act
from service.facts.limits import LEASE
from service.facts.states import CampaignState, DeliveryState
from service.models import (
    AuditEntry,
    Campaign,
    CampaignMark,
    Delivery,
    Program,
    SystemMail,
    Thread,
    User,
    WorkerBeat,
)
from service.worker import app, imports, presence, sweep
from service.worker.account_rooms import AccountRooms
from service.worker.fence import Fence
from service.worker.rescue import Rescue
from tests.domain.talk import Talk
from tests.domain.talk import at as talk_at
from tests.outbound import NOW, make_campaign
from tests.worker.oracle import installed, wait_for
from tests.worker.test_jobs import queue_reset, worker

LATER = NOW + 2 * LEASE
LONG_AGO, LONG_AFTER = talk_at(0), talk_at(0) + timedelta(days=800)
CANARY = "canari-7c02"


def broken(*_: object, **__: object) -> None:
    raise ZeroDivisionError


def go_on() -> bool:
    """Rest for no time at all."""
    return False


@pytest.fixture
def installation(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """One with the engine's tables, whose worker sweeps and beats without delay."""
    monkeypatch.setattr(app, "SWEEP_SECONDS", 0.2)
    monkeypatch.setattr(presence, "ALONE_BEAT_SECONDS", 0.1)
    with installed(settings) as made:
        yield made


def leave_work(services: Services) -> dict[str, int]:
    """Leave a row to each part of the repair; return the campaigns by what is to be done with them."""
    mail_id = queue_reset(services)
    with services.db.transaction() as session:
        held = make_campaign(session, 1)
        program, author = session.scalars(select(Program)).one(), session.scalars(select(User)).one()
        due = make_campaign(session, 1, program=program, author=author, state=CampaignState.SCHEDULED)
        due.scheduled_at = NOW
        done = make_campaign(session, 0, program=program, author=author)
        row = session.scalars(select(Delivery).where(Delivery.campaign_id == held.id)).one()
        for one in (row, session.get_one(SystemMail, mail_id)):
            one.state, one.lease_token = DeliveryState.CLAIMED.value, "of a dead worker"
            one.lease_until = NOW + LEASE
        return {"held": held.id, "due": due.id, "done": done.id}


def parts_done(services: Services, campaign: dict[str, int]) -> set[str]:
    """Return the parts that did what was left to them."""
    with services.db.reading() as session:
        row = session.scalars(select(Delivery).where(Delivery.campaign_id == campaign["held"])).one()
        mail = session.scalars(select(SystemMail)).one()
        found = {
            "leases": row.lease_token is None,
            "system leases": mail.lease_token is None,
            "starts": session.get_one(Campaign, campaign["due"]).state == CampaignState.SENDING.value,
            "marks": (session.scalar(select(func.count()).select_from(CampaignMark)) or 0) > 0,
            "ends": session.get_one(Campaign, campaign["done"]).state == CampaignState.FINISHED.value,
        }
    return {name for name, is_done in found.items() if is_done}


@pytest.mark.parametrize(
    ("where", "verb", "part"),
    [
        (deliveries, "sweep", "leases"),
        (system_mails, "sweep", "system leases"),
        (schedules, "start_due", "starts"),
        (marks, "take", "marks"),
        (deliveries, "finish_all_done", "ends"),
    ],
)
def test_one_repair_that_fails_undoes_no_other(
    services: Services, monkeypatch: pytest.MonkeyPatch, where: object, verb: str, part: str
) -> None:
    """P1, F-17: also when the fault comes every time."""
    campaign = leave_work(services)
    monkeypatch.setattr(where, verb, broken)
    assert sweep.repair(services, now=LATER) == "ZeroDivisionError"
    everything = {"leases", "system leases", "starts", "marks", "ends"}
    assert parts_done(services, campaign) == everything - {part}
    monkeypatch.undo()
    assert sweep.repair(services, now=LATER) == ""
    assert parts_done(services, campaign) == everything


def trouble(services: Services) -> str | None:
    with services.db.reading() as session:
        return session.scalar(select(WorkerBeat.trouble))


def hourly_jobs(services: Services) -> int:
    with services.db.reading() as session:
        return session.scalar(text("SELECT count(*) FROM workflow_status WHERE name = 'every_hour'")) or 0


@pytest.mark.parametrize(
    ("where", "part"),
    [
        (Fence, "mark_if_due"),
        (Rescue, "sweep"),
        (imports, "wake"),
        (sweep, "wake"),
        (AccountRooms, "sweep"),
        (marks, "take"),
    ],
)
def test_a_turn_goes_on_after_a_part_that_failed(
    installation: Services, monkeypatch: pytest.MonkeyPatch, where: object, part: str
) -> None:
    """F-17: the last part of the same turn is done, the beat tells the trouble, and tells when it is over."""
    with monkeypatch.context() as fault:
        fault.setattr(where, part, broken)
        with worker(installation):
            wait_for(lambda: hourly_jobs(installation) == 1)
            wait_for(lambda: trouble(installation) == "ZeroDivisionError")
            fault.undo()
            wait_for(lambda: trouble(installation) == "")


def test_no_part_waits_for_a_database_that_is_away() -> None:
    """F-5, F-2: thirteen waits in a row would hold up the end of the worker for a minute."""
    away = Database("postgresql+psycopg://nobody@/none?host=/nowhere")
    done: list[str] = []
    parts = [("a", lambda: done.append("a")), ("b", away.now), ("c", lambda: done.append("c"))]
    assert sweep.each(parts) == "OperationalError"
    assert done == ["a"]
    away.dispose()


def test_a_turn_ends_where_the_worker_is_told_to_stop() -> None:
    """F-2."""
    done: list[str] = []
    told = threading.Event()
    parts = [("a", told.set), ("b", lambda: done.append("b"))]
    assert sweep.each(parts, ended=told.is_set) == ""
    assert done == []


def test_one_hourly_task_that_fails_holds_up_no_other(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes after it is done, and the fault is told."""
    with db.transaction() as session:
        workers.beat(session, "gone for long", version="1", now=NOW - timedelta(days=400))
    monkeypatch.setattr(throttle, "sweep", broken)
    assert sweep.every_hour(db, Keep(imports=0, notices=0), rest=go_on, now=NOW) == "ZeroDivisionError"
    with db.reading() as session:
        assert session.scalars(select(WorkerBeat)).all() == []


def test_the_past_is_forgotten_in_short_transactions(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """D-6: an entry that tells of it adds up what each of them deleted."""
    with db.transaction() as session:
        session.execute(delete(AuditEntry))
        for _ in range(5):
            audit.record(session, Act.SIGN_IN_UNKNOWN, actor=None, now=NOW - timedelta(days=400))
    verb, parts = retention.forget_entries, list[tuple[int, int]]()

    def noted(session: Session, keep: Keep, *, now: datetime) -> int:
        with db.reading() as other:  # what the parts before this one did is committed
            before = other.scalar(select(func.count(AuditEntry.id))) or 0
        parts.append((before, verb(session, keep, now=now, most=2)))
        return parts[-1][1]

    monkeypatch.setattr(retention, "forget_entries", noted)
    assert sweep.every_hour(db, Keep(imports=0, notices=0, audit_months=12), rest=go_on, now=NOW) == ""
    assert parts == [(5, 2), (4, 2), (2, 1), (1, 0)]
    with db.reading() as session:
        left = session.scalars(select(AuditEntry)).all()
        assert [(one.act, one.details) for one in left] == [("entries_expired", {"num": 5})]


def leave_talks(services: Services) -> None:
    """Leave four conversations that are over, and one that is not, with words that their index knows."""
    with services.db.transaction() as session:
        talk = Talk(session)
        for number in range(5):
            thread = talk.thread(f"Partner {number}")
            talk.send(thread, f"{CANARY} {number}" if number < 4 else "Something else")
            if number < 4:
                known = prospects.find_by_partner(session, talk.program.id, thread.partner_id)
                assert known is not None
                prospects.archive(session, known, actor_id=talk.user.id, now=LONG_AGO)
        session.execute(update(SystemMail).values(state="sent", settled_at=LONG_AGO))


def leaves(services: Services) -> list[bytes]:
    """Return what is in the index of messages."""
    with services.db.reading() as session:
        rows = session.execute(text("SELECT block FROM message_grams_index_data WHERE id > 10 ORDER BY id"))
        return [bytes(row.block) for row in rows]


def forget(services: Services, most: int, rest: Callable[[], bool]) -> None:
    """Forget old conversations and entries, so many at a time."""
    keep = Keep(imports=0, notices=0, audit_months=12, conversations_months=12)
    with pytest.MonkeyPatch.context() as patch:
        for verb in (retention.forget_entries, retention.forget_conversations):
            patch.setattr(retention, verb.__name__, partial(verb, most=most))
        assert sweep.every_hour(services.db, keep, rest=rest, now=LONG_AFTER) == ""


@pytest.mark.parametrize("most", [1, 2, 3, 4, 5])
def test_others_write_while_the_past_is_forgotten(
    services: Services, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """D-6, F-14: between any two parts, and the index of messages is cleared once, with the last of them."""
    leave_talks(services)
    with services.db.transaction() as session:
        entries = session.scalar(select(func.count(AuditEntry.id))) or 0
    seen: list[int] = []
    cleared: list[int] = []
    real = message_search.forget_deleted

    def clear(session: Session) -> None:
        cleared.append(len(seen))
        real(session)

    def write() -> bool:
        with services.db.transaction(patience=0) as session:
            workers.beat(session, "beside", version="1", now=LONG_AFTER)
            seen.append(session.scalar(select(func.count(Thread.id))) or 0)
        return False

    monkeypatch.setattr(message_search, "forget_deleted", clear)
    forget(services, most, write)
    of_entries = [5] * -(-entries // most)
    of_talks = [max(1, 5 - most * part) for part in range(1, -(-4 // most) + 1)]
    assert seen == of_entries + of_talks
    assert cleared == [len(seen) - 1]


def test_no_word_of_what_was_forgotten_is_left_in_the_file(services: Services) -> None:
    """D-6: not in a page that nobody uses any more, and not in the index, also after a stop on the way."""
    leave_talks(services)
    file = services.settings.data / "prospectus.db"

    def on_disk() -> bytes:
        services.db.fold_log()
        return b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*"))

    assert CANARY.encode() in on_disk()
    forget(services, 2, lambda: True)
    assert CANARY.encode() in on_disk()
    forget(services, 2, go_on)
    assert CANARY.encode() not in on_disk()
    left = leaves(services)
    with services.db.transaction() as session:
        for command in ("rebuild", "optimize"):
            words = f"INSERT INTO message_grams_index (message_grams_index) VALUES ('{command}')"
            session.execute(text(words))
    assert left == leaves(services)


def test_a_fault_of_the_hour_is_told_until_the_next(
    installation: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The turns after it, in which all is well, do not call it mended."""
    turns: list[str] = []
    real = app._Worker._sweep

    def counted(self: app._Worker, ended: threading.Event) -> str:
        turns.append(real(self, ended))
        return turns[-1]

    monkeypatch.setattr(throttle, "sweep", broken)
    monkeypatch.setattr(app._Worker, "_sweep", counted)
    with worker(installation):
        wait_for(lambda: trouble(installation) == "ZeroDivisionError")
        seen = len(turns)
        wait_for(lambda: len(turns) >= seen + 3)
        assert trouble(installation) == "ZeroDivisionError"
    assert set(turns) == {""}


def test_no_lease_is_judged_before_all_could_begin_anew(
    installation: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-11: the clock jumped a day, and the database would not take the new leases at first."""
    with installation.db.transaction() as session:
        make_campaign(session, 1)
        row = session.scalars(select(Delivery)).one()
        row.state, row.lease_token, row.lease_until = "in_flight", "t", NOW + LEASE
    at: list[datetime] = [NOW]
    monkeypatch.setattr(Database, "now", lambda _: at[0])
    one = app._Worker(installation, app.EMBEDDED, None)
    try:
        at[0] = NOW + timedelta(days=1)
        with monkeypatch.context() as fault:
            fault.setattr(sweep, "begin_anew", broken)
            assert [one._sweep(threading.Event()) for _ in range(2)] == ["ZeroDivisionError"] * 2
            assert state_and_lease(installation) == ("in_flight", NOW + LEASE)
        one._sweep(threading.Event())
        state, lease = state_and_lease(installation)
        assert state == "in_flight"
        assert at[0] + LEASE <= lease < at[0] + 2 * LEASE
    finally:
        one._room.close()
        one._system_room.close()
        one._account_rooms.close()
        one._jobs.close()
        one._engine.dispose()


def state_and_lease(services: Services) -> tuple[str, datetime]:
    with services.db.reading() as session:
        row = session.scalars(select(Delivery)).one()
        assert row.lease_until is not None
        return row.state, row.lease_until
