"""Mails of the product itself: a lane of their own, and no secret that stays in the ledger."""

from sqlalchemy import select

from service.db import Database
from service.domain import ledger, outbox, system_mails
from service.domain.ledger import Attempt
from service.facts.limits import LEASE, MOST_CRASHES
from service.models import SystemMail
from tests.domain.factories import AskedJobs
from tests.domain.mailing import ACCEPTED, LATER
from tests.outbound import NOW


def test_system_mails_have_their_own_lane_and_forget_their_links(db: Database) -> None:
    """A reset link does not stay in the ledger once the mail is out; one whose answer is lost goes again."""
    with db.transaction() as session:
        values = {"url": "https://prospectus.example/en/reset/secret", "minutes": 60}
        for _ in range(2):
            outbox.queue_system_mail(
                session,
                AskedJobs(),
                template="password-reset",
                address="ada@brand.example",
                locale="en",
                values=values,
                now=NOW,
            )
        assert system_mails.wanting_work(session, now=NOW) == 1
    with db.transaction() as session:
        claimed = system_mails.claim(session, token="t", now=NOW)
        assert [(mail.id, mail.values) for mail in claimed] == [(1, values), (2, values)]
        assert system_mails.wanting_work(session, now=NOW) is None
        for mail in claimed:
            mark = ledger.Mark(mail.id, "t")
            assert system_mails.mark_in_flight(session.connection(), [mark]) == {mail.id}
        system_mails.settle_sent(session.connection(), [Attempt(1, "t", ACCEPTED)], now=NOW)
    with db.transaction() as session:
        assert system_mails.sweep(session, now=LATER).unknown == 1
    with db.reading() as session:
        found = [
            (mail.state, mail.values) for mail in session.scalars(select(SystemMail).order_by(SystemMail.id))
        ]
    assert found == [("sent", {}), ("deferred", values)]


def test_a_system_mail_that_is_given_up_forgets_its_link(db: Database) -> None:
    """D-1, F-17: parked while it waited or while it was sent, it has failed, and no secret stays with it."""
    values = {"url": "https://prospectus.example/en/reset/canary", "minutes": 60}
    with db.transaction() as session:
        for state in ("claimed", "in_flight", "claimed", "queued"):
            mail_id = outbox.queue_system_mail(
                session, AskedJobs(), template="password-reset", address="ada@brand.example", locale="en",
                values=values, now=NOW,
            )  # fmt: skip
            mail = session.get_one(SystemMail, mail_id)
            mail.state, mail.lease_token = state, "t"
            mail.lease_until = NOW + LEASE if state != "queued" else None
            mail.crashes = MOST_CRASHES - 1 if mail_id < 3 else 0
        session.flush()
        system_mails.sweep(session, now=LATER)
    with db.reading() as session:
        mails = session.scalars(select(SystemMail).order_by(SystemMail.id)).all()
    assert [(mail.state, mail.values, mail.settled_at) for mail in mails] == [
        ("failed", {}, LATER),
        ("failed", {}, LATER),
        ("queued", values, None),
        ("queued", values, None),
    ]
