"""The delivery ledger: one row for each mail, its state, its lease, and who must not be written to."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from service.db import Base, Moment


class Delivery(Base):
    """One campaign email to one recipient, frozen at launch: unique by campaign and normalised address.

    `values` are the recipient's own data (mpid, name, first_name, last_name, locale). `lease_token` fences a
    worker that lost its lease. `claimed_at` is the first claim: the moment that date tokens tell.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("campaign_id", "address_key"),
        Index("ix_deliveries_campaign_state", "campaign_id", "state", "id"),
        # Only what waits for another try, by when that is.
        Index(
            "ix_deliveries_retries",
            "campaign_id",
            "next_attempt_at",
            sqlite_where=text("state = 'deferred'"),
            postgresql_where=text("state = 'deferred'"),
        ),
        # Only what somebody holds: every mail passes through here, and few are held at a time.
        Index(
            "ix_deliveries_lease",
            "lease_until",
            sqlite_where=text("lease_until IS NOT NULL"),
            postgresql_where=text("lease_until IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    prospect_id: Mapped[int | None] = mapped_column(ForeignKey("prospects.id"), index=True)
    address: Mapped[str]
    address_key: Mapped[str]
    locale: Mapped[str]
    time_zone: Mapped[str]
    values: Mapped[dict[str, str | None]] = mapped_column(JSON, default=dict)
    message_id: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str]
    attempts: Mapped[int] = mapped_column(default=0)
    # How often a worker died while it held the row.
    crashes: Mapped[int] = mapped_column(default=0, server_default="0")
    lease_token: Mapped[str | None]
    lease_until: Mapped[datetime | None] = mapped_column(Moment)
    next_attempt_at: Mapped[datetime | None] = mapped_column(Moment)
    first_tried_at: Mapped[datetime | None] = mapped_column(Moment)
    claimed_at: Mapped[datetime | None] = mapped_column(Moment)
    settled_at: Mapped[datetime | None] = mapped_column(Moment)
    # The mail server's last answer, or why the mail was not sent.
    reply: Mapped[str | None]


class Bounce(Base):
    """A report that a delivery came back or was unwanted; one of each kind: a repeat says nothing new.

    `status` is the enhanced status code, `text` the server's own words, `at` when the report came in.
    """

    __tablename__ = "bounces"
    __table_args__ = (UniqueConstraint("delivery_id", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("deliveries.id"))
    kind: Mapped[str]
    status: Mapped[str | None]
    text: Mapped[str]
    at: Mapped[datetime] = mapped_column(Moment)


class DeliveryAttempt(Base):
    """An attempt that did not end with the mail accepted: refused for now, for good, or its answer lost.

    A mail that is accepted at once leaves no row here: its delivery says all there is to say.
    """

    __tablename__ = "delivery_attempts"

    id: Mapped[int] = mapped_column(primary_key=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("deliveries.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(Moment)
    outcome: Mapped[str]
    reply: Mapped[str | None]


class Suppression(Base):
    """An address that a program must not write to any more; only its comparison form is kept."""

    __tablename__ = "suppressions"
    __table_args__ = (UniqueConstraint("program_id", "address_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id"))
    address_key: Mapped[str]
    reason: Mapped[str]
    at: Mapped[datetime] = mapped_column(Moment)


class SuppressionLift(Base):
    """A suppression that was lifted: what it had been for and since when, by whom, and the reason they gave.

    Without a user it was the person themself. `suppressed_at` is not known of what was lifted long ago.
    """

    __tablename__ = "suppression_lifts"
    __table_args__ = (Index("ix_suppression_lifts_program_address", "program_id", "address_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id"))
    address_key: Mapped[str]
    reason: Mapped[str]
    suppressed_at: Mapped[datetime | None] = mapped_column(Moment)
    note: Mapped[str]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime] = mapped_column(Moment)


class SystemMail(Base):
    """A mail the product itself sends (password reset, import report, test mail), with the same states.

    `values` fill the shipped template; they are emptied once it is settled: they may hold a link. One with a
    `thread_id` tells the partner of its messages, or which files of theirs were left out, and is filled each
    time it is claimed. A row with `next_attempt_at` is left alone until then.
    """

    __tablename__ = "system_mails"
    __table_args__ = (Index("ix_system_mails_state", "state", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    template: Mapped[str]
    address: Mapped[str]
    locale: Mapped[str]
    values: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)
    thread_id: Mapped[int | None] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"), index=True)
    message_id: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str]
    attempts: Mapped[int] = mapped_column(default=0)
    # How often a worker died while it held the row.
    crashes: Mapped[int] = mapped_column(default=0, server_default="0")
    lease_token: Mapped[str | None]
    lease_until: Mapped[datetime | None] = mapped_column(Moment)
    next_attempt_at: Mapped[datetime | None] = mapped_column(Moment)
    first_tried_at: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    settled_at: Mapped[datetime | None] = mapped_column(Moment)
    reply: Mapped[str | None]
