"""What the author of a campaign is told of it, and how often."""

from datetime import timedelta

from sqlalchemy import select

from service.db import Database
from service.domain import deliveries, ledger, notices, outbox
from service.domain.ledger import Attempt
from service.facts.replies import Outcome, Reply
from service.facts.states import CampaignState, UnknownPolicy
from service.models import Campaign, Notice, User
from tests.domain.mailing import ACCEPTED, LATER, claim, mark, settle, start, sweep, unknown_mails
from tests.outbound import NOW


def told(db: Database) -> list[tuple[str, int | None, object]]:
    with db.reading() as session:
        found = session.scalars(select(Notice).order_by(Notice.id))
        return [(item.kind, item.subject_id, item.values["subject"]) for item in found]


def test_the_author_is_told_once_that_a_campaign_is_finished(db: Database) -> None:
    """In the author's language; sending one mail again does not make it news a second time."""
    campaign_id = start(db, 2)
    with db.transaction() as session:
        session.scalars(select(User)).one().locale = "ja"
    for mail_id in claim(db, campaign_id, "t"):
        mark(db, mail_id, "t")
        settle(db, mail_id, ACCEPTED, "t")
    assert told(db) == []
    for _ in range(2):
        with db.transaction() as session:
            deliveries.finish_all_done(session, now=NOW)
    assert told(db) == [("campaign_finished", campaign_id, "Auroraとの提携")]
    with db.transaction() as session:
        session.get_one(Campaign, campaign_id).state = CampaignState.SENDING.value
        session.flush()
        assert deliveries.finish_if_done(session, campaign_id, now=NOW)
    assert len(told(db)) == 1


def test_the_author_is_told_of_unknown_mails_until_they_have_read_it(db: Database) -> None:
    """Two lost answers are one line of news; one after it was read is another."""
    campaign_id = unknown_mails(db, 2)
    line = ("campaign_unknown", campaign_id, "A partnership with Aurora")
    assert told(db) == [line]
    with db.transaction() as session:
        notices.mark_read(session, session.scalars(select(User.id)).one(), now=NOW)
        deliveries.settle(session, Attempt(1, "t", Reply(Outcome.UNKNOWN, "lost")), now=NOW)
    assert told(db) == [line, line]


def test_the_author_is_told_what_a_sweep_called_unknown(db: Database) -> None:
    """F-7: a worker that died in flight; a campaign that repeats by itself asks nobody."""
    campaign_id = start(db, 2)
    for mail_id in claim(db, campaign_id, "t"):
        mark(db, mail_id, "t")
    assert sweep(db, LATER) == ledger.Swept(0, 2, (1, 2))
    sweep(db, LATER)
    assert told(db) == [("campaign_unknown", campaign_id, "A partnership with Aurora")]


def test_a_campaign_that_repeats_by_itself_asks_nobody(db: Database) -> None:
    campaign_id = unknown_mails(db, 1, policy=UnknownPolicy.RETRY)
    assert told(db) == []
    with db.reading() as session:
        assert outbox.next_try(session, campaign_id) == NOW + timedelta(minutes=5)
        assert outbox.next_try(session, campaign_id + 1) is None
