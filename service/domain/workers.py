"""Which workers are alive: each says so every few seconds, and one that has been silent for long is dead."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from service.facts.limits import WORKER_DEAD, WORKER_FORGOTTEN
from service.models import WorkerBeat


def beat(session: Session, executor_id: str, *, version: str, trouble: str = "", now: datetime) -> None:
    """Note that a worker is alive, and what trouble it met, if any."""
    known = session.get(WorkerBeat, executor_id)
    if known is None:
        known = WorkerBeat(executor_id=executor_id, started_at=now)
        session.add(known)
    known.version, known.trouble, known.beat_at = version, trouble[:200], now
    session.flush()


def leave(session: Session, executor_id: str) -> None:
    """Note that a worker has ended: what it left is taken over at once."""
    session.execute(delete(WorkerBeat).where(WorkerBeat.executor_id == executor_id))


def list_alive(session: Session, *, now: datetime) -> Sequence[WorkerBeat]:
    """Return the workers heard of lately."""
    query = select(WorkerBeat).where(WorkerBeat.beat_at >= now - WORKER_DEAD)
    return session.scalars(query.order_by(WorkerBeat.executor_id)).all()


def list_silent(session: Session, *, now: datetime) -> Sequence[WorkerBeat]:
    """Return the workers that ended without a word, those of long ago left out."""
    silent = (WorkerBeat.beat_at < now - WORKER_DEAD, WorkerBeat.beat_at >= now - WORKER_FORGOTTEN)
    return session.scalars(select(WorkerBeat).where(*silent).order_by(WorkerBeat.executor_id)).all()


def forget_silent(session: Session, *, now: datetime) -> None:
    """Forget workers that have been silent for so long that nobody will start them again."""
    session.execute(delete(WorkerBeat).where(WorkerBeat.beat_at < now - WORKER_FORGOTTEN))
