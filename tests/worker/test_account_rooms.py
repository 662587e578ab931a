"""Campaigns that go out from their author's own mail server, and wait when it will not have them."""

import email
import ipaddress
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import asdict, replace
from datetime import datetime
from email.policy import default
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from service import bootstrap
from service.adapters.account_post import AccountPost
from service.adapters.jobs import EngineJobs, migrate_engine
from service.adapters.smtp_connection import Timeouts
from service.adapters.smtp_lines import SILENT
from service.bootstrap import Services
from service.config import Settings
from service.domain import campaigns, deliveries, letters, mail_accounts
from service.domain.mail_accounts import Access
from service.domain.vault import Vault
from service.facts.mail_checks import MailCheck
from service.facts.replies import Reason, Unreachable, words_of
from service.facts.states import CampaignState, DeliveryState
from service.mail.servers import START, Checked, MailServer, Reach
from service.mail.verp import ReturnPath
from service.models import Campaign, Delivery, MailAccount, Notice, Program, User
from service.worker import deliver, sweep, wires
from service.worker.account_rooms import AccountRooms
from tests.adapters.conversation import PATIENT
from tests.outbound import NOW, make_campaign
from tests.ports import deaf_port
from tests.sink import Sink
from tests.tls import Authority
from tests.worker.oracle import counts, wait_for
from tests.worker.test_jobs import finished, worker

NAME, USER, PASSWORD = "mail.corp.example", "ada", "canary-password"


def now() -> datetime:
    return NOW


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def own(tmp_path: Path, authority: Authority) -> Iterator[Sink]:
    """The author's own mail server: encrypted, and it wants to know who sends."""
    tls = authority.context(NAME)
    with Sink(tmp_path / "own.jsonl", tls=tls, users={USER: PASSWORD}) as server:
        yield server


@pytest.fixture
def services(settings: Settings, sink: Sink, own: Sink, authority: Authority) -> Iterator[Services]:
    """An installation with a relay of its own (`sink`), which may reach the author's server."""
    built = bootstrap.build(replace(settings, mail_url=sink.url), jobs=False)
    reach = Reach((ipaddress.ip_network("127.0.0.0/8"),), {own.port: START})
    post = AccountPost(
        reach, ca_file=str(authority.file), timeouts=PATIENT, resolve=lambda _host, _port: ("127.0.0.1",)
    )
    yield replace(built, account_post=post)
    built.db.dispose()


@pytest.fixture
def campaign_id(services: Services, own: Sink) -> int:
    """A campaign to five people from a checked account."""
    with services.db.transaction() as session:
        campaign = make_campaign(session, 5)
        account = mail_accounts.connect(
            session,
            services.vault,
            author_of(session, campaign.id),
            "ada@corp.example",
            Access(NAME, own.port, USER, PASSWORD),
            reach=services.account_post.reach,
            now=NOW,
        )
        mail_accounts.record(session, account.id, Checked(MailCheck.OK), version=account.version, now=NOW)
        campaign.mail_account_id, campaign.from_address = account.id, account.address
        return campaign.id


def author_of(session: Session, campaign_id: int) -> User:
    return session.get_one(User, session.get_one(Campaign, campaign_id).author_id)


def another(session: Session, campaign_id: int, recipients: int) -> Campaign:
    program = session.get_one(Program, session.get_one(Campaign, campaign_id).program_id)
    return make_campaign(session, recipients, program=program, author=author_of(session, campaign_id))


@contextmanager
def rooms_of(services: Services, **options: object) -> Iterator[AccountRooms]:
    rooms = AccountRooms(services, now, **options)  # type: ignore[arg-type]
    try:
        yield rooms
    finally:
        rooms.close()


def send_all(services: Services, campaign_id: int) -> None:
    with rooms_of(services) as rooms:
        while rooms.deliver_batch(campaign_id):
            pass


def account_of(services: Services) -> MailAccount:
    with services.db.reading() as session:
        return session.scalars(select(MailAccount)).one()


def news(services: Services) -> list[str]:
    with services.db.reading() as session:
        return list(session.scalars(select(Notice.kind).order_by(Notice.id)))


def change(services: Services, password: str) -> None:
    with services.db.transaction() as session:
        account = session.scalars(select(MailAccount)).one()
        access = Access(account.host, account.port, account.user_name, password)
        mail_accounts.change(session, services.vault, account, access, reach=services.account_post.reach)
        mail_accounts.record(session, account.id, Checked(MailCheck.OK), version=account.version, now=NOW)


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


def test_an_account_keeps_the_pace_towards_a_domain(services: Services, own: Sink, campaign_id: int) -> None:
    """M-17: the limits of the installation hold for its users' own servers too."""
    slow = replace(services, settings=replace(services.settings, mail_domain_rate=1))
    send_all(slow, campaign_id)
    assert counts(services, campaign_id) == {DeliveryState.SENT: 1, DeliveryState.DEFERRED: 4}
    with services.db.reading() as session:
        waiting = select(Delivery.reply).where(Delivery.state == DeliveryState.DEFERRED.value)
        assert set(session.scalars(waiting)) == {words_of(Reason.PACED)}


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
