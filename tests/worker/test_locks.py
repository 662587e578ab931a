"""PostgreSQL: who waits for whom, and that nobody ever waits in a circle."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event, select, text, update
from sqlalchemy.orm import Session

from service import bootstrap
from service.adapters.jobs import EngineJobs, engine_for_jobs
from service.bootstrap import Services
from service.config import Settings
from service.db import NOTICE_SOON, Database
from service.domain import (
    campaigns,
    decisions,
    deliveries,
    inbound,
    ledger,
    notices,
    outbox,
    pauses,
    programs,
    prospects,
    retention,
    threads,
)
from service.domain.errors import DomainError
from service.domain.ledger import Attempt, Mark
from service.domain.retention import Keep
from service.facts.limits import LEASE
from service.facts.refusals import Refusal
from service.facts.replies import Outcome, Reply
from service.facts.stages import StageEvent
from service.facts.states import CampaignState, DeliveryState
from service.mail.bounces import understand
from service.mail.verp import ReturnPath
from service.models import (
    Bounce,
    Campaign,
    CampaignMark,
    Delivery,
    Draft,
    Notice,
    Program,
    Prospect,
    StageChange,
    Thread,
    User,
)
from service.worker import deliver
from service.worker.writer import LedgerWriter
from tests import postgres
from tests.domain import factories
from tests.mail.reports import dsn, letter
from tests.outbound import NOW, make_campaign, make_program

SECONDS = 60.0
PATH = ReturnPath("news@brand.example", "bounces@brand.example", "k" * 40)


@pytest.fixture
def services(settings: Settings, postgres_server: postgres.Server) -> Iterator[Services]:
    """An installation with a database of its own."""
    made = bootstrap.build(replace(settings, database_url=postgres_server.migrated_database()))
    yield made
    assert isinstance(made.jobs, EngineJobs)
    made.jobs.close()
    made.db.dispose()


def test_a_database_that_is_gone_is_noticed_soon(services: Services) -> None:
    """F-5: for our own connections and the job engine's; by itself a system waits for hours."""
    engine = engine_for_jobs(services.settings.database)
    for one in (services.db.engine, engine):
        with one.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            given = driver.info.get_parameters()
        assert {name: given.get(name) for name in NOTICE_SOON} == {
            name: str(value) for name, value in NOTICE_SOON.items()
        }
    engine.dispose()


def test_a_result_is_kept_while_the_database_takes_no_writes(services: Services) -> None:
    """F-5: a server that became a standby meanwhile refuses with words of its own."""
    writer = LedgerWriter(services.db, deliveries, lambda: NOW)
    accepted = Attempt(1, "t", Reply(Outcome.ACCEPTED, "250 Ok"))
    engine = engine_for_jobs(services.settings.database)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        name = connection.exec_driver_sql("SELECT current_database()").scalar()
        set_it = f'ALTER DATABASE "{name}" SET default_transaction_read_only'
        connection.exec_driver_sql(f"{set_it} = on")
        services.db.dispose()
        writer.hand_over(accepted)
        assert writer.commit([Mark(2, "t")]) == (frozenset(), ())
        assert (writer.in_trouble, writer.waiting) == (True, 2)
        connection.exec_driver_sql(f"{set_it} = off")
    engine.dispose()
    granted, stored = writer.commit([])
    assert (granted, stored[0], writer.waiting, writer.in_trouble) == (frozenset(), accepted, 0, False)
    writer.close()


class Meeting:
    """Where two meet with their locks in hand; whoever has to wait for the other's lock is there too."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._here = threading.Semaphore(0)
        self._there = 0
        self._lock = threading.Lock()

    def come(self) -> None:
        with self._lock:
            self._there += 1
        end = time.monotonic() + SECONDS
        while self._there < 2 and not waiting(self._db):
            assert time.monotonic() < end
            time.sleep(0.02)


def waiting(db: Database) -> int:
    """Return how many of the database's sessions wait for a lock."""
    with db.engine.connect() as connection:
        asked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        return connection.scalar(text(f"{asked} AND datname = current_database()")) or 0


def wait_until_somebody_waits(services: Services) -> None:
    end = time.monotonic() + SECONDS
    while not waiting(services.db):
        assert time.monotonic() < end
        time.sleep(0.02)


def rows_of(services: Services, *states: DeliveryState) -> list[int]:
    """Launch a campaign with a row in each of these states, and one more that is open."""
    with services.db.transaction() as session:
        campaign = make_campaign(session, len(states) + 1)
        rows = session.scalars(select(Delivery).order_by(Delivery.id)).all()
        for row, state in zip(rows, states, strict=False):
            row.state = state.value
            if state in {DeliveryState.CLAIMED, DeliveryState.IN_FLIGHT}:
                row.lease_token, row.lease_until = "t", NOW + LEASE
        assert campaign.id == 1
        return [row.id for row in rows]


