"""Attachments: files of a conversation, from upload over the virus scan to who may download them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from service.domain import messages, notices, threads
from service.domain.errors import DomainError
from service.domain.jobs import Jobs
from service.facts.filetypes import FileType
from service.facts.limits import ATTACHMENT_DAY_BYTES, ATTACHMENTS, SCAN_GIVE_UP, UPLOAD_LIFE
from service.facts.messages import MessageState, News, ScanState, Side
from service.facts.refusals import Refusal
from service.facts.verdicts import ScanOutcome, Verdict
from service.models import Attachment, Message, Thread

# Minutes until the scanner is asked again, the last one until `give_up_at`.
RETRY_MINUTES = (1, 5, 15, 30, 60)
# Whoever scans a file has it for this long; a worker that dies meanwhile leaves it to the next.
_AT_WORK = timedelta(minutes=1)
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was judged and stored: `file_id` is its name in the store, `digest` its SHA-256 in hex."""

    name: str
    type: FileType
    size: int
    digest: str
    file_id: str


@dataclass(frozen=True, slots=True)
class Sender:
    """Who attaches: a user of the brand, or the partner of the conversation."""

    side: Side
    user_id: int | None = None


def take(
    session: Session,
    jobs: Jobs,
    thread: Thread,
    upload: Upload,
    *,
    by: Sender,
    upload_key: str,
    now: datetime,
) -> Attachment:
    """Add a file to the form of this key and have it scanned; the same file twice is one.

    Whoever calls compares `file_id`: an upload that was there already leaves its stored bytes to be deleted.
    Raises DomainError: ATTACHMENTS_TOO_MANY, ATTACHMENTS_QUOTA.
    """
    threads.lock(session, thread.id)
    unsent = list_unsent(session, thread, by=by, upload_key=upload_key)
    for there in unsent:
        if (there.digest, there.name) == (upload.digest, upload.name):
            return there
    if len(unsent) >= ATTACHMENTS:
        raise DomainError(Refusal.ATTACHMENTS_TOO_MANY, field="files", num=ATTACHMENTS)
    if _taken_today(session, thread, by, now=now) + upload.size > ATTACHMENT_DAY_BYTES:
        raise DomainError(Refusal.ATTACHMENTS_QUOTA, field="files", size=ATTACHMENT_DAY_BYTES)
    attachment = Attachment(
        thread_id=thread.id,
        upload_key=messages.upload_key(upload_key),
        side=by.side.value,
        user_id=by.user_id,
        name=upload.name,
        kind=upload.type.value,
        size=upload.size,
        digest=upload.digest,
        file_id=upload.file_id,
        state=ScanState.WAITING.value,
        next_try_at=now,
        give_up_at=now + SCAN_GIVE_UP,
        created_at=now,
    )
    session.add(attachment)
    session.flush()
    jobs.scan(session, attachment.id)
    return attachment


def remove(session: Session, thread: Thread, attachment_id: int, *, by: Sender, now: datetime) -> str | None:
    """Take back one's own file that the other side cannot see yet; return the stored id to delete.

    A message that waited for it goes on; one of which nothing is left is withdrawn. Raises
    DomainError(NOT_FOUND).
    """
    threads.lock(session, thread.id)
    attachment = _own(session, thread, attachment_id, by)
    message = session.get(Message, attachment.message_id) if attachment.message_id is not None else None
    if message is not None and message.state != MessageState.WAITING.value:
        raise DomainError(Refusal.NOT_FOUND)
    file_id = attachment.file_id
    session.delete(attachment)
    session.flush()
    if message is not None:
        session.refresh(message)
        if message.body or message.attachments:
            messages.show_if_ready(session, thread, message, now=now)
        else:
            message.state, message.withdrawn_at = MessageState.WITHDRAWN.value, now
    session.flush()
    return file_id


# Scanning


@dataclass(frozen=True, slots=True)
class Due:
    """A file that this worker scans now."""

    id: int
    file_id: str


def begin(session: Session, attachment_id: int, *, now: datetime) -> Due | None:
    """Take a waiting file whose turn it is; None where somebody else has it or it is settled."""
    attachment = session.get(Attachment, attachment_id, with_for_update=True, populate_existing=True)
    if attachment is None or not _is_due(attachment, now) or attachment.file_id is None:
        return None
    attachment.next_try_at = now + _AT_WORK
    session.flush()
    return Due(attachment.id, attachment.file_id)


def settle(session: Session, attachment_id: int, verdict: Verdict, *, now: datetime) -> str | None:
    """Store a verdict and show the message that waited for it; return the stored id of a file to delete.

    No answer that can be believed means to ask again, and to give up after a day. A verdict is for the file
    it was asked about: the same bytes are scanned again wherever they come up again.
    """
    found = session.get(Attachment, attachment_id)
    if found is None:
        return None
    # The conversation before the file, as everybody who writes into one does.
    thread = threads.lock(session, found.thread_id)
    attachment = session.get(Attachment, attachment_id, with_for_update=True, populate_existing=True)
    if attachment is None or attachment.state != ScanState.WAITING.value:
        return None
    if verdict.outcome is ScanOutcome.UNAVAILABLE and now < attachment.give_up_at:
        minutes = RETRY_MINUTES[min(attachment.tries, len(RETRY_MINUTES) - 1)]
        attachment.tries += 1
        attachment.next_try_at = now + timedelta(minutes=minutes)
        session.flush()
        return None
    attachment.state = _STATES[verdict.outcome].value
    attachment.threat = verdict.threat or None
    attachment.scanned_at, attachment.next_try_at = now, None
    session.flush()
    file_id = None
    if not verdict.is_clean:
        _tell(session, attachment, now=now)
        file_id, attachment.file_id = attachment.file_id, None
    _show_message(session, thread, attachment, now=now)
    session.flush()
    return file_id


