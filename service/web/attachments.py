"""Files in a conversation, as users of the brand attach, remove and download them."""

from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from service.domain import messages, threads
from service.domain.attachments import Sender
from service.facts.messages import Side
from service.facts.permissions import Permission
from service.web import uploads
from service.web.context import here, program, reader, transaction
from service.web.forms import warn
from service.web.routes import page

bp = Blueprint("attachments", __name__)
_FILES = "/inbox/<int:thread_id>/files"
_FILE = f"{_FILES}/<int:file_id>"


@bp.url_value_preprocessor
def _allow_files(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    # Before the form's token is looked for, which is in the body of the request.
    if endpoint == "attachments.upload":
        uploads.allow_files()


def place(thread_id: int) -> uploads.Place:
    """Return a conversation of the program as the reader sees it."""

    def links(name: str, file_id: int) -> str:
        return url_for(f"attachments.{name}", thread_id=thread_id, file_id=file_id)

    program_id = program().id
    return uploads.Place(
        thread=lambda session: threads.find(session, program_id, thread_id),
        by=Sender(Side.BRAND, reader().id),
        links=links,
    )


@page(bp, _FILES, needs=Permission.MESSAGES_USE, methods=("POST",))
def upload(thread_id: int) -> ResponseReturnValue:
    """Take files in before their message is sent; what was typed so far is kept as a draft."""
    here_ = place(thread_id)
    key = request.form.get("form_key", "")
    told = uploads.take(here_, request.files.getlist(uploads.FIELD), key)
    if _wants_fragment():
        return uploads.fragment(here_, key, told), 400 if told else 200
    _keep_draft(thread_id, key)
    for text in told:
        warn(text)
    return redirect(url_for("inbox.show", thread_id=thread_id), 303)


@page(bp, _FILES, needs=Permission.MESSAGES_USE)
def index(thread_id: int) -> ResponseReturnValue:
    """Show the files of a form that is not sent yet, as they stand now."""
    return uploads.fragment(place(thread_id), request.args.get("form_key", ""))


@page(bp, _FILE, needs=Permission.MESSAGES_USE)
def download(thread_id: int, file_id: int) -> ResponseReturnValue:
    """Hand a file out."""
    return uploads.send(place(thread_id), file_id)


@page(bp, f"{_FILE}/picture", needs=Permission.MESSAGES_USE)
def picture(thread_id: int, file_id: int) -> ResponseReturnValue:
    """Show a small copy of a picture."""
    return uploads.picture(place(thread_id), file_id)


@page(bp, f"{_FILE}/table", needs=Permission.MESSAGES_USE)
def table(thread_id: int, file_id: int) -> ResponseReturnValue:
    """Show the beginning of a CSV file."""
    return uploads.table(place(thread_id), file_id)


@page(bp, f"{_FILE}/remove", needs=Permission.MESSAGES_USE, methods=("POST",))
def remove(thread_id: int, file_id: int) -> ResponseReturnValue:
    """Take a file back."""
    here_ = place(thread_id)
    uploads.remove(here_, file_id)
    key = request.form.get("form_key", "")
    if _wants_fragment():
        return uploads.fragment(here_, key)
    if "body" in request.form:
        _keep_draft(thread_id, key)
    return redirect(url_for("inbox.show", thread_id=thread_id), 303)


def _keep_draft(thread_id: int, key: str) -> None:
    with transaction() as session:
        thread = threads.find(session, program().id, thread_id)
        body = request.form.get("body", "")
        messages.keep_draft(session, thread, actor=reader(), body=body, form_key=key, now=here().now)


def _wants_fragment() -> bool:
    return "X-Fragment" in request.headers
