"""News for one user: an import is done, a campaign is over."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from service.facts.words import N_, Phrase
from service.models import Notice

NOTICES: dict[str, Phrase] = {
    "import_done": N_("The import of %(file)s is finished."),
    "import_refused": N_("The file %(file)s could not be imported."),
    "campaign_finished": N_("Your email campaign is finished: %(subject)s"),
    "campaign_unknown": N_("Some deliveries need your decision: %(subject)s"),
}


def tell(
    session: Session,
    user_id: int,
    kind: str,
    *,
    now: datetime,
    subject_id: int | None = None,
    **values: object,
) -> None:
    """Add a notice of a known kind; KeyError for another."""
    NOTICES[kind]
    session.add(Notice(user_id=user_id, kind=kind, values=values, subject_id=subject_id, created_at=now))


def mark_read(session: Session, user_id: int, *, now: datetime) -> None:
    """Mark every notice of the user as read."""
    session.execute(
        update(Notice).where(Notice.user_id == user_id, Notice.read_at.is_(None)).values(read_at=now)
    )


def count_unread(session: Session, user_id: int) -> int:
    """Return how many notices the user has not read."""
    query = select(func.count()).where(Notice.user_id == user_id, Notice.read_at.is_(None))
    return session.scalar(query) or 0


def list_recent(session: Session, user_id: int, *, limit: int = 20) -> Sequence[Notice]:
    """Return the latest notices of the user, newest first."""
    return session.scalars(
        select(Notice).where(Notice.user_id == user_id).order_by(Notice.id.desc()).limit(limit)
    ).all()
