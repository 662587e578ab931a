"""Downloads from a host without sessions: signed addresses that work for a minute, for whoever asked."""

from datetime import datetime

from sqlalchemy.orm import Session

from service.domain import accounts, attachments, sessions, threads
from service.domain.attachments import Sender
from service.domain.errors import DomainError
from service.domain.signing import Signer
from service.facts.limits import DOWNLOAD_LIFE
from service.facts.messages import Side
from service.facts.permissions import Permission
from service.facts.refusals import Refusal
from service.models import Attachment, Thread, UserSession

_PURPOSE = "download"


def sign_for_user(signer: Signer, session_id: int, attachment: Attachment, *, now: datetime) -> str:
    """Return a token for a user who found the file to be theirs, worth nothing once this session ends."""
    return _sign(signer, Side.BRAND, session_id, attachment, now)


def sign_for_partner(signer: Signer, thread: Thread, attachment: Attachment, *, now: datetime) -> str:
    """Return a token for the partner, worth nothing once the link to the conversation is another."""
    return _sign(signer, Side.PARTNER, thread.link_version, attachment, now)


def find(session: Session, signer: Signer, token: str, *, now: datetime) -> Attachment:
    """Return the file of a token, if whoever asked for it may still have it at this moment.

    Raises DomainError(NOT_FOUND), which says the same of a token that is forged or too old, of rights that
    were lost since, and of a file that is not clean or not there.
    """
    side, proof, thread_id, attachment_id = _read(signer, token, now)
    if side is Side.BRAND:
        thread, by = _of_brand(session, proof, thread_id, now)
    else:
        thread, by = _of_partner(session, proof, thread_id)
    return attachments.find_download(session, thread, attachment_id, by=by)


def _sign(signer: Signer, side: Side, proof: int, attachment: Attachment, now: datetime) -> str:
    made_at = int(now.timestamp())
    return signer.sign(_PURPOSE, [side.value, proof, attachment.thread_id, attachment.id, made_at])


def _read(signer: Signer, token: str, now: datetime) -> tuple[Side, int, int, int]:
    match signer.read(_PURPOSE, token):
        case [str(side), int(proof), int(thread_id), int(attachment_id), int(made_at)]:
            # Either way, or a clock that was put back would make a minute longer.
            if abs(now.timestamp() - made_at) < DOWNLOAD_LIFE.total_seconds():
                return Side(side), proof, thread_id, attachment_id
    raise DomainError(Refusal.NOT_FOUND)


def _of_brand(session: Session, session_id: int, thread_id: int, now: datetime) -> tuple[Thread, Sender]:
    row = session.get(UserSession, session_id)
    if row is None or not sessions.is_open(row, now=now):
        raise DomainError(Refusal.NOT_FOUND)
    user = row.user
    if Permission.MESSAGES_USE not in accounts.permissions_of(user):
        raise DomainError(Refusal.NOT_FOUND)
    programs = [program.id for program in accounts.programs_of(session, user)]
    return threads.find_in(session, programs, thread_id), Sender(Side.BRAND, user.id)


def _of_partner(session: Session, link_version: int, thread_id: int) -> tuple[Thread, Sender]:
    thread = session.get(Thread, thread_id)
    if thread is None or thread.link_version != link_version:
        raise DomainError(Refusal.NOT_FOUND)
    return thread, Sender(Side.PARTNER)
