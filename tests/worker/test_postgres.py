"""The same ledger, engine and worker on PostgreSQL."""

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from service import bootstrap
from service.adapters.jobs import EngineJobs
from service.config import Settings
from service.domain import (
    campaigns,
    decisions,
    deliveries,
    groups,
    inbound,
    invitations,
    outbox,
    programs,
    prospects,
    schedules,
    selections,
)
from service.domain.campaigns import Writing
from service.domain.errors import DomainError
from service.domain.inbound import Done
from service.domain.ledger import Attempt
from service.domain.letters import JOIN
from service.domain.prospect_list import ProspectFilter
from service.domain.selections import Selected
from service.facts.refusals import Refusal
from service.facts.replies import Outcome, Reply, SmtpStep
from service.facts.stages import Stage, StageEvent
from service.facts.states import CampaignState, DeliveryState
from service.mail.bounces import understand
from service.mail.verp import ReturnPath
from service.migrations import environment
from service.models import Bounce, Campaign, Delivery, Partner, Program, Prospect, User
from tests import postgres
from tests.mail.reports import dsn
from tests.outbound import NOW, make_campaign, make_program
from tests.worker.oracle import wait_for
from tests.worker.process import Worker


@pytest.fixture(scope="module")
def address(postgres_server: postgres.Server) -> str:
    """A database for the tests here."""
    return postgres_server.migrated_database()


@pytest.fixture
def services(settings: Settings, address: str) -> Iterator[bootstrap.Services]:
    """An installation on that database."""
    made = bootstrap.build(replace(settings, database_url=address))
    yield made
    assert isinstance(made.jobs, EngineJobs)
    made.jobs.close()
    made.db.dispose()


def test_a_campaign_is_sent_once_to_everybody(services: bootstrap.Services) -> None:
    """P1, on the other database: migrations agree, a worker sends, the ledger says so."""
    with services.db.engine.connect() as connection:
        assert environment.differences(connection) == []
    with services.db.transaction() as session:
        campaign_id = make_campaign(session, 250).id
        services.jobs.deliver(session, campaign_id)
    worker = Worker(services.settings, services.settings.data / "worker.log")
    try:
        wait_for(lambda: state_of(services, campaign_id) == CampaignState.FINISHED.value)
    finally:
        assert worker.stop() == 0
    with services.db.reading() as session:
        assert outbox.counts(session, campaign_id)[DeliveryState.SENT] == 250
    mails = Counter(mail.recipient for mail in services.mailer.mails(limit=500))  # type: ignore[attr-defined]
    assert (len(mails), set(mails.values())) == (250, {1})


def state_of(services: bootstrap.Services, campaign_id: int) -> str:
    with services.db.reading() as session:
        return session.get_one(Campaign, campaign_id).state


def test_claims_pass_by_one_anothers_rows(services: bootstrap.Services) -> None:
    """SKIP LOCKED: a worker in the middle of a claim holds up nobody."""
    with services.db.transaction() as session:
        program, author = somebody(session)
        campaign_id = make_campaign(session, 10, program=program, author=author).id
    with services.db.transaction() as first, services.db.transaction() as second:
        ours = deliveries.claim(first, campaign_id, token="a", now=NOW, limit=6)
        theirs = deliveries.claim(second, campaign_id, token="b", now=NOW, limit=6)
    assert (len(ours), len(theirs)) == (6, 4)
    assert not {mail.id for mail in ours} & {mail.id for mail in theirs}


def somebody(session: Session) -> tuple[Program, User]:
    """Return the program and the user of this database, made by the first test that needs them."""
    program, user = session.scalar(select(Program)), session.scalar(select(User))
    return make_program(session) if program is None or user is None else (program, user)


