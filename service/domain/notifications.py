"""What users of the brand are told about conversations: notices, and mails at once or once a day.

A notice that is to be mailed says so itself until that is done, so that no job can be lost or done twice.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.domain import accounts, conversation_mails, notices, outbox, threads
from service.domain.jobs import Jobs
from service.facts.limits import DIGEST_HOUR, MESSAGE_MAIL_WAITS
from service.facts.messages import MailChoice, MessageState, News, Side
from service.facts.permissions import Permission
from service.models import Digest, Message, Notice, NotificationChoice, Program, Thread, User

MAILED, DIGEST = "message-received", "daily-digest"
# How many mails one sweep writes at most, and how many lines the mail of a day has.
BATCH = 100
DIGEST_LINES = 50
_REMEMBERED = timedelta(days=30)


def tell_message(session: Session, thread: Thread, message: Message, *, now: datetime) -> None:
    """Tell of a partner's message; one more while the last is still to be told adds nothing."""
    for user in list_receivers(session, thread):
        if not _is_pending(session, user, thread):
            values = {"name": thread.partner.name, "first": message.id}
            notices.tell(session, user.id, News.MESSAGE.value, now=now, subject_id=thread.id, **values)
    session.flush()


def tell_report(session: Session, thread: Thread, *, now: datetime) -> None:
    """Tell that the partner reports the conversation."""
    for user in list_receivers(session, thread):
        notices.tell(
            session,
            user.id,
            News.REPORT.value,
            now=now,
            subject_id=thread.id,
            name=thread.partner.name,
        )
    session.flush()


def choose(session: Session, user: User, choices: Mapping[News, MailChoice]) -> None:
    """Keep how a user wants to be mailed; what was to be mailed already follows the new choice."""
    for kind, choice in choices.items():
        kept = session.get(NotificationChoice, (user.id, kind.value))
        if kept is None:
            kept = NotificationChoice(user_id=user.id, kind=kind.value)
            session.add(kept)
        kept.mail = choice.value
        waiting = (Notice.user_id == user.id, Notice.kind == kind.value, Notice.mail.is_not(None))
        mail = None if choice is MailChoice.OFF else choice.value
        session.execute(update(Notice).where(*waiting).values(mail=mail))
    session.flush()


