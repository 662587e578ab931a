"""Campaigns: one email to many recipients, in several language variants."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from service.db import Base, Moment


class Variant(Base):
    """Subject and Markdown content of a campaign in one language."""

    __tablename__ = "variants"
    __table_args__ = (UniqueConstraint("campaign_id", "locale"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    locale: Mapped[str]
    subject: Mapped[str]
    content: Mapped[str]


class Campaign(Base):
    """An email to many; content and recipients freeze when it is launched or scheduled.

    `selection` is what the author chose (ids, or a filter with its excluded ids) until then.
    `form_key` makes sending the same form twice one campaign. `pause_reason` is why it was paused by itself,
    until somebody resumes it; `auto_paused_at` is when, and stays: what counted then does not count again.
    `scheduled_at` is when a scheduled campaign
    starts; `launched_at` is when it was frozen, and from its start on when that was. `rounds` counts the
    decisions about all failed or unknown mails at once, so that each is carried out once.
    """

    __tablename__ = "campaigns"

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    form_key: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str]
    from_name: Mapped[str]
    reply_to: Mapped[str | None]
    # The author's own mail account to send from, None for the installation's; its address freezes at launch.
    mail_account_id: Mapped[int | None] = mapped_column(ForeignKey("mail_accounts.id"), index=True)
    from_address: Mapped[str | None]
    source_locale: Mapped[str]
    template: Mapped[str | None]
    unknown_policy: Mapped[str]
    selection: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)
    # What the author chose: leave out recipients without a value for a token, addresses of an office, and who
    # has joined or declined.
    leave_out: Mapped[bool] = mapped_column(default=False, server_default=false())
    leave_out_roles: Mapped[bool] = mapped_column(default=False, server_default=false())
    leave_out_decided: Mapped[bool] = mapped_column(default=False, server_default=false())
    # The ads its tokens name, frozen at launch: id -> name, link_url, image_url.
    ads: Mapped[dict[str, dict[str, str | None]]] = mapped_column(JSON, default=dict)
    program_name: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(Moment)
    launched_at: Mapped[datetime | None] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
    pause_reason: Mapped[str | None]
    auto_paused_at: Mapped[datetime | None] = mapped_column(Moment)
    scheduled_at: Mapped[datetime | None] = mapped_column(Moment)
    rounds: Mapped[int] = mapped_column(default=0)

    variants: Mapped[list[Variant]] = relationship(cascade="all, delete-orphan", order_by=Variant.id)


class CampaignMark(Base):
    """How many deliveries of a campaign were in each state at a moment; taken by the sweep for the chart."""

    __tablename__ = "campaign_marks"
    __table_args__ = (Index("ix_campaign_marks_campaign_at", "campaign_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(Moment)
    counts: Mapped[dict[str, int]] = mapped_column(JSON)
