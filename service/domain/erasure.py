"""Erasing a person: what is known of them goes, what the brand did stays as a count without a name.

Mails that were sent stay in their campaign's ledger without address and values. Whoever must not be written
to is known by a keyed mark from then on. Files that name the person among others are deleted whole.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import String, delete, func, select, update
from sqlalchemy import cast as sql_cast
from sqlalchemy.orm import Session

from service.domain import erased, import_clearing, ledger, message_search, partners, people
from service.domain.errors import DomainError
from service.domain.import_clearing import Looked
from service.domain.people import Traces
from service.domain.suppression import SuppressionReason
from service.facts.refusals import Refusal
from service.facts.states import OPEN_DELIVERIES, DeliveryState
from service.i18n import naming
from service.models import (
    Attachment,
    Bounce,
    Delivery,
    DeliveryAttempt,
    Erasure,
    GroupMember,
    Message,
    Notice,
    Partner,
    Program,
    Prospect,
    StageChange,
    Suppression,
    SuppressionLift,
    SystemMail,
    TermsAcceptance,
    Thread,
)
from service.models.imports import Import

_HELD = (DeliveryState.CLAIMED.value, DeliveryState.IN_FLIGHT.value)
PARTNER = "partner"


@dataclass(slots=True)
class Erased:
    """What was erased: rows by table; and what is left to do outside the database.

    There `file_ids` are stored files to delete, `addresses` and `names` the person's, `marks` those for the
    log of erasures.
    """

    counts: dict[str, int] = field(default_factory=dict)
    file_ids: list[str] = field(default_factory=list)
    addresses: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    marks: tuple[str, ...] = ()

    def count(self, name: str, number: int) -> None:
        """Note rows of a table."""
        if number:
            self.counts[name] = self.counts.get(name, 0) + number

    def is_told_in(self, text: str) -> bool:
        """Whether a text is about the person: a first name alone is many people's."""
        telling = (name for name in self.names if naming.is_telling(name))
        return naming.has_address(text, self.addresses) or any(naming.names(text, name) for name in telling)


def look_through(session: Session, partner_id: int) -> Looked:
    """Look for a partner in all imports, before the transaction that erases; raise DomainError(NOT_FOUND)."""
    traces = people.traces_of(session, partner_id)
    return import_clearing.look_through(session, partner_id, traces.addresses | traces.written)


def erase_partner(
    session: Session,
    partner_id: int,
    *,
    actor_id: int | None,
    never_again: bool = True,
    looked: Looked | None = None,
    now: datetime,
) -> Erased:
    """Erase a partner from every table; the caller then deletes the files that are named.

    `looked` is what `look_through` returned: without it every import is read while others wait to write.
    With `never_again` no program writes to their addresses from now on, whoever imports them. Raises
    DomainError: NOT_FOUND, ERASURE_BUSY while a mail to them is on its way or an import with them runs.
    """
    _lock(session, partner_id)
    traces = people.traces_of(session, partner_id)
    _require_rest(session, traces)
    done = Erased(addresses=traces.addresses | traces.written)
    _keep_out(session, traces, done, everywhere=never_again, now=now)
    _conversations(session, traces, done)
    _imports(session, traces, done, looked, now=now)
    _mails(session, traces, done, now=now)
    _partner(session, traces, done)
    marks = erased.marks_of(session)
    done.marks = tuple(marks.mark(address) for address in sorted(traces.addresses))
    session.add(
        Erasure(subject=PARTNER, subject_id=partner_id, counts=done.counts, actor_id=actor_id, at=now)
    )
    session.flush()
    session.expire_all()
    return done


def _lock(session: Session, partner_id: int) -> None:
    """Have everybody wait who changes the partner, their threads or prospects, in the order that all keep."""
    partners.lock(session, partner_id)
    for table in (Thread, Prospect):
        theirs = select(table.id).where(table.partner_id == partner_id).order_by(table.id)
        session.scalars(theirs.with_for_update()).all()


def _require_rest(session: Session, traces: Traces) -> None:
    held = select(func.count()).where(Delivery.id.in_(traces.deliveries), Delivery.state.in_(_HELD))
    mine = SystemMail.address.in_(traces.written | traces.addresses)
    held_too = select(func.count()).where(mine, SystemMail.state.in_(_HELD))
    if session.scalar(held) or session.scalar(held_too):
        raise DomainError(Refusal.ERASURE_BUSY)


def _keep_out(session: Session, traces: Traces, done: Erased, *, everywhere: bool, now: datetime) -> None:
    """Turn entries of suppression lists into marks, and add marks where nothing was said."""
    theirs = Suppression.address_key.in_(traces.addresses)
    listed = session.scalars(select(Suppression).where(theirs)).all()
    for entry in listed:
        reason = entry.reason
        erased.keep_out(session, entry.program_id, entry.address_key, reason=reason, now=entry.at)
        session.delete(entry)
    done.count("suppressions", len(listed))
    lifts = SuppressionLift.address_key.in_(traces.addresses)
    done.count("suppression_lifts", ledger.change(session, delete(SuppressionLift).where(lifts)))
    if everywhere:
        for program_id in session.scalars(select(Program.id)).all():
            for address in sorted(traces.addresses):
                erased.keep_out(
                    session, program_id, address, reason=SuppressionReason.UNSUBSCRIBED.value, now=now
                )


