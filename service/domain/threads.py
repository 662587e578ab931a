"""Threads: a program's conversations with its partners, and what users of the brand do with a whole one."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.domain import accounts, checks, notices, partners, prospects
from service.domain.errors import DomainError
from service.facts.limits import MESSAGE_CHARACTERS
from service.facts.messages import MessageState, News, Side
from service.facts.permissions import Permission
from service.facts.refusals import Refusal
from service.models import Message, Partner, ProgramAccess, Thread, User

# Asked at every request, so it is made once.
_UNREAD = (
    select(func.count())
    .select_from(Thread)
    .where(
        Thread.program_id == bindparam("program"),
        Thread.unread,
        Thread.archived_at.is_(None),
        Thread.last_at.is_not(None),
    )
)


def open_with(session: Session, program_id: int, partner_id: int, *, now: datetime) -> Thread:
    """Return the program's thread with a partner, made empty where there is none yet.

    It is listed from its first message on. Raises DomainError: NOT_FOUND for who is no prospect of the
    program, MESSAGING_OFF for a partner who takes no messages and was never written to.
    """
    if prospects.find_by_partner(session, program_id, partner_id) is None:
        raise DomainError(Refusal.NOT_FOUND)
    held = select(Thread).where(Thread.program_id == program_id, Thread.partner_id == partner_id)
    found = session.scalar(held)
    if found is not None:
        return found
    require_messaging(session.get_one(Partner, partner_id))
    try:
        with session.begin_nested():
            made = Thread(program_id=program_id, partner_id=partner_id, created_at=now)
            session.add(made)
    except IntegrityError:  # opened by somebody else at this very moment
        return session.scalars(held).one()
    return made


def require_messaging(partner: Partner) -> None:
    """Raise DomainError(MESSAGING_OFF) for a partner who takes no messages."""
    if not partner.messaging_enabled:
        raise DomainError(Refusal.MESSAGING_OFF, name=partner.name)


def set_messaging(session: Session, partner_id: int, *, enabled: bool) -> Partner:
    """Switch messages to a partner on or off in all programs, as the partner asks."""
    partner = partners.lock(session, partner_id)
    partner.messaging_enabled = enabled
    session.flush()
    return partner


def mark_read(session: Session, thread: Thread, *, upto: int | None = None, now: datetime) -> None:
    """Mark a thread as read by the brand, and what the partner wrote in it as seen.

    `upto` is the id of the latest message that the reader was shown: what came after it stays unread. Without
    it everything is read that is there, which is right where it is listed in this very transaction, locked.
    """
    lock(session, thread.id)
    note_read(session, thread, Side.PARTNER, upto=upto, now=now)
    left = unread_of(thread, Side.PARTNER)
    thread.unread = session.scalar(select(Message.id).where(*left).limit(1)) is not None
    if not thread.unread:
        notices.mark_read_about(session, News.MESSAGE.value, thread.id, now=now)
    session.flush()


def note_read(
    session: Session,
    thread: Thread,
    side: Side,
    *,
    upto: int | None = None,
    mails: Collection[str] | None = None,
    now: datetime,
) -> None:
    """Note that what a side wrote in a locked thread has been read by the other; `mails` are Message-IDs."""
    read = unread_of(thread, side)
    if upto is not None:
        read = (*read, Message.id <= upto)
    if mails is not None:
        read = (*read, Message.message_id.in_(mails))
    for message in session.scalars(select(Message).where(*read)):
        message.read_at = now
    session.flush()


def mark_unread(session: Session, thread: Thread) -> None:
    """Mark a thread as unread again, for whoever of the brand opens it next."""
    lock(session, thread.id).unread = True
    session.flush()


def set_priority(session: Session, thread: Thread, *, priority: bool) -> None:
    """Put a thread among those of priority, or take it from them."""
    lock(session, thread.id).priority = priority
    session.flush()


def archive(session: Session, thread: Thread, *, now: datetime) -> None:
    """Put a thread away; the partner's next message brings it back."""
    lock(session, thread.id)
    thread.archived_at = thread.archived_at or now
    session.flush()


