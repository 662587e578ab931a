"""Was this page helpful: counted for each version of a page, told to those who write it."""

from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.models import HelpVote


@dataclass(frozen=True, slots=True)
class Tally:
    """How many readers found something helpful, of all who said."""

    helpful: int
    votes: int


def vote(session: Session, slug: str, locale: str, digest: str, *, helpful: bool) -> None:
    """Count one more vote for a version of a page."""
    if not _count(session, slug, locale, digest, helpful=helpful):
        try:
            with session.begin_nested():
                session.add(HelpVote(slug=slug, locale=locale, digest=digest, helpful=0, unhelpful=0))
        except IntegrityError:
            pass  # somebody else voted first for the first time
        _count(session, slug, locale, digest, helpful=helpful)


def _count(session: Session, slug: str, locale: str, digest: str, *, helpful: bool) -> bool:
    column = HelpVote.helpful if helpful else HelpVote.unhelpful
    statement = (
        update(HelpVote)
        .where(HelpVote.slug == slug, HelpVote.locale == locale, HelpVote.digest == digest)
        .values({column: column + 1})
        .execution_options(synchronize_session=False)
    )
    return bool(session.execute(statement).rowcount)  # type: ignore[attr-defined]


def tally(session: Session, slug: str, locale: str, digest: str | None = None) -> Tally:
    """Return the votes for a page in a language: all of them, or those for one version."""
    query = select(
        func.coalesce(func.sum(HelpVote.helpful), 0), func.coalesce(func.sum(HelpVote.unhelpful), 0)
    )
    query = query.where(HelpVote.slug == slug, HelpVote.locale == locale)
    if digest is not None:
        query = query.where(HelpVote.digest == digest)
    helpful, unhelpful = session.execute(query).one()
    return Tally(int(helpful), int(helpful) + int(unhelpful))