def mail_due(session: Session, *, jobs: Jobs, now: datetime) -> int:
    """Write the mails that users want at once; return how many. What was read meanwhile needs none."""
    due = (
        select(Notice)
        .where(Notice.mail == MailChoice.AT_ONCE.value, Notice.created_at <= now - MESSAGE_MAIL_WAITS)
        .order_by(Notice.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    written = 0
    for notice in session.scalars(due).all():
        notice.mail = None
        user = session.get_one(User, notice.user_id)
        values = _mail_values(session, notice) if _may_be_told(user, notice) else None
        if values is not None:
            _queue(session, jobs, user, MAILED, values, now=now)
            written += 1
    session.flush()
    return written


def send_digests(session: Session, *, jobs: Jobs, now: datetime) -> int:
    """Write the mails of the day that are due, and return how many.

    A day begins at eight in the user's own time zone, with what was new before. A user gets one mail for each
    of their days, whoever asks and however often; a day without news has none.
    """
    waiting = select(Notice.user_id).where(Notice.mail == MailChoice.DAILY.value).distinct()
    users = session.scalars(select(User).where(User.id.in_(waiting)).order_by(User.id)).all()
    return sum(_send_digest(session, jobs, user, now=now) for user in users)


def forget_digests(session: Session, *, now: datetime) -> None:
    """Delete what says which days are done, of days long gone."""
    session.execute(delete(Digest).where(Digest.at < now - _REMEMBERED))


# Queries


def choices_of(session: Session, user: User) -> dict[News, MailChoice]:
    """Return how a user wants to be mailed about each kind of news."""
    return {kind: notices.mail_choice(session, user.id, kind) for kind in News}


def list_receivers(session: Session, thread: Thread) -> Sequence[User]:
    """Return who is told about a conversation: who it is assigned to, else all who may use its messages."""
    assignable = threads.list_assignable(session, thread)
    own = [user for user in assignable if user.id == thread.assignee_id]
    return own or assignable


def day_of(user_zone: str, now: datetime) -> tuple[date, datetime]:
    """Return the user's day that has begun last, and the moment it began."""
    zone = ZoneInfo(user_zone)
    day = now.astimezone(zone).date()
    begins = datetime.combine(day, time(DIGEST_HOUR), zone).astimezone(UTC)
    if begins > now:
        day -= timedelta(days=1)
        begins = datetime.combine(day, time(DIGEST_HOUR), zone).astimezone(UTC)
    return day, begins


def _is_pending(session: Session, user: User, thread: Thread) -> bool:
    """Whether a notice of the thread is still to be mailed, or stands unread where no mail is wanted."""
    told = select(Notice.id).where(
        Notice.user_id == user.id,
        Notice.kind == News.MESSAGE.value,
        Notice.subject_id == thread.id,
        Notice.read_at.is_(None),
    )
    if notices.mail_choice(session, user.id, News.MESSAGE) is not MailChoice.OFF:
        told = told.where(Notice.mail.is_not(None))
    return session.scalar(told.limit(1)) is not None


def _may_be_told(user: User, notice: Notice) -> bool:
    return notice.read_at is None and Permission.MESSAGES_USE in accounts.permissions_of(user)


def _mail_values(session: Session, notice: Notice) -> dict[str, object] | None:
    thread = session.get(Thread, notice.subject_id) if notice.subject_id is not None else None
    if thread is None:
        return None
    lines, files = [], 0
    if notice.kind == News.MESSAGE.value:
        messages = _unread(session, thread, notice.values.get("first"))
        if not messages:
            return None
        lines = conversation_mails.lines_of(messages)
        files = sum(len(message.attachments) for message in messages)
    elif notice.kind == News.REPORT.value:
        lines = (thread.report or "").split("\n")
    program = session.get_one(Program, thread.program_id).name
    news = [notice.kind, dict(notice.values)]
    return {"news": news, "lines": lines, "files": files, "program_name": program, "thread": thread.id}


def _unread(session: Session, thread: Thread, first: object) -> Sequence[Message]:
    query = select(Message).where(
        Message.thread_id == thread.id,
        Message.id >= (first if isinstance(first, int) else 0),
        Message.side == Side.PARTNER.value,
        Message.state == MessageState.SENT.value,
        Message.read_at.is_(None),
    )
    return session.scalars(query.order_by(Message.id)).all()


def _send_digest(session: Session, jobs: Jobs, user: User, *, now: datetime) -> int:
    day, begins = day_of(user.time_zone, now)
    daily = (Notice.user_id == user.id, Notice.mail == MailChoice.DAILY.value, Notice.created_at < begins)
    found = session.scalars(select(Notice).where(*daily).order_by(Notice.id).with_for_update()).all()
    if not found:
        return 0
    try:
        with session.begin_nested():
            session.add(Digest(user_id=user.id, day=day, at=now))
    except IntegrityError:
        return 0  # this day has had its mail; what is left goes into the next one
    for notice in found:
        notice.mail = None
    news = [[notice.kind, dict(notice.values)] for notice in found if _may_be_told(user, notice)]
    if news:
        _queue(session, jobs, user, DIGEST, {"all_news": news[:DIGEST_LINES], "total": len(news)}, now=now)
    session.flush()
    return bool(news)


def _queue(
    session: Session, jobs: Jobs, user: User, template: str, values: Mapping[str, object], *, now: datetime
) -> None:
    outbox.queue_system_mail(
        session, jobs, template=template, address=user.email, locale=user.locale, values=values, now=now
    )
