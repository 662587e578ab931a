"""Campaigns whose author's own mail server will not have them: they wait, hold up nobody, and go on."""

import ipaddress
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, replace

import pytest
from sqlalchemy import select

from service import bootstrap
from service.adapters.account_post import AccountPost
from service.adapters.jobs import EngineJobs, migrate_engine
from service.adapters.smtp_connection import Timeouts
from service.adapters.smtp_lines import SILENT
from service.bootstrap import Services
from service.config import Settings
from service.domain import deliveries, mail_accounts
from service.domain.mail_accounts import Access
from service.domain.vault import Vault
from service.facts.mail_checks import MailCheck
from service.facts.replies import Reason, Unreachable, words_of
from service.facts.states import CampaignState, DeliveryState
from service.mail.servers import START, Checked, MailServer, Reach
from service.models import Campaign, Delivery, MailAccount
from service.worker import deliver, sweep, wires
from tests.adapters.conversation import PATIENT
from tests.outbound import NOW
from tests.ports import deaf_port
from tests.sink import Sink
from tests.worker.oracle import counts, wait_for
from tests.worker.own_server import (
    NAME,
    PASSWORD,
    USER,
    account_of,
    another,
    author_of,
    authority,
    campaign_id,
    change,
    news,
    now,
    own,
    rooms_of,
    send_all,
    services,
)
from tests.worker.test_jobs import finished, worker

__all__ = ["authority", "campaign_id", "own", "services"]


def test_a_refused_sign_in_fails_nobody_and_is_told(services: Services, own: Sink, campaign_id: int) -> None:
    """F-9: the rows wait, no second try locks the account, the author is told; a new password sends them."""
    own.users = {USER: "changed"}
    with rooms_of(services) as rooms:
        assert rooms.deliver_batch(campaign_id) == 0
        account = account_of(services)
        assert (account.last_error, account.last_code, account.verified_at) == ("sign_in_refused", 535, None)
        assert news(services) == ["campaign_held"]
        assert counts(services, campaign_id) == {DeliveryState.QUEUED: 5}
        with services.db.reading() as session:
            assert deliveries.wanting_work(session, now=NOW) == ()
            replies = set(session.scalars(select(Delivery.reply))) - {None}
        assert replies == {words_of(Reason.ACCOUNT_UNREACHABLE)}
        change(services, "changed")
        with services.db.reading() as session:
            assert deliveries.wanting_work(session, now=NOW) == (campaign_id,)
        assert rooms.resting() == frozenset()
        while rooms.deliver_batch(campaign_id):
            pass
    assert counts(services, campaign_id) == {DeliveryState.SENT: 5}


def test_a_server_that_is_away_for_a_while_is_no_news(
    services: Services, campaign_id: int, own: Sink
) -> None:
    """F-9: the page can say why, the room rests, and the account stays in use."""

    with deaf_port() as port:
        with services.db.transaction() as session:
            account = session.scalars(select(MailAccount)).one()
            account.port = port
        reach = Reach((ipaddress.ip_network("127.0.0.0/8"),), {port: START})
        lost = replace(
            services, account_post=AccountPost(reach, timeouts=PATIENT, resolve=lambda *_: ("127.0.0.1",))
        )
        with rooms_of(lost) as rooms:
            assert rooms.deliver_batch(campaign_id) == 0
            assert rooms.resting() == {campaign_id}
            assert rooms.deliver_batch(campaign_id) == 0
    found = account_of(services)
    assert (found.last_error, mail_accounts.is_ready(found)) == ("connection_refused", True)
    assert news(services) == []
    assert counts(services, campaign_id) == {DeliveryState.QUEUED: 5}
    with services.db.transaction() as session:
        session.scalars(select(MailAccount)).one().port = own.port
    send_all(services, campaign_id)
    assert account_of(services).last_error is None
    assert counts(services, campaign_id) == {DeliveryState.SENT: 5}


def test_disconnected_in_the_middle_the_rest_waits(services: Services, own: Sink, campaign_id: int) -> None:
    """F-15 for accounts: what is not sent stays queued, is not claimed, and goes on after reconnecting."""
    with services.db.transaction() as session:
        account = session.scalars(select(MailAccount)).one()
        mail_accounts.disconnect(session, account, now=NOW)
    send_all(services, campaign_id)
    assert own.taken() == []
    assert counts(services, campaign_id) == {DeliveryState.QUEUED: 5}
    assert news(services) == ["campaign_held"]
    with services.db.reading() as session:
        assert session.get_one(Campaign, campaign_id).state == CampaignState.SENDING.value
        assert deliveries.wanting_work(session, now=NOW) == ()


def test_a_lost_key_is_a_reason_and_no_accident(services: Services, campaign_id: int, own: Sink) -> None:
    """D-1: with a wrong key nothing is sent, nobody fails, and the author is asked for the password."""
    wrong = replace(services, vault=Vault("another key of a vault, long enough"))
    send_all(wrong, campaign_id)
    assert (account_of(services).last_error, own.taken()) == ("secret_unreadable", [])
    assert counts(services, campaign_id) == {DeliveryState.QUEUED: 5}
    assert news(services) == ["campaign_held"]


def test_a_worker_sends_what_waited_once_the_account_works_again(
    services: Services, own: Sink, campaign_id: int
) -> None:
    """F-9 with the job engine: the sweep leaves a held campaign alone, and finds it when it is mended."""
    own.users = {USER: "changed"}
    migrate_engine(services.settings.database)
    jobs = EngineJobs(services.settings.database)
    with worker(replace(services, jobs=jobs)):
        wait_for(lambda: account_of(services).last_error == "sign_in_refused")
        change(services, "changed")
        wait_for(lambda: finished(services, campaign_id))
    jobs.close()
    assert counts(services, campaign_id) == {DeliveryState.SENT: 5}
    assert len(own.taken()) == 5


