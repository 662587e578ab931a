"""The mails of a campaign in the ledger: claimed, marked, settled and swept, each in a transaction."""

from datetime import datetime, timedelta

from service.db import Database
from service.domain import deliveries, ledger
from service.domain.ledger import Attempt
from service.facts.limits import LEASE
from service.facts.replies import Outcome, Reason, Reply
from service.facts.states import UnknownPolicy
from service.models import Delivery
from tests.outbound import NOW, make_campaign

ACCEPTED = Reply(Outcome.ACCEPTED, "250 2.0.0 Ok")
LATER = NOW + LEASE + timedelta(seconds=1)


def start(db: Database, recipients: int, policy: UnknownPolicy = UnknownPolicy.ASK) -> int:
    """Launch a campaign; return its id."""
    with db.transaction() as session:
        return make_campaign(session, recipients, policy=policy).id


def claim(db: Database, campaign_id: int, token: str, now: datetime = NOW) -> list[int]:
    """Claim what a worker would; return the ids."""
    with db.transaction() as session:
        return [mail.id for mail in deliveries.claim(session, campaign_id, token=token, now=now)]


def mark(db: Database, mail_id: int, token: str, now: datetime = NOW) -> bool:
    """Mark a mail as in flight; tell whether whoever asks still holds it."""
    with db.transaction() as session:
        mark = ledger.Mark(mail_id, token)
        return deliveries.mark_in_flight(session.connection(), [mark]) == {mail_id}


def settle(db: Database, mail_id: int, reply: Reply, token: str, now: datetime = NOW) -> None:
    """Write down a server's answer to a mail."""
    with db.transaction() as session:
        attempt = Attempt(mail_id, token, reply)
        if reply.outcome is Outcome.ACCEPTED:
            deliveries.settle_sent(session.connection(), [attempt], now=now)
        else:
            deliveries.settle(session, attempt, now=now)


def row(db: Database, mail_id: int) -> Delivery:
    """Read a mail's row."""
    with db.reading() as session:
        return session.get_one(Delivery, mail_id)


def sweep(db: Database, now: datetime, *, everything: bool = False) -> ledger.Swept:
    """Let go of what nobody holds any more."""
    with db.transaction() as session:
        return deliveries.sweep(session, now=now, everything=everything)


def unknown_mails(db: Database, recipients: int, **options: UnknownPolicy) -> int:
    """Launch a campaign whose mails all lost their answer."""
    campaign_id = start(db, recipients, **options)
    for mail_id in claim(db, campaign_id, "t"):
        mark(db, mail_id, "t")
        settle(db, mail_id, Reply.because(Outcome.UNKNOWN, Reason.ANSWER_LOST), "t")
    return campaign_id
