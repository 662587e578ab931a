"""Campaigns that go out from their author's own mail server, as others do."""

import email
from dataclasses import replace
from email.policy import default

from sqlalchemy import select, text

from service import bootstrap
from service.adapters.jobs import EngineJobs, migrate_engine
from service.bootstrap import Services
from service.config import Settings
from service.domain import campaigns, deliveries, letters
from service.facts.replies import Reason, words_of
from service.facts.states import DeliveryState
from service.mail.verp import ReturnPath
from service.models import Campaign, Delivery
from service.worker import sweep
from tests.outbound import NOW, make_campaign
from tests.sink import Sink
from tests.worker.oracle import counts
from tests.worker.own_server import (
    PASSWORD,
    account_of,
    another,
    authority,
    campaign_id,
    change,
    own,
    rooms_of,
    send_all,
    services,
)

__all__ = ["authority", "campaign_id", "own", "services"]


def test_it_goes_out_through_the_authors_own_server(
    services: Services, own: Sink, sink: Sink, campaign_id: int
) -> None:
    """H-6: every mail through the author's server, none through the installation's."""
    send_all(services, campaign_id)
    assert counts(services, campaign_id) == {DeliveryState.SENT: 5}
    assert sorted(taken.recipient for taken in own.taken()) == [
        f"p{number}@example.com" for number in range(5)
    ]
    assert sink.taken() == []


def test_the_author_is_the_sender_of_header_and_the_rest_stays_ours(
    services: Services, campaign_id: int
) -> None:
    """H-6: From is the connected address; Message-ID and unsubscribing stay the installation's."""
    with services.db.transaction() as session:
        claimed = deliveries.claim(session, campaign_id, token="t", now=NOW)
        text = letters.text_of(session, campaign_id)
    mail = email.message_from_bytes(services.composer.delivery(text, claimed[0]), policy=default)
    assert mail["From"] == "Ada of Aurora <ada@corp.example>"
    assert mail["Message-ID"] == "<c1.0@brand.example>"
    assert mail["List-Unsubscribe"].startswith("<https://prospectus.example/")


def test_what_comes_back_goes_to_the_author(services: Services, own: Sink, campaign_id: int) -> None:
    """M-14, H-6: their server would refuse an envelope sender of ours, and their box takes the reports."""
    from_us = replace(
        services, return_path=ReturnPath("news@brand.example", "bounces@brand.example", "k" * 40)
    )
    senders: set[str] = set()
    own.watch = lambda step, who: senders.add(who) if step == "mail" else None
    send_all(from_us, campaign_id)
    assert counts(services, campaign_id) == {DeliveryState.SENT: 5}
    assert senders == {"ada@corp.example"}


def test_a_campaign_without_an_account_is_none_of_theirs(services: Services) -> None:
    with services.db.transaction() as session:
        campaign_id = make_campaign(session, 1).id
    with rooms_of(services) as rooms:
        assert rooms.deliver_batch(campaign_id) is None


def test_captured_mails_stay_captured(
    settings: Settings, campaign_id: int, services: Services, own: Sink
) -> None:
    """Where nothing may leave the machine, nothing leaves it for a connected account either."""
    captured = bootstrap.build(settings, jobs=False)
    send_all(captured, campaign_id)
    assert counts(captured, campaign_id) == {DeliveryState.SENT: 5}
    assert own.taken() == []


def test_a_room_is_kept_until_it_is_idle_or_changed(services: Services, own: Sink, campaign_id: int) -> None:
    """One room for an account, so that connections are kept; none keeps a password nobody needs."""
    with rooms_of(services, idle_seconds=lambda: 1000.0) as rooms:
        rooms.deliver_batch(campaign_id)
        first = next(iter(rooms._rooms.values()))
        rooms.sweep()
        with services.db.transaction() as session:
            other = another(session, campaign_id, 2)
            other.mail_account_id, other.from_address = account_of(services).id, "ada@corp.example"
            other_id = other.id
        assert rooms.deliver_batch(other_id) == 2
        assert next(iter(rooms._rooms.values())) is first
        change(services, PASSWORD)
        rooms.deliver_batch(other_id)
        assert next(iter(rooms._rooms.values())) is not first
    with rooms_of(services, idle_seconds=lambda: 0.0) as rooms:
        rooms.deliver_batch(campaign_id)
        rooms.sweep()
        assert rooms._rooms == {}


def test_pausing_and_cancelling_work_as_ever(services: Services, campaign_id: int, own: Sink) -> None:
    """F-15."""
    with services.db.transaction() as session:
        campaigns.pause(session, session.get_one(Campaign, campaign_id))
    send_all(services, campaign_id)
    with services.db.transaction() as session:
        campaigns.cancel(session, session.get_one(Campaign, campaign_id), now=NOW)
    send_all(services, campaign_id)
    assert own.taken() == []
    assert counts(services, campaign_id) == {DeliveryState.CANCELLED: 5}


def test_an_account_keeps_the_pace_towards_a_domain(services: Services, own: Sink, campaign_id: int) -> None:
    """M-17: the limits of the installation hold for its users' own servers too."""
    slow = replace(services, settings=replace(services.settings, mail_domain_rate=1))
    send_all(slow, campaign_id)
    assert counts(services, campaign_id) == {DeliveryState.SENT: 1, DeliveryState.DEFERRED: 4}
    with services.db.reading() as session:
        waiting = select(Delivery.reply).where(Delivery.state == DeliveryState.DEFERRED.value)
        assert set(session.scalars(waiting)) == {words_of(Reason.PACED)}


def test_several_workers_do_not_share_an_account(services: Services, campaign_id: int) -> None:
    """M-17: its server takes few connections, and each worker would open its own."""
    with services.db.transaction() as session:
        common = another(session, campaign_id, 1).id
    with services.db.reading() as session:
        assert deliveries.wanting_work(session, now=NOW, shared=True) == (common,)
        assert deliveries.wanting_work(session, now=NOW) == (campaign_id, common)


def test_a_worker_joins_in_through_its_own_queue_once(services: Services, campaign_id: int) -> None:
    """P1: what one worker has asked for already, or is at work on, it does not ask for again."""
    migrate_engine(services.settings.database)
    jobs = EngineJobs(services.settings.database)
    with services.db.transaction() as session:
        first, _ = (another(session, campaign_id, 1).id for _ in range(2))

    def join(name: str, *besides: int) -> int:
        return sweep.join_in(services, jobs, name, now=NOW, besides=besides)

    assert [join("one", first), join("one"), join("one"), join("two")] == [1, 1, 0, 2]
    with services.db.reading() as session:
        queues = session.execute(text("SELECT queue_name, count(*) FROM workflow_status GROUP BY 1")).all()
    jobs.close()
    assert {(name, number) for name, number in queues} == {("send-one", 2), ("send-two", 2)}
