"""Inbox: the conversations of a program, beginning a new one, and what an open page asks for again."""

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.domain import prospect_list, thread_list, threads
from service.domain.errors import DomainError
from service.facts.permissions import Permission
from service.facts.refusals import Refusal
from service.web import identity, inbox_list
from service.web.context import here, program, reading, transaction
from service.web.forms import number, refusal_text, warn
from service.web.routes import page

bp = Blueprint("inbox", __name__)
NAMES = 20


@page(bp, "/inbox", needs=Permission.MESSAGES_USE)
def index() -> ResponseReturnValue:
    """List the conversations, the latest first."""
    with reading() as session:
        return render_template(inbox_list.template_of("inbox/index.html"), **inbox_list.facts(session))


@page(bp, "/inbox/news", needs=Permission.MESSAGES_USE)
def news() -> ResponseReturnValue:
    """Tell an open page whether anything has changed since it was made."""
    identity.asks_by_itself()
    with reading() as session:
        return jsonify(inbox_list.version(session, number(request.args.get("thread")) or None))


@page(bp, "/inbox/new", needs=Permission.MESSAGES_USE)
def new() -> ResponseReturnValue:
    """Find somebody to write to, by name."""
    text = prospect_list.search_words(request.args.get("q", ""))
    with reading() as session:
        found = thread_list.list_addressees(session, program().id, text, limit=NAMES)
        return render_template("inbox/new.html", text=text, addressees=found)


@page(bp, "/inbox/open", needs=Permission.MESSAGES_USE, methods=("POST",))
def open_thread() -> ResponseReturnValue:
    """Open the conversation with a partner, an empty one where there is none yet."""
    try:
        with transaction() as session:
            partner_id = number(request.form.get("partner"))
            thread = threads.open_with(session, program().id, partner_id, now=here().now)
    except DomainError as error:
        if error.refusal is not Refusal.MESSAGING_OFF:
            raise
        warn(refusal_text(error))
        return redirect(url_for("inbox.new"), 303)
    return redirect(url_for("threads.show", thread_id=thread.id, _anchor="write"), 303)
