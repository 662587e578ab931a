"""Programs: what prospects are recruited for."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from service.db import Base, Moment
from service.facts.limits import INVITATION_DAYS


class Program(Base):
    """A program with its default language and zone and the days an invitation stays open.

    `hourly_limit` is how many emails of its campaigns go out in any sixty minutes; None sets no limit.
    """

    __tablename__ = "programs"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(unique=True)
    default_locale: Mapped[str]
    time_zone: Mapped[str]
    invitation_days: Mapped[int] = mapped_column(default=INVITATION_DAYS)
    hourly_limit: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(Moment)


class ProgramMinute(Base):
    """How many emails a program with a limit handed over in one minute; kept for an hour."""

    __tablename__ = "program_minutes"

    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id", ondelete="CASCADE"), primary_key=True)
    minute: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    mails: Mapped[int]
