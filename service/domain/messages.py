"""Messages: writing one from either side, changing it until it is read, and what showing it sets going."""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from service.domain import (
    accounts,
    answer_mails,
    checks,
    conversation_mails,
    message_search,
    notifications,
    prospects,
    terms,
    threads,
)
from service.domain.errors import DomainError
from service.facts.left_out import MOST_NAMED, LeftOut
from service.facts.limits import MESSAGE_CHARACTERS
from service.facts.messages import Channel, MessageState, ScanState, Side
from service.facts.permissions import PERMISSION_LABELS, Permission
from service.facts.refusals import Refusal
from service.facts.stages import StageEvent
from service.i18n import written
from service.models import Attachment, Draft, Message, Thread, User

FORM_KEY_CHARACTERS = 64


def send(
    session: Session,
    thread_id: int,
    *,
    actor: User,
    body: str,
    form_key: str,
    lang: str | None = None,
    now: datetime,
) -> Message:
    """Write to the partner; the same form sent twice is one message.

    Files uploaded under `form_key` belong to it, and it is shown once all of them are clean. `lang` is what
    the author says it is written in; without it that is detected. Raises DomainError: MESSAGING_OFF,
    TERMS_NOT_ACCEPTED, MESSAGE_EMPTY, MESSAGE_TOO_LONG, TEXT_UNPRINTABLE, ATTACHMENT_REFUSED.
    """
    thread = threads.lock(session, thread_id)
    before = find_by_form(session, thread_id, form_key, side=Side.BRAND)
    if before is not None:
        return before
    threads.require_messaging(thread.partner)
    terms.require_accepted(session, actor)
    message = _add(session, thread, Side.BRAND, body, form_key=form_key, lang=lang, now=now)
    message.author_id = actor.id
    # The brand sees what it wrote at once, also while attachments are looked at.
    _come(thread, message, now=now)
    message_search.index(session, thread, message)
    session.execute(delete(Draft).where(Draft.thread_id == thread.id, Draft.user_id == actor.id))
    _show_if_ready(session, thread, message, now=now)
    return message


def answer(
    session: Session,
    thread_id: int,
    *,
    body: str,
    form_key: str,
    channel: Channel = Channel.WEB,
    lang: str | None = None,
    message_id: str | None = None,
    left_out: Sequence[LeftOut] = (),
    uncounted: int = 0,
    now: datetime,
) -> Message:
    """Write to the brand, as the partner, who may do so even with messages switched off.

    By email `form_key` stands for the mail, `message_id` is its Message-ID, `left_out` are those of its files
    that were not taken over, and `uncounted` is how many more there were. Raises DomainError:
    MESSAGE_EMPTY, MESSAGE_TOO_LONG, TEXT_UNPRINTABLE, ATTACHMENT_REFUSED.
    """
    thread = threads.lock(session, thread_id)
    before = find_by_form(session, thread_id, form_key, side=Side.PARTNER)
    if before is not None:
        return before
    message = _add(
        session,
        thread,
        Side.PARTNER,
        body,
        form_key=form_key,
        lang=lang,
        files_left_out=len(left_out) + uncounted,
        now=now,
    )
    message.channel, message.message_id = channel.value, message_id
    message.left_out = [file.stored() for file in left_out[:MOST_NAMED]]
    _show_if_ready(session, thread, message, now=now)
    return message


def show_if_ready(session: Session, thread: Thread, message: Message, *, now: datetime) -> bool:
    """Show a waiting message to the other side if all its attachments are clean; tell whether it is shown.

    Call it after each change of an attachment: the last of several at once sees what the others left.
    """
    session.flush()
    threads.lock(session, thread.id)
    session.refresh(message)
    return _show_if_ready(session, thread, message, now=now)


def _show_if_ready(session: Session, thread: Thread, message: Message, *, now: datetime) -> bool:
    if message.state != MessageState.WAITING.value:
        return message.state == MessageState.SENT.value
    if _holding(message) & set(
        session.scalars(select(Attachment.state).where(Attachment.message_id == message.id))
    ):
        return False
    message.state, message.shown_at = MessageState.SENT.value, now
    if message.side == Side.PARTNER.value:
        _come(thread, message, now=now)
        thread.unread, thread.archived_at = True, None
        message_search.index(session, thread, message)
        notifications.tell_message(session, thread, message, now=now)
        if message.channel == Channel.EMAIL.value:
            answer_mails.queue(session, thread, message, now=now)
    else:
        conversation_mails.queue(session, thread, message, now=now)
    _move_stage(session, thread, message, now=now)
    session.flush()
    return True


def _holding(message: Message) -> set[str]:
    """Return the states of files for which a message waits, none of which the other side ever gets."""
    states = {state.value for state in ScanState if state is not ScanState.CLEAN}
    if message.channel == Channel.EMAIL.value:
        # On a page one takes a refused file back. Who wrote a mail may never see the page: the words go on.
        return {ScanState.WAITING.value}
    return states


