"""Received mail: what it says is matched with the delivery it is about and recorded. Nothing is answered.

A delivery report is believed only at an envelope sender that we signed: who forges one must have received the
mail. Where the operator named no address for bounces nothing is signed and no report is believed. A complaint
may also name the random Message-ID of the mail, which feedback loops return when they hide the envelope: who
knows it has the mail, with its link to unsubscribe, before them. So has who answers it.

An answer to a message goes into the conversation if it came to the signed address of that conversation, and
only then. One that names no more than the Message-ID of a mail is an answer, but its words are not believed.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from service.domain import attachments, bounces, messages, prospects, threads
from service.domain.attachments import Sender, Upload
from service.domain.errors import DomainError
from service.domain.jobs import Jobs
from service.facts.bounces import BounceKind
from service.facts.left_out import LeftOut
from service.facts.limits import MESSAGE_CHARACTERS
from service.facts.messages import Channel, Side
from service.facts.stages import StageEvent
from service.facts.states import DeliveryState
from service.facts.words import N_, Phrase
from service.mail.bounces import Automatic, Bounce, Complaint, Inbound, Letter, NoMail
from service.mail.replies import is_absence, read_reply
from service.mail.verp import ReplyAddresses, ReturnPath, same_version
from service.models import Delivery, Message, StageChange, Thread


class Done(Enum):
    """What was done about a received mail, in words for the operator's log."""

    HARD = N_("The email bounced for good. The address is suppressed.")
    SOFT = N_("The email came back. The bounce is recorded.")
    POLICY = N_("The email was refused because of its sender. The bounce is recorded.")
    COMPLAINT = N_("The recipient reported the email as spam. The address is suppressed.")
    REPLY = N_("The recipient answered a message. The answer is in the conversation.")
    REPLY_IN_PART = N_(
        "The recipient answered a message. The answer is in the conversation, but not all of its files."
    )
    UNPROVEN = N_("This answers a message, but not at its signed address. It is recorded without its text.")
    NO_WORDS = N_("This answer has no text. Nothing is changed.")
    TOO_LONG = N_("This answer is too long for a conversation. Nothing is changed.")
    ANSWERED = N_("The recipient answered. The answer is recorded.")
    KNOWN = N_("This was already recorded. Nothing is changed.")
    NOT_FINAL = N_("The email is delayed or delivered. Nothing is changed.")
    AUTOMATIC = N_("This is an automatic message. Nothing is changed.")
    UNSIGNED = N_("This could not be matched to an email of this installation. Nothing is changed.")
    NOT_UNDERSTOOD = N_("The message cannot be understood. Nothing is changed.")
    NO_MAIL = N_("This is not an email. Nothing is changed.")
    TOO_EARLY = N_("The email is still being sent. Try again later.")

    @property
    def phrase(self) -> Phrase:
        """The words to translate."""
        return self.value


@dataclass(frozen=True, slots=True)
class Taken:
    """What was done, and the delivery it was about; `file_ids` are the stored files that a message took."""

    done: Done
    delivery_id: int | None = None
    file_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Brought:
    """The files of an answer before it is recorded: those that were judged and stored, and the others."""

    uploads: Sequence[Upload] = ()
    left_out: Sequence[LeftOut] = ()


def brings_files(
    session: Session,
    return_path: ReturnPath,
    mail: Inbound,
    *,
    replies: ReplyAddresses,
    came_to: Sequence[str] = (),
) -> bool:
    """Tell whether a mail is a new answer whose files `take` wants: nothing else is judged or stored."""
    if not isinstance(mail, Letter) or _is_machine(return_path, mail, came_to):
        return False
    thread = _thread_at(session, replies, (*came_to, *mail.to))
    return (
        thread is not None
        and messages.find_by_form(session, thread.id, _key_of(mail), side=Side.PARTNER) is None
    )


