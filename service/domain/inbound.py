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
from typing import Protocol

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from service.domain import bounces, messages, prospects, threads
from service.facts.bounces import BounceKind
from service.facts.limits import MESSAGE_CHARACTERS
from service.facts.messages import Channel, Side
from service.facts.stages import StageEvent
from service.facts.states import DeliveryState
from service.facts.words import N_, Phrase
from service.mail.bounces import Automatic, Bounce, Complaint, Inbound, Letter, NoMail
from service.mail.received import Part
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
    """What was done, and the delivery it was about."""

    done: Done
    delivery_id: int | None = None


class TakeFiles(Protocol):
    """What stores files that came with an answer, so that they belong to the form of this key."""

    def __call__(
        self, session: Session, thread: Thread, files: Sequence[Part], *, form_key: str, now: datetime
    ) -> int:
        """Return how many were taken; the others are told to have been left out."""


def take(
    session: Session,
    return_path: ReturnPath,
    mail: Inbound,
    *,
    replies: ReplyAddresses | None = None,
    take_files: TakeFiles | None = None,
    came_to: Sequence[str] = (),
    now: datetime,
) -> Taken:
    """Record what a received mail says; the same mail twice changes nothing the second time.

    `came_to` are envelope recipients that the mail server told besides what stands in the mail. TOO_EARLY
    asks for the mail to be given again: its delivery's own result is not stored yet.
    """
    if isinstance(mail, Bounce):
        return _bounce(session, return_path, mail, came_to, now=now)
    if isinstance(mail, Complaint):
        return _complaint(session, return_path, mail, came_to, now=now)
    if isinstance(mail, Letter):
        # Nobody writes to an envelope sender: such a letter is a machine's that did not say so.
        if _named(return_path, (*came_to, *mail.to)) is not None or is_absence(mail.content):
            return Taken(Done.AUTOMATIC)
        thread = _thread_at(session, replies, (*came_to, *mail.to))
        if thread is not None:
            return _reply(session, thread, mail, take_files, now=now)
        return _letter(session, mail, now=now)
    if isinstance(mail, NoMail):
        return Taken(Done.NO_MAIL)
    return Taken(Done.AUTOMATIC if isinstance(mail, Automatic) else Done.NOT_UNDERSTOOD)


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
    for address in addresses if replies is not None else ():
        named = replies.read(address) if replies is not None else None
        thread = session.get(Thread, named[0]) if named is not None else None
        if thread is not None and named is not None and same_version(thread.link_version, named[1]):
            return thread
    return None


def _reply(
    session: Session, thread: Thread, mail: Letter, take_files: TakeFiles | None, *, now: datetime
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
    taken = take_files(session, thread, reply.files, form_key=key, now=now) if take_files else 0
    left_out = len(reply.files) - taken
    if not reply.text and not taken and not left_out:
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
                files_left_out=left_out if number == 0 else 0,
                now=now,
            )
    return Taken(Done.REPLY)


_MOST_PIECES = 10
_MOST_ID = 300


def _key_of(mail: Letter) -> str:
    """What makes the same mail the same: its Message-ID, or where it has none all that it says."""
    said = mail.message_id or repr((mail.content.fields.items, mail.content.body))
    return "mail:" + hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:48]


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