def state(services: Services, delivery_id: int) -> str:
    with services.db.reading() as session:
        return session.get_one(Delivery, delivery_id).state


def the_campaign(services: Services) -> Campaign:
    with services.db.reading() as session:
        return session.scalars(select(Campaign)).one()


def after(function: Callable[..., object], then: Callable[[], object]) -> Callable[..., object]:
    def wrapped(*arguments: object, **named: object) -> object:
        result = function(*arguments, **named)
        then()
        return result

    return wrapped


def before(function: Callable[..., object], first: Callable[[], object]) -> Callable[..., object]:
    def wrapped(*arguments: object, **named: object) -> object:
        first()
        return function(*arguments, **named)

    return wrapped


Act = Callable[[Session, Services, Campaign, int], object]
# What is decided about a delivery in this state, and where whoever decides has the campaign in hand.
ACTS: dict[str, tuple[DeliveryState, Act, object, str]] = {
    "failed again": (
        DeliveryState.FAILED,
        lambda session, services, campaign, _: decisions.resend_failed(
            session, services.jobs, campaign, round_=0
        ),
        decisions,
        "_begin",
    ),
    "unknown again": (
        DeliveryState.UNKNOWN,
        lambda session, services, campaign, _: decisions.resend_unknown(
            session, services.jobs, campaign, round_=0
        ),
        decisions,
        "_begin",
    ),
    "unknown as sent": (
        DeliveryState.UNKNOWN,
        lambda session, _, campaign, __: decisions.treat_unknown_as_sent(
            session, campaign, round_=0, now=NOW
        ),
        decisions,
        "_begin",
    ),
    "one again": (
        DeliveryState.UNKNOWN,
        lambda session, services, campaign, row: outbox.resend(
            session, services.jobs, campaign.id, row, now=NOW
        ),
        outbox,
        "_locked",
    ),
    "one as sent": (
        DeliveryState.UNKNOWN,
        lambda session, _, campaign, row: outbox.treat_as_sent(session, campaign.id, row, now=NOW),
        outbox,
        "_locked",
    ),
    "cancel": (
        DeliveryState.DEFERRED,
        lambda session, _, campaign, __: campaigns.cancel(session, campaign, now=NOW),
        campaigns,
        "_move",
    ),
}


