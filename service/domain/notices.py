"""News for one user: an import is done, a campaign is over, a partner has written."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, exists, func, select, update
from sqlalchemy.orm import Session

from service.facts.messages import MAIL_CHOICE_DEFAULTS, MailChoice, News
from service.facts.words import N_, Phrase
from service.i18n.catalogs import Catalog
from service.mail import tokens
from service.models import Campaign, Notice, NotificationChoice, User

FINISHED, UNKNOWN = "campaign_finished", "campaign_unknown"
PAUSED, HELD = "campaign_paused", "campaign_held"
NOTICES: dict[str, Phrase] = {
    "import_tried": N_("Dry run finished: %(file)s"),
    "import_done": N_("The import of %(file)s is finished."),
    "import_refused": N_("The file %(file)s could not be imported."),
    "import_undone": N_("The import of %(file)s is undone."),
    "undo_failed": N_("The import of %(file)s could not be undone."),
    FINISHED: N_("Your email campaign is finished: %(subject)s"),
    UNKNOWN: N_("Some deliveries need your decision: %(subject)s"),
    PAUSED: N_("Your email campaign was paused automatically: %(subject)s"),
    HELD: N_("Emails are waiting because your mail account cannot send: %(subject)s"),
    News.MESSAGE.value: N_("New message from %(name)s"),
    News.REPORT.value: N_("Conversation reported by %(name)s"),
    News.ATTACHMENT.value: N_("A file that you attached was not sent: %(file)s"),
}
# Asked at every request, so it is made once.
_UNREAD = select(func.count()).where(Notice.user_id == bindparam("user"), Notice.read_at.is_(None))
_MAILED = frozenset(kind.value for kind in News)


def tell(
    session: Session,
    user_id: int,
    kind: str,
    *,
    now: datetime,
    subject_id: int | None = None,
    **values: object,
) -> None:
    """Add a notice of a known kind, to be mailed if its user wants that; KeyError for another kind."""
    NOTICES[kind]
    choice = mail_choice(session, user_id, News(kind)) if kind in _MAILED else MailChoice.OFF
    mail = None if choice is MailChoice.OFF else choice.value
    session.add(
        Notice(user_id=user_id, kind=kind, values=values, subject_id=subject_id, mail=mail, created_at=now)
    )


def tell_author(session: Session, campaign_id: int, kind: str, *, now: datetime) -> None:
    """Tell the author about their campaign: FINISHED once, the others again only once they read the last.

    An author who was erased is told nothing any more.
    """
    campaign = session.get_one(Campaign, campaign_id)
    # Locked, so that of two workers with the same news one finds it told.
    author = session.execute(
        select(User.id, User.locale, User.erased_at)
        .where(User.id == campaign.author_id)
        .with_for_update(key_share=True)
    ).one()
    if author.erased_at is not None:
        return
    told = exists().where(Notice.user_id == author.id, Notice.kind == kind, Notice.subject_id == campaign_id)
    if kind != FINISHED:
        told = told.where(Notice.read_at.is_(None))
    if not session.scalar(select(told)):
        title = title_of(campaign, author.locale, program_name=campaign.program_name or "")
        tell(session, author.id, kind, now=now, subject_id=campaign_id, subject=title)
        session.flush()


def title(catalog: Catalog, kind: str, values: Mapping[str, object]) -> str:
    """Return a notice in words."""
    return catalog.say(NOTICES[kind], **values)


def title_of(campaign: Campaign, locale: str, *, program_name: str) -> str:
    """Return the subject to call a campaign by, in the reader's language where there is one.

    Tokens that are the same for every recipient are filled; the others stay as they are written.
    """
    known = {"programName": program_name, "senderName": campaign.from_name}
    reading = tokens.read(_subject(campaign, locale), field="subject")

    def shown(_number: int, use: tokens.Use) -> str:
        return known.get(use.name) or reading.text[use.start : use.end]

    return reading.substitute(shown).strip()


def _subject(campaign: Campaign, locale: str) -> str:
    subjects = {variant.locale: variant.subject for variant in campaign.variants}
    return subjects.get(locale) or subjects.get(campaign.source_locale) or next(iter(subjects.values()), "")


def mark_read(session: Session, user_id: int, *, now: datetime) -> None:
    """Mark every notice of the user as read."""
    session.execute(
        update(Notice).where(Notice.user_id == user_id, Notice.read_at.is_(None)).values(read_at=now)
    )


def mark_read_about(session: Session, kind: str, subject_id: int, *, now: datetime) -> None:
    """Mark every user's notices of a kind about one thing as read: somebody has seen to it."""
    about = (Notice.kind == kind, Notice.subject_id == subject_id, Notice.read_at.is_(None))
    session.execute(update(Notice).where(*about).values(read_at=now))


def mail_choice(session: Session, user_id: int, kind: News) -> MailChoice:
    """Return how a user wants to be mailed about a kind of news."""
    kept = session.get(NotificationChoice, (user_id, kind.value))
    return MailChoice(kept.mail) if kept is not None else MAIL_CHOICE_DEFAULTS[kind]


def count_unread(session: Session, user_id: int) -> int:
    """Return how many notices the user has not read."""
    return session.connection().scalar(_UNREAD, {"user": user_id}) or 0


def list_recent(session: Session, user_id: int, *, limit: int = 20) -> Sequence[Notice]:
    """Return the latest notices of the user, newest first."""
    return session.scalars(
        select(Notice).where(Notice.user_id == user_id).order_by(Notice.id.desc()).limit(limit)
    ).all()
