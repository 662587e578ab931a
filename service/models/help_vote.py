"""What readers said of help pages: counts, and nothing about who."""

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.db import Base


class HelpVote(Base):
    """How many found one version of a page in one language helpful; `digest` names the version."""

    __tablename__ = "help_votes"
    __table_args__ = (UniqueConstraint("slug", "locale", "digest", name="uq_help_votes_version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str]
    locale: Mapped[str]
    digest: Mapped[str]
    helpful: Mapped[int] = mapped_column(default=0)
    unhelpful: Mapped[int] = mapped_column(default=0)
