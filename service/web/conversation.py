"""The page behind the link in a message's mail, where the partner reads and answers without an account."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from service.domain import conversations, messages, terms, threads
from service.domain.conversations import Conversation
from service.domain.errors import DomainError
from service.facts.limits import MESSAGE_CHARACTERS, REPORT_CHARACTERS
from service.facts.messages import MessageState, Side
from service.facts.refusals import Refusal
from service.facts.words import N_
from service.links import PUBLIC_PATHS
from service.models import Message
from service.web import markdown_words, partner_link, uploads
from service.web.context import here, reading, services, transaction, use_zone_of
from service.web.forms import done, number, refusal_text, say
from service.web.linked import pieces
from service.web.routes import Audience, Csrf, page

bp = Blueprint("conversation", __name__)
bp.after_request(partner_link.keep_quiet)
PATH = PUBLIC_PATHS["conversation"]
# Messages on one page.
MESSAGES = 50


@dataclass(frozen=True, slots=True)
class Line:
    """A message as its partner sees it; `typed` is what a change that was refused would have made of it."""

    message: Message
    own: bool
    author: str
    changeable: bool
    typed: str | None

    @property
    def withdrawn(self) -> bool:
        """Whether its text is gone."""
        return self.message.state == MessageState.WITHDRAWN.value

    @property
    def waiting(self) -> bool:
        """Whether the other side cannot see it yet."""
        return self.message.state == MessageState.WAITING.value


@bp.url_value_preprocessor
def _allow_files(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    if endpoint == "conversation.answer":
        uploads.allow_files()


@page(bp, PATH, needs=Audience.ANYONE, csrf=Csrf.SIGNED_PATH)
def show(token: str) -> ResponseReturnValue:
    """Show the conversation; looking changes nothing, the page's own script says what was seen."""
    with reading() as session:
        conversation = conversations.find(session, services().signer, token)
        if request.headers.get("X-Fragment") == "messages":
            return render_template("conversation/_messages.html", **_messages(session, conversation, token))
        return _page(session, conversation, token)


@page(bp, f"{PATH}/answer", needs=Audience.ANYONE, csrf=Csrf.SIGNED_PATH, methods=("POST",))
def answer(token: str) -> ResponseReturnValue:
    """Take an answer; the same form twice is one message."""
    form_key = request.form.get("form_key", "")
    if not form_key:
        abort(400)
    try:
        partner_link.count(token)
        told = uploads.take(uploads.of_partner(token), request.files.getlist(uploads.FIELD), form_key)
        if told:
            return _again(token, told=told)
        with transaction() as session:
            conversation = conversations.find(session, services().signer, token)
            message = conversations.answer(
                session,
                conversation,
                body=request.form.get("body", ""),
                form_key=form_key,
                accepted_terms=number(request.form.get("accept")),
                now=here().now,
            )
            waits = message.state == MessageState.WAITING.value
    except DomainError as error:
        return _again(token, error)
    done(
        N_("Your message is sent once its files are scanned.") if waits else N_("Your message has been sent.")
    )
    return _back(token)


@page(bp, f"{PATH}/read", needs=Audience.ANYONE, csrf=Csrf.SIGNED_PATH, methods=("POST",))
def read(token: str) -> ResponseReturnValue:
    """Note that the partner has seen the messages."""
    with transaction() as session:
        conversation = conversations.find(session, services().signer, token)
        messages.mark_read_by_partner(session, conversation.thread, now=here().now)
    if request.form.get("by") == "script":
        return make_response("", 204)
    return _back(token)


@page(
    bp,
    f"{PATH}/messages/<int:message_id>",
    needs=Audience.ANYONE,
    csrf=Csrf.SIGNED_PATH,
    methods=("POST",),
)
def change(token: str, message_id: int) -> ResponseReturnValue:
    """Change or withdraw a message of the partner's that nobody has read yet."""
    verb = request.form.get("do")
    if verb not in {"edit", "withdraw"}:
        abort(400)
    try:
        partner_link.count(token)
        with transaction() as session:
            thread = conversations.find(session, services().signer, token).thread
            if verb == "edit":
                body = request.form.get("body", "")
                messages.edit(session, thread, message_id, actor=None, body=body, now=here().now)
            else:
                messages.withdraw(session, thread, message_id, actor=None, now=here().now)
    except DomainError as error:
        return _again(token, error, edited=message_id if verb == "edit" else 0)
    done(N_("The message has been changed.") if verb == "edit" else N_("The message has been withdrawn."))
    return _back(token)


