"""Received mail: what it says is matched with the delivery it is about and recorded. Nothing is answered.

A delivery report is believed only at an envelope sender that we signed: who forges one must have received the
mail. Where the operator named no address for bounces nothing is signed and no report is believed. A complaint
may also name the random Message-ID of the mail, which feedback loops return when they hide the envelope: who
knows it has the mail, with its link to unsubscribe, before them. So has who answers it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from service.domain import bounces, prospects
from service.facts.bounces import BounceKind
from service.facts.stages import StageEvent
from service.facts.states import DeliveryState
from service.facts.words import N_, Phrase
from service.mail.bounces import Automatic, Bounce, Complaint, Inbound, Letter, NoMail
from service.mail.verp import ReturnPath
from service.models import Delivery, StageChange


class Done(Enum):
    """What was done about a received mail, in words for the operator's log."""

    HARD = N_("The email bounced for good. The address is suppressed.")
    SOFT = N_("The email came back. The bounce is recorded.")
    POLICY = N_("The email was refused because of its sender. The bounce is recorded.")
    COMPLAINT = N_("The recipient reported the email as spam. The address is suppressed.")
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


def take(
    session: Session, return_path: ReturnPath, mail: Inbound, *, came_to: Sequence[str] = (), now: datetime
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
        if _named(return_path, (*came_to, *mail.to)) is not None:
            return Taken(Done.AUTOMATIC)
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
    if delivery is None or delivery.prospect_id is None:
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
