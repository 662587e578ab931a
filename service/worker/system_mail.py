"""Sending the product's own mails over a connection of their own, which no campaign can keep busy."""

import uuid
from collections.abc import Callable

from service.bootstrap import Services
from service.domain import ledger, system_mails
from service.models import SystemMail
from service.worker.batches import Batches
from service.worker.deliver import AT_WORK, Clock
from service.worker.outgoing import Outgoing
from service.worker.post import PostRoom


def open_room(services: Services, clock: Clock) -> PostRoom:
    """Open the post room of the system lane."""
    return PostRoom(
        services.db,
        services.mailer,
        system_mails,
        sender=services.settings.mail_from,
        connections=1,
        clock=clock,
    )


def send_due(services: Services, room: PostRoom, clock: Clock) -> int:
    """Send the system mails that are due, one batch, and return how many were settled."""
    if room.resting:
        return 0
    with AT_WORK.together(urgent=True):
        return _send_due(services, room, clock)


def _send_due(services: Services, room: PostRoom, clock: Clock) -> int:
    token = uuid.uuid4().hex
    with services.db.transaction() as session:
        claimed = system_mails.claim(session, token=token, now=clock())
    if not claimed:
        return 0

    def renew(token: str) -> None:
        with services.db.transaction() as session:
            ledger.renew(session, SystemMail, token=token, now=clock())

    batches = Batches(room, renew)
    batches.post(token, [Outgoing(mail.id, mail.address, _writing(services, mail)) for mail in claimed])
    sent = batches.wait(token)
    with services.db.transaction() as session:
        ledger.release(session, SystemMail, token=token)
    return sent.settled


def _writing(services: Services, mail: system_mails.ClaimedSystemMail) -> Callable[[], bytes]:
    return lambda: services.composer.system(mail)
