"""Programs: what prospects are recruited for."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from service.db import Base, Moment
from service.facts.limits import INVITATION_DAYS


class Program(Base):
    """A program with its default language and zone and the days an invitation stays open."""

    __tablename__ = "programs"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(unique=True)
    default_locale: Mapped[str]
    time_zone: Mapped[str]
    invitation_days: Mapped[int] = mapped_column(default=INVITATION_DAYS)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(Moment)
