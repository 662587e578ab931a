"""Received mail: what is believed, what is recorded, and that nothing is ever answered."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service import bootstrap
from service.bootstrap import Services
from service.config import Settings
from service.db import Base, Database
from service.domain import inbound, outbox, prospects
from service.domain.inbound import Done, Taken
from service.facts.replies import Reason, words_of
from service.facts.stages import Stage, StageEvent
from service.facts.states import DeliveryState
from service.mail.bounces import understand
from service.mail.verp import ReturnPath
from service.models import Bounce, Delivery, Prospect, StageChange, Suppression
from service.worker import deliver, system_mail
from tests.mail.reports import arf, dsn, letter
from tests.outbound import NOW, make_campaign

BOUNCES = "bounces@brand.example"
PATH = ReturnPath("news@brand.example", BOUNCES, "k" * 40)
FORGED = ReturnPath("news@brand.example", BOUNCES, "f" * 40)
OFF = ReturnPath("news@brand.example", "", "k" * 40)


@pytest.fixture
def sent(db: Database) -> int:
    """One delivery that a server has accepted."""
    with db.transaction() as session:
        make_campaign(session, 2)
        row = session.scalars(select(Delivery).order_by(Delivery.id)).first()
        assert row is not None
        assert row.prospect_id is not None
        row.state, row.settled_at = DeliveryState.SENT.value, NOW
        session.flush()
        prospects.record_sent(session, [row.id])
        return row.id


def take(db: Database, data: bytes, path: ReturnPath = PATH, *, came_to: tuple[str, ...] = ()) -> Taken:
    with db.transaction() as session:
        return inbound.take(session, path, understand(data), came_to=came_to, now=NOW + timedelta(hours=1))


def everything(db: Database) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables."""
    with db.reading() as session:
        return {
            table.name: [tuple(row) for row in session.execute(select(table))]
            for table in Base.metadata.sorted_tables
        }


def test_a_signed_report_of_a_hard_bounce_ends_the_delivery(db: Database, sent: int) -> None:
    """M-14, M-15."""
    assert take(db, dsn(PATH.of(sent))) == Taken(Done.HARD, sent)
    with db.reading() as session:
        row = session.get_one(Delivery, sent)
        assert row.state == "failed"
        assert row.reply == "550 5.1.1 <lin@people.example>: Recipient address rejected: User unknown"
        found = session.scalars(select(Bounce)).one()
        assert (found.kind, found.status, found.at) == ("hard", "5.1.1", NOW + timedelta(hours=1))
        assert session.scalars(select(Suppression)).one().address_key == "p0@example.com"


@pytest.mark.parametrize(
    ("changes", "done"),
    [
        ({"status": "5.4.1", "diagnostic": "smtp; 550 5.4.1 No answer"}, Done.SOFT),
        ({"status": "4.4.7", "diagnostic": "smtp; 450 4.4.7 Expired"}, Done.SOFT),
        ({"status": "5.2.2", "diagnostic": "smtp; 552 5.2.2 Full"}, Done.SOFT),
        ({"status": "5.7.1", "diagnostic": "smtp; 550 5.7.1 Refused"}, Done.POLICY),
        ({"status": "5.7.26", "diagnostic": ""}, Done.POLICY),
    ],
)
def test_a_signed_report_of_another_bounce_suppresses_nobody(
    db: Database, sent: int, changes: dict[str, str], done: Done
) -> None:
    """M-15: the mail failed, the person may be written to."""
    assert take(db, dsn(PATH.of(sent), **changes)) == Taken(done, sent)
    with db.reading() as session:
        assert session.get_one(Delivery, sent).state == "failed"
        assert session.scalar(select(func.count(Suppression.id))) == 0


@pytest.mark.parametrize(
    ("data", "done"),
    [
        (lambda to: dsn(to, action="delayed", status="4.4.1"), Done.NOT_FINAL),
        (lambda to: dsn(to, action="delivered", status="2.0.0"), Done.NOT_FINAL),
        (lambda to: letter("x@y.example", f"Delivered-To: {to}"), Done.AUTOMATIC),
        (lambda to: letter("c1.0@brand.example", f"Delivered-To: {to}"), Done.AUTOMATIC),
        (
            lambda to: letter("c1.0@brand.example", f"Delivered-To: {to}", "Auto-Submitted: auto-replied"),
            Done.AUTOMATIC,
        ),
        (lambda to: b"Delivered-To: " + to.encode(), Done.AUTOMATIC),
        (lambda to: dsn(to).replace(b"-Recipient:", b"-X:").replace(b"Action:", b"X:"), Done.NOT_UNDERSTOOD),
        (lambda to: b"", Done.NO_MAIL),
    ],
)
def test_what_is_no_failure_changes_nothing(
    db: Database, sent: int, data: Callable[[str], bytes], done: Done
) -> None:
    """M-13, M-14: a delay, a success, an absence, even at a signed address."""
    before = everything(db)
    assert take(db, data(PATH.of(sent))).done is done
    assert everything(db) == before


