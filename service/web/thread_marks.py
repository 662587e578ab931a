"""Inbox → a conversation as a whole: read or not, priority, put away, whose it is, its partner's links."""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.domain import conversation_mails, threads
from service.facts.acts import Act
from service.facts.permissions import Permission
from service.facts.words import N_
from service.web import inbox_list, thread_page
from service.web.context import here, reader, reading, record, transaction
from service.web.forms import done, number
from service.web.routes import page

bp = Blueprint("thread_marks", __name__)
PATH = "/inbox/<int:thread_id>"


@page(bp, f"{PATH}/read", needs=Permission.MESSAGES_USE, methods=("POST",))
def mark_read(thread_id: int) -> ResponseReturnValue:
    """Mark what the page showed as read, for everybody of the brand; the page's script asks for no page."""
    upto = number(request.form.get("upto"))
    with transaction() as session:
        threads.mark_read(session, inbox_list.find(session, thread_id), upto=upto, now=here().now)
    if request.accept_mimetypes.best == "application/json":
        return "", 204
    return redirect(_conversation(thread_id), 303)


@page(bp, f"{PATH}/unread", needs=Permission.MESSAGES_USE, methods=("POST",))
def mark_unread(thread_id: int) -> ResponseReturnValue:
    """Mark a conversation as unread, and leave it: who stays would read it again."""
    with transaction() as session:
        threads.mark_unread(session, inbox_list.find(session, thread_id))
    done(N_("The conversation has been marked as unread."))
    return redirect(url_for("inbox.index", **inbox_list.query()), 303)


@page(bp, f"{PATH}/priority", needs=Permission.MESSAGES_USE, methods=("POST",))
def set_priority(thread_id: int) -> ResponseReturnValue:
    """Put a conversation among those of priority, or take it from them."""
    with transaction() as session:
        threads.set_priority(
            session, inbox_list.find(session, thread_id), priority=request.form.get("priority") == "on"
        )
    return redirect(_conversation(thread_id), 303)


@page(bp, f"{PATH}/archive", needs=Permission.MESSAGES_USE, methods=("POST",))
def archive(thread_id: int) -> ResponseReturnValue:
    """Put a conversation away; the partner's next message brings it back."""
    with transaction() as session:
        thread = inbox_list.find(session, thread_id)
        threads.archive(session, thread, now=here().now)
        record(session, Act.THREAD_ARCHIVED, program_id=thread.program_id)
    done(N_("The conversation has been archived."))
    return redirect(url_for("inbox.index", **inbox_list.query()), 303)


@page(bp, f"{PATH}/restore", needs=Permission.MESSAGES_USE, methods=("POST",))
def restore(thread_id: int) -> ResponseReturnValue:
    """Bring an archived conversation back."""
    with transaction() as session:
        thread = inbox_list.find(session, thread_id)
        threads.restore(session, thread)
        record(session, Act.THREAD_RESTORED, program_id=thread.program_id)
    done(N_("The conversation has been restored."))
    return redirect(_conversation(thread_id), 303)


@page(bp, f"{PATH}/assign", needs=Permission.MESSAGES_USE, methods=("POST",))
def assign(thread_id: int) -> ResponseReturnValue:
    """Give a conversation to a user, or to nobody."""
    with transaction() as session:
        threads.assign(session, inbox_list.find(session, thread_id), number(request.form.get("user")) or None)
    done(N_("The assignment has been saved."))
    return redirect(_conversation(thread_id), 303)


@page(bp, f"{PATH}/links", needs=Permission.MESSAGES_USE, methods=("GET", "POST"))
def revoke_links(thread_id: int) -> ResponseReturnValue:
    """Name what will happen, then have no link work any more that the partner was sent so far."""
    if request.method != "POST":
        with reading() as session:
            thread = inbox_list.find(session, thread_id)
            why = conversation_mails.find_unreachable(session, thread)
            return render_template(
                "inbox/revoke_links.html",
                thread=thread,
                unreachable=thread_page.unreachable_words(why),
                query=inbox_list.query(),
            )
    version = number(request.form.get("version"))
    with transaction() as session:
        thread = inbox_list.find(session, thread_id)
        if threads.revoke_links(session, thread, version=version, actor=reader(), now=here().now):
            record(session, Act.LINKS_REVOKED, program_id=thread.program_id)
        elif not 0 < version < thread.link_version:  # no form of ours has it
            abort(400)
    done(N_("The links that were sent so far no longer work."))
    return redirect(_conversation(thread_id), 303)


def _conversation(thread_id: int) -> str:
    return url_for("threads.show", thread_id=thread_id, **inbox_list.query())
