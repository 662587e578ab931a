"""The sweeps that repair every hole from the ledger: dead leases, work without a job, hourly tasks."""

import logging
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.exc import DBAPIError

from service.adapters.jobs import EngineJobs
from service.bootstrap import Services
from service.db import SWEEPING, Database, Trouble, first_at, trouble_of
from service.domain import (
    accounts,
    attachments,
    deliveries,
    ledger,
    marks,
    notifications,
    programs,
    prospects,
    retention,
    schedules,
    sessions,
    system_mails,
    throttle,
    workers,
)
from service.domain.retention import Keep
from service.models import Delivery, SystemMail
from service.worker.deliver import Clock

log = logging.getLogger(__name__)
KEEP_JOBS = timedelta(days=30)
Part = tuple[str, Callable[[], object]]
Verb = Callable[..., object]
# Lets the other writers in, and tells whether to stop.
Rest = Callable[[], bool]


def each(parts: Iterable[Part], *, ended: Callable[[], bool] = lambda: False) -> str:
    """Do every part, whatever becomes of the others; return the name of the first fault, or nothing.

    The rest is left out when `ended` says so, and while the database is away: each would wait for it in vain.
    """
    first = ""
    for name, part in parts:
        if ended():
            break
        try:
            part()
        except Exception as error:
            log.exception("a part of the sweep failed: %s", name)
            first = first or type(error).__name__
            if isinstance(error, DBAPIError) and trouble_of(error) is Trouble.AWAY:
                break
    return first


def repair(services: Services, *, now: datetime, everything: bool = False) -> str:
    """Do all `repairs` as of a moment; return the first fault."""
    return each(repairs(services, lambda: now, everything=everything))


def repairs(services: Services, clock: Clock, *, everything: bool = False) -> list[Part]:
    """Give back what dead workers held, start what is due, and finish campaigns of which nothing is open.

    `everything`: no other worker can be alive, so every lease is over whatever its time.
    """
    verbs: list[tuple[str, Verb]] = [
        ("leases", partial(deliveries.sweep, everything=everything)),
        ("system leases", partial(system_mails.sweep, everything=everything)),
        ("starts", schedules.start_due),
        ("marks", marks.take),
        ("news", partial(notifications.mail_due, jobs=services.jobs)),
        ("digests", partial(notifications.send_digests, jobs=services.jobs)),
        ("ends", deliveries.finish_all_done),
    ]
    if everything:
        verbs.append(("stages", deliveries.tell_all_prospects))
        verbs.append(("scans", attachments.ask_at_once))
    return _transactions(services.db, clock, verbs, task=None if everything else SWEEPING)


def _transactions(
    db: Database, clock: Clock, verbs: Iterable[tuple[str, Verb]], *, task: int | None = None
) -> list[Part]:
    """Make parts of verbs, a transaction for each, so that none undoes another or holds its rows for long."""

    def run(verb: Verb) -> None:
        with db.transaction() as session:
            if task is None or first_at(session, task):  # or another worker is at it
                verb(session, now=clock())

    return [(name, partial(run, verb)) for name, verb in verbs]


def begin_anew(services: Services, *, now: datetime) -> None:
    """After a jump of the clock nobody can tell which leases are over: each lasts a full time from now.

    Nor does the hour in which a program may send so much reach into what is still to come.
    """
    with services.db.transaction() as session:
        ledger.begin_anew(session, Delivery, now=now)
        ledger.begin_anew(session, SystemMail, now=now)
    with services.db.transaction() as session:
        programs.begin_anew(session, now=now)


def wake(services: Services, jobs: EngineJobs, *, now: datetime, besides: Collection[object] = ()) -> int:
    """Start a job wherever the ledger has work that nobody does, and return how many were started.

    So even an engine whose tables were wiped loses nothing. `besides` are the campaigns that this worker is
    at work on, and those whose own mail server could not be reached a moment ago.
    """
    with services.db.reading() as session:
        campaigns = deliveries.wanting_work(session, now=now)
    started = 0
    for campaign_id in campaigns:
        if campaign_id not in besides and not jobs.waiting(f"deliver-{campaign_id}-"):
            with services.db.transaction() as session:
                jobs.deliver(session, campaign_id)
            started += 1
    return started


def wake_system(services: Services, jobs: EngineJobs, *, now: datetime) -> bool:
    """Start a job for the system mails that are due; return whether one was started."""
    with services.db.reading() as session:
        mail_id = system_mails.wanting_work(session, now=now)
    if mail_id is None or jobs.waiting("system-"):
        return False
    with services.db.transaction() as session:
        jobs.send_system_mail(session, mail_id)
    return True


def join_in(
    services: Services, jobs: EngineJobs, executor_id: str, *, now: datetime, besides: Collection[object]
) -> int:
    """Take a share of what other workers are at work on, through a queue that no other listens to."""
    with services.db.reading() as session:
        found = deliveries.wanting_work(session, now=now, shared=True)
    wanted = [
        campaign_id
        for campaign_id in found
        if campaign_id not in besides and not jobs.waiting(f"join-{executor_id}-{campaign_id}-")
    ]
    for campaign_id in wanted:
        with services.db.transaction() as session:
            jobs.join(session, campaign_id, executor_id)
    return len(wanted)


def every_hour(db: Database, keep: Keep, *, rest: Rest, now: datetime) -> str:
    """Do what is done once an hour; return the first fault, as `each` does.

    What takes many transactions rests after each; if told to stop there, the next hour goes on with it.
    """
    verbs: list[tuple[str, Verb]] = [
        ("sessions", sessions.sweep),
        ("throttle", throttle.sweep),
        ("links", accounts.sweep_used_links),
        ("minutes", programs.forget_minutes),
        ("stages", deliveries.tell_all_prospects),
        ("workers", workers.forget_silent),
        ("invitations", prospects.expire),
        ("digests", notifications.forget_digests),
        ("the past", partial(retention.sweep, keep=keep)),
    ]
    chunked: list[tuple[str, Verb]] = [
        ("old entries", partial(retention.forget_entries, keep=keep)),
        ("old conversations", partial(retention.forget_conversations, keep=keep)),
    ]
    past = [(name, partial(_in_chunks, db, verb, rest, now)) for name, verb in chunked]
    return each([*_transactions(db, lambda: now, verbs), *past])


def _in_chunks(db: Database, verb: Verb, rest: Rest, now: datetime) -> None:
    """Do a verb again and again, each time in a short transaction, until nothing is left of its work."""
    while True:
        with db.transaction() as session:
            if not verb(session, now=now):
                return
        if rest():
            return