@pytest.mark.parametrize(
    "to",
    [
        lambda sent: BOUNCES,
        lambda sent: "news@brand.example",
        lambda sent: FORGED.of(sent),
        lambda sent: PATH.of(sent)[:-20] + "a@brand.example",
        lambda sent: PATH.of(sent).replace("brand", "evil"),
        lambda sent: PATH.of(10_000),
    ],
)
def test_a_forged_report_changes_nothing(db: Database, sent: int, to: Callable[[int], str]) -> None:
    """M-14: without our signature it does not help to know address and Message-ID."""
    before = everything(db)
    data = dsn(to(sent), final="rfc822; p0@example.com", original="Message-ID: <c1.0@brand.example>")
    assert take(db, data) == Taken(Done.UNSIGNED)
    assert everything(db) == before


def test_without_an_address_for_bounces_no_report_is_believed(db: Database, sent: int) -> None:
    """M-14: nothing was signed, so nothing can be proven; a complaint and an answer name their mail."""
    assert take(db, dsn(PATH.of(sent)), OFF) == Taken(Done.UNSIGNED)
    assert (
        take(db, dsn("news@brand.example", original="Message-ID: <c1.0@brand.example>"), OFF).done
        is Done.UNSIGNED
    )
    assert take(db, letter("c1.0@brand.example"), OFF) == Taken(Done.ANSWERED, sent)
    assert take(db, arf(mail_from="news@brand.example", original="c1.0@brand.example"), OFF) == Taken(
        Done.COMPLAINT, sent
    )


def test_the_mail_server_may_tell_the_envelope(db: Database, sent: int) -> None:
    """M-14: where it adds no header of its own, and folds the case."""
    assert take(db, dsn(BOUNCES), came_to=(PATH.of(sent).upper(),)) == Taken(Done.HARD, sent)


def test_a_report_given_twice_is_recorded_once(db: Database, sent: int) -> None:
    """M-14: a folder that is read again after a crash."""
    take(db, dsn(PATH.of(sent)))
    before = everything(db)
    assert take(db, dsn(PATH.of(sent))) == Taken(Done.KNOWN, sent)
    assert everything(db) == before


def test_a_report_that_outruns_the_ledger_is_given_again(db: Database, sent: int) -> None:
    """P1: the answer to the mail is not stored yet; the report must not be overwritten by it."""
    with db.transaction() as session:
        session.get_one(Delivery, sent).state = DeliveryState.IN_FLIGHT.value
    before = everything(db)
    assert take(db, dsn(PATH.of(sent))) == Taken(Done.TOO_EARLY, sent)
    assert take(db, arf(mail_from=PATH.of(sent))) == Taken(Done.TOO_EARLY, sent)
    assert everything(db) == before


@pytest.mark.parametrize("known_by", ["envelope", "message id"])
def test_a_complaint_suppresses(db: Database, sent: int, known_by: str) -> None:
    """M-14, M-15: by the envelope sender, or by the Message-ID where the feedback loop hides that."""
    signed = known_by == "envelope"
    data = arf(
        mail_from=PATH.of(sent) if signed else "redacted",
        original="redacted" if signed else "c1.0@brand.example",
    )
    assert take(db, data) == Taken(Done.COMPLAINT, sent)
    assert take(db, data) == Taken(Done.KNOWN, sent)
    with db.reading() as session:
        row = session.get_one(Delivery, sent)
        assert (row.state, row.reply) == ("sent", words_of(Reason.REPORTED_AS_SPAM))
        assert [(row.address_key, row.reason) for row in session.scalars(select(Suppression))] == [
            ("p0@example.com", "complaint")
        ]


def test_a_complaint_about_another_mail_changes_nothing(db: Database, sent: int) -> None:
    before = everything(db)
    assert take(db, arf(mail_from="x@y.example", original="unknown@brand.example")) == Taken(Done.UNSIGNED)
    assert everything(db) == before


def answered(session: Session, delivery_id: int) -> tuple[str, int]:
    row = session.get_one(Delivery, delivery_id)
    query = select(func.count(StageChange.id)).where(
        StageChange.event == StageEvent.ANSWERED.value, StageChange.delivery_id == delivery_id
    )
    return session.get_one(Prospect, row.prospect_id).stage, session.scalar(query) or 0