def _conversations(session: Session, traces: Traces, done: Erased) -> None:
    of_threads = Attachment.thread_id.in_(traces.threads)
    done.file_ids += [one for one in session.scalars(select(Attachment.file_id).where(of_threads)) if one]
    done.count("attachments", ledger.change(session, delete(Attachment).where(of_threads)))
    done.count(
        "messages", ledger.change(session, delete(Message).where(Message.thread_id.in_(traces.threads)))
    )
    message_search.forget_deleted(session)
    done.count("threads", ledger.change(session, delete(Thread).where(Thread.id.in_(traces.threads))))


def _imports(session: Session, traces: Traces, done: Erased, looked: Looked | None, *, now: datetime) -> None:
    those = import_clearing.naming(session, traces.partner_id, traces.addresses | traces.written, looked)
    if any(is_running for _, is_running in those):
        raise DomainError(Refusal.ERASURE_BUSY)
    for import_id, _ in those:
        import_clearing.clear(session, session.get_one(Import, import_id), now=now)
    done.count("imports", len(those))


def _mails(session: Session, traces: Traces, done: Erased, *, now: datetime) -> None:
    mine = Delivery.id.in_(traces.deliveries)
    ledger.change(session, delete(DeliveryAttempt).where(DeliveryAttempt.delivery_id.in_(traces.deliveries)))
    ledger.change(session, delete(Bounce).where(Bounce.delivery_id.in_(traces.deliveries)))
    open_ = [state.value for state in OPEN_DELIVERIES]
    cancelled = {"state": DeliveryState.CANCELLED.value, "settled_at": now, "next_attempt_at": None}
    ledger.change(session, update(Delivery).where(mine, Delivery.state.in_(open_)).values(cancelled))
    pseudonym = erased.PSEUDONYM + sql_cast(Delivery.id, String)
    nameless: dict[str, Any] = {
        "address": "",
        "address_key": pseudonym,
        "values": {},
        "reply": None,
        "prospect_id": None,
    }
    done.count("deliveries", ledger.change(session, update(Delivery).where(mine).values(nameless)))
    theirs = SystemMail.address.in_(traces.written | traces.addresses)
    done.count("system_mails", ledger.change(session, delete(SystemMail).where(theirs)))


def _partner(session: Session, traces: Traces, done: Erased) -> None:
    partner = session.get_one(Partner, traces.partner_id)
    done.names |= {partner.name}
    done.count("notices", forget_notices(session, lambda notice: _is_about(notice, done)))
    theirs = StageChange.prospect_id.in_(traces.prospects)
    done.count("stage_changes", ledger.change(session, delete(StageChange).where(theirs)))
    done.count("prospects", ledger.change(session, delete(Prospect).where(Prospect.id.in_(traces.prospects))))
    ledger.change(session, delete(GroupMember).where(GroupMember.partner_id == partner.id))
    ledger.change(session, delete(TermsAcceptance).where(TermsAcceptance.partner_id == partner.id))
    done.count("media_properties", len(partner.media_properties))
    session.delete(partner)
    done.count("partners", 1)
    session.flush()


def forget_notices(session: Session, is_about: Callable[[Notice], bool]) -> int:
    """Delete notices that are about a person; they are few, and say nothing that is only there."""
    gone = [notice.id for notice in session.scalars(select(Notice)) if is_about(notice)]
    return ledger.change(session, delete(Notice).where(Notice.id.in_(gone))) if gone else 0


def _is_about(notice: Notice, done: Erased) -> bool:
    return any(str(value) in done.names or done.is_told_in(str(value)) for value in notice.values.values())


# Queries


def list_recent(session: Session, *, limit: int = 50) -> list[Erasure]:
    """Return what was erased, newest first."""
    return list(session.scalars(select(Erasure).order_by(Erasure.id.desc()).limit(limit)))


def partners_back(session: Session, erasures: Mapping[str, datetime]) -> list[int]:
    """Return partners who were erased and are back from a backup; `erasures` are marks and when it was done.

    Somebody who came anew after their erasure is not among them.
    """
    hashes = erased.marks_of(session)
    own = select(Partner.id, Partner.email_key, Partner.created_at)
    custom = select(Prospect.partner_id, Prospect.custom_email_key, Prospect.created_at).where(
        Prospect.custom_email_key.is_not(None)
    )
    found = set()
    for query in (own, custom):
        for partner_id, address, created_at in session.execute(query.execution_options(yield_per=1000)):
            known = [erasures[mark] for mark in hashes.marks(address or "") if mark in erasures]
            if any(created_at < at for at in known):
                found.add(partner_id)
    return sorted(found)
