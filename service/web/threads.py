"""Inbox → a conversation: reading it, writing to the partner, and changing a message until it is read."""

from typing import Any

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from service.domain import checks, messages, terms, threads
from service.domain.errors import DomainError
from service.facts.acts import Act
from service.facts.messages import MessageState
from service.facts.permissions import Permission
from service.facts.refusals import Refusal
from service.facts.words import N_
from service.i18n import written
from service.models import Message, Thread
from service.web import inbox_list, thread_page, uploads
from service.web.context import here, reader, reading, record, transaction
from service.web.forms import done, number, refusal_text, say, warn
from service.web.routes import page
from service.web.thread_page import Editing, MessageForm
from service.web.words import lang_tag

bp = Blueprint("threads", __name__)
PATH = "/inbox/<int:thread_id>"
MESSAGE = f"{PATH}/messages/<int:message_id>"
DRAFT_SAVED = N_("The draft has been saved.")


@bp.url_value_preprocessor
def _allow_files(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    # Before the form's token is looked for, which is in the body of the request.
    if endpoint in {"threads.send", "threads.keep_draft"}:
        uploads.allow_files()


@page(bp, PATH, needs=Permission.MESSAGES_USE)
def show(thread_id: int) -> ResponseReturnValue:
    """Show a conversation, the newest message last."""
    return thread_page.show(thread_id)


@page(bp, PATH, needs=Permission.MESSAGES_USE, methods=("POST",))
def send(thread_id: int) -> ResponseReturnValue:
    """Write to the partner; whoever answers has read what the page showed."""
    form = thread_page.sent_form()
    if told := _take_files(thread_id, form):
        return thread_page.show(thread_id, form=form, told=told, status=400)
    try:
        with transaction() as session:
            thread = inbox_list.find(session, thread_id)
            if accepted := number(request.form.get("accept")):
                terms.accept(session, accepted, user=reader(), now=here().now)
            message = messages.send(
                session,
                thread.id,
                actor=reader(),
                body=form.body.data or "",
                form_key=form.form_key.data or "",
                lang=form.lang.data or None,
                now=here().now,
            )
            _require_same(message, form)
            if message.created_at == here().now:  # or else it is the same form again
                record(session, Act.MESSAGE_SENT, program_id=thread.program_id)
            threads.mark_read(session, thread, upto=number(request.form.get("upto")), now=here().now)
    except DomainError as error:
        if error.refusal is Refusal.NOT_FOUND:
            raise
        return _again(thread_id, form, error)
    return redirect(_to(thread_id, message.id), 303)


@page(bp, f"{PATH}/draft", needs=Permission.MESSAGES_USE, methods=("POST",))
def keep_draft(thread_id: int) -> ResponseReturnValue:
    """Keep what is being typed, for this user alone; tell the page's script which language it is in."""
    form = thread_page.sent_form()
    body, key = form.body.data or "", form.form_key.data or ""
    is_script = request.accept_mimetypes.best == "application/json"
    if told := _take_files(thread_id, form):
        return thread_page.show(thread_id, form=form, told=told, status=400)
    try:
        with transaction() as session:
            thread = inbox_list.find(session, thread_id)
            draft = messages.keep_draft(
                session, thread, actor=reader(), body=body, form_key=key, now=here().now
            )
    except DomainError as error:
        if error.refusal is Refusal.NOT_FOUND or is_script:
            raise
        return _again(thread_id, form, error)
    if is_script:
        code = written.language_of(body)
        saved = say(DRAFT_SAVED) if draft is not None else ""
        return jsonify(told=saved, recognized=thread_page.recognized_words(code), lang=lang_tag(code))
    done(DRAFT_SAVED)
    return redirect(_to(thread_id), 303)


@page(bp, f"{MESSAGE}/edit", needs=Permission.MESSAGES_USE, methods=("POST",))
def edit(thread_id: int, message_id: int) -> ResponseReturnValue:
    """Change a message that the partner has not read."""
    body = request.form.get("body", "")
    try:
        with transaction() as session:
            thread = inbox_list.find(session, thread_id)
            if messages.edit(session, thread, message_id, actor=reader(), body=body, now=here().now):
                record(session, Act.MESSAGE_CHANGED, program_id=thread.program_id)
    except DomainError as error:
        if error.refusal is Refusal.NOT_FOUND:
            raise
        if error.refusal is Refusal.MESSAGE_NOT_YOURS:
            warn(refusal_text(error))
            return redirect(_to(thread_id, message_id), 303)
        refused = Editing(message_id, body, refusal_text(error))
        return thread_page.show(thread_id, editing=refused, status=400)
    done(N_("The message has been changed."))
    return redirect(_to(thread_id, message_id), 303)


@page(bp, f"{MESSAGE}/withdraw", needs=Permission.MESSAGES_USE, methods=("GET", "POST"))
def withdraw(thread_id: int, message_id: int) -> ResponseReturnValue:
    """Name what will happen, then take a message back that the partner has not read."""
    try:
        if request.method != "POST":
            return _asked_to_withdraw(thread_id, message_id)
        with transaction() as session:
            thread = inbox_list.find(session, thread_id)
            if messages.withdraw(session, thread, message_id, actor=reader(), now=here().now):
                _record_withdrawal(session, thread, messages.find(session, thread, message_id))
    except DomainError as error:
        if error.refusal is Refusal.NOT_FOUND:
            raise
        warn(refusal_text(error))
    else:
        done(N_("The message has been withdrawn."))
    return redirect(_to(thread_id, message_id), 303)


def _asked_to_withdraw(thread_id: int, message_id: int) -> ResponseReturnValue:
    with reading() as session:
        thread = inbox_list.find(session, thread_id)
        message = messages.find(session, thread, message_id)
        messages.require_withdrawable(message, reader())
        if message.state == MessageState.WITHDRAWN.value:
            return redirect(_to(thread_id, message_id), 303)
        author = thread_page.authors_of(session, [message]).get(message.author_id or 0)
        return render_template(
            "inbox/withdraw.html",
            thread=thread,
            message=message,
            author=None if messages.may_edit(message, reader()) else author,
            query=inbox_list.query(),
        )


def _record_withdrawal(session: Session, thread: Thread, message: Message) -> None:
    if messages.may_edit(message, reader()):
        record(session, Act.MESSAGE_WITHDRAWN, program_id=thread.program_id)
    else:
        record(
            session,
            Act.COLLEAGUE_MESSAGE_WITHDRAWN,
            subject_id=message.author_id,
            program_id=thread.program_id,
        )


@page(bp, f"{MESSAGE}/language", needs=Permission.MESSAGES_USE, methods=("POST",))
def set_language(thread_id: int, message_id: int) -> ResponseReturnValue:
    """Correct the language that a message is written in."""
    with transaction() as session:
        thread = inbox_list.find(session, thread_id)
        messages.set_language(session, thread, message_id, request.form.get("lang", ""))
    done(N_("The language of the message has been saved."))
    return redirect(_to(thread_id, message_id), 303)


def _take_files(thread_id: int, form: MessageForm) -> list[str]:
    """Take in the files that came with a form; return what to tell of those that were not taken."""
    place = uploads.of_brand(thread_id)
    return uploads.take(place, request.files.getlist(uploads.FIELD), form.form_key.data or "")


def _require_same(message: Message, form: MessageForm) -> None:
    """Refuse a form that was sent before and holds another text now: it would be lost silently."""
    if message.body != checks.paragraphs(form.body.data or "", field="body"):
        raise DomainError(Refusal.FORM_SENT_BEFORE, field="body")


def _again(thread_id: int, form: MessageForm, error: DomainError) -> ResponseReturnValue:
    form.refuse(error)
    if error.refusal is Refusal.FORM_SENT_BEFORE:
        form.form_key.data = thread_page.new_key()
    return thread_page.show(thread_id, form=form, status=400)


def _to(thread_id: int, message_id: int | None = None) -> str:
    anchor = f"message-{message_id}" if message_id else None
    return url_for("threads.show", thread_id=thread_id, **inbox_list.query(), _anchor=anchor)
