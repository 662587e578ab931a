"""The sweeps that repair every hole from the ledger: dead leases, work without a job, hourly tasks."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from service.adapters.jobs import EngineJobs
from service.bootstrap import Services
from service.db import SWEEPING, first_at
from service.domain import (
    accounts,
    deliveries,
    ledger,
    marks,
    programs,
    prospects,
    schedules,
    sessions,
    system_mails,
    throttle,
    workers,
)
from service.models import Delivery, SystemMail

KEEP_JOBS = timedelta(days=30)


def repair(services: Services, *, now: datetime, everything: bool = False) -> None:
    """Give back what dead workers held, start what is due, and finish campaigns of which nothing is open.

    `everything`: no other worker can be alive, so every lease is over whatever its time.
    """
    with services.db.transaction() as session:
        if not everything and not first_at(session, SWEEPING):
            return  # another worker is at it
        deliveries.sweep(session, now=now, everything=everything)
        system_mails.sweep(session, now=now, everything=everything)
        if everything:
            deliveries.tell_all_prospects(session, now=now)
        schedules.start_due(session, now=now)
        marks.take(session, now=now)
        deliveries.finish_all_done(session, now=now)


def begin_anew(services: Services, *, now: datetime) -> None:
    """After a jump of the clock nobody can tell which leases are over: each lasts a full time from now."""
    with services.db.transaction() as session:
        ledger.begin_anew(session, Delivery, now=now)
        ledger.begin_anew(session, SystemMail, now=now)


def wake(services: Services, jobs: EngineJobs, *, now: datetime, besides: Collection[object] = ()) -> int:
    """Start a job wherever the ledger has work that nobody does, and return how many were started.

    So even an engine whose tables were wiped loses nothing. `besides` are the campaigns that this worker is
    at work on, and those whose own mail server could not be reached a moment ago.
    """
    with services.db.reading() as session:
        campaigns = deliveries.wanting_work(session, now=now)
        mail_id = system_mails.wanting_work(session, now=now)
    started = 0
    for campaign_id in campaigns:
        if campaign_id not in besides and not jobs.waiting(f"deliver-{campaign_id}-"):
            with services.db.transaction() as session:
                jobs.deliver(session, campaign_id)
            started += 1
    if mail_id is not None and not jobs.waiting("system-"):
        with services.db.transaction() as session:
            jobs.send_system_mail(session, mail_id)
        started += 1
    return started


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


def every_hour(session: Session, *, now: datetime) -> int:
    """Do what is done once an hour; return how many invitations expired."""
    sessions.sweep(session, now=now)
    throttle.sweep(session, now=now)
    accounts.sweep_used_links(session, now=now)
    programs.forget_minutes(session, now=now)
    deliveries.tell_all_prospects(session, now=now)
    workers.forget_silent(session, now=now)
    return prospects.expire(session, now=now)