def _come(thread: Thread, message: Message, *, now: datetime) -> None:
    # Clocks of several machines may disagree; a thread never goes back in the list for it.
    thread.last_at = max(now, thread.last_at or now)
    thread.last_side = message.side


def edit(
    session: Session, thread: Thread, message_id: int, *, actor: User | None, body: str, now: datetime
) -> bool:
    """Change one's own message, as long as the other side has not read it; `actor` is None for the partner.

    Returns whether the text is another. Raises DomainError: NOT_FOUND, MESSAGE_NOT_YOURS, MESSAGE_READ,
    MESSAGE_EMPTY, MESSAGE_TOO_LONG, TEXT_UNPRINTABLE.
    """
    message = _find_locked(session, thread, message_id)
    _require_side(message, actor)
    if message.state == MessageState.WITHDRAWN.value:
        raise DomainError(Refusal.NOT_FOUND)
    if not may_edit(message, actor):
        raise DomainError(Refusal.MESSAGE_NOT_YOURS)
    _require_unread(message)
    text = _checked(body, has_files=_has_files(session, message))
    is_new = text != message.body
    if is_new:
        if message.lang == written.language_of(message.body):  # or else somebody said what it is
            message.lang = written.language_of(text) or message.lang
        message.body, message.edited_at = text, now
        message_search.index(session, thread, message)
    session.flush()
    return is_new


def withdraw(session: Session, thread: Thread, message_id: int, *, actor: User | None, now: datetime) -> bool:
    """Take a message back, as long as the other side has not read it; its text is gone.

    Twice is as once; returns whether this did it. `actor` is None for the partner. Raises DomainError as
    `require_withdrawable` does.
    """
    message = _find_locked(session, thread, message_id)
    require_withdrawable(message, actor)
    if message.state == MessageState.WITHDRAWN.value:
        return False
    message.state, message.withdrawn_at, message.body = MessageState.WITHDRAWN.value, now, ""
    message.left_out = []
    message_search.index(session, thread, message)
    session.flush()
    return True


def require_withdrawable(message: Message, actor: User | None) -> None:
    """Raise DomainError: NOT_FOUND, NOT_YOURS_TO_WITHDRAW, MESSAGE_READ; twice is no trouble."""
    _require_side(message, actor)
    if not may_withdraw(message, actor):
        permission = PERMISSION_LABELS[Permission.USERS_MANAGE]
        raise DomainError(Refusal.NOT_YOURS_TO_WITHDRAW, permission=permission)
    if message.state != MessageState.WITHDRAWN.value:
        _require_unread(message)


def set_language(session: Session, thread: Thread, message_id: int, lang: str) -> Message:
    """Correct the language of a message; raise DomainError(NOT_FOUND, LOCALE_UNKNOWN)."""
    message = find(session, thread, message_id)
    message.lang = checks.locale(lang, field="lang")
    session.flush()
    return message


def mark_read_by_partner(
    session: Session,
    thread: Thread,
    *,
    upto: int | None = None,
    mails: Collection[str] | None = None,
    now: datetime,
) -> None:
    """Note that the partner has seen what the brand wrote; `upto` as in `threads.mark_read`.

    With `mails`, Message-IDs, it is only what these mails of ours told them.
    """
    threads.lock(session, thread.id)
    threads.note_read(session, thread, Side.BRAND, upto=upto, mails=mails, now=now)


def keep_draft(
    session: Session, thread: Thread, *, actor: User, body: str, form_key: str, now: datetime
) -> Draft | None:
    """Keep what a user has begun to write, or forget it where nothing is left of it.

    What comes late from a form that has been sent is no draft. Raises DomainError(MESSAGE_TOO_LONG).
    """
    _short_enough(body)
    threads.lock(session, thread.id)
    if find_by_form(session, thread.id, form_key, side=Side.BRAND) is not None:
        return None
    draft = session.get(Draft, (actor.id, thread.id))
    if not body.strip() and not _has_unsent_files(session, thread, actor, form_key):
        if draft is not None:
            session.delete(draft)
            session.flush()
        return None
    if draft is None:
        draft = Draft(user_id=actor.id, thread_id=thread.id)
        session.add(draft)
    draft.body, draft.form_key, draft.updated_at = body, upload_key(form_key), now
    session.flush()
    return draft


# Queries


def may_edit(message: Message, actor: User | None) -> bool:
    """Tell whether a message of the actor's side is theirs to change: nobody speaks for somebody else."""
    return actor is None or message.author_id == actor.id


def may_withdraw(message: Message, actor: User | None) -> bool:
    """Tell whether a message of the actor's side is theirs to take back: their own, or their team's."""
    return may_edit(message, actor) or (
        actor is not None and Permission.USERS_MANAGE in accounts.permissions_of(actor)
    )


def find(session: Session, thread: Thread, message_id: int) -> Message:
    """Return a message of this thread; raise DomainError(NOT_FOUND) for any other."""
    message = session.get(Message, message_id)
    if message is None or message.thread_id != thread.id:
        raise DomainError(Refusal.NOT_FOUND)
    return message