def take(
    session: Session,
    return_path: ReturnPath,
    mail: Inbound,
    *,
    replies: ReplyAddresses | None = None,
    jobs: Jobs | None = None,
    brought: Brought | None = None,
    came_to: Sequence[str] = (),
    now: datetime,
) -> Taken:
    """Record what a received mail says; the same mail twice changes nothing the second time.

    `came_to` are envelope recipients that the mail server told besides what stands in the mail. TOO_EARLY
    asks for the mail to be given again: its delivery's own result is not stored yet. `brought` are the files
    of an answer, which `jobs` have scanned; without both they are left out. Whoever calls deletes stored
    files that are not in `file_ids`.
    """
    if isinstance(mail, Bounce):
        return _bounce(session, return_path, mail, came_to, now=now)
    if isinstance(mail, Complaint):
        return _complaint(session, return_path, mail, came_to, now=now)
    if isinstance(mail, Letter):
        if _is_machine(return_path, mail, came_to):
            return Taken(Done.AUTOMATIC)
        thread = _thread_at(session, replies, (*came_to, *mail.to))
        if thread is not None:
            return _reply(session, thread, mail, jobs=jobs, brought=brought, now=now)
        return _letter(session, mail, now=now)
    if isinstance(mail, NoMail):
        return Taken(Done.NO_MAIL)
    return Taken(Done.AUTOMATIC if isinstance(mail, Automatic) else Done.NOT_UNDERSTOOD)


def _is_machine(return_path: ReturnPath, mail: Letter, came_to: Sequence[str]) -> bool:
    # Nobody writes to an envelope sender: such a letter is a machine's that did not say so.
    return _named(return_path, (*came_to, *mail.to)) is not None or is_absence(mail.content)


def _bounce(
    session: Session, return_path: ReturnPath, mail: Bounce, came_to: Sequence[str], *, now: datetime
) -> Taken:
    delivery = _find(session, _named(return_path, (*came_to, *mail.to)))
    if delivery is None:
        return Taken(Done.UNSIGNED)
    failed = mail.failed
    if failed is None:
        return Taken(Done.NOT_FINAL, delivery.id)
    if delivery.state == DeliveryState.IN_FLIGHT.value:
        return Taken(Done.TOO_EARLY, delivery.id)
    kind = bounces.record_report(
        session, delivery, code=failed.code, status=failed.status, text=failed.text, now=now
    )
    return Taken(_DONE.get(kind, Done.SOFT) if kind else Done.KNOWN, delivery.id)


_DONE = {BounceKind.HARD: Done.HARD, BounceKind.POLICY: Done.POLICY}


def _complaint(
    session: Session, return_path: ReturnPath, mail: Complaint, came_to: Sequence[str], *, now: datetime
) -> Taken:
    delivery = _find(session, _named(return_path, (*came_to, *mail.to))) or _find_by_id(session, mail.about)
    if delivery is None:
        return Taken(Done.UNSIGNED)
    if delivery.state == DeliveryState.IN_FLIGHT.value:
        return Taken(Done.TOO_EARLY, delivery.id)
    new = bounces.record_complaint(session, delivery, now=now)
    return Taken(Done.COMPLAINT if new else Done.KNOWN, delivery.id)


def _letter(session: Session, mail: Letter, *, now: datetime) -> Taken:
    delivery = _find_by_id(session, mail.answers)
    if delivery is None:
        return _unproven(session, mail, now=now)
    if delivery.prospect_id is None:
        return Taken(Done.UNSIGNED)
    prospects.lock(session, delivery.prospect_id)
    told = exists().where(
        StageChange.prospect_id == delivery.prospect_id,
        StageChange.delivery_id == delivery.id,
        StageChange.event == StageEvent.ANSWERED.value,
    )
    if session.scalar(select(told)):
        return Taken(Done.KNOWN, delivery.id)
    prospects.record(session, delivery.prospect_id, StageEvent.ANSWERED, now=now, delivery_id=delivery.id)
    return Taken(Done.ANSWERED, delivery.id)


# Conversations


def _thread_at(session: Session, replies: ReplyAddresses | None, addresses: Sequence[str]) -> Thread | None:
    """Return the conversation whose signed address is among these; one of revoked links is nobody's."""
    read = map(replies.read, addresses) if replies is not None else ()
    for thread_id, version in (named for named in read if named is not None):
        thread = session.get(Thread, thread_id)
        if thread is not None and same_version(thread.link_version, version):
            return thread
    return None


