"""Who is at work on this database, and where it last stood: what tells a dead worker and a restored copy."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from service.db import Base, Moment


class WorkerBeat(Base):
    """A worker that is alive says so every few seconds; one that has been silent for long is dead.

    `trouble` is what it met last, for the health page; empty while all is well.
    """

    __tablename__ = "worker_beats"

    executor_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str]
    started_at: Mapped[datetime] = mapped_column(Moment)
    beat_at: Mapped[datetime] = mapped_column(Moment)
    trouble: Mapped[str] = mapped_column(default="")


class Installation(Base):
    """The one row that knows where this database stands; a restored copy still names the old place.

    `stamp` is written here and beside the database in turn, so that an older state of the same file shows.
    """

    __tablename__ = "installations"

    id: Mapped[int] = mapped_column(primary_key=True)
    place: Mapped[str]
    stamp: Mapped[str]
    held_back_at: Mapped[datetime | None] = mapped_column(Moment)
