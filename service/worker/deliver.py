"""Sending a campaign: claim a batch, write and send each mail, store the results."""

import uuid
from collections.abc import Callable
from datetime import datetime

from service.bootstrap import Services
from service.domain import deliveries, ledger, letters, programs
from service.models import Delivery
from service.worker.caution import Caution
from service.worker.flow import Flow
from service.worker.post import Outgoing, PostRoom

Clock = Callable[[], datetime]
# Of this process: a crash takes all of it down.
AT_WORK = Caution()


def open_room(services: Services, clock: Clock) -> PostRoom:
    """Open the post room of the campaigns' lane."""
    return PostRoom(
        services.db,
        services.mailer,
        deliveries,
        sender=services.settings.mail_from,
        connections=services.settings.mail_connections,
        clock=clock,
        flow=new_flow(services),
    )


def new_flow(services: Services) -> Flow:
    """Return the pace towards each recipient domain that the settings ask for."""
    settings = services.settings
    return Flow(at_once=settings.mail_domain_connections, a_minute=settings.mail_domain_rate)


def deliver_batch(services: Services, room: PostRoom, campaign_id: int, clock: Clock) -> int:
    """Send one batch and return how many mails were settled; 0 means that nothing is to be done now."""
    if room.resting:
        return 0
    with services.db.reading() as session:
        suspect = deliveries.next_is_suspect(session, campaign_id, now=clock())
    if not suspect:
        with AT_WORK.together():
            return _deliver_batch(services, room, campaign_id, clock)
    with AT_WORK.alone() as free:
        return _deliver_batch(services, room, campaign_id, clock) if free else 0


def _deliver_batch(services: Services, room: PostRoom, campaign_id: int, clock: Clock) -> int:
    token, moment = uuid.uuid4().hex, clock()
    with services.db.transaction() as session:
        claimed = deliveries.claim(session, campaign_id, token=token, now=moment)
        text = letters.text_of(session, campaign_id) if claimed else None
    if text is None:
        with services.db.transaction() as session:
            deliveries.finish_if_done(session, campaign_id, now=clock())
        return 0

    def renew() -> None:
        with services.db.transaction() as session:
            ledger.renew(session, Delivery, token=token, now=clock())

    # An author's own account sends under its own address; what comes back goes there.
    return_path = services.return_path.of if text.from_address is None else lambda _mail_id: None
    mails = [
        Outgoing(mail.id, mail.address, _writing(services, text, mail), return_path(mail.id))
        for mail in claimed
    ]
    sent = room.send(token, mails, renew=renew)
    with services.db.transaction() as session:
        programs.return_allowance(session, text.program_id, len(mails) - sent.tried, now=moment)
        ledger.release(session, Delivery, token=token)
        deliveries.tell_prospects(session, campaign_id, mail_ids=[mail.id for mail in claimed])
        deliveries.finish_if_done(session, campaign_id, now=clock())
    return sent.settled


def _writing(
    services: Services, text: letters.CampaignText, mail: deliveries.ClaimedDelivery
) -> Callable[[], bytes]:
    return lambda: services.composer.delivery(text, mail)