def _reply(
    session: Session,
    thread: Thread,
    mail: Letter,
    *,
    jobs: Jobs | None,
    brought: Brought | None,
    now: datetime,
) -> Taken:
    """Put an answer into its conversation; one longer than a message becomes several, so nothing is lost."""
    threads.lock(session, thread.id)
    key = _key_of(mail)
    if messages.find_by_form(session, thread.id, key, side=Side.PARTNER) is not None:
        return Taken(Done.KNOWN)
    reply = read_reply(mail.content)
    pieces = [
        reply.text[start : start + MESSAGE_CHARACTERS].strip()
        for start in range(0, max(len(reply.text), 1), MESSAGE_CHARACTERS)
    ]
    if len(pieces) > _MOST_PIECES:
        return Taken(Done.TOO_LONG)
    uncounted, file_ids, left_out = reply.uncounted, frozenset[str](), list[LeftOut]()
    if jobs is None or brought is None:
        uncounted += len(reply.files)
    else:
        file_ids, left_out = _attach(session, jobs, thread, brought, key, now=now)
    if not (reply.text or file_ids or left_out or uncounted):
        return Taken(Done.NO_WORDS)
    messages.mark_read_by_partner(session, thread, mails=_own_ids(mail.answers), now=now)
    for number, piece in enumerate(pieces):
        if piece or number == 0:
            messages.answer(
                session,
                thread.id,
                body=piece,
                form_key=key if number == 0 else f"{key}.{number}",
                channel=Channel.EMAIL,
                message_id=mail.message_id[:_MOST_ID] or None,
                left_out=left_out if number == 0 else (),
                uncounted=uncounted if number == 0 else 0,
                now=now,
            )
    return Taken(Done.REPLY_IN_PART if left_out or uncounted else Done.REPLY, file_ids=file_ids)


def _attach(
    session: Session, jobs: Jobs, thread: Thread, brought: Brought, key: str, *, now: datetime
) -> tuple[frozenset[str], list[LeftOut]]:
    """Have files scanned that belong to the message of this key; return what was taken and what not."""
    file_ids: set[str] = set()
    left_out = list(brought.left_out)
    for upload in brought.uploads:
        try:
            taken = attachments.take(
                session, jobs, thread, upload, by=Sender(Side.PARTNER), upload_key=key, now=now
            )
        except DomainError as error:
            left_out.append(LeftOut(upload.name, error.refusal.name, error.values))
        else:
            file_ids |= {taken.file_id} if taken.file_id is not None else set()
    return frozenset(file_ids), left_out


_MOST_PIECES = 10
_MOST_ID = 300


def _key_of(mail: Letter) -> str:
    """What makes the same mail the same: its Message-ID, or where it has none all that it says."""
    said = hashlib.sha256(
        (mail.message_id or repr(mail.content.fields.items)).encode("utf-8", "surrogatepass")
    )
    for piece in () if mail.message_id else mail.content.octets.pieces():
        said.update(piece)
    return "mail:" + said.hexdigest()[:48]


def _unproven(session: Session, mail: Letter, *, now: datetime) -> Taken:
    """Record that a partner answered, whose mail names one of ours and no signed address."""
    ids = _own_ids(mail.answers)
    own = (Message.message_id.in_(ids), Message.side == Side.BRAND.value)
    message = session.scalars(select(Message).where(*own).limit(1)).first() if ids else None
    if message is None:
        return Taken(Done.UNSIGNED)
    thread = session.get_one(Thread, message.thread_id)
    prospect = prospects.find_by_partner(session, thread.program_id, thread.partner_id)
    if prospect is not None:
        prospects.lock(session, prospect.id)
        if not prospects.has_happened(session, prospect.id, StageEvent.ANSWERED):
            prospects.record(session, prospect.id, StageEvent.ANSWERED, now=now)
    return Taken(Done.UNPROVEN)


def _own_ids(message_ids: Sequence[str]) -> list[str]:
    # Ours are kept without the host that stands behind them in mails.
    return [one.partition("@")[0] for one in message_ids]


def _named(return_path: ReturnPath, addresses: Sequence[str]) -> int | None:
    read = (return_path.read(address) for address in addresses)
    return next((delivery_id for delivery_id in read if delivery_id is not None), None)


def _find(session: Session, delivery_id: int | None) -> Delivery | None:
    if delivery_id is None:
        return None
    # Whoever writes a line of history refers to the row, and need not wait for this lock.
    return session.get(Delivery, delivery_id, with_for_update={"key_share": True}, populate_existing=True)


def _find_by_id(session: Session, message_ids: Sequence[str]) -> Delivery | None:
    found = session.execute(
        select(Delivery.message_id, Delivery.id).where(Delivery.message_id.in_(message_ids))
    )
    by_message_id = {row.message_id: row.id for row in found}
    nearest = next((one for one in message_ids if one in by_message_id), None)
    return _find(session, by_message_id[nearest]) if nearest is not None else None
