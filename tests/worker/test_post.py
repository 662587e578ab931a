"""The post room against servers that close, limit and slow down, and a database that is busy."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from service import bootstrap, db
from service.adapters.smtp import Relay, SmtpMailer
from service.adapters.smtp_connection import SmtpConnection, Timeouts
from service.bootstrap import Services
from service.config import Settings
from service.domain import deliveries, outbox
from service.domain.ledger import Attempt, Mark
from service.facts.replies import Outcome, Reply
from service.facts.states import DeliveryState
from service.models import Delivery
from service.worker import deliver, post, system_mail, wires
from service.worker.batches import Batches
from service.worker.outgoing import Outgoing
from service.worker.post import PostRoom
from service.worker.writer import LedgerWriter
from tests.adapters.conversation import PATIENT, Conversation, polite
from tests.outbound import NOW, make_campaign
from tests.sink import HANG, Sink
from tests.worker.oracle import counts, wait_for
from tests.worker.test_deliver import launch, now, send_all


def with_mailer(settings: Settings, mailer: SmtpMailer, **options: int) -> Services:
    services = bootstrap.build(replace(settings, **options), jobs=False)
    return replace(services, mailer=mailer)


def mailer_to(server: Conversation) -> SmtpMailer:
    return SmtpMailer(Relay("127.0.0.1", server.port, "none"), timeouts=PATIENT)


@pytest.mark.parametrize("offers", [(), ("PIPELINING",)])
def test_a_connection_that_closes_after_every_mail_costs_nobody_a_mail(
    settings: Settings, offers: tuple[str, ...]
) -> None:
    """F-8: what a kept connection never heard goes over another one, once."""
    answers = polite(offers=offers)
    mails = threading.local()

    def answer(line: str) -> str | None:
        if line.startswith("MAIL"):
            mails.number = getattr(mails, "number", 0) + 1
            return None if mails.number == 2 else answers(line)
        return answers(line)

    with Conversation(answer) as server:
        services = with_mailer(settings, mailer_to(server), mail_connections=2)
        campaign_id = launch(services, 9)
        send_all(services, campaign_id)
    assert counts(services, campaign_id) == {DeliveryState.SENT: 9}
    heard = Counter(line for lines in server.heard for line in lines if line.startswith("RCPT"))
    dots = sum(lines.count(".") for lines in server.heard)
    assert (len(heard), dots) == (9, 9)


def test_a_server_that_takes_one_connection_gets_everything_over_it(settings: Settings) -> None:
    """F-8, M-17: refusing the second connection is no reason to rest while the first one works."""
    taken = threading.Semaphore(1)

    class Strict(Conversation):
        def _lines(self, connection, heard):  # type: ignore[no-untyped-def]
            if not taken.acquire(blocking=False):
                connection.sendall(b"421 4.7.0 Too many connections\r\n")
                return
            try:
                super()._lines(connection, heard)
            finally:
                taken.release()

    with Strict(polite()) as server:
        services = with_mailer(settings, mailer_to(server), mail_connections=4)
        campaign_id = launch(services, 40)
        send_all(services, campaign_id)
    assert counts(services, campaign_id) == {DeliveryState.SENT: 40}


def test_what_a_domain_wants_later_goes_back_to_the_ledger(settings: Settings) -> None:
    """M-17: one mail a minute; the others wait without an attempt held against them."""
    with Conversation(polite()) as server:
        services = with_mailer(settings, mailer_to(server), mail_domain_rate=1)
        campaign_id = launch(services, 3)
        send_all(services, campaign_id)
        assert counts(services, campaign_id) == {DeliveryState.SENT: 1, DeliveryState.DEFERRED: 2}
        with services.db.reading() as session:
            waiting = outbox.list_deliveries(session, campaign_id, states=frozenset({DeliveryState.DEFERRED}))
        assert [(row.attempts, row.lease_token, row.reply) for row in waiting] == [
            (0, None, "reason:PACED")
        ] * 2
        gaps = [(row.next_attempt_at - NOW) / timedelta(minutes=1) for row in waiting if row.next_attempt_at]
    assert [round(gap) for gap in gaps] == [1, 2]


@pytest.fixture
def claimed(services: Services) -> list[int]:
    with services.db.transaction() as session:
        campaign_id = make_campaign(session, 3).id
        return [mail.id for mail in deliveries.claim(session, campaign_id, token="t", now=NOW)]


@pytest.fixture
def writer(services: Services) -> Iterator[LedgerWriter]:
    made = LedgerWriter(services.db, deliveries, now)
    yield made
    made.close()


@contextmanager
def busy(services: Services, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hold the write lock of the database, with writers who lose their patience soon."""
    monkeypatch.setattr(db, "PATIENCE", 0.05)
    with services.db.engine.connect() as other, other.begin():
        other.exec_driver_sql("UPDATE programs SET version = version")
        yield


def states(services: Services) -> list[str]:
    with services.db.reading() as session:
        return list(session.scalars(select(Delivery.state).order_by(Delivery.id)))


