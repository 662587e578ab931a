"""What tells an open page of the inbox whether anything has changed since it was made."""

import hashlib
from collections.abc import Mapping

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from service.models import Attachment, Message, Thread

_LATEST = (
    select(Thread.id, Thread.last_at)
    .where(Thread.program_id == bindparam("program"), Thread.last_at.is_not(None))
    .order_by(Thread.last_at.desc(), Thread.id.desc())
    .limit(1)
)


def version_of(session: Session, unread: Mapping[int, int], thread_id: int | None = None) -> str:
    """Return a text that changes when a conversation of some programs gets a message or is read.

    `unread` says of each of the programs how many wait to be read (`threads.count_unread`). With a thread it
    also changes when anything in that conversation does. It is asked every other second by every open page,
    so it looks at the end of an index for each program, and at one conversation.
    """
    parts: list[object] = []
    connection = session.connection()
    for program_id, waiting in unread.items():
        parts += [program_id, connection.execute(_LATEST, {"program": program_id}).first(), waiting]
    if thread_id is not None:
        parts += _parts_of(session, thread_id)
    return hashlib.blake2b(repr(parts).encode(), digest_size=8).hexdigest()


def _parts_of(session: Session, thread_id: int) -> list[object]:
    flags = select(
        Thread.unread, Thread.priority, Thread.archived_at, Thread.assignee_id, Thread.reported_at
    ).where(Thread.id == thread_id)
    moments = (
        Message.shown_at,
        Message.edited_at,
        Message.withdrawn_at,
        Message.read_at,
    )
    written = select(func.count(), *(func.max(moment) for moment in moments)).where(
        Message.thread_id == thread_id
    )
    scanned = select(func.max(Attachment.scanned_at)).where(Attachment.thread_id == thread_id)
    return [session.execute(query).first() for query in (flags, written, scanned)]