def test_a_campaign_whose_server_is_away_is_not_asked_for_all_the_time(
    services: Services, campaign_id: int
) -> None:
    """F-9: the sweep starts no job for it while its room rests."""
    migrate_engine(services.settings.database)
    jobs = EngineJobs(services.settings.database)
    assert sweep.wake(services, jobs, now=NOW, besides=frozenset({campaign_id})) == 0
    assert sweep.wake(services, jobs, now=NOW) == 1
    jobs.close()


def test_the_common_room_is_not_held_up(services: Services, campaign_id: int, own: Sink, sink: Sink) -> None:
    """F-16: an account that rests leaves the installation's own mail alone."""
    own.users = {USER: "changed"}
    with services.db.transaction() as session:
        common = another(session, campaign_id, 3).id
    room = deliver.open_room(services, now)
    with rooms_of(services) as rooms:
        assert rooms.deliver_batch(campaign_id) == 0
        assert deliver.deliver_batch(services, room, common, now) == 3
    room.close()
    assert len(sink.taken()) == 3


def test_a_users_server_is_given_up_within_a_minute(settings: Settings) -> None:
    """M-19: users name their servers themselves; the limits are the installation's, and never minutes."""
    usual = bootstrap.build(settings, jobs=False)
    assert max(asdict(usual.account_post._timeouts or Timeouts()).values()) == 60
    usual.db.dispose()
    built = bootstrap.build(replace(settings, mail_timeout=1), jobs=False)
    with closing(socket.create_server(("127.0.0.1", 0))) as silent, ThreadPoolExecutor(1) as threads:
        port = silent.getsockname()[1]
        built.account_post.reach = Reach((ipaddress.ip_network("127.0.0.0/8"),), {port: START})
        server = MailServer("ada@corp.example", "127.0.0.1", port, START, USER, PASSWORD)
        opening = threads.submit(built.account_post.mailer(server).connect)
        try:
            with pytest.raises(Unreachable) as lost:
                opening.result(60)
            assert str(lost.value.__cause__) == SILENT
        finally:
            silent.close()
    built.db.dispose()


def test_a_room_is_left_without_waiting_for_its_server(
    services: Services, own: Sink, campaign_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-16: a server that says nothing holds up neither the sweep nor the room after a change."""
    monkeypatch.setattr(wires, "LEAVING_SECONDS", 300.0)
    patient = replace(PATIENT, greeting=300)
    services.account_post._timeouts = patient
    own.mute = frozenset({2})  # of the two connections that the room opens
    left = threading.Event()
    with services.db.transaction() as session:
        other = another(session, campaign_id, 2)
        other.mail_account_id, other.from_address = account_of(services).id, "ada@corp.example"
        other_id = other.id

    def leave() -> None:
        rooms.deliver_batch(campaign_id)
        change(services, PASSWORD)
        assert rooms.deliver_batch(other_id) == 2
        rooms.sweep()
        left.set()

    with rooms_of(services, idle_seconds=lambda: 0.0) as rooms, ThreadPoolExecutor(1) as threads:
        leaving = threads.submit(leave)
        try:
            leaving.result(60)
            assert left.is_set()
            assert rooms._rooms == {}
            assert any(thread.is_alive() for thread in rooms._leaving)
        finally:
            own.mute = frozenset()
    assert not any(thread.is_alive() for thread in rooms._leaving)
    assert counts(services, campaign_id) == {DeliveryState.SENT: 5}


def test_slow_accounts_take_no_place_of_the_programs_mail(
    services: Services, own: Sink, sink: Sink, campaign_id: int
) -> None:
    """M-17, L-7: as many accounts as a queue has places, and none of their servers answers."""
    migrate_engine(services.settings.database)
    jobs = EngineJobs(services.settings.database)
    slow = replace(services, jobs=jobs)
    patient = dict.fromkeys(asdict(PATIENT), 60)
    services.account_post._timeouts = Timeouts(**patient)
    senders: set[str] = set()
    own.watch = lambda step, who: senders.add(who) if step == "mail" else None
    own.holding = True
    held = [campaign_id]
    with services.db.transaction() as session:
        user = author_of(session, campaign_id)
        for number in range(3):
            address = f"ada{number}@corp.example"
            access = Access(NAME, own.port, USER, PASSWORD)
            reach = services.account_post.reach
            account = mail_accounts.connect(
                session, services.vault, user, address, access, reach=reach, now=NOW
            )
            mail_accounts.record(session, account.id, Checked(MailCheck.OK), version=account.version, now=NOW)
            campaign = another(session, campaign_id, 2)
            campaign.mail_account_id, campaign.from_address = account.id, address
            held.append(campaign.id)
        session.flush()
        for one in held:
            jobs.deliver(session, one)
    with worker(slow):
        try:
            wait_for(lambda: len(senders) == 4)
            with services.db.transaction() as session:
                common = another(session, campaign_id, 3).id
                jobs.deliver(session, common)
            wait_for(lambda: finished(services, common))
            assert [finished(services, one) for one in held] == [False] * 4
        finally:
            own.holding = False
        wait_for(lambda: all(finished(services, one) for one in held))
    jobs.close()
    assert (len(sink.taken()), len(own.taken())) == (3, 11)
