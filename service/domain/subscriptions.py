"""What an unsubscribe link stands for: one person's mails from a program, stopped and resumed at will."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from service.domain import programs, suppression
from service.domain.errors import DomainError
from service.domain.letters import UNSUBSCRIBE
from service.domain.signing import Signer
from service.domain.suppression import SuppressionReason
from service.facts.refusals import Refusal
from service.models import Campaign, Delivery, Program


@dataclass(frozen=True, slots=True)
class Subscription:
    """The program that wrote, the address it wrote to, and whether it may go on."""

    program: Program
    address_key: str
    stopped: bool
    stopped_everywhere: bool


def find(session: Session, signer: Signer, token: str) -> Subscription:
    """Return what a signed link stands for; refuses a link that is not ours."""
    payload = signer.read(UNSUBSCRIBE, token)
    delivery = session.get(Delivery, payload) if isinstance(payload, int) else None
    if delivery is None:
        raise DomainError(Refusal.NOT_FOUND)
    program = session.get_one(Program, session.get_one(Campaign, delivery.campaign_id).program_id)
    every = [
        suppression.is_suppressed(session, other.id, delivery.address_key)
        for other in programs.list_all(session)
    ]
    return Subscription(
        program=program,
        address_key=delivery.address_key,
        stopped=suppression.is_suppressed(session, program.id, delivery.address_key),
        stopped_everywhere=all(every),
    )


def stop(session: Session, subscription: Subscription, *, everywhere: bool, now: datetime) -> None:
    """Unsubscribe from the program, or from every program of the brand; asking twice is harmless."""
    chosen = programs.list_all(session) if everywhere else [subscription.program]
    for program in chosen:
        suppression.suppress(
            session, program.id, subscription.address_key, reason=SuppressionReason.UNSUBSCRIBED, now=now
        )


def resume(session: Session, subscription: Subscription) -> None:
    """Subscribe to the program again."""
    suppression.lift(session, subscription.program.id, subscription.address_key)
