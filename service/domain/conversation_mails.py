"""Mails that tell a partner of messages: queued with the first one, filled at the moment they are claimed.

A mail holds nothing of a message before that moment, so a message that is changed, withdrawn or read in the
meantime goes out as it stands then, or not at all. Nor does it hold its link: that is made with its bytes.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from service.domain import erased, prospects, suppression
from service.facts.limits import MESSAGE_MAIL_WAITS
from service.facts.messages import MessageState, Side, UnreachableReason
from service.facts.states import DeliveryState
from service.i18n.locales import LOCALES
from service.mail import addresses
from service.mail.variants import choose_variant
from service.models import Message, Partner, Program, SystemMail, Thread, User

TEMPLATE = "message-notification"
# How many earlier mails a mail names, so that mail programs show them together.
REFERENCES = 5
_WAITING = [DeliveryState.QUEUED.value, DeliveryState.DEFERRED.value]


def queue(session: Session, thread: Thread, message: Message, *, now: datetime) -> None:
    """Have the partner told of a message; those that follow while the mail waits are told in the same one.

    Nobody is told who takes no messages, or whose address must not be written to. No job is asked for: the
    sweep sends what has waited long enough.
    """
    address = reachable_address(session, thread)
    if address is None:
        return
    # Locked: a worker that claims it at this moment either has seen the message, or leaves it waiting.
    waiting = (
        select(SystemMail)
        .where(
            SystemMail.thread_id == thread.id,
            SystemMail.template == TEMPLATE,
            SystemMail.state.in_(_WAITING),
        )
        .order_by(SystemMail.id.desc())
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    mail = session.scalars(waiting).first()
    if mail is None:
        mail = SystemMail(
            template=TEMPLATE,
            address=address,
            locale=language_of(session, thread),
            values={},
            thread_id=thread.id,
            message_id=secrets.token_hex(16),
            state=DeliveryState.QUEUED.value,
            next_attempt_at=now + MESSAGE_MAIL_WAITS,
            created_at=now,
        )
        session.add(mail)
    message.message_id = mail.message_id
    session.flush()


def fill(session: Session, mail: SystemMail) -> dict[str, object] | None:
    """Return what a mail says as things stand now, or None where nothing is left to be told or nobody to."""
    thread = session.get(Thread, mail.thread_id)
    if thread is None or not thread.partner.messaging_enabled:
        return None
    if kept_from(session, thread.program_id, addresses.parse(mail.address).key) is not None:
        return None
    told = select(Message).where(
        Message.thread_id == thread.id,
        Message.message_id == mail.message_id,
        Message.side == Side.BRAND.value,
        Message.state == MessageState.SENT.value,
        Message.read_at.is_(None),
    )
    messages = session.scalars(told.order_by(Message.id)).all()
    if not messages:
        return None
    program_name = session.get_one(Program, thread.program_id).name
    names = _names(session, messages, otherwise=program_name)
    return {
        "program_name": program_name,
        "name": names[messages[-1].author_id],
        "lines": lines_of(messages, names if len({one.author_id for one in messages}) > 1 else None),
        "files": sum(len(message.attachments) for message in messages),
        "thread": thread.id,
        "link_version": thread.link_version,
        "references": earlier(session, thread, mail.message_id),
    }


def lines_of(messages: Sequence[Message], names: dict[int | None, str] | None = None) -> list[str]:
    """Return messages as lines of text, an empty one between two; with `names`, each after its author's."""
    lines: list[str] = []
    for message in messages:
        if not message.body:
            continue
        lines += [""] if lines else []
        lines += [f"{names[message.author_id]}:"] if names else []
        lines += message.body.expandtabs(4).split("\n")
    return lines


# Queries


def reachable_address(session: Session, thread: Thread) -> str | None:
    """Return the address the partner is told at, None for who takes no messages or must not be written to.

    Every reason for which an address is suppressed counts: who has unsubscribed was promised no more emails
    of the program.
    """
    address, why_not = _reach(session, thread)
    return address if why_not is None else None


def find_unreachable(session: Session, thread: Thread) -> UnreachableReason | None:
    """Return why no mail tells the partner of messages, None where one does."""
    return _reach(session, thread)[1]


def kept_from(session: Session, program_id: int, key: str) -> UnreachableReason | None:
    """Return why the program must not write to an address of this key, None where it may."""
    reason = suppression.reasons(session, key).get(program_id)
    if reason is not None:
        return UnreachableReason(reason.value)
    return UnreachableReason.ERASED if erased.kept_out_among(session, [(program_id, key)]) else None


def failed_at(session: Session, thread: Thread) -> datetime | None:
    """Return when the last mail that would tell the partner was refused for good, None unless it was."""
    told = select(SystemMail).where(*_telling(thread)).order_by(SystemMail.id.desc())
    last = session.scalars(told.limit(1)).first()
    return last.settled_at if last is not None and last.state == DeliveryState.FAILED.value else None


def has_link(session: Session, thread: Thread) -> bool:
    """Tell whether the partner was sent a link that still works."""
    told = select(SystemMail.id).where(*_telling(thread), SystemMail.state == DeliveryState.SENT.value)
    if thread.links_revoked_at is not None:
        told = told.where(SystemMail.settled_at > thread.links_revoked_at)
    return session.scalars(told.limit(1)).first() is not None


def _telling(thread: Thread) -> tuple[ColumnElement[bool], ...]:
    """The mails that tell the partner of messages."""
    return SystemMail.thread_id == thread.id, SystemMail.template == TEMPLATE


def _reach(session: Session, thread: Thread) -> tuple[str, UnreachableReason | None]:
    """The address, and why it is not written to; one that the brand imported wins, as for campaigns."""
    partner: Partner = thread.partner
    prospect = prospects.find_by_partner(session, thread.program_id, partner.id)
    address, key = partner.email, partner.email_key
    if prospect is not None and prospect.custom_email is not None:
        address, key = prospect.custom_email, prospect.custom_email_key or ""
    if not partner.messaging_enabled:
        return address, UnreachableReason.MESSAGING_OFF
    return address, kept_from(session, thread.program_id, key) if address else UnreachableReason.NO_ADDRESS


def language_of(session: Session, thread: Thread) -> str:
    """Return the language that the partner is written to in: their own, its base language, the program's."""
    default = session.get_one(Program, thread.program_id).default_locale
    return choose_variant(thread.partner.locale, tuple(LOCALES), default=default, source=default)


def _names(session: Session, messages: Sequence[Message], *, otherwise: str) -> dict[int | None, str]:
    """Who wrote; the program for one of whom there is no name any more."""
    ids = {message.author_id for message in messages if message.author_id is not None}
    found = session.execute(select(User.id, User.name).where(User.id.in_(ids)))
    return {None: otherwise, **{row.id: row.name or otherwise for row in found}}


def earlier(session: Session, thread: Thread, message_id: str) -> list[str]:
    """Return the Message-IDs of the latest mails before this one, the latest last."""
    own = select(Message.message_id).where(
        Message.thread_id == thread.id,
        Message.side == Side.BRAND.value,
        Message.message_id.is_not(None),
        Message.message_id != message_id,
    )
    found = session.scalars(own.order_by(Message.id.desc()).limit(10 * REFERENCES))
    return [one for one in dict.fromkeys(found) if one is not None][:REFERENCES][::-1]
