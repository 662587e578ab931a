"""A campaign's way through the worker: into the captured outbox, or against a relay that misbehaves."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import OperationalError

from service import bootstrap
from service.bootstrap import Services
from service.config import Settings
from service.domain import campaigns, deliveries, outbox, suppression
from service.facts.limits import DELIVERY_BATCH
from service.facts.replies import Reason, words_of
from service.facts.stages import Stage
from service.facts.states import CampaignState, DeliveryState, UnknownPolicy
from service.models import Campaign, Delivery, Program, ProgramMinute, Prospect
from service.worker import deliver, post
from tests.adapters.conversation import Conversation
from tests.outbound import NOW, make_campaign
from tests.sink import DROP, Sink
from tests.worker.oracle import counts

# Mails to one domain at once, by default.
AT_ONCE = 20


def now() -> datetime:
    return NOW


@contextmanager
def room_of(services: Services) -> Iterator[deliver.PostRoom]:
    room = deliver.open_room(services, now)
    try:
        yield room
    finally:
        room.close()


def launch(services: Services, recipients: int, **options: UnknownPolicy) -> int:
    with services.db.transaction() as session:
        return make_campaign(session, recipients, **options).id


def send_all(services: Services, campaign_id: int) -> None:
    with room_of(services) as room:
        while deliver.deliver_batch(services, room, campaign_id, now):
            pass


def through(sink: Sink, settings: Settings, *, connections: int = 2) -> Services:
    return bootstrap.build(replace(settings, mail_url=sink.url, mail_connections=connections), jobs=False)


def test_a_campaign_arrives_in_the_captured_outbox_in_each_language(services: Services) -> None:
    """Every recipient gets one mail, the prospects move to Outreach and the campaign ends."""
    campaign_id = launch(services, 7)
    send_all(services, campaign_id)
    assert counts(services, campaign_id) == {DeliveryState.SENT: 7}
    mails = services.mailer.mails()  # type: ignore[attr-defined]
    assert sorted(mail.recipient for mail in mails) == [f"p{n}@example.com" for n in range(7)]
    assert {mail.subject for mail in mails} == {"A partnership with Aurora", "Auroraとの提携"}
    with services.db.reading() as session:
        assert session.get_one(Campaign, campaign_id).state == CampaignState.FINISHED.value
        assert set(session.scalars(select(Prospect.stage))) == {Stage.OUTREACH.value}


def test_a_dropped_answer_to_the_final_dot_is_unknown_and_never_sent_again_by_itself(
    sink: Sink, settings: Settings
) -> None:
    """F-7: the row is shown as unknown; a person decides; a deliberate repeat keeps its Message-ID."""
    services = through(sink, settings)
    sink.script = lambda step, to: DROP if (step, to) == ("data", "p3@example.com") else "250 Ok"
    campaign_id = launch(services, 6)
    send_all(services, campaign_id)
    assert counts(services, campaign_id) == {DeliveryState.SENT: 5, DeliveryState.UNKNOWN: 1}
    with services.db.transaction() as session:
        lost = session.scalars(select(Delivery).where(Delivery.state == DeliveryState.UNKNOWN.value)).one()
        assert lost.address == "p3@example.com"
        outbox.resend(session, services.jobs, campaign_id, lost.id, now=NOW)
    sink.script = lambda _step, _to: "250 Ok"
    send_all(services, campaign_id)
    assert counts(services, campaign_id) == {DeliveryState.SENT: 6}
    twice = [taken for taken in sink.taken() if taken.recipient == "p3@example.com"]
    assert len(twice) == 2
    assert len({taken.message_id for taken in twice}) == 1


def test_with_the_policy_retry_a_lost_answer_is_tried_again(sink: Sink, settings: Settings) -> None:
    """F-7 by choice: the campaign said to repeat, so the row waits for its next attempt."""
    services = through(sink, settings)
    sink.script = lambda step, _to: DROP if step == "data" else "250 Ok"
    campaign_id = launch(services, 1, policy=UnknownPolicy.RETRY)
    send_all(services, campaign_id)
    assert counts(services, campaign_id) == {DeliveryState.DEFERRED: 1}


def test_each_recipient_gets_the_answer_that_was_meant_for_them(sink: Sink, settings: Settings) -> None:
    """F-8: 450, 550 and 554 at different steps concern one recipient each, the others get their mail."""
    services = through(sink, settings)
    answers = {
        ("rcpt", "p1@example.com"): "450 4.2.1 Greylisted",
        ("rcpt", "p2@example.com"): "550 5.1.1 No such user",
        ("data", "p4@example.com"): "554 5.7.1 Not wanted",
    }
    sink.script = lambda step, to: answers.get((step, to), "250 Ok")
    campaign_id = launch(services, 6)
    send_all(services, campaign_id)
    with services.db.reading() as session:
        found = {
            row.address: (row.state, row.reply, row.next_attempt_at)
            for row in session.scalars(select(Delivery))
        }
    assert found["p1@example.com"] == ("deferred", "450 4.2.1 Greylisted", NOW + timedelta(minutes=5))
    assert found["p2@example.com"] == ("failed", "550 5.1.1 No such user", None)
    assert found["p4@example.com"] == ("failed", "554 5.7.1 Not wanted", None)
    assert counts(services, campaign_id)[DeliveryState.SENT] == 3


def test_an_unreachable_relay_costs_nothing_but_time(settings: Settings) -> None:
    """F-9: nothing is counted against a recipient, the room rests, and the rows wait in their order."""
    services = bootstrap.build(replace(settings, mail_url="smtp://127.0.0.1:9?tls=none"), jobs=False)
    campaign_id = launch(services, 20)
    with room_of(services) as room:
        assert deliver.deliver_batch(services, room, campaign_id, now) == 0
        assert room.resting
        assert deliver.deliver_batch(services, room, campaign_id, now) == 0
    assert counts(services, campaign_id) == {DeliveryState.QUEUED: 20}
    with services.db.reading() as session:
        assert set(session.scalars(select(Delivery.attempts))) == {0}


def test_a_fault_of_the_settings_fails_no_recipient(settings: Settings) -> None:
    """F-9: what is wrong for everybody is not counted against anybody."""
    services = bootstrap.build(replace(settings, mail_url="smtp://relay..example.com?tls=none"), jobs=False)
    campaign_id = launch(services, 5)
    send_all(services, campaign_id)
    assert counts(services, campaign_id) == {DeliveryState.QUEUED: 5}


def test_after_cancelled_is_shown_only_what_is_in_flight_may_arrive(sink: Sink, settings: Settings) -> None:
    """F-15: the cancel comes from within a transaction of the server, in the middle of the campaign."""
    services = through(sink, replace(settings, mail_connections=2))
    campaign_id = launch(services, 40)
    in_flight: list[int] = []

    def script(step: str, _to: str) -> str:
        if step == "data" and len(sink.taken()) == 9 and not in_flight:
            with services.db.transaction() as session:
                campaign = session.get_one(Campaign, campaign_id)
                in_flight.append(campaigns.cancel(session, campaign, now=NOW))
        return "250 Ok"

    sink.script = script
    send_all(services, campaign_id)
    arrived = len(sink.taken())
    assert counts(services, campaign_id) == {
        DeliveryState.SENT: arrived,
        DeliveryState.CANCELLED: 40 - arrived,
    }
    assert 9 + 1 <= arrived <= 9 + in_flight[0]
    with services.db.reading() as session:
        assert session.get_one(Campaign, campaign_id).state == CampaignState.CANCELLED.value


def test_a_paused_campaign_sends_nothing_until_it_goes_on(sink: Sink, settings: Settings) -> None:
    """F-15: what was claimed goes back to the queue, and resuming sends each mail once."""
    services = through(sink, settings)
    campaign_id = launch(services, 30)

    def script(step: str, _to: str) -> str:
        if step == "data" and len(sink.taken()) == 5:
            with services.db.transaction() as session:
                campaign = session.get_one(Campaign, campaign_id)
                if campaign.state == CampaignState.SENDING.value:
                    campaigns.pause(session, campaign)
        return "250 Ok"

    sink.script = script
    send_all(services, campaign_id)
    paused = counts(services, campaign_id)
    assert paused[DeliveryState.SENT] in {6, 7}
    assert paused[DeliveryState.QUEUED] == 30 - paused[DeliveryState.SENT]
    sink.script = lambda _step, _to: "250 Ok"
    with services.db.transaction() as session:
        campaigns.resume(session, services.jobs, session.get_one(Campaign, campaign_id))
    send_all(services, campaign_id)
    assert counts(services, campaign_id) == {DeliveryState.SENT: 30}
    assert sorted(taken.recipient for taken in sink.taken()) == sorted(f"p{n}@example.com" for n in range(30))


def test_unsubscribing_holds_before_the_next_attempt(sink: Sink, settings: Settings) -> None:
    """M-7: a suppression between the claim and the attempt withholds the mail; one before as well."""
    services = through(sink, settings, connections=1)
    campaign_id = launch(services, 4)
    with services.db.reading() as session:
        program_id = session.get_one(Campaign, campaign_id).program_id
    reason = suppression.SuppressionReason.UNSUBSCRIBED
    with services.db.transaction() as session:
        suppression.suppress(session, program_id, "p0@example.com", reason=reason, now=NOW)

    def script(step: str, to: str) -> str:
        if (step, to) == ("data", "p1@example.com"):
            with services.db.transaction() as session:
                suppression.suppress(session, program_id, "p2@example.com", reason=reason, now=NOW)
        return "250 Ok"

    sink.script = script
    send_all(services, campaign_id)
    assert counts(services, campaign_id) == {DeliveryState.SENT: 2, DeliveryState.SUPPRESSED: 2}
    assert sorted(taken.recipient for taken in sink.taken()) == ["p1@example.com", "p3@example.com"]


def test_a_recipient_whose_mail_cannot_be_written_fails_alone(services: Services) -> None:
    """F-17 in small: one row that makes the composer raise is parked with its reason."""
    campaign_id = launch(services, 3)
    with services.db.transaction() as session:
        session.scalars(select(Delivery)).first().locale = "fr"  # type: ignore[union-attr]
    send_all(services, campaign_id)
    assert counts(services, campaign_id) == {DeliveryState.SENT: 2, DeliveryState.FAILED: 1}
    with services.db.reading() as session:
        failed = session.scalars(select(Delivery.reply).where(Delivery.state == "failed")).one()
    assert failed == words_of(Reason.NOT_COMPOSABLE)


def test_two_batches_never_share_a_row(services: Services) -> None:
    """A lease belongs to one token: what one claims the other does not."""
    campaign_id = launch(services, 10)
    with services.db.transaction() as session:
        first = deliveries.claim(session, campaign_id, token="a", now=NOW, limit=6)
    with services.db.transaction() as session:
        second = deliveries.claim(session, campaign_id, token="b", now=NOW, limit=6)
    assert [mail.id for mail in first + second] == sorted({mail.id for mail in first + second})
    assert (len(first), len(second)) == (6, 4)


@pytest.mark.parametrize("look", range(2, 5))
def test_a_fault_between_two_batches_leaves_none_of_them_open(
    services: Services, monkeypatch: pytest.MonkeyPatch, look: int
) -> None:
    """F-3, M-17: what was handed over is waited for and given back, its allowance too."""
    campaign_id = launch(services, 4 * DELIVERY_BATCH)
    with services.db.transaction() as session:
        program_id = session.get_one(Campaign, campaign_id).program_id
        session.get_one(Program, program_id).hourly_limit = 10 * DELIVERY_BATCH
    looked = count(1)

    def next_is_suspect(*_: object, **__: object) -> bool:
        if next(looked) == look:
            raise OperationalError("SELECT", None, Exception("the connection was lost"))
        return False

    monkeypatch.setattr(deliveries, "next_is_suspect", next_is_suspect)
    with room_of(services) as room, pytest.raises(OperationalError):
        deliver.deliver_batches(services, room, campaign_id, now, most=10)
    sent = (look - 1) * DELIVERY_BATCH
    assert counts(services, campaign_id) == {
        state: number
        for state, number in (
            (DeliveryState.SENT, sent),
            (DeliveryState.QUEUED, 4 * DELIVERY_BATCH - sent),
        )
        if number
    }
    with services.db.reading() as session:
        assert session.scalar(select(func.sum(ProgramMinute.mails))) == sent


def test_a_batch_that_cannot_be_closed_leaves_the_one_behind_closed(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-3: the first stays leased until the sweep; the second is waited for and given back."""
    campaign_id = launch(services, 2 * DELIVERY_BATCH)
    closed: list[int] = []

    def record_sent(_session: object, mail_ids: Sequence[int]) -> None:
        closed.append(len(mail_ids))
        if len(closed) == 1:
            raise OperationalError("UPDATE", None, Exception("database is locked"))

    monkeypatch.setattr(deliver.prospects, "record_sent", record_sent)
    with room_of(services) as room, pytest.raises(OperationalError):
        deliver.deliver_batches(services, room, campaign_id, now, most=10)
    assert closed[:2] == [DELIVERY_BATCH, DELIVERY_BATCH]
    assert counts(services, campaign_id) == {DeliveryState.SENT: 2 * DELIVERY_BATCH}


