"""Selections: the prospects a user has ticked, kept across pages until they are used or cleared."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from service.db import Base, Moment


class Selection(Base):
    """What one user has selected in one program.

    `ids` are the ticked prospects; with `query` set, everything that matches that filter is selected
    except `ids`.
    """

    __tablename__ = "selections"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id", ondelete="CASCADE"), primary_key=True)
    ids: Mapped[list[int]] = mapped_column(JSON, default=list)
    query: Mapped[dict[str, object] | None] = mapped_column(JSON)
    updated_at: Mapped[datetime] = mapped_column(Moment)
