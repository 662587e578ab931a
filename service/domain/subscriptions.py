"""What an unsubscribe link stands for: one person’s mails from each program of the brand."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from service.domain import erased, programs, suppression
from service.domain.errors import DomainError
from service.domain.letters import UNSUBSCRIBE
from service.domain.signing import Signer
from service.domain.suppression import SuppressionReason
from service.facts.refusals import Refusal
from service.models import Campaign, Delivery, Program


@dataclass(frozen=True, slots=True)
class Choice:
    """One program of the brand, whether it may write to the person, and whether they can allow it again."""

    program: Program
    stopped: bool
    resumable: bool


@dataclass(frozen=True, slots=True)
class Subscription:
    """The address that was written to, the program that wrote, and the brand's other programs by name."""

    address_key: str
    written_by: Choice
    others: tuple[Choice, ...]

    @property
    def choices(self) -> tuple[Choice, ...]:
        """Every program, the one that wrote first."""
        return (self.written_by, *self.others)

    @property
    def stopped_everywhere(self) -> bool:
        """Whether no program may write to the person."""
        return all(choice.stopped for choice in self.choices)


def find(session: Session, signer: Signer, token: str) -> Subscription:
    """Return what a signed link stands for; DomainError(UNSUBSCRIBE_LINK_BROKEN) for one that is not ours."""
    payload = signer.read(UNSUBSCRIBE, token)
    delivery = session.get(Delivery, payload) if isinstance(payload, int) else None
    if delivery is None:
        raise DomainError(Refusal.UNSUBSCRIBE_LINK_BROKEN)
    written_by = session.get_one(Campaign, delivery.campaign_id).program_id
    reasons = suppression.reasons(session, delivery.address_key)
    gone = erased.is_pseudonym(delivery.address_key)  # nobody can write to them
    choices = {
        program.id: Choice(
            program, gone or program.id in reasons, reasons.get(program.id) in suppression.THEIR_OWN
        )
        for program in programs.list_all(session)
    }
    first = choices.pop(written_by)
    return Subscription(delivery.address_key, first, tuple(choices.values()))


def stop(
    session: Session, subscription: Subscription, *, program_id: int | None = None, now: datetime
) -> None:
    """Unsubscribe from one program of the brand, or from all of them; asking twice is harmless."""
    for choice in subscription.choices:
        if program_id in {None, choice.program.id}:
            suppression.suppress(
                session,
                choice.program.id,
                subscription.address_key,
                reason=SuppressionReason.UNSUBSCRIBED,
                now=now,
            )


def resume(session: Session, subscription: Subscription, *, program_id: int, now: datetime) -> None:
    """Subscribe to a program again, where it was the person who had stopped it."""
    for choice in subscription.choices:
        if choice.program.id == program_id and choice.resumable:
            suppression.lift(session, program_id, subscription.address_key, now=now)
