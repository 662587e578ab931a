"""At a worker's start: is this the database as it was left, or a restored copy?"""

import logging
import secrets
import time

from service.adapters.place import StampFile, Stamps, place_of
from service.bootstrap import Services
from service.domain import fence
from service.worker.deliver import Clock

log = logging.getLogger(__name__)
# How often the database is marked anew while nothing is being sent.
QUIET_SECONDS = 60.0


class Fence:
    """Marks the database and the file beside it in turn, and notices when they do not belong together."""

    def __init__(self, services: Services, clock: Clock) -> None:
        self._db = services.db
        self._clock = clock
        self._place = place_of(services.db.engine)
        # On PostgreSQL the place tells: there the workers of several machines share one database.
        embedded = services.db.engine.dialect.name == "sqlite"
        self._file = StampFile(services.settings.data / "stamp.json") if embedded else None
        self._marked = 0.0

    def check(self) -> int:
        """Hold back what a restored copy must not send again; return how many mails that was."""
        held = 0
        with self._db.transaction() as session:
            known = fence.enter(session, place=self._place)
            if known is not None and not self._as_left(known.place, known.stamp):
                held = fence.hold_back(session, now=self._clock())
                log.warning(
                    "this database is a restored copy, or was moved: %d mails are held back until "
                    "somebody decides; see `prospectus db restored`",
                    held,
                )
            fence.settle_here(session, place=self._place, stamp=known.stamp if known else "")
        self.mark()
        return held

    def mark(self) -> None:
        """Mark the database anew: whatever copy was made of it before now is an old one."""
        if self._file is None:
            return
        with self._db.reading() as session:
            known = fence.installation(session)
        old, new = known.stamp if known else "", secrets.token_hex(8)
        self._file.write(Stamps(old, new))
        with self._db.transaction() as session:
            fence.settle_here(session, place=self._place, stamp=new)
        self._file.write(Stamps(new, new))
        self._marked = time.monotonic()

    def mark_if_due(self) -> None:
        """Mark while mails are being sent, and now and then while not."""
        if self._file is None:
            return
        with self._db.reading() as session:
            busy = fence.busy(session)
        if busy or time.monotonic() > self._marked + QUIET_SECONDS:
            self.mark()

    def _as_left(self, place: str, stamp: str) -> bool:
        if place != self._place:
            return False
        if self._file is None:
            return True
        found = self._file.read()
        return found is not None and found.fit(stamp)