def test_an_answer_moves_the_prospect_into_conversation(db: Database, sent: int) -> None:
    """M-13: a person's answer is recorded with the mail it answers, once for each mail."""
    assert take(db, letter("c1.0@brand.example")) == Taken(Done.ANSWERED, sent)
    assert take(db, letter("c1.0@brand.example")) == Taken(Done.KNOWN, sent)
    with db.reading() as session:
        assert answered(session, sent) == (Stage.IN_CONVERSATION.value, 1)


@pytest.mark.parametrize("line", ["Auto-Submitted: auto-replied", "Precedence: bulk", "X-Autoreply: yes"])
def test_an_absence_is_no_answer(db: Database, sent: int, line: str) -> None:
    """M-13: recognised, recorded nowhere, answered never."""
    before = everything(db)
    assert take(db, letter("c1.0@brand.example", line)) == Taken(Done.AUTOMATIC)
    assert everything(db) == before


def test_a_letter_that_answers_nothing_of_ours_is_left_alone(db: Database, sent: int) -> None:
    before = everything(db)
    assert take(db, letter("unknown@brand.example")) == Taken(Done.UNSIGNED)
    assert everything(db) == before


# Two installations


@pytest.fixture
def installation(tmp_path: Path, migrated: Path) -> Callable[[str], Services]:
    """Make installations beside one another; each keeps what it sends."""

    def make(name: str) -> Services:
        data = tmp_path / name
        data.mkdir()
        (data / "prospectus.db").write_bytes(migrated.read_bytes())
        settings = Settings(
            data=data,
            secret_key=name * 40,
            base_url=f"https://{name}.example",
            mail_from=f"news@{name}.example",
            mail_bounce=f"bounces@{name}.example",
        )
        return bootstrap.build(settings, jobs=False)

    return make


def send_everything(services: Services, campaign_id: int) -> list[tuple[str, bytes]]:
    """Send what waits in both lanes; return (envelope sender, bytes) of every mail that left so far."""
    room, system_room = deliver.open_room(services, lambda: NOW), system_mail.open_room(services, lambda: NOW)
    while deliver.deliver_batch(services, room, campaign_id, lambda: NOW):
        pass
    while system_mail.send_due(services, system_room, lambda: NOW):
        pass
    room.close()
    system_room.close()
    captured = services.mailer
    found = [captured.find(line.id) for line in captured.mails(limit=1000)]  # type: ignore[attr-defined]
    return [(mail.sender, mail.raw) for mail in found if mail is not None]


def test_two_installations_that_write_to_each_other_fall_silent(
    installation: Callable[[str], Services],
) -> None:
    """M-13: campaigns, system mails, absences and reports go to and fro; nothing is answered or grows."""
    pair = (installation("a"), installation("b"))
    ids = []
    for services in pair:
        with services.db.transaction() as session:
            campaign = make_campaign(session, 3)
            ids.append(campaign.id)
            outbox.queue_system_mail(
                session,
                services.jobs,
                template="password-reset",
                address="news@other.example",
                locale="en",
                values={"url": f"{services.settings.base_url}/reset", "minutes": 60},
                now=NOW,
            )
    mails = {services: send_everything(services, number) for services, number in zip(pair, ids, strict=True)}
    assert [len(sent) for sent in mails.values()] == [4, 4]
    # A round: each gets every mail of the other, an absence that answers it, and a report of its bounce.
    before: list[object] = []
    for turn in range(4):
        for services, other in (pair, pair[::-1]):
            for sender, raw in mails[other]:
                feed(services, raw)
                feed(other, letter("x@y.example", "Auto-Submitted: auto-replied", f"Delivered-To: {sender}"))
                feed(other, dsn(sender, status="5.4.1", diagnostic="smtp; 550 5.4.1 No answer"))
        for services, number in zip(pair, ids, strict=True):
            assert sorted(send_everything(services, number)) == sorted(mails[services])
        after = [everything(services.db) for services in pair]
        if turn:
            assert after == before
        before = after  # the first round recorded the bounces of three mails each, the others nothing
    for services in pair:
        with services.db.reading() as session:
            assert session.scalar(select(func.count(Bounce.id))) == 3
        services.db.dispose()


def feed(services: Services, data: bytes) -> None:
    with services.db.transaction() as session:
        inbound.take(session, services.return_path, understand(data), now=NOW)


def test_keys_rotate_under_mails_that_are_out(settings: Settings) -> None:
    """M-14: a report at an address that an earlier key signed is believed."""
    older = bootstrap.build(replace(settings, mail_bounce=BOUNCES), jobs=False).return_path
    rotated = replace(
        settings, mail_bounce=BOUNCES, secret_key="n" * 40, secret_keys_old=(settings.secret_key,)
    )
    assert bootstrap.build(rotated, jobs=False).return_path.read(older.of(7)) == 7
