"""A worker against a mail server that misbehaves: each recipient gets their own answer, the rest goes on."""

import socket
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from service.bootstrap import Services
from service.config import Settings
from service.facts.states import DeliveryState, UnknownPolicy
from service.models import Delivery, Suppression
from tests.ports import free_port
from tests.sink import DROP, HANG, Sink
from tests.worker.oracle import counts, finished, installed, judge, launch, wait_for
from tests.worker.process import Worker


def log_of(settings: Settings) -> Path:
    return settings.data / "worker.log"


def at(sink: Sink, settings: Settings, **options: int) -> Settings:
    return replace(settings, mail_url=sink.url, **{"mail_connections": 2, **options})  # type: ignore[arg-type]


def open_rows(services: Services, campaign_id: int) -> dict[str, str]:
    """Return the rows that are not sent, by address."""
    with services.db.reading() as session:
        rows = session.scalars(select(Delivery).where(Delivery.campaign_id == campaign_id))
        return {row.address: row.state for row in rows if row.state != DeliveryState.SENT.value}


def suppressed(services: Services) -> int:
    with services.db.reading() as session:
        return session.scalar(select(func.count()).select_from(Suppression)) or 0


def test_every_kind_of_answer_in_one_campaign(sink: Sink, settings: Settings) -> None:
    """F-7, F-8: 4xx, 5xx, 421, a refusal of the content, a lost answer, silence: one recipient each."""
    answers = {
        ("rcpt", "p1@example.com"): "450 4.2.1 Greylisted",
        ("rcpt", "p2@example.com"): "550 5.1.1 No such user",
        ("rcpt", "p3@example.com"): "421 4.7.0 Too many mails",
        ("data", "p4@example.com"): "550 5.7.1 Not wanted",
        ("data", "p5@example.com"): "451 4.3.0 Try later",
        ("data", "p6@example.com"): DROP,
        ("data", "p7@example.com"): HANG,
    }
    sink.script = lambda step, to: answers.get((step, to), "250 Ok")
    settings = at(sink, settings, mail_timeout=5)
    with installed(settings) as services:
        campaign_id = launch(services, 60)
        worker = Worker(settings, log_of(settings))
        wait_for(
            lambda: (
                counts(services, campaign_id).get(DeliveryState.SENT) == 53
                and len(open_rows(services, campaign_id)) == 7
                and not {"queued", "claimed", "in_flight"} & set(open_rows(services, campaign_id).values())
            ),
            log=log_of(settings),
        )
        assert worker.stop() == 0
        assert open_rows(services, campaign_id) == {
            "p1@example.com": "deferred",
            "p2@example.com": "failed",
            "p3@example.com": "deferred",
            "p4@example.com": "failed",
            "p5@example.com": "deferred",
            "p6@example.com": "unknown",
            "p7@example.com": "unknown",
        }
    arrived = [taken.recipient for taken in sink.taken() if taken.accepted]
    assert len(arrived) == len(set(arrived)) == 54


@pytest.mark.sweep
def test_a_lost_answer_is_tried_again_where_that_was_chosen(sink: Sink, settings: Settings) -> None:
    """F-7 with the policy retry: one repeat at most, with the same Message-ID."""
    dropped: list[str] = []

    def script(step: str, to: str) -> str:
        if (step, to) == ("data", "p2@example.com") and not dropped:
            dropped.append(to)
            return DROP
        return "250 Ok"

    sink.script = script
    settings = at(sink, settings)
    with installed(settings) as services:
        campaign_id = launch(services, 5, policy=UnknownPolicy.RETRY)
        worker = Worker(settings, log_of(settings))
        wait_for(lambda: open_rows(services, campaign_id) == {"p2@example.com": "deferred"})
        with services.db.transaction() as session:
            row = session.scalars(select(Delivery).where(Delivery.state == "deferred")).one()
            row.next_attempt_at = row.first_tried_at
        wait_for(lambda: finished(services, campaign_id), log=log_of(settings))
        assert worker.stop() == 0
        assert counts(services, campaign_id) == {DeliveryState.SENT: 5}
    twice = [taken for taken in sink.taken() if taken.recipient == "p2@example.com"]
    assert len(twice) == 2
    assert len({taken.message_id for taken in twice}) == 1


@pytest.mark.sweep
def test_a_server_of_one_byte_a_second_costs_its_connection_only(sink: Sink, settings: Settings) -> None:
    """F-8: what is slow beyond the limit is given up, and the others go on."""
    sink.slow = frozenset({1})
    settings = at(sink, settings, mail_timeout=2)
    with installed(settings) as services:
        campaign_id = launch(services, 30)
        worker = Worker(settings, log_of(settings))
        wait_for(lambda: finished(services, campaign_id), log=log_of(settings))
        assert worker.stop() == 0
        assert counts(services, campaign_id) == {DeliveryState.SENT: 30}
        assert len(judge(services, sink, campaign_id, most_unknown=0).sent) == 30


