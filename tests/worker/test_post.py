"""The post room against servers that close, limit and slow down, and a database that is busy."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from service import bootstrap, db
from service.adapters.smtp import Relay, SmtpMailer
from service.bootstrap import Services
from service.config import Settings
from service.domain import deliveries, outbox
from service.domain.ledger import Attempt, Mark
from service.facts.replies import Outcome, Reply
from service.facts.states import DeliveryState
from service.models import Delivery
from service.worker.batches import Batches
from service.worker.post import Outgoing, PostRoom
from service.worker.writer import LedgerWriter
from tests.adapters.conversation import FAST, Conversation, polite
from tests.outbound import NOW, make_campaign
from tests.worker.test_deliver import counts, launch, now, send_all


def with_mailer(settings: Settings, mailer: SmtpMailer, **options: int) -> Services:
    services = bootstrap.build(replace(settings, **options), jobs=False)
    return replace(services, mailer=mailer)


def mailer_to(server: Conversation) -> SmtpMailer:
    return SmtpMailer(Relay("127.0.0.1", server.port, "none"), timeouts=FAST)


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
        mailer = SmtpMailer(Relay("127.0.0.1", server.port, "none"), timeouts=FAST, per_connection=1)
        services = with_mailer(settings, mailer, mail_connections=1)
        campaign_id = launch(services, 2)
        send_all(services, campaign_id)
    assert sum(counts(services, campaign_id).values()) == 2
    assert sum(lines.count(".") for lines in server.heard) == 2


def test_a_lease_that_cannot_be_renewed_does_not_leave_the_batch(services: Services) -> None:
    """F-4: the mails go on; whoever waits for them hears what became of them."""
    slow = threading.Event()

    def renew(_token: str) -> None:
        slow.set()
        raise RuntimeError("the database is busy")

    def compose() -> bytes:
        assert slow.wait(10)
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