@page(bp, f"{PATH}/messaging", needs=Audience.ANYONE, csrf=Csrf.SIGNED_PATH, methods=("POST",))
def messaging(token: str) -> ResponseReturnValue:
    """Switch messages on or off."""
    wanted = request.form.get("messaging")
    if wanted not in {"on", "off"}:
        abort(400)
    with transaction() as session:
        conversation = conversations.find(session, services().signer, token)
        threads.set_messaging(session, conversation.partner.id, enabled=wanted == "on")
    done(N_("Messages are switched on.") if wanted == "on" else N_("Messages are switched off."))
    return _back(token)


@page(bp, f"{PATH}/report", needs=Audience.ANYONE, csrf=Csrf.SIGNED_PATH, methods=("POST",))
def report(token: str) -> ResponseReturnValue:
    """Report the conversation to the brand."""
    try:
        partner_link.count(token)
        with transaction() as session:
            conversation = conversations.find(session, services().signer, token)
            conversations.report(session, conversation, words=request.form.get("words", ""), now=here().now)
    except DomainError as error:
        return _again(token, error)
    done(N_("Your report has been sent to those responsible for the program."))
    return _back(token)


@page(bp, f"{PATH}/terms", needs=Audience.ANYONE, csrf=Csrf.SIGNED_PATH)
def show_terms(token: str) -> ResponseReturnValue:
    """Show the brand's terms for messages."""
    with reading() as session:
        conversation = conversations.find(session, services().signer, token)
        current = terms.find_current(session)
        accepted = current and terms.accepted_at(session, current, partner_id=conversation.partner.id)
        use_zone_of(conversation)
        return render_template(
            "conversation/terms.html",
            token=token,
            terms=current,
            accepted=accepted,
            text=markdown_words.in_language_of_reader(current) if current else None,
        )


def _back(token: str) -> ResponseReturnValue:
    return redirect(url_for("conversation.show", token=token), 303)


def _again(
    token: str, error: DomainError | None = None, *, edited: int = 0, told: Sequence[str] = ()
) -> ResponseReturnValue:
    """Show the page once more with what was typed and why it was not taken."""
    if error is not None and error.refusal is Refusal.NOT_FOUND:
        raise error
    with reading() as session:
        conversation = conversations.find(session, services().signer, token)
        return _page(session, conversation, token, error=error, edited=edited, told=told), 400


def _page(
    session: Session,
    conversation: Conversation,
    token: str,
    *,
    error: DomainError | None = None,
    edited: int = 0,
    told: Sequence[str] = (),
) -> str:
    waiting = terms.find_unaccepted(session, partner_id=conversation.partner.id)
    form = request.form if error is not None or told else {}
    form_key = form.get("form_key") or secrets.token_urlsafe(16)
    return render_template(
        "conversation/show.html",
        **_messages(session, conversation, token, edited=edited),
        partner=conversation.partner,
        terms=terms.find_current(session),
        terms_waiting=waiting,
        **uploads.composer(session, conversation.thread, uploads.of_partner(token), form_key),
        form_key=form_key,
        files_told=told,
        typed=form,
        error=refusal_text(error) if error is not None else None,
        error_field=error.field if error is not None else None,
        most=MESSAGE_CHARACTERS,
        most_report=REPORT_CHARACTERS,
    )


def _messages(
    session: Session, conversation: Conversation, token: str, *, edited: int = 0
) -> dict[str, object]:
    """What the list of messages needs; `before` in the address goes back to earlier ones."""
    use_zone_of(conversation)
    before = number(request.args.get("before")) or None
    found = messages.list_in(
        session, conversation.thread, side=Side.PARTNER, before=before, limit=MESSAGES + 1
    )
    shown = found[1:] if len(found) > MESSAGES else found
    # Who was erased wrote for the program, as the mail about the message says.
    program_name = conversation.program.name
    names: dict[int | None, str] = {
        user_id: name or program_name for user_id, name in messages.author_names(session, shown).items()
    }
    names[None] = program_name
    own = say(N_("You"))
    lines = [
        Line(
            message,
            own=(mine := message.side == Side.PARTNER.value),
            author=own if mine else names[message.author_id],
            changeable=mine and message.state != MessageState.WITHDRAWN.value and message.read_at is None,
            typed=request.form.get("body") if message.id == edited else None,
        )
        for message in shown
    ]
    return {
        "token": token,
        "files_of": uploads.of_messages(session, shown, uploads.of_partner(token)),
        "left_out": uploads.left_out,
        "thread": conversation.thread,
        "program_of": conversation.program,
        "lines": lines,
        "pieces": pieces,
        "earlier": shown[0].id if len(found) > MESSAGES else None,
        "unseen": any(not line.own and line.message.read_at is None for line in lines),
        "before": before,
    }