def add_prospects(services: bootstrap.Services, number: int) -> list[int]:
    with services.db.transaction() as session:
        program, _ = somebody(session)
        first = (session.scalar(select(func.max(Partner.id))) or 0) + 1
        names = range(first, first + number)
        session.execute(
            insert(Partner),
            [
                {
                    "name": f"N{n}",
                    "email": f"n{n}@x.example",
                    "email_key": f"n{n}@x.example",
                    "kind": "partner",
                    "created_at": NOW,
                }
                for n in names
            ],
        )
        found = session.scalars(select(Partner.id).where(Partner.id >= first).order_by(Partner.id))
        facts = {"program_id": program.id, "stage": "new", "source": "manual", "created_at": NOW}
        rows = [{"partner_id": partner_id, **facts} for partner_id in found]
        return sorted(session.scalars(insert(Prospect).returning(Prospect.id), rows))


@pytest.mark.parametrize("batch", [False, True])
def test_joining_while_a_mail_is_settled_is_not_forgotten(services: bootstrap.Services, batch: bool) -> None:
    """The worker has read the row, the partner joins, the worker writes: it builds on what is there."""
    [prospect_id] = add_prospects(services, 1)
    with services.db.transaction() as worker:
        seen = worker.get_one(Prospect, prospect_id)
        assert seen.stage == Stage.NEW.value
        with services.db.transaction() as partner:
            prospects.record(partner, prospect_id, StageEvent.JOINED, now=NOW)
        if batch:
            program, author = somebody(worker)
            campaign = make_campaign(worker, 1, program=program, author=author)
            delivery = worker.scalars(select(Delivery).where(Delivery.campaign_id == campaign.id)).one()
            delivery.prospect_id, delivery.settled_at = prospect_id, NOW
            delivery.state = DeliveryState.SENT.value
            worker.flush()
            prospects.record_sent(worker, [delivery.id])
            worker.refresh(seen)
        else:
            prospects.record(worker, prospect_id, StageEvent.EMAIL_ACCEPTED, now=NOW)
        assert seen.stage == Stage.JOINED.value
    with services.db.reading() as session:
        assert session.get_one(Prospect, prospect_id).stage == Stage.JOINED.value


def test_five_declines_at_once_are_one_answer(services: bootstrap.Services) -> None:
    """An invitation that has expired: each click waits for the one before it."""
    [prospect_id] = add_prospects(services, 1)
    with services.db.transaction() as session:
        prospects.record(session, prospect_id, StageEvent.EXPIRED, now=NOW)
    together = threading.Barrier(5, timeout=60)

    def decline(_: int) -> None:
        with services.db.transaction() as session:
            found = invitations.find(session, services.signer, services.signer.sign(JOIN, prospect_id))
            together.wait()
            invitations.answer(session, found, accepted=False, now=NOW)

    with ThreadPoolExecutor(5) as threads:
        list(threads.map(decline, range(5)))
    with services.db.reading() as session:
        events = [line.event for line in prospects.history(session, prospect_id)]
    assert events == ["declined", "expired"]


def test_more_people_can_be_selected_than_a_statement_has_room_for(services: bootstrap.Services) -> None:
    """70,000 ticked by name, or everything but 70,000: counted, listed, put into a group."""
    ids = add_prospects(services, 70_000)
    with services.db.transaction() as session:
        program, _ = somebody(session)
        everybody = Selected(matching=ProspectFilter())
        total = selections.count(session, program.id, everybody)
        named, others = Selected(frozenset(ids)), Selected(frozenset(ids[1:]), ProspectFilter())
        assert selections.count(session, program.id, named) == 70_000
        assert selections.prospect_ids(session, program.id, named) == ids
        assert selections.count(session, program.id, others) == total - 69_999
        assert ids[0] in selections.prospect_ids(session, program.id, others)
        assert len(selections.prospect_ids(session, program.id, others)) == total - 69_999
        group = groups.create(session, program.id, name="Everybody", now=NOW)
        partner_ids = prospects.partner_ids(session, ids)
        assert groups.add_members(session, group, partner_ids) == 70_000


WRITING = Writing("Ada", "", "en", {"en": ("Hello", "Hello")})


def draft_here(services: bootstrap.Services, key: str) -> int:
    with services.db.transaction() as session:
        program, author = somebody(session)
        made = campaigns.draft(
            session, program, WRITING, form_key=key, selected=Selected(), actor=author, now=NOW
        )
        return made.id


