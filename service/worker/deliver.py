"""Sending a campaign: claim a batch, write and send each mail, store the results."""

import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from service.bootstrap import Services
from service.domain import deliveries, ledger, letters, programs, prospects
from service.models import Delivery
from service.worker.batches import Batches, Room
from service.worker.caution import Caution
from service.worker.flow import Flow
from service.worker.outgoing import Outgoing
from service.worker.post import PostRoom

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


def deliver_batch(services: Services, room: Room, campaign_id: int, clock: Clock) -> int:
    """Send one batch and return how many mails were settled; 0 means that nothing is to be done now."""
    return deliver_batches(services, room, campaign_id, clock, most=1)


def deliver_batches(services: Services, room: Room, campaign_id: int, clock: Clock, *, most: int) -> int:
    """Send up to `most` batches, each claimed and written while the one before is on its way.

    Returns how many mails were settled; 0 means that nothing is to be done now.
    """
    if room.resting:
        return 0
    run = _Run(services, room, campaign_id, clock)
    if not run.meets_a_suspect():
        with AT_WORK.together():
            return run.go(most)
    with AT_WORK.alone() as free:
        return run.go(1) if free else 0


@dataclass(frozen=True, slots=True)
class _Claimed:
    """A batch in the hands of a run."""

    token: str
    moment: datetime
    program_id: int
    mail_ids: tuple[int, ...]


class _Run:
    """One campaign's batches in one room."""

    def __init__(self, services: Services, room: Room, campaign_id: int, clock: Clock) -> None:
        self._services = services
        self._room = room
        self._campaign_id = campaign_id
        self._clock = clock
        self._batches = Batches(room, self._renew)
        self._on_their_way: deque[_Claimed] = deque()
        self._text: letters.CampaignText | None = None

    def meets_a_suspect(self) -> bool:
        """Tell whether the next mail was there whenever a worker died, so that it has to go alone."""
        with self._services.db.reading() as session:
            return deliveries.next_is_suspect(session, self._campaign_id, now=self._clock())

    def go(self, most: int) -> int:
        """Send the batches; ends early for whoever waits to be alone."""
        settled = 0
        try:
            going = self._hand_over()
            for _ in range(most - 1):
                if not going or self._room.resting or AT_WORK.wanted or self.meets_a_suspect():
                    break
                going = self._hand_over()
                settled += self._close(self._on_their_way.popleft())
        finally:
            settled += self._close_all()
        return settled

    def _close_all(self) -> int:
        """Close what is on its way; a fault of one, or before, keeps none of the others open."""
        if not self._on_their_way:
            return 0
        try:
            settled = self._close(self._on_their_way.popleft())
        finally:
            others = self._close_all()
        return settled + others

    def _hand_over(self) -> bool:
        """Claim a batch and post it; False when there is none."""
        token, moment = uuid.uuid4().hex, self._clock()
        with self._services.db.transaction() as session:
            claimed = deliveries.claim(session, self._campaign_id, token=token, now=moment)
        if not claimed:
            with self._services.db.transaction() as session:
                deliveries.finish_if_done(session, self._campaign_id, now=self._clock())
            return False
        if self._text is None:  # frozen at launch, so once is enough; and not while others wait to write
            with self._services.db.reading() as session:
                self._text = letters.text_of(session, self._campaign_id)
        text = self._text
        # An author's own account sends under its own address; what comes back goes there.
        return_path = self._services.return_path.of if text.from_address is None else lambda _mail_id: None
        mails = [
            Outgoing(mail.id, mail.address, _writing(self._services, text, mail), return_path(mail.id))
            for mail in claimed
        ]
        ids = tuple(mail.id for mail in claimed)
        self._on_their_way.append(_Claimed(token, moment, text.program_id, ids))
        self._batches.post(token, mails)
        return True

    def _close(self, batch: _Claimed) -> int:
        """Wait until a batch is over, give back what is left of it, and tell what came of it."""
        sent = self._batches.wait(batch.token)
        with self._services.db.transaction() as session:
            released = ledger.release(session, Delivery, token=batch.token)
            # A room that died has not told all that it tried: what was not begun is sure.
            left = len(batch.mail_ids) - sent.tried if self._room.alive else released
            programs.return_allowance(session, batch.program_id, left, now=batch.moment)
            prospects.record_sent(session, batch.mail_ids)
        # By itself: whoever ends a campaign has its row, and then wants prospects that are held until here.
        with self._services.db.transaction() as session:
            deliveries.finish_if_done(session, self._campaign_id, now=self._clock())
        return sent.settled

    def _renew(self, token: str) -> None:
        with self._services.db.transaction() as session:
            ledger.renew(session, Delivery, token=token, now=self._clock())


def _writing(
    services: Services, text: letters.CampaignText, mail: deliveries.ClaimedDelivery
) -> Callable[[], bytes]:
    return lambda: services.composer.delivery(text, mail)