@pytest.mark.sweep
def test_a_server_that_closes_after_each_few_mails(sink: Sink, settings: Settings) -> None:
    """F-8: 421 after every fifth mail of a connection; the mail it met is tried later, none is lost."""
    met: list[str] = []

    def script(step: str, to: str) -> str:
        if step == "rcpt" and int(to[1:].partition("@")[0]) % 10 == 5 and to not in met:
            met.append(to)
            return "421 4.7.0 Closing"
        return "250 Ok"

    sink.script = script
    settings = at(sink, settings)
    with installed(settings) as services:
        campaign_id = launch(services, 40)
        worker = Worker(settings, log_of(settings))
        wait_for(lambda: counts(services, campaign_id).get(DeliveryState.SENT, 0) == 36, log=log_of(settings))
        with services.db.transaction() as session:
            for row in session.scalars(select(Delivery).where(Delivery.state == "deferred")):
                row.next_attempt_at = row.first_tried_at
        wait_for(lambda: finished(services, campaign_id), log=log_of(settings))
        assert worker.stop() == 0
        assert len(judge(services, sink, campaign_id, most_unknown=0).sent) == 40


class Closed:
    """A port where every connection is closed at once; it counts them."""

    def __init__(self) -> None:
        self.attempts = 0
        # A port that stays free between this server and the next.
        self._server = socket.create_server(("127.0.0.1", free_port()))
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self.attempts += 1
            connection.close()

    def close(self) -> None:
        # Shut down first: a thread in accept would keep the port.
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()


def test_a_server_that_was_down_is_found_again(settings: Settings, tmp_path: Path) -> None:
    """F-9: nothing counts against anybody, tries become rare, then all goes on by itself and in order."""
    closed = Closed()
    settings = replace(settings, mail_url=f"smtp://127.0.0.1:{closed.port}?tls=none", mail_connections=1)
    with installed(settings) as services:
        campaign_id = launch(services, 40)
        worker = Worker(settings, log_of(settings))
        wait_for(lambda: closed.attempts >= 3, log=log_of(settings))
        closed.close()
        tries = closed.attempts
        with Sink(tmp_path / "journal.jsonl", port=closed.port) as sink:
            wait_for(lambda: finished(services, campaign_id), log=log_of(settings))
            assert worker.stop() == 0
            assert len(judge(services, sink, campaign_id, most_unknown=0).sent) == 40
            assert [taken.recipient for taken in sink.taken()] == [f"p{n}@example.com" for n in range(40)]
            # One connection of the campaign's lane, and the one it had been tried with.
            assert sink.connections <= 2
    assert tries <= 6
    with installed(settings) as services, services.db.reading() as session:
        assert set(session.scalars(select(Delivery.attempts))) == {1}


@pytest.mark.sweep
def test_a_name_that_cannot_be_found_waits(sink: Sink, settings: Settings) -> None:
    """F-19: no address for the relay's name is trouble of the moment: nobody fails, nobody is suppressed."""
    lost = replace(settings, mail_url="smtp://relay.invalid?tls=none", mail_connections=2)
    with installed(lost) as services:
        campaign_id = launch(services, 10)
        worker = Worker(lost, log_of(lost))

        def told() -> bool:
            with services.db.reading() as session:
                return session.scalar(select(func.count()).where(Delivery.reply.is_not(None))) > 0  # type: ignore[operator]

        wait_for(told, log=log_of(lost))
        assert worker.stop() == 0
        assert counts(services, campaign_id) == {DeliveryState.QUEUED: 10}
        assert suppressed(services) == 0
        found = at(sink, lost)
        again = Worker(found, log_of(found))
        wait_for(lambda: finished(services, campaign_id), log=log_of(found))
        assert again.stop() == 0
        assert counts(services, campaign_id) == {DeliveryState.SENT: 10}


@pytest.mark.sweep
def test_silence_after_rcpt_concerns_one_recipient(sink: Sink, settings: Settings) -> None:
    """F-8: a recipient at whom the server falls silent before DATA is tried later, the others get theirs."""
    sink.script = lambda step, to: HANG if (step, to) == ("rcpt", "p1@example.com") else "250 Ok"
    settings = at(sink, settings, mail_timeout=2)
    wanted = {DeliveryState.SENT: 19, DeliveryState.DEFERRED: 1}
    with installed(settings) as services:
        campaign_id = launch(services, 20)
        worker = Worker(settings, log_of(settings))
        wait_for(lambda: counts(services, campaign_id) == wanted, log=log_of(settings))
        assert worker.stop() == 0
