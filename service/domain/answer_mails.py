"""Mails that tell a partner which files of their answer by email the brand does not get, and why.

They go to the address that the brand knows, never to the one a mail says it comes from, and only for an
answer that came to its signed address: whoever forges a sender has nobody written to.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.domain.conversation_mails import earlier, kept_from, language_of, reachable_address
from service.facts.left_out import LeftOut
from service.facts.messages import MessageState, ScanState
from service.facts.states import DeliveryState
from service.mail import addresses
from service.models import Attachment, Message, Program, SystemMail, Thread

TEMPLATE = "files-left-out"
# In a conversation within a day: a machine that answers each of these with a file is told so no more often.
MOST_A_DAY = 5
_A_DAY = timedelta(days=1)


def queue(session: Session, thread: Thread, message: Message, *, now: datetime) -> None:
    """Have the partner told of a message by email that is shown without some of its files, if it is.

    Nobody is told who takes no messages, or whose address must not be written to.
    """
    # Of those that are only counted nobody knows a name.
    is_whole = not message.files_left_out and not left_out(session, message)
    address = None if is_whole else reachable_address(session, thread)
    if address is None or _told_today(session, thread, now=now) >= MOST_A_DAY:
        return
    session.add(
        SystemMail(
            template=TEMPLATE,
            address=address,
            locale=language_of(session, thread),
            values={"message": message.id},
            thread_id=thread.id,
            message_id=secrets.token_hex(16),
            state=DeliveryState.QUEUED.value,
            next_attempt_at=now,
            created_at=now,
        )
    )
    session.flush()


def fill(session: Session, mail: SystemMail) -> dict[str, object] | None:
    """Return what a mail says as things stand now, or None where nothing is left to be told or nobody to."""
    thread = session.get(Thread, mail.thread_id)
    message = session.get(Message, mail.values.get("message", 0))
    if thread is None or message is None or message.state != MessageState.SENT.value:
        return None
    if not thread.partner.messaging_enabled:
        return None
    if kept_from(session, thread.program_id, addresses.parse(mail.address).key) is not None:
        return None
    files = left_out(session, message)
    return {
        "program_name": session.get_one(Program, thread.program_id).name,
        "left_out": [file.stored() for file in files],
        # At least one: more are counted than are named.
        "files": max(message.files_left_out - len(message.left_out), 0) + len(files),
        "thread": thread.id,
        "link_version": thread.link_version,
        "references": earlier(session, thread, mail.message_id),
    }


# Queries


def left_out(session: Session, message: Message) -> Sequence[LeftOut]:
    """Return the files of a message that its receiver does not get: left out at once, or by the scanner."""
    refused = select(Attachment).where(
        Attachment.message_id == message.id,
        Attachment.state.in_([ScanState.REFUSED.value, ScanState.UNSCANNED.value]),
    )
    return [
        *(LeftOut.read(stored) for stored in message.left_out),
        *(_scanned(file) for file in session.scalars(refused.order_by(Attachment.id))),
    ]


def _scanned(file: Attachment) -> LeftOut:
    if file.state == ScanState.REFUSED.value and file.threat:
        return LeftOut(file.name, "THREAT", {"threat": file.threat})
    return LeftOut(file.name, "NOT_SCANNED")


def _told_today(session: Session, thread: Thread, *, now: datetime) -> int:
    told = select(func.count()).where(
        SystemMail.thread_id == thread.id,
        SystemMail.template == TEMPLATE,
        SystemMail.created_at > now - _A_DAY,
    )
    return session.scalar(told) or 0