_STATES = {
    ScanOutcome.CLEAN: ScanState.CLEAN,
    ScanOutcome.INFECTED: ScanState.REFUSED,
    ScanOutcome.NOT_SCANNED: ScanState.UNSCANNED,
    ScanOutcome.UNAVAILABLE: ScanState.UNSCANNED,
}


def ask_at_once(session: Session, *, now: datetime) -> None:
    """Have every waiting file scanned now: whoever had one is gone, and an outage may be over."""
    waiting = update(Attachment).where(Attachment.state == ScanState.WAITING.value)
    session.execute(waiting.values(next_try_at=now))


def list_due(session: Session, *, now: datetime, limit: int) -> list[int]:
    """Return the files whose turn to be scanned it is, oldest first."""
    due = (Attachment.state == ScanState.WAITING.value, Attachment.next_try_at <= now)
    return list(session.scalars(select(Attachment.id).where(*due).order_by(Attachment.id).limit(limit)))


def sweep(session: Session, *, now: datetime) -> list[str]:
    """Forget files that no message ever took and those of withdrawn messages; return their stored ids."""
    unsent = and_(Attachment.message_id.is_(None), Attachment.created_at < now - UPLOAD_LIFE)
    withdrawn = Attachment.message_id.in_(
        select(Message.id).where(Message.state == MessageState.WITHDRAWN.value)
    )
    gone = []
    for attachment in session.scalars(select(Attachment).where(or_(unsent, withdrawn))):
        if attachment.file_id is not None:
            gone.append(attachment.file_id)
        session.delete(attachment)
    session.flush()
    return gone


def stored_ids(session: Session) -> list[str]:
    """Return the ids of all files that are kept."""
    kept = select(Attachment.file_id).where(Attachment.file_id.is_not(None))
    return [file_id for file_id in session.scalars(kept) if file_id is not None]


# Queries


def find_download(session: Session, thread: Thread, attachment_id: int, *, by: Sender) -> Attachment:
    """Return a file that may be downloaded: clean, and one's own or in a message that is shown.

    Raises DomainError(NOT_FOUND) for any other, whatever the reason.
    """
    attachment = session.get(Attachment, attachment_id)
    usable = (
        attachment is not None
        and attachment.thread_id == thread.id
        and attachment.state == ScanState.CLEAN.value
        and attachment.file_id is not None
    )
    if attachment is None or not usable or not _may_see(session, attachment, by):
        raise DomainError(Refusal.NOT_FOUND)
    return attachment


def list_unsent(session: Session, thread: Thread, *, by: Sender, upload_key: str) -> Sequence[Attachment]:
    """Return the files of a form that was not sent yet."""
    key = messages.upload_key(upload_key)
    query = select(Attachment).where(
        Attachment.thread_id == thread.id,
        Attachment.upload_key == key,
        Attachment.message_id.is_(None),
        _of(by),
    )
    return session.scalars(query.order_by(Attachment.id)).all()


def of_messages(session: Session, message_ids: Collection[int]) -> dict[int, list[Attachment]]:
    """Return the files of messages, by message, in the order they were attached."""
    found: dict[int, list[Attachment]] = {}
    query = select(Attachment).where(Attachment.message_id.in_(message_ids)).order_by(Attachment.id)
    for attachment in session.scalars(query):
        if attachment.message_id is not None:
            found.setdefault(attachment.message_id, []).append(attachment)
    return found


def _may_see(session: Session, attachment: Attachment, by: Sender) -> bool:
    own = attachment.side == by.side.value
    if attachment.message_id is None:
        return own and attachment.user_id == by.user_id
    message = session.get_one(Message, attachment.message_id)
    if message.state == MessageState.WITHDRAWN.value:
        return False
    return own or message.shown_at is not None


def _own(session: Session, thread: Thread, attachment_id: int, by: Sender) -> Attachment:
    attachment = session.get(Attachment, attachment_id, with_for_update=True, populate_existing=True)
    if attachment is None or attachment.thread_id != thread.id or attachment.side != by.side.value:
        raise DomainError(Refusal.NOT_FOUND)
    if attachment.message_id is None and attachment.user_id != by.user_id:
        raise DomainError(Refusal.NOT_FOUND)
    return attachment


def _of(by: Sender) -> ColumnElement[bool]:
    own = Attachment.user_id.is_(None) if by.user_id is None else Attachment.user_id == by.user_id
    return and_(Attachment.side == by.side.value, own)


def _taken_today(session: Session, thread: Thread, by: Sender, *, now: datetime) -> int:
    """Return the bytes that a user, or the partner of this conversation, attached in the last 24 hours."""
    query = select(func.sum(Attachment.size)).where(_of(by), Attachment.created_at > now - _A_DAY)
    if by.side is Side.PARTNER:
        query = query.where(Attachment.thread_id == thread.id)
    return session.scalar(query) or 0


def _is_due(attachment: Attachment, now: datetime) -> bool:
    waits = attachment.state == ScanState.WAITING.value
    return waits and attachment.next_try_at is not None and attachment.next_try_at <= now


def _show_message(session: Session, thread: Thread, attachment: Attachment, *, now: datetime) -> None:
    if attachment.message_id is not None:
        message = session.get_one(Message, attachment.message_id)
        messages.show_if_ready(session, thread, message, now=now)


def _tell(session: Session, attachment: Attachment, *, now: datetime) -> None:
    if attachment.user_id is not None:
        notices.tell(
            session,
            attachment.user_id,
            News.ATTACHMENT.value,
            now=now,
            subject_id=attachment.thread_id,
            file=attachment.name,
        )
