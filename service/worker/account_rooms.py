"""Post rooms of users' own mail accounts: opened for a campaign, closed when idle or changed."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from service.bootstrap import Services
from service.domain import deliveries, mail_accounts
from service.domain.mail_accounts import AccountUnusable
from service.facts.mail_checks import PASSING, MailCheck
from service.mail.servers import Checked, MailServer
from service.models import Campaign, MailAccount
from service.worker import deliver
from service.worker.deliver import Clock
from service.worker.post import PostRoom

log = logging.getLogger(__name__)
# Providers of personal mail allow few connections at once.
CONNECTIONS = 2
IDLE_SECONDS = 120.0


@dataclass(slots=True)
class _Kept:
    """A room with what it was opened for, and whether somebody is in it."""

    room: PostRoom
    server: MailServer
    version: int
    busy: int = 0
    over: bool = False
    used: float = field(default_factory=time.monotonic)
    campaigns: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a campaign goes out from; `troubled`: the last look at it found something wrong."""

    account_id: int
    version: int
    troubled: bool
    server: MailServer


class AccountRooms:
    """One room for each account that is being sent from."""

    def __init__(
        self, services: Services, clock: Clock, *, idle_seconds: Callable[[], float] = lambda: IDLE_SECONDS
    ) -> None:
        self._services = services
        self._clock = clock
        self._idle_seconds = idle_seconds
        self._rooms: dict[int, _Kept] = {}
        self._leaving: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._stopping = False

    def deliver_batch(self, campaign_id: int) -> int | None:
        """Send one batch of a campaign from its own account; None for one that goes out the common way.

        0 means that nothing is to be done now: also that the account cannot send, and the rows wait.
        """
        account_id = self._account_of(campaign_id)
        if account_id is None:
            return None
        wanted = self._wanted(account_id)
        kept = self._enter(wanted, campaign_id) if wanted else None
        if wanted is None or kept is None:
            return 0
        settled = 0
        try:
            if not kept.room.resting:
                settled = deliver.deliver_batch(self._services, kept.room, campaign_id, self._clock)
                self._take_note(wanted, kept, settled)
        finally:
            with self._lock:
                kept.busy -= 1
                kept.used = time.monotonic()
        return settled

    def resting(self) -> frozenset[int]:
        """Return the campaigns whose mail server could not be reached a moment ago."""
        with self._lock:
            found = [kept.campaigns for kept in self._rooms.values() if kept.room.resting and not kept.over]
        return frozenset().union(*found)

    def sweep(self) -> None:
        """Close the rooms that nobody has used for a while; their passwords leave the memory with them."""
        before = time.monotonic() - self._idle_seconds()
        with self._lock:
            idle = [
                account_id
                for account_id, kept in self._rooms.items()
                if not kept.busy and (kept.over or kept.used <= before)
            ]
            gone = [self._rooms.pop(account_id) for account_id in idle]
        for kept in gone:
            self._leave(kept)

    def stop(self) -> None:
        """Let every connection finish the mail it is sending, and begin no other."""
        with self._lock:
            self._stopping = True
            for kept in self._rooms.values():
                kept.room.stop()

    def close(self) -> None:
        """Stop, store every result and say goodbye to the servers."""
        self.stop()
        for kept in self._rooms.values():
            kept.room.close()
        self._rooms.clear()
        for thread in self._leaving:
            thread.join()

    def _account_of(self, campaign_id: int) -> int | None:
        with self._services.db.reading() as session:
            campaign = session.get(Campaign, campaign_id)
            return campaign.mail_account_id if campaign else None

    def _wanted(self, account_id: int) -> _Wanted | None:
        with self._services.db.reading() as session:
            account = session.get_one(MailAccount, account_id)
        if not mail_accounts.is_ready(account):
            return None
        try:
            server = mail_accounts.server_of(self._services.vault, account)
        except AccountUnusable as error:
            if error.result is not None:
                self._record(account_id, Checked(error.result), account.version)
            return None
        return _Wanted(account_id, account.version, account.last_error is not None, server)

    def _enter(self, wanted: _Wanted, campaign_id: int) -> _Kept | None:
        """Return the account's room with oneself in it; None while one of before the change is being left."""
        changed = None
        with self._lock:
            kept = self._rooms.get(wanted.account_id)
            if kept is not None and (kept.over or kept.version != wanted.version):
                if kept.busy:
                    return None
                changed = self._rooms.pop(wanted.account_id)
                kept = None
            if kept is None and not self._stopping:
                kept = _Kept(self._open(wanted.server), wanted.server, wanted.version)
                self._rooms[wanted.account_id] = kept
            if kept is not None:
                kept.busy += 1
                kept.campaigns.add(campaign_id)
        if changed is not None:
            self._leave(changed)
        return kept

    def _leave(self, kept: _Kept) -> None:
        # Beside everything else: a server that says nothing would hold up the sweep, or the next batch.
        self._leaving = [one for one in self._leaving if one.is_alive()]
        self._leaving.append(threading.Thread(target=kept.room.close, name="leave-room"))
        self._leaving[-1].start()

    def _open(self, server: MailServer) -> PostRoom:
        return PostRoom(
            self._services.db,
            self._services.mailer_for(server),
            deliveries,
            sender=server.address,
            connections=min(CONNECTIONS, self._services.settings.mail_connections),
            clock=self._clock,
            flow=deliver.new_flow(self._services),
        )

    def _take_note(self, wanted: _Wanted, kept: _Kept, settled: int) -> None:
        """Keep what the account's and the campaign's page say of it true."""
        if kept.room.resting and not self._stopping:
            # It took no mail: one look at it tells in our words what is wrong.
            checked = self._services.account_post.check(kept.server)
            what = (wanted.account_id, checked.result.value, checked.code or "")
            log.warning("mail account %d could not send: %s %s", *what)
            kept.over = checked.result is not MailCheck.OK and checked.result not in PASSING
            self._record(wanted.account_id, checked, kept.version)
        elif settled and wanted.troubled:
            self._record(wanted.account_id, Checked(MailCheck.OK), kept.version)

    def _record(self, account_id: int, checked: Checked, version: int) -> None:
        with self._services.db.transaction() as session:
            mail_accounts.record(session, account_id, checked, version=version, now=self._clock())