def restore(session: Session, thread: Thread) -> None:
    """Bring an archived thread back."""
    lock(session, thread.id).archived_at = None
    session.flush()


def assign(session: Session, thread: Thread, user_id: int | None) -> None:
    """Give a thread to a user, or to nobody.

    Raises DomainError(NOT_FOUND) for somebody who may not use the messages of its program.
    """
    if user_id is not None and user_id not in {user.id for user in list_assignable(session, thread)}:
        raise DomainError(Refusal.NOT_FOUND)
    lock(session, thread.id).assignee_id = user_id
    session.flush()


def revoke_links(session: Session, thread: Thread, *, version: int, actor: User, now: datetime) -> bool:
    """Make every link that the partner was sent worthless; the next mail carries a new one.

    `version` is that of the links the actor was asked about: who confirms twice revokes once. Returns whether
    this did it.
    """
    if lock(session, thread.id).link_version != version:
        return False
    thread.link_version += 1
    thread.links_revoked_at, thread.links_revoked_by_id = now, actor.id
    session.flush()
    return True


def report(session: Session, thread: Thread, *, words: str, now: datetime) -> None:
    """Record that the partner reports the conversation; the latest report stands.

    It comes back from the archive, unread and among those of priority; its place is still that of its latest
    message. Raises DomainError: MESSAGE_TOO_LONG, TEXT_UNPRINTABLE.
    """
    if len(words) > MESSAGE_CHARACTERS:
        raise DomainError(Refusal.MESSAGE_TOO_LONG, field="words", num=MESSAGE_CHARACTERS)
    kept = checks.paragraphs(words, field="words")
    lock(session, thread.id)
    thread.reported_at, thread.report = now, kept
    thread.unread = thread.priority = True
    thread.archived_at = None
    session.flush()


# Queries


def find(session: Session, program_id: int, thread_id: int) -> Thread:
    """Return a thread of this program; another program's does not exist here: DomainError(NOT_FOUND)."""
    return find_in(session, [program_id], thread_id)


def find_in(session: Session, program_ids: Collection[int], thread_id: int) -> Thread:
    """Return a thread of one of these programs; any other does not exist here: DomainError(NOT_FOUND)."""
    thread = session.get(Thread, thread_id)
    if thread is None or thread.program_id not in program_ids:
        raise DomainError(Refusal.NOT_FOUND)
    return thread


def lock(session: Session, thread_id: int) -> Thread:
    """Return a thread as it stands now; until this transaction ends nobody else writes into it."""
    return session.get_one(Thread, thread_id, with_for_update={"of": Thread}, populate_existing=True)


def seen_by(side: Side, message: type[Message] = Message) -> ColumnElement[bool]:
    """Return the condition for messages that a side sees: all of its own, and what the other has shown."""
    return message.shown_at.is_not(None) | (message.side == side.value)


def unread_of(thread: Thread, side: Side) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for what a side has shown in a thread and the other has not read."""
    shown = (Message.shown_at.is_not(None), Message.state != MessageState.WITHDRAWN.value)
    return (Message.thread_id == thread.id, Message.side == side.value, Message.read_at.is_(None), *shown)


def count_unread(session: Session, program_id: int) -> int:
    """Return how many threads of the program wait to be read; archived ones are not counted."""
    return session.connection().scalar(_UNREAD, {"program": program_id}) or 0


def list_assignable(session: Session, thread: Thread) -> list[User]:
    """Return the users who may use the messages of the thread's program, by name."""
    chosen = select(ProgramAccess.user_id).where(ProgramAccess.program_id == thread.program_id)
    able = (User.disabled_at.is_(None), or_(User.all_programs, User.id.in_(chosen)))
    users = session.scalars(select(User).where(*able).order_by(User.name, User.id))
    return [user for user in users if Permission.MESSAGES_USE in accounts.permissions_of(user)]
