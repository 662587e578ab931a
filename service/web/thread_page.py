"""The page of one conversation: its messages, what is being written, and the partner beside it."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import HiddenField, SelectField, TextAreaField

from service.domain import conversation_mails, groups, messages, prospects, terms, threads
from service.facts.limits import PAGE_ROWS
from service.facts.messages import (
    UNREACHABLE_ADVICE,
    UNREACHABLE_LABELS,
    MessageState,
    Side,
    UnreachableReason,
)
from service.facts.words import N_
from service.i18n import written
from service.models import Message, Partner, Thread, User
from service.web import choices, inbox_list, uploads
from service.web.context import here, reader, reading
from service.web.forms import Form, number, say
from service.web.linked import pieces
from service.web.words import language_name, user_name

RECOGNIZED = N_("Recognized language: %(language)s")
DETECT = N_("Recognize from the text")


class MessageForm(Form):
    """What is being written to a partner; `form_key` makes the form sent twice one message."""

    form_key = HiddenField()
    body = TextAreaField()
    lang = SelectField()


@dataclass(frozen=True, slots=True)
class Editing:
    """A change of a message that was refused: what was typed, and why it is not stored."""

    message_id: int
    body: str
    error: str


@dataclass(frozen=True, slots=True)
class UnreachableWords:
    """Why no mail tells a partner of messages, and what can be done about it.

    `is_off` says that messaging is off, so that nobody can write at all; `is_listed` that the address can be
    taken off the suppression list.
    """

    reason: str
    advice: str
    is_off: bool
    is_listed: bool


def sent_form() -> MessageForm:
    """Return what the reader sent, with a key where a browser left it out."""
    form = MessageForm()
    form.lang.choices = languages()
    form.form_key.data = (form.form_key.data or new_key())[: messages.FORM_KEY_CHARACTERS]
    return form


def new_key() -> str:
    """Return the key of a form that was never sent."""
    return secrets.token_urlsafe(16)


def languages() -> list[tuple[str, str]]:
    """Return (code, word) of the languages a message can be written in, none of them first."""
    return [("", say(DETECT)), *choices.languages()]


def show(
    thread_id: int,
    *,
    form: MessageForm | None = None,
    editing: Editing | None = None,
    told: Sequence[str] = (),
    status: int = 200,
) -> ResponseReturnValue:
    """Answer with a conversation; a form or a change that was refused keeps what was typed.

    `told` is what to say of files that were not taken.
    """
    with reading() as session:
        thread = inbox_list.find(session, thread_id)
        shown = form or _draft_form(session, thread)
        place = uploads.of_brand(thread_id)
        facts = {
            **inbox_list.facts(session, thread),
            **_messages(session, thread, place),
            **uploads.composer(session, thread, place, shown.form_key.data or ""),
            **_partner(session, thread),
            "form": shown,
            "languages_of_texts": choices.languages(),
            "recognized": recognized_words(written.language_of(shown.body.data or "")),
            "editing": editing,
            "problems": [*_problems(form, editing), *(("files", text) for text in told)],
            "files_told": told,
            "terms_url": url_for("terms.show") if terms.find_current(session) else None,
            "terms_waiting": terms.find_unaccepted(session, reader()),
            "assignable": [(user.id, user.name) for user in threads.list_assignable(session, thread)],
        }
        return render_template(inbox_list.template_of("inbox/show.html"), **facts), status


def recognized_words(code: str | None) -> str:
    """Return in which language a text seems to be written, nothing where that is not known."""
    return say(RECOGNIZED, language=language_name(code)) if code else ""


def unreachable_words(why: UnreachableReason | None) -> UnreachableWords | None:
    """Return in words why no mail tells a partner of messages, None where one does."""
    if why is None:
        return None
    reason, advice = say(UNREACHABLE_LABELS[why]), say(UNREACHABLE_ADVICE[why])
    return UnreachableWords(
        reason, advice, is_off=why is UnreachableReason.MESSAGING_OFF, is_listed=why.is_listed
    )


def may_edit(message: Message) -> bool:
    """Whether the reader can still edit a message."""
    return _is_open(message) and messages.may_edit(message, reader())


def may_withdraw(message: Message) -> bool:
    """Whether the reader can still withdraw a message."""
    return _is_open(message) and messages.may_withdraw(message, reader())


def _is_open(message: Message) -> bool:
    is_ours = message.side == Side.BRAND.value and message.state != MessageState.WITHDRAWN.value
    return is_ours and message.read_at is None


def _draft_form(session: Session, thread: Thread) -> MessageForm:
    form = MessageForm(formdata=None)
    form.lang.choices = languages()
    draft = messages.find_draft(session, thread, reader())
    form.form_key.data = draft.form_key if draft else new_key()
    form.body.data = draft.body if draft else ""
    form.lang.data = ""
    return form


def _messages(session: Session, thread: Thread, place: uploads.Place) -> dict[str, object]:
    before, wanted = (number(request.args.get(name)) or None for name in ("earlier", "at"))
    found = _page(session, thread, before)
    if wanted and found and wanted < found[0].id:  # what a search found, further up than the page reaches
        before = wanted + 1
        found = _page(session, thread, before)
    more, found = len(found) > PAGE_ROWS, found[-PAGE_ROWS:]
    query = inbox_list.query()
    return {
        "messages": found,
        "files_of": uploads.of_messages(session, found, place),
        "left_out": uploads.left_out,
        "authors": authors_of(session, found),
        "may_edit": may_edit,
        "may_withdraw": may_withdraw,
        "pieces": pieces,
        "before": before,
        "upto": found[-1].id if found else 0,
        "earlier_href": url_for("threads.show", thread_id=thread.id, earlier=found[0].id, **query)
        if more
        else None,
        "newest_href": url_for("threads.show", thread_id=thread.id, **query) if before else None,
    }


def authors_of(session: Session, found: Sequence[Message]) -> dict[int, str]:
    """Return what the authors of messages are called, by their ids."""
    return {
        user_id: user_name(name, user_id) for user_id, name in messages.author_names(session, found).items()
    }


def _page(session: Session, thread: Thread, before: int | None) -> list[Message]:
    # One more than a page holds tells whether there are earlier ones.
    return messages.list_in(session, thread, side=Side.BRAND, before=before, limit=PAGE_ROWS + 1)


def _partner(session: Session, thread: Thread) -> dict[str, object]:
    partner = thread.partner
    prospect = prospects.find_by_partner(session, thread.program_id, partner.id)
    names = groups.names_by_partner(session, thread.program_id, [partner.id])
    revoked_by = session.get(User, thread.links_revoked_by_id) if thread.links_revoked_by_id else None
    why_not = conversation_mails.find_unreachable(session, thread)
    return {
        "thread": thread,
        "partner": partner,
        "prospect": prospect,
        "group_names": names.get(partner.id, []),
        "history": prospects.history(session, prospect.id) if prospect else [],
        "local_time": _local_time(partner),
        "unreachable": unreachable_words(why_not),
        "mail_failed_at": conversation_mails.failed_at(session, thread),
        # Said only where no mail brings a new one.
        "has_link": why_not is not None and conversation_mails.has_link(session, thread),
        "revoked_by": user_name(revoked_by.name, revoked_by.id) if revoked_by else "",
    }


def _local_time(partner: Partner) -> str:
    if not partner.time_zone:
        return ""
    return here().formats.date_time(here().now.astimezone(ZoneInfo(partner.time_zone)))


def _problems(form: MessageForm | None, editing: Editing | None) -> list[tuple[str, str]]:
    found = form.problems() if form else []
    return [*found, (f"edit-{editing.message_id}", editing.error)] if editing else found