def test_a_room_that_gets_no_connection_at_first_goes_on_later(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-10: the claim found the database, the room does not: no domain's pace is used up by that."""
    campaign_id = launch(services, 3)
    connect, refused = services.db.engine.connect, 0

    def refuse() -> Connection:
        nonlocal refused
        if threading.current_thread().name == "post-room" and refused < 2 * AT_ONCE:
            refused += 1
            raise OperationalError("connect", None, Exception("sorry, too many clients already"))
        return connect()

    monkeypatch.setattr(services.db.engine, "connect", refuse)
    monkeypatch.setattr(post, "TROUBLE_SECONDS", 0.01)
    with room_of(services) as room:
        while counts(services, campaign_id) != {DeliveryState.SENT: 3}:
            deliver.deliver_batch(services, room, campaign_id, now)
            (domain,) = room._flow._domains.values()
            assert domain.under_way == 0
    assert refused == 2 * AT_ONCE


def test_a_campaign_waits_when_its_program_has_sent_enough_for_an_hour(services: Services) -> None:
    """M-17: what is not used is given back, and the next hour lets the next mails through."""
    campaign_id = launch(services, 5)
    with services.db.transaction() as session:
        session.get_one(Program, session.get_one(Campaign, campaign_id).program_id).hourly_limit = 3
    send_all(services, campaign_id)
    assert counts(services, campaign_id) == {DeliveryState.SENT: 3, DeliveryState.QUEUED: 2}
    with room_of(services) as room:
        assert deliver.deliver_batch(services, room, campaign_id, lambda: NOW + timedelta(minutes=61)) == 2
    assert counts(services, campaign_id) == {DeliveryState.SENT: 5}


def test_an_international_address_fails_alone_where_the_relay_does_not_take_it(settings: Settings) -> None:
    """H-10: refused before MAIL, for this recipient only, with words of ours in its row."""
    with Conversation(lambda line: "354 Go on" if line == "DATA" else "250 Ok") as server:
        relay = f"smtp://127.0.0.1:{server.port}?tls=none"
        services = bootstrap.build(replace(settings, mail_url=relay, mail_connections=1), jobs=False)
        campaign_id = launch(services, 3)
        with services.db.transaction() as session:
            row = session.scalars(select(Delivery).where(Delivery.address == "p1@example.com")).one()
            row.address = row.address_key = "用户@例子.example"
        send_all(services, campaign_id)
        said = [line for heard in server.heard for line in heard if line.startswith("RCPT")]
    assert said == ["RCPT TO:<p0@example.com>", "RCPT TO:<p2@example.com>"]
    assert counts(services, campaign_id) == {DeliveryState.SENT: 2, DeliveryState.FAILED: 1}
    with services.db.reading() as session:
        failed = session.scalars(select(Delivery).where(Delivery.state == "failed")).one()
        assert (failed.address, failed.reply) == ("用户@例子.example", words_of(Reason.NO_SMTPUTF8))
    services.db.dispose()
