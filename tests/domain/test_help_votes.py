"""Votes for help pages are counted by version, whoever comes first."""

from sqlalchemy.orm import Session

from service.domain import help_votes
from service.domain.help_votes import Tally
from service.models import HelpVote


def test_votes_are_counted_for_each_version(session: Session) -> None:
    for digest, helpful in (("a", True), ("a", True), ("a", False), ("b", False)):
        help_votes.vote(session, "groups", "ja", digest, helpful=helpful)
    help_votes.vote(session, "groups", "fr", "a", helpful=True)
    assert help_votes.tally(session, "groups", "ja", "a") == Tally(2, 3)
    assert help_votes.tally(session, "groups", "ja") == Tally(2, 4)
    assert help_votes.tally(session, "groups", "zh") == Tally(0, 0)
    assert session.query(HelpVote).count() == 3


def test_nothing_of_the_reader_is_kept() -> None:
    assert set(HelpVote.__table__.columns.keys()) == {
        "id", "slug", "locale", "digest", "helpful", "unhelpful",
    }  # fmt: skip
