"""Invitations: what a partner sees behind the join link, and what accepting or declining does."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from service.domain import partners, prospects
from service.domain.errors import DomainError
from service.domain.letters import JOIN
from service.domain.signing import Signer
from service.facts.refusals import Refusal
from service.facts.stages import Stage, StageEvent
from service.models import Program, Prospect


@dataclass(frozen=True, slots=True)
class Invitation:
    """A program inviting one prospect."""

    prospect: Prospect
    program: Program

    @property
    def stage(self) -> Stage:
        """Where the prospect stands now."""
        return Stage(self.prospect.stage)


def find(session: Session, signer: Signer, token: str) -> Invitation:
    """Return the invitation of a signed link; DomainError(JOIN_LINK_BROKEN) for one that leads to none."""
    payload = signer.read(JOIN, token)
    prospect = session.get(Prospect, payload) if isinstance(payload, int) else None
    if prospect is None:
        raise DomainError(Refusal.JOIN_LINK_BROKEN)
    return Invitation(prospect, session.get_one(Program, prospect.program_id))


def answer(
    session: Session,
    invitation: Invitation,
    *,
    accepted: bool,
    messaging: bool | None = None,
    now: datetime,
) -> Stage:
    """Record the partner's answer; accepting wins over an earlier no, answering twice changes nothing.

    With the acceptance the partner says whether they take messages; None leaves that as it is.
    """
    event = StageEvent.JOINED if accepted else StageEvent.DECLINED
    goal = Stage.JOINED if accepted else Stage.DECLINED
    prospect_id = invitation.prospect.id
    if accepted and messaging is not None:
        partners.lock(session, invitation.prospect.partner_id)
    stage = Stage(prospects.lock(session, prospect_id).stage)
    if stage in {goal, Stage.JOINED} or prospects.has_happened(session, prospect_id, event):
        return stage
    if accepted and messaging is not None:
        invitation.prospect.partner.messaging_enabled = messaging
    return prospects.record(session, prospect_id, event, now=now)
