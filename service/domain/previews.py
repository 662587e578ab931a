"""A draft seen as one of its recipients would get it: on the page, and as a test in one's own inbox."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.domain import letters, outbox
from service.domain.jobs import Jobs
from service.domain.letters import COMPOSED, Composed, Composer
from service.domain.recipients import Recipient
from service.models import Campaign, SystemMail, User

CLICKS = timedelta(seconds=10)
_MARK = 16


def preview(
    session: Session, composer: Composer, campaign: Campaign, recipient: Recipient, *, now: datetime
) -> Composed:
    """Return the mail this recipient would get now; raises ContentRefused, ValueMissing, ValueRefused."""
    to = letters.draft_addressee(session, campaign, recipient)
    text = letters.text_of(session, campaign.id)
    return composer.campaign(text, to, message_id=f"preview-{campaign.id}", moment=now)


def send_test(
    session: Session,
    jobs: Jobs,
    composer: Composer,
    campaign: Campaign,
    recipient: Recipient,
    *,
    to: User,
    now: datetime,
) -> int:
    """Send the mail as this recipient would get it to the author instead; return the system mail's id.

    Asked for twice within CLICKS, as by a double click, the very same mail is sent once.
    """
    session.refresh(campaign, with_for_update={"key_share": True})  # one click after the other
    # At one moment, whatever the time that the mail itself tells. A mail that was sent keeps its id alone.
    same = _values(session, composer, campaign, recipient, now=campaign.created_at)
    mark = hashlib.sha256(repr((to.email, same)).encode()).hexdigest()[:_MARK]
    lately = SystemMail.created_at.between(now - CLICKS, now)
    known = session.scalar(
        select(func.max(SystemMail.id)).where(lately, SystemMail.message_id.startswith(mark))
    )
    if known is not None:
        return known
    return outbox.queue_system_mail(
        session,
        jobs,
        template=COMPOSED,
        address=to.email,
        locale=letters.draft_addressee(session, campaign, recipient).locale,
        values=_values(session, composer, campaign, recipient, now=now),
        message_id=mark + secrets.token_hex(8),
        now=now,
    )


def _values(
    session: Session, composer: Composer, campaign: Campaign, recipient: Recipient, *, now: datetime
) -> dict[str, object]:
    composed = preview(session, composer, campaign, recipient, now=now)
    return {
        "subject": composed.subject,
        "html": composed.html,
        "text": composed.text,
        "from_name": campaign.from_name,
        "reply_to": campaign.reply_to,
    }