@pytest.mark.parametrize("act", ACTS)
def test_a_report_and_a_decision_do_not_wait_for_each_other(
    services: Services, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    """M-14, M-16, F-14: the report has the row and wants the campaign, the decision the other way round."""
    first, decide, where, name = ACTS[act]
    [delivery_id, _] = rows_of(services, first)
    meeting = Meeting(services.db)
    monkeypatch.setattr(pauses, "_reached", before(lambda *_: True, meeting.come))
    monkeypatch.setattr(where, name, after(getattr(where, name), meeting.come))
    report_has_the_row = threading.Event()
    monkeypatch.setattr(inbound, "_find", after(inbound._find, report_has_the_row.set))

    def report() -> None:
        with services.db.transaction() as session:
            inbound.take(session, PATH, understand(dsn(PATH.of(delivery_id))), now=NOW)

    def decision() -> Refusal | None:
        assert report_has_the_row.wait(SECONDS)
        try:
            with services.db.transaction() as session:
                decide(session, services, session.scalars(select(Campaign)).one(), delivery_id)
        except DomainError as error:
            return error.refusal
        return None

    with ThreadPoolExecutor(2) as threads:
        reported, decided = threads.submit(report), threads.submit(decision)
        reported.result(2 * SECONDS)
        refusal = decided.result(2 * SECONDS)
    # Of the one row the report has its say; and whoever comes to it alone is told so.
    assert refusal == (Refusal.DELIVERY_NOT_UNKNOWN if act.startswith("one") else None)
    with services.db.reading() as session:
        assert session.scalars(select(Bounce.kind)).all() == ["hard"]
    expected = CampaignState.CANCELLED if act == "cancel" else CampaignState.PAUSED
    assert the_campaign(services).state == expected.value
    if first is not DeliveryState.DEFERRED:
        assert state(services, delivery_id) == DeliveryState.FAILED.value


def test_cancelling_waits_for_no_worker(services: Services) -> None:
    """F-15: a row that is being marked is passed by, and counted as one that may go out."""
    mine, other, _ = rows_of(services, DeliveryState.CLAIMED, DeliveryState.CLAIMED)

    def cancel() -> int:
        with services.db.transaction() as session:
            return campaigns.cancel(session, session.scalars(select(Campaign)).one(), now=NOW) or 0

    with ThreadPoolExecutor(1) as threads, services.db.transaction() as worker:
        assert deliveries.mark_in_flight(worker.connection(), [Mark(mine, "t")]) == {mine}
        assert threads.submit(cancel).result(SECONDS) == 1
        assert deliveries.mark_in_flight(worker.connection(), [Mark(other, "t")]) == set()
    assert (state(services, mine), state(services, other)) == ("in_flight", "cancelled")


@pytest.mark.parametrize("act", ["renew", "sweep"])
def test_leases_are_kept_and_ended_beside_a_worker_that_stores(services: Services, act: str) -> None:
    """F-1: neither waits for a row that is being settled, which would wait for theirs."""
    mine, other, _ = rows_of(services, DeliveryState.IN_FLIGHT, DeliveryState.IN_FLIGHT)
    accepted = [Attempt(row, "t", Reply(Outcome.ACCEPTED, "250 Ok")) for row in (mine, other)]
    later = NOW + 2 * LEASE

    def beside() -> int:
        with services.db.transaction() as session:
            if act == "renew":
                return ledger.renew(session, Delivery, token="t", now=NOW)
            return deliveries.sweep(session, now=later).unknown

    with ThreadPoolExecutor(1) as threads, services.db.transaction() as worker:
        deliveries.settle_sent(worker.connection(), accepted[:1], now=NOW)
        assert threads.submit(beside).result(SECONDS) == 1
        deliveries.settle_sent(worker.connection(), accepted[1:], now=NOW)
    assert [state(services, row) for row in (mine, other)] == ["sent", "sent"]


def test_an_answer_and_a_history_do_not_wait_for_each_other(services: Services) -> None:
    """M-14: the answer has the mail and wants the prospect, the history the other way round."""
    [delivery_id, _] = rows_of(services, DeliveryState.SENT)
    with services.db.reading() as session:
        row = session.get_one(Delivery, delivery_id)
    assert row.prospect_id is not None

    def answer() -> inbound.Done:
        with services.db.transaction() as session:
            return inbound.take(session, PATH, understand(letter(row.message_id)), now=NOW).done

    with ThreadPoolExecutor(1) as threads:
        with services.db.transaction() as history:
            prospects.lock(history, row.prospect_id)
            answered = threads.submit(answer)
            wait_until_somebody_waits(services)
            prospects.record(
                history, row.prospect_id, StageEvent.EMAIL_ACCEPTED, now=NOW, delivery_id=delivery_id
            )
        assert answered.result(SECONDS) is inbound.Done.ANSWERED
    with services.db.reading() as session:
        events = session.scalars(select(StageChange.event).order_by(StageChange.id)).all()
    assert events == ["email_accepted", "answered"]


@pytest.mark.parametrize("ends", [deliveries.finish_all_done, deliveries.finish_if_done])
def test_a_batch_and_the_end_of_its_campaign_do_not_wait_for_each_other(
    services: Services, monkeypatch: pytest.MonkeyPatch, ends: Callable[..., object]
) -> None:
    """F-1: one worker tells the prospects of the last batch, another one finds that nothing is open."""
    with services.db.transaction() as session:
        campaign_id = make_campaign(session, 3).id
    named = {} if ends is deliveries.finish_all_done else {"campaign_id": campaign_id}
    tell, batch = prospects.record_sent, threading.current_thread()

    def end() -> None:
        with services.db.transaction() as session:
            ends(session, **named, now=NOW)

    with ThreadPoolExecutor(1) as others:
        ended: list[Future[None]] = []

        def told(session: Session, delivery_ids: Sequence[int]) -> None:
            tell(session, delivery_ids)
            if threading.current_thread() is batch and not ended:
                ended.append(others.submit(end))
                wait_until_somebody_waits(services)

        monkeypatch.setattr(prospects, "record_sent", told)
        room = deliver.open_room(services, lambda: NOW)
        assert deliver.deliver_batch(services, room, campaign_id, lambda: NOW) == 3
        room.close()
        ended[0].result(SECONDS)
    assert the_campaign(services).state == CampaignState.FINISHED.value
    with services.db.reading() as session:
        assert len(session.scalars(select(StageChange.event)).all()) == 3


def test_two_who_end_campaigns_to_the_same_people_do_not_wait_for_each_other(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-1: the sweep ends all that are done, a worker the second of them."""
    with services.db.transaction() as session:
        first = make_campaign(session, 1)
        program, author = session.scalars(select(Program)).one(), session.scalars(select(User)).one()
        second_id = make_campaign(session, 1, program=program, author=author).id
        people = session.scalars(select(Prospect.id).order_by(Prospect.id)).all()
        for row in session.scalars(select(Delivery)):
            row.state, row.settled_at, row.prospect_id = DeliveryState.SENT.value, NOW, people[0]
        assert first.id < second_id
    meeting, tell, sweeping = Meeting(services.db), deliveries.tell_prospects, set[threading.Thread]()

    def met(session: Session, campaign_id: int) -> object:
        # The sweep comes with the person in hand, the worker with its campaign.
        if threading.current_thread() in sweeping:
            return after(tell, meeting.come)(session, campaign_id)
        return before(tell, meeting.come)(session, campaign_id)

    monkeypatch.setattr(deliveries, "tell_prospects", met)

    def sweep() -> int:
        sweeping.add(threading.current_thread())
        with services.db.transaction() as session:
            return deliveries.finish_all_done(session, now=NOW)

    def worker() -> bool:
        with services.db.transaction() as session:
            return deliveries.finish_if_done(session, second_id, now=NOW)

    with ThreadPoolExecutor(2) as both:
        swept, worked = both.submit(sweep), both.submit(worker)
        assert swept.result(2 * SECONDS) + worked.result(2 * SECONDS) == 2


def test_a_draft_written_while_its_conversation_is_taken_keeps_it(services: Services) -> None:
    """D-6: what is committed between the look at a conversation and its lock changes no row of it."""
    keep, later = Keep(imports=0, notices=0, conversations_months=1), NOW + timedelta(days=90)
    with services.db.transaction() as session:
        program, author = make_program(session)
        for name in ("Ann", "Bob"):
            known = factories.prospect(session, program, name, messaging_enabled=True, at=NOW)
            known.archived_at = NOW
            thread = threads.open_with(session, program.id, known.partner_id, now=NOW)
            session.add(Draft(user_id=author.id, thread_id=thread.id, body="…", form_key="d", updated_at=NOW))
        session.execute(update(StageChange).values(at=NOW))
        kept = thread.id
    written: list[int] = []

    @event.listens_for(services.db.engine, "after_cursor_execute")
    def write(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "SKIP LOCKED" in statement and not written:
            written.append(kept)
            with services.db.transaction() as session:
                changed = update(Draft).where(Draft.thread_id == kept)
                session.execute(changed.values(updated_at=later))

    with services.db.transaction() as session:
        assert retention.forget_conversations(session, keep, now=later) == 1
    with services.db.reading() as session:
        assert (session.scalars(select(Thread.id)).all(), written) == ([kept], [kept])


def test_whoever_refers_to_a_program_or_a_campaign_waits_for_no_count(services: Services) -> None:
    """M-17, F-14: an hourly limit being counted, or a decision being taken, holds up no new row."""
    [delivery_id, _] = rows_of(services, DeliveryState.UNKNOWN)
    with services.db.transaction() as session:
        program = session.scalars(select(Program)).one()
        program.hourly_limit = 10
        author_id = the_campaign(services).author_id

    def write() -> None:
        with services.db.transaction() as session:
            program = session.scalars(select(Program)).one()
            session.add(Campaign(
                program_id=program.id, author_id=author_id, form_key="another", state="draft", from_name="A",
                source_locale="en", unknown_policy="ask", created_at=NOW,
            ))  # fmt: skip
            session.add(CampaignMark(campaign_id=1, at=NOW, counts={}))
            notices.tell_author(session, 1, notices.UNKNOWN, now=NOW)

    with ThreadPoolExecutor(1) as threads, services.db.transaction() as session:
        assert programs.take_allowance(session, 1, 5, now=NOW) == 5
        programs.return_allowance(session, 1, 2, now=NOW)
        outbox.treat_as_sent(session, 1, delivery_id, now=NOW)
        threads.submit(write).result(SECONDS)
    with services.db.reading() as session:
        assert session.scalars(select(Notice.kind)).all() == [notices.UNKNOWN]


def test_of_many_decisions_about_one_mail_one_is_carried_out(services: Services) -> None:
    """F-14: four want it sent again and four count it as sent, all at once."""
    [delivery_id, _] = rows_of(services, DeliveryState.UNKNOWN)
    together = threading.Barrier(8, timeout=SECONDS)

    def decide(number: int) -> Refusal | None:
        try:
            with services.db.transaction() as session:
                session.get_one(Delivery, delivery_id)  # read before, as a page would
                together.wait()
                if number % 2:
                    outbox.resend(session, services.jobs, 1, delivery_id, now=NOW)
                else:
                    outbox.treat_as_sent(session, 1, delivery_id, now=NOW)
        except DomainError as error:
            return error.refusal
        return None

    with ThreadPoolExecutor(8) as threads:
        done = list(threads.map(decide, range(8), timeout=2 * SECONDS))
    assert Counter(done) == {None: 1, Refusal.DELIVERY_NOT_UNKNOWN: 7}
    assert state(services, delivery_id) in {"queued", "sent"}
