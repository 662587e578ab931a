"""Data of the past that nobody needs any more, deleted by the clock."""

from calendar import monthrange
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select
from sqlalchemy.orm import Session

from service.domain import audit, import_clearing, ledger, message_search
from service.facts.acts import Act
from service.facts.limits import KEEP_SYSTEM_MAILS_DAYS
from service.facts.messages import MessageState, News
from service.facts.stages import Stage
from service.facts.states import OPEN_DELIVERIES
from service.models import (
    Attachment,
    AuditEntry,
    Draft,
    Message,
    Notice,
    Prospect,
    StageChange,
    SystemMail,
    Thread,
)

# How much one transaction deletes: entries of the trail, conversations with all that is in them.
ENTRIES, CONVERSATIONS = 1000, 50
_OVER = (Stage.DECLINED.value, Stage.EXPIRED.value)


@dataclass(frozen=True, slots=True)
class Keep:
    """How long things are kept, in days and in months of the calendar; 0 is for ever."""

    imports: int
    notices: int
    audit_months: int = 0
    conversations_months: int = 0


def sweep(session: Session, keep: Keep, *, now: datetime) -> dict[str, int]:
    """Delete what is older than that and return how much of each kind it was.

    Files and rows of imports to which nothing has happened for so long, notices that were read, and the
    product's own mails that were settled a month ago.
    """
    done = {"imports": 0, "notices": 0}
    if keep.imports:
        age = timedelta(days=keep.imports)
        done["imports"] = import_clearing.clear_old(session, age=age, now=now)
    if keep.notices:
        read = Notice.read_at < now - timedelta(days=keep.notices)
        done["notices"] = ledger.change(session, delete(Notice).where(read))
    settled = SystemMail.settled_at < now - timedelta(days=KEEP_SYSTEM_MAILS_DAYS)
    over = SystemMail.state.not_in([state.value for state in OPEN_DELIVERIES])
    done["system_mails"] = ledger.change(session, delete(SystemMail).where(settled, over))
    return done


def forget_entries(session: Session, keep: Keep, *, now: datetime, most: int = ENTRIES) -> int:
    """Delete at most so many old entries of the audit trail, and return how many; the trail tells of it.

    To be called again, each time in a transaction of its own, until it returns 0.
    """
    if not keep.audit_months:
        return 0
    old = select(AuditEntry.id).where(AuditEntry.at < months_before(now, keep.audit_months))
    ids = session.scalars(old.order_by(AuditEntry.at, AuditEntry.id).limit(most)).all()
    if ids:
        ledger.change(session, delete(AuditEntry).where(AuditEntry.id.in_(ids)))
        audit.add_up(session, Act.ENTRIES_EXPIRED, len(ids), now=now)
    return len(ids)


def forget_conversations(session: Session, keep: Keep, *, now: datetime, most: int = CONVERSATIONS) -> int:
    """Delete at most so many old conversations with partners whom the program is done with; return how many.

    Done with are those it archived, who declined, or whose invitation expired, if nothing has happened to
    them, and nothing was written, added or reported, for so long. Their stored files go with the next sweep
    of the store. To be called again as `forget_entries` is; the index of messages is cleared once, together
    with the last part, so that whoever goes on after a worker that died has that still to do.
    """
    if not keep.conversations_months:
        return 0
    before = months_before(now, keep.conversations_months)
    query = select(Thread.id).where(_is_over(before)).order_by(Thread.id).limit(most + 1)
    # Locked as for writing: whoever is at one at this moment keeps it, and nobody begins to.
    found = session.scalars(query.with_for_update(of=Thread, skip_locked=True)).all()
    # Asked once more: PostgreSQL locks a thread as it is now, but judges it by what was there a moment ago.
    still = select(Thread.id, Thread.program_id).where(Thread.id.in_(found[:most]), _is_over(before))
    program_of = dict(session.execute(still).all())
    ids = sorted(program_of)
    if not ids:
        return 0
    programs = Counter(program_of.values())
    news = (Notice.kind.in_([kind.value for kind in News]), Notice.subject_id.in_(ids))
    ledger.change(session, delete(Notice).where(*news))
    for table in (Attachment, Draft, Message, SystemMail):
        ledger.change(session, delete(table).where(table.thread_id.in_(ids)))
    if len(found) <= most:
        message_search.forget_deleted(session)
    ledger.change(session, delete(Thread).where(Thread.id.in_(ids)))
    for program_id, number in sorted(programs.items()):
        audit.add_up(session, Act.CONVERSATIONS_EXPIRED, number, program_id=program_id, now=now)
    session.expire_all()
    return len(ids)


def months_before(moment: datetime, months: int) -> datetime:
    """Return the moment so many months of the calendar earlier, in a shorter month its last day."""
    year, month = divmod(moment.year * 12 + moment.month - 1 - months, 12)
    if year < 1:
        return datetime.min.replace(tzinfo=moment.tzinfo)
    day = min(moment.day, monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


def _is_over(before: datetime) -> ColumnElement[bool]:
    ended = or_(Prospect.archived_at.is_not(None), Prospect.stage.in_(_OVER))
    moved = exists().where(StageChange.prospect_id == Prospect.id, StageChange.at >= before)
    of_thread = (Prospect.program_id == Thread.program_id, Prospect.partner_id == Thread.partner_id)
    # A message that waits is still to be shown, and a mail that is not settled fills itself from the thread.
    held = Message.state == MessageState.WAITING.value
    is_open = SystemMail.state.in_([state.value for state in OPEN_DELIVERIES])
    return and_(
        func.coalesce(Thread.last_at, Thread.created_at) < before,
        or_(Thread.reported_at.is_(None), Thread.reported_at < before),
        exists().where(*of_thread, ended, ~moved),
        ~exists().where(Message.thread_id == Thread.id, or_(Message.created_at >= before, held)),
        ~exists().where(Attachment.thread_id == Thread.id, Attachment.created_at >= before),
        ~exists().where(Draft.thread_id == Thread.id, Draft.updated_at >= before),
        ~exists().where(SystemMail.thread_id == Thread.id, is_open),
    )