def test_what_is_launched_meanwhile_is_not_written_any_more(services: bootstrap.Services) -> None:
    """F-13: the draft was read before somebody else launched it, and is written or deleted after that."""
    for refused_verb in (
        lambda session, campaign: campaigns.write(session, campaign, WRITING, version=1),
        campaigns.discard,
    ):
        campaign_id = draft_here(services, f"launched {refused_verb!r}")
        with services.db.transaction() as session:
            campaign = session.get_one(Campaign, campaign_id)
            with services.db.transaction() as other:
                other.get_one(Campaign, campaign_id).state = CampaignState.SENDING.value
            with pytest.raises(DomainError) as refused:
                refused_verb(session, campaign)
            assert refused.value.refusal is Refusal.CAMPAIGN_ALREADY_LAUNCHED


def test_of_two_who_save_at_once_one_is_told(services: bootstrap.Services) -> None:
    """F-13: both had read the same version of a draft, or of a program."""
    campaign_id = draft_here(services, "saved twice")
    with services.db.transaction() as session:
        campaign, (program, _) = session.get_one(Campaign, campaign_id), somebody(session)
        facts = {"default_locale": "en", "time_zone": "UTC", "invitation_days": 9, "version": program.version}
        with services.db.transaction() as other:
            campaigns.write(other, other.get_one(Campaign, campaign_id), WRITING, version=1)
            programs.edit(other, program.id, name=program.name, **facts)  # type: ignore[arg-type]
        for save in (
            lambda: campaigns.write(session, campaign, WRITING, version=1),
            lambda: programs.edit(session, program.id, name=program.name, **facts),  # type: ignore[arg-type]
        ):
            with pytest.raises(DomainError) as refused:
                save()
            assert refused.value.refusal is Refusal.EDITED_MEANWHILE


def test_the_same_form_eight_times_at_once_is_one_campaign(services: bootstrap.Services) -> None:
    """F-14: whoever comes second gets the campaign of the first."""
    with services.db.transaction() as session:
        somebody(session)
    together = threading.Barrier(8, timeout=60)

    def post(_: int) -> int:
        with services.db.transaction() as session:
            program, author = somebody(session)
            together.wait()
            campaign = campaigns.draft(
                session, program, WRITING, form_key="one form", selected=Selected(), actor=author, now=NOW
            )
            return campaign.id

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(post, range(8)))) == 1


def campaign_of_its_own(session: Session, name: str, recipients: int) -> int:
    """Make a campaign in a program of its own: what others sent does not count."""
    _, author = somebody(session)
    program = Program(name=name, name_key=name.lower(), default_locale="en", time_zone="UTC", created_at=NOW)
    session.add(program)
    session.flush()
    return make_campaign(session, recipients, program=program, author=author).id


def test_one_report_given_to_many_at_once_is_recorded_once(services: bootstrap.Services) -> None:
    """M-14, M-16: a Maildir read by several; rows are locked in an order in which nobody waits for ever."""
    path = ReturnPath("news@brand.example", "bounces@brand.example", "k" * 40)
    with services.db.transaction() as session:
        campaign_id = campaign_of_its_own(session, "Boréal", 40)
        rows = list(
            session.scalars(
                select(Delivery).where(Delivery.campaign_id == campaign_id).order_by(Delivery.id).limit(30)
            )
        )
        for row in rows:
            row.state, row.settled_at = DeliveryState.SENT.value, NOW
        ids = [row.id for row in rows]

    def give(delivery_id: int) -> Done:
        with services.db.transaction() as session:
            mail = understand(dsn(path.of(delivery_id)))
            return inbound.take(session, path, mail, now=NOW).done

    with ThreadPoolExecutor(8) as threads:
        done = Counter(threads.map(give, [delivery_id for delivery_id in ids for _ in range(3)]))
    assert done == {Done.HARD: 30, Done.KNOWN: 60}
    with services.db.reading() as session:
        kinds = session.scalars(select(Bounce.kind).where(Bounce.delivery_id.in_(ids))).all()
        assert kinds == ["hard"] * 30
        assert outbox.counts(session, campaign_id)[DeliveryState.FAILED] == 30
        paused = session.get_one(Campaign, campaign_id)
        assert (paused.state, paused.pause_reason) == ("paused", "HARD_BOUNCES")