def test_a_busy_database_lets_no_mail_begin_and_forgets_no_result(
    services: Services, writer: LedgerWriter, claimed: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-4: the result waits for the database, and a mail whose mark failed is put back."""
    assert writer.commit([Mark(claimed[0], "t")]) == ({claimed[0]}, [])
    writer.hand_over(Attempt(claimed[0], "t", Reply(Outcome.ACCEPTED, "250 Ok")))
    with busy(services, monkeypatch):
        assert writer.commit([Mark(claimed[1], "t")]) == (frozenset(), ())
        assert (writer.in_trouble, writer.waiting) == (True, 2)
    assert states(services) == ["in_flight", "claimed", "claimed"]
    granted, stored = writer.commit([])
    assert (granted, [attempt.mail_id for attempt in stored], writer.in_trouble) == (
        frozenset(),
        claimed[:2],
        False,
    )
    assert states(services) == ["sent", "queued", "claimed"]


def test_a_mark_whose_commit_nobody_heard_of_is_taken_back(
    services: Services, writer: LedgerWriter, claimed: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-5: the commit took place and its answer was lost; the mail was not begun, and is queued again."""
    real = writer._kept().engine.dialect.do_commit

    def lost(connection: object) -> None:
        real(connection)  # type: ignore[arg-type]
        raise services.db.engine.dialect.loaded_dbapi.OperationalError("server closed the connection")

    with monkeypatch.context() as patch:
        patch.setattr(writer._kept().engine.dialect, "do_commit", lost)
        assert writer.commit([Mark(claimed[0], "t")]) == (frozenset(), ())
    assert states(services) == ["in_flight", "claimed", "claimed"]
    writer.commit([])
    assert states(services) == ["queued", "claimed", "claimed"]


def test_one_result_that_cannot_be_stored_holds_up_no_other(
    services: Services, writer: LedgerWriter, claimed: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-17: each result is tried alone, and the mark that stood beside them is taken back."""
    writer.commit([Mark(mail_id, "t") for mail_id in claimed[:2]])
    ours: Callable[..., None] = deliveries.settle

    def poisoned(session: object, attempt: Attempt, **options: object) -> None:
        if attempt.mail_id == claimed[0]:
            raise RuntimeError("poison")
        ours(session, attempt, **options)

    monkeypatch.setattr(deliveries, "settle", poisoned)
    for mail_id in claimed[:2]:
        writer.hand_over(Attempt(mail_id, "t", Reply(Outcome.PERMANENT, "550 No")))
    writer.commit([Mark(claimed[2], "t")])
    writer.commit([])
    assert states(services) == ["in_flight", "failed", "queued"]


@pytest.mark.parametrize("ending", ["421 4.3.2 Closing", "250 Ok"])
def test_the_last_mail_is_sent_when_its_connection_is_gone(settings: Settings, ending: str) -> None:
    """F-8: it was written ahead, and the only connection ended with the mail before it."""
    first = threading.Event()
    answers = polite({".": ending})

    def answer(line: str) -> str | None:
        if line == "." and not first.is_set():
            first.set()
            return ending
        return "250 Ok" if line == "." else answers(line)

    with Conversation(answer) as server:
        mailer = SmtpMailer(Relay("127.0.0.1", server.port, "none"), timeouts=PATIENT, per_connection=1)
        services = with_mailer(settings, mailer, mail_connections=1)
        campaign_id = launch(services, 2)
        send_all(services, campaign_id)
    assert sum(counts(services, campaign_id).values()) == 2
    assert sum(lines.count(".") for lines in server.heard) == 2


def test_a_room_that_stops_gives_up_a_server_that_says_nothing(
    sink: Sink, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-2: what was on its way is unknown then, what was not is given back, and nobody waits for minutes."""
    monkeypatch.setattr(post, "LAST_SECONDS", 0.2)
    sink.script = lambda step, to: HANG if (step, to) == ("data", "p0@example.com") else "250 Ok"
    minute = Timeouts(content=60)
    mailer = SmtpMailer(Relay("127.0.0.1", sink.port, "none"), timeouts=minute)
    services = with_mailer(settings, mailer, mail_connections=1)
    campaign_id = launch(services, 3)
    heard = threading.Event()
    sink.watch = lambda step, _: heard.set() if step == "dot" else None
    room = deliver.open_room(services, now)
    with ThreadPoolExecutor(1) as threads:
        batch = threads.submit(deliver.deliver_batch, services, room, campaign_id, now)
        assert heard.wait(60)
        room.stop()
        assert batch.result(60) == 1
    room.close()
    assert counts(services, campaign_id) == {DeliveryState.UNKNOWN: 1, DeliveryState.QUEUED: 2}


def test_a_room_closes_while_a_server_does_not_greet(
    sink: Sink, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-2: a connection that comes about later is closed by itself."""
    monkeypatch.setattr(wires, "LEAVING_SECONDS", 0.2)
    sink.mute = frozenset({1})
    services = with_mailer(settings, SmtpMailer(Relay("127.0.0.1", sink.port, "none")), mail_connections=1)
    campaign_id = launch(services, 3)
    room = deliver.open_room(services, now)
    with ThreadPoolExecutor(2) as threads:
        batch = threads.submit(deliver.deliver_batch, services, room, campaign_id, now)
        wait_for(lambda: sink.connections == 1)
        closing = threads.submit(room.close)
        try:
            closing.result(60)
            assert batch.result(60) == 0
        finally:
            sink.mute = frozenset()
    wait_for(lambda: not any(thread.is_alive() for thread in room._wires._threads))
    assert counts(services, campaign_id) == {DeliveryState.QUEUED: 3}


def test_a_room_whose_every_turn_fails_can_be_closed(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-2: whoever sends is let go, and whoever closes does not wait for ever."""

    def broken(_: PostRoom) -> bool:
        raise ZeroDivisionError

    monkeypatch.setattr(post, "CLOSING_SECONDS", 0.2)
    monkeypatch.setattr(PostRoom, "_turn", broken)
    room = deliver.open_room(services, now)
    closing = threading.Thread(target=room.close, daemon=True)
    closing.start()
    closing.join(60)
    assert not closing.is_alive()


def test_a_fault_in_the_loop_gives_back_the_places_of_what_it_lets_go(
    sink: Sink, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """M-17: or a domain that takes few at once would take none any more."""
    sink.pause = 0.05
    services = bootstrap.build(replace(settings, mail_url=sink.url, mail_connections=1), jobs=False)
    campaign_id = launch(services, 4)
    faults = threading.Event()
    prepare = PostRoom._prepare

    def once(room: PostRoom) -> None:
        prepare(room)
        if room._ready and not faults.is_set():
            faults.set()
            raise ZeroDivisionError

    monkeypatch.setattr(PostRoom, "_prepare", once)
    room = deliver.open_room(services, now)

    def all_sent() -> bool:
        deliver.deliver_batch(services, room, campaign_id, now)
        return counts(services, campaign_id) == {DeliveryState.SENT: 4}

    try:
        wait_for(all_sent)
        assert faults.is_set()
        assert room._flow._domains["example.com"].under_way == 0
    finally:
        room.close()
    assert len(sink.taken()) == len({mail.recipient for mail in sink.taken()}) == 4


class Faulty:
    """A mailer with a fault nobody thought of."""

    def connect(self) -> SmtpConnection:
        raise ZeroDivisionError


def test_a_fault_while_connecting_fails_nobody(settings: Settings) -> None:
    """F-9, F-18: the room rests as beside a server that is away, and the row keeps what it was."""
    services = replace(bootstrap.build(settings, jobs=False), mailer=Faulty())
    campaign_id = launch(services, 2)
    room = deliver.open_room(services, now)
    with ThreadPoolExecutor(1) as threads:
        batch = threads.submit(deliver.deliver_batch, services, room, campaign_id, now)
        try:
            assert batch.result(60) == 0
            assert room.resting
        finally:
            room.close()
    assert counts(services, campaign_id) == {DeliveryState.QUEUED: 2}
    with services.db.reading() as session:
        assert set(session.scalars(select(Delivery.reply))) == {None, "ZeroDivisionError"}


def test_a_system_mail_passes_by_whoever_waits_to_be_alone(services: Services) -> None:
    """L-7, F-17: a suspect mail waits for a long batch to end, a password link does not."""
    with services.db.transaction() as session:
        outbox.queue_system_mail(
            session, services.jobs, template="password-reset", address="ada@brand.example", locale="en",
            values={"url": "https://prospectus.example/en/reset/x", "minutes": 60}, now=NOW,
        )  # fmt: skip
    room = system_mail.open_room(services, now)

    def alone() -> None:
        with deliver.AT_WORK.alone(patience=60):
            pass

    with ThreadPoolExecutor(2) as threads:
        with deliver.AT_WORK.together():
            suspect = threads.submit(alone)
            wait_for(lambda: deliver.AT_WORK._waiting == 1)
            sending = threads.submit(system_mail.send_due, services, room, now)
            try:
                assert sending.result(60) == 1
            except TimeoutError:
                pytest.fail("the system mail waits as well")
        suspect.result(60)
    room.close()


def test_a_lease_that_cannot_be_renewed_does_not_leave_the_batch(services: Services) -> None:
    """F-4: the mails go on; whoever waits for them hears what became of them."""
    slow = threading.Event()

    def renew(_token: str) -> None:
        slow.set()
        raise RuntimeError("the database is busy")

    def compose() -> bytes:
        assert slow.wait(60)
        raise ValueError("not for this recipient")

    room = PostRoom(services.db, services.mailer, deliveries, sender="a@b.example", connections=1, clock=now)
    batches = Batches(room, renew, renew_seconds=0.05)
    with services.db.transaction() as session:
        campaign_id = make_campaign(session, 1).id
        [mail] = deliveries.claim(session, campaign_id, token="t", now=NOW)
    try:
        batches.post("t", [Outgoing(mail.id, mail.address, compose)])
        assert batches.wait("t").settled == 1
    finally:
        room.close()
    assert counts(services, campaign_id) == {DeliveryState.FAILED: 1}
