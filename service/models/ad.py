"""Ads: what the token `{adcode_<adid>}` prints."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from service.db import Base


class Ad(Base):
    """An ad of a program: name, link, and the picture that carries the link in HTML."""

    __tablename__ = "ads"

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id"), index=True)
    name: Mapped[str]
    link_url: Mapped[str]
    image_url: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1)