def find_by_form(session: Session, thread_id: int, form_key: str, *, side: Side) -> Message | None:
    """Return the message that a form of this side has become, or None."""
    key = _key(side, form_key)
    return session.scalar(select(Message).where(Message.thread_id == thread_id, Message.form_key == key))


def find_draft(session: Session, thread: Thread, user: User) -> Draft | None:
    """Return what the user has begun to write in this thread."""
    return session.get(Draft, (user.id, thread.id))


def author_names(session: Session, found: Iterable[Message]) -> dict[int, str]:
    """Return the names of the users who wrote these messages, by their ids."""
    ids = {message.author_id for message in found if message.author_id is not None}
    return dict(session.execute(select(User.id, User.name).where(User.id.in_(ids))).all())


def list_in(
    session: Session, thread: Thread, *, side: Side, before: int | None = None, limit: int = 50
) -> list[Message]:
    """Return the latest messages that a side sees, oldest first; `before` is the id to go back from.

    One that waits for its attachments, or was withdrawn before it was shown, is seen by its own side only.
    """
    query = select(Message).where(Message.thread_id == thread.id, threads.seen_by(side))
    if before is not None:
        query = query.where(Message.id < before)
    return list(session.scalars(query.order_by(Message.id.desc()).limit(limit)))[::-1]


def _add(
    session: Session,
    thread: Thread,
    side: Side,
    body: str,
    *,
    form_key: str,
    lang: str | None,
    files_left_out: int = 0,
    now: datetime,
) -> Message:
    uploaded = (
        Attachment.thread_id == thread.id, Attachment.upload_key == upload_key(form_key),
        Attachment.side == side.value, Attachment.message_id.is_(None),
    )  # fmt: skip
    files = list(session.scalars(select(Attachment).where(*uploaded)))
    for file in files:
        if file.state in {ScanState.REFUSED.value, ScanState.UNSCANNED.value}:
            raise DomainError(Refusal.ATTACHMENT_REFUSED, field="files", name=file.name)
    text = _checked(body, has_files=bool(files or files_left_out))
    message = Message(
        thread_id=thread.id,
        side=side.value,
        channel=Channel.WEB.value,
        state=MessageState.WAITING.value,
        body=text,
        lang=checks.locale(lang, field="lang") if lang else written.language_of(text),
        form_key=_key(side, form_key),
        files_left_out=files_left_out,
        created_at=now,
    )
    session.add(message)
    session.flush()
    for file in files:
        file.message_id = message.id
    session.flush()
    return message


def _checked(body: str, *, has_files: bool) -> str:
    _short_enough(body)
    text = checks.paragraphs(body, field="body")
    if not text and not has_files:
        raise DomainError(Refusal.MESSAGE_EMPTY, field="body")
    return text


def _short_enough(body: str) -> None:
    if len(body) > MESSAGE_CHARACTERS:
        raise DomainError(Refusal.MESSAGE_TOO_LONG, field="body", num=MESSAGE_CHARACTERS)


def _has_files(session: Session, message: Message) -> bool:
    return session.scalar(select(Attachment.id).where(Attachment.message_id == message.id)) is not None


def _has_unsent_files(session: Session, thread: Thread, actor: User, form_key: str) -> bool:
    unsent = (
        Attachment.thread_id == thread.id, Attachment.message_id.is_(None), Attachment.user_id == actor.id,
        Attachment.upload_key == upload_key(form_key),
    )  # fmt: skip
    return session.scalar(select(Attachment.id).where(*unsent).limit(1)) is not None


def _find_locked(session: Session, thread: Thread, message_id: int) -> Message:
    threads.lock(session, thread.id)
    message = find(session, thread, message_id)
    session.refresh(message)
    return message


def _require_side(message: Message, actor: User | None) -> None:
    if message.side != (Side.BRAND if actor else Side.PARTNER).value:
        raise DomainError(Refusal.NOT_FOUND)


def _require_unread(message: Message) -> None:
    if message.read_at is not None:
        raise DomainError(Refusal.MESSAGE_READ)


def upload_key(form_key: str) -> str:
    """Return a form's key as drafts and files keep it."""
    # No form has another, but a request or a mail can bring any, also what a database does not take.
    plain = (character if "!" <= character <= "~" else "?" for character in form_key)
    return "".join(plain)[:FORM_KEY_CHARACTERS]


def _key(side: Side, form_key: str) -> str:
    # Nobody's form is taken for the other side's, and long Message-IDs are told apart by their ends too.
    return hashlib.blake2b(
        f"{side.value}\n{form_key}".encode(errors="surrogatepass"), digest_size=16
    ).hexdigest()


def _move_stage(session: Session, thread: Thread, message: Message, *, now: datetime) -> None:
    prospect = prospects.find_by_partner(session, thread.program_id, thread.partner_id)
    if prospect is None:
        return
    is_brand = message.side == Side.BRAND.value
    event = StageEvent.MESSAGE_SENT if is_brand else StageEvent.ANSWERED
    prospects.lock(session, prospect.id)
    if not prospects.has_happened(session, prospect.id, event):
        prospects.record(session, prospect.id, event, now=now, user_id=message.author_id)