def test_workers_that_hold_one_campaign_at_once_do_not_wait_for_each_other(
    services: bootstrap.Services,
) -> None:
    """M-15: every connection hears that the sender is refused; claimed rows are passed by, not fought for."""
    refused = Reply(Outcome.PERMANENT, "550 Sender refused", SmtpStep.MAIL)
    with services.db.transaction() as session:
        campaign_id = campaign_of_its_own(session, "Kumo", 80)

    def work(number: int) -> None:
        token = f"worker {number}"
        with services.db.transaction() as session:
            claimed = deliveries.claim(session, campaign_id, token=token, now=NOW, limit=20)
        for mail in claimed:
            with services.db.transaction() as session:
                deliveries.settle(session, Attempt(mail.id, token, refused), now=NOW)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, range(4)))
    with services.db.reading() as session:
        found = outbox.counts(session, campaign_id)
        assert session.get_one(Campaign, campaign_id).state == CampaignState.PAUSED.value
    # Three; and what the four of them settle at once, unseen by one another, before and while one pauses.
    assert 3 <= found[DeliveryState.FAILED] <= 1 + 4 + 4
    assert found[DeliveryState.FAILED] + found[DeliveryState.QUEUED] + found[DeliveryState.CLAIMED] == 80


def test_of_two_workers_one_starts_a_scheduled_campaign(services: bootstrap.Services) -> None:
    """F-11: eight sweeps at once, one start; then two worker processes send each mail once."""
    with services.db.transaction() as session:
        program, author = somebody(session)
        state = CampaignState.SCHEDULED
        campaign = make_campaign(session, 60, program=program, author=author, state=state)
        campaign.scheduled_at = NOW
        campaign_id = campaign.id
    together = threading.Barrier(8, timeout=60)

    def start(_: int) -> int:
        with services.db.transaction() as session:
            together.wait()
            return schedules.start_due(session, now=NOW)

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(start, range(8))) == [0] * 7 + [1]
    slots = ("one", "two")
    workers = [Worker(services.settings, services.settings.data / f"{slot}.log", slot=slot) for slot in slots]
    try:
        wait_for(lambda: state_of(services, campaign_id) == CampaignState.FINISHED.value)
    finally:
        assert [worker.stop() for worker in workers] == [0, 0]
    # The database is shared with the tests before, and so are the addresses: this campaign's own mails count.
    mails = services.mailer.mails(limit=500)  # type: ignore[attr-defined]
    with services.db.reading() as session:
        ids = session.scalars(select(Delivery.message_id).where(Delivery.campaign_id == campaign_id)).all()
    found = Counter(mail.message_id.strip("<>") for mail in mails)
    assert {number: found[number] for number in ids} == dict.fromkeys(ids, 1)


@pytest.mark.parametrize("act", ["failed", "unknown"])
def test_eight_equal_decisions_at_once_are_one(services: bootstrap.Services, act: str) -> None:
    """F-14: whoever comes second finds the round over."""
    with services.db.transaction() as session:
        program, author = somebody(session)
        campaign = make_campaign(session, 5, program=program, author=author, state=CampaignState.FINISHED)
        campaign_id = campaign.id
        state = DeliveryState.FAILED if act == "failed" else DeliveryState.UNKNOWN
        for row in session.scalars(select(Delivery).where(Delivery.campaign_id == campaign_id)):
            row.state = state.value
    together = threading.Barrier(8, timeout=60)

    def decide(_: int) -> None:
        with services.db.transaction() as session:
            found = session.get_one(Campaign, campaign_id)
            together.wait()
            verb = decisions.resend_failed if act == "failed" else decisions.resend_unknown
            verb(session, services.jobs, found, round_=0)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(decide, range(8)))
    with services.db.reading() as session:
        campaign = session.get_one(Campaign, campaign_id)
        assert (campaign.rounds, campaign.state) == (1, CampaignState.SENDING.value)
        assert outbox.counts(session, campaign_id)[DeliveryState.QUEUED] == 5
    with services.db.transaction() as session:
        campaigns.cancel(session, session.get_one(Campaign, campaign_id), now=NOW)
