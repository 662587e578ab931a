"""Data of the past that nobody needs any more, deleted by the clock."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from service.domain import import_clearing, ledger
from service.facts.limits import KEEP_SYSTEM_MAILS_DAYS
from service.facts.states import OPEN_DELIVERIES
from service.models import Notice, SystemMail


@dataclass(frozen=True, slots=True)
class Keep:
    """How many days things are kept; 0 is for ever."""

    imports: int
    notices: int


def sweep(session: Session, keep: Keep, *, now: datetime) -> dict[str, int]:
    """Delete what is older than that and return how much of each kind it was.

    Files and rows of imports to which nothing has happened for so long, notices that were read, and the
    product's own mails that were settled a month ago.
    """
    done = {"imports": 0, "notices": 0}
    if keep.imports:
        age = timedelta(days=keep.imports)
        done["imports"] = import_clearing.clear_old(session, age=age, now=now)
    if keep.notices:
        read = Notice.read_at < now - timedelta(days=keep.notices)
        done["notices"] = ledger.change(session, delete(Notice).where(read))
    settled = SystemMail.settled_at < now - timedelta(days=KEEP_SYSTEM_MAILS_DAYS)
    over = SystemMail.state.not_in([state.value for state in OPEN_DELIVERIES])
    done["system_mails"] = ledger.change(session, delete(SystemMail).where(settled, over))
    return done
