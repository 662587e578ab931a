"""Files in a conversation, as users of the brand attach, remove and download them."""

from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from service.domain import messages
from service.facts.permissions import Permission
from service.web import uploads
from service.web.context import here, reader, transaction
from service.web.routes import page

bp = Blueprint("attachments", __name__)
_FILES = "/inbox/<int:thread_id>/files"
_FILE = f"{_FILES}/<int:file_id>"


@bp.url_value_preprocessor
def _allow_files(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    # Before the form's token is looked for, which is in the body of the request.
    if endpoint in {"attachments.upload", "attachments.remove"}:
        uploads.allow_files()


@page(bp, _FILES, needs=Permission.MESSAGES_USE, methods=("POST",))
def upload(thread_id: int) -> ResponseReturnValue:
    """Take files in before their message is sent, for the script of the page."""
    return uploads.take_early(uploads.of_brand(thread_id))


@page(bp, _FILES, needs=Permission.MESSAGES_USE)
def index(thread_id: int) -> ResponseReturnValue:
    """Show the files of a form that is not sent yet, as they stand now."""
    return uploads.fragment(uploads.of_brand(thread_id), request.args.get("form_key", ""))


@page(bp, _FILE, needs=Permission.MESSAGES_USE)
def download(thread_id: int, file_id: int) -> ResponseReturnValue:
    """Hand a file out."""
    return uploads.send(uploads.of_brand(thread_id), file_id)


@page(bp, f"{_FILE}/picture", needs=Permission.MESSAGES_USE)
def picture(thread_id: int, file_id: int) -> ResponseReturnValue:
    """Show a small copy of a picture."""
    return uploads.picture(uploads.of_brand(thread_id), file_id)


@page(bp, f"{_FILE}/table", needs=Permission.MESSAGES_USE)
def table(thread_id: int, file_id: int) -> ResponseReturnValue:
    """Show the beginning of a CSV file."""
    return uploads.table(uploads.of_brand(thread_id), file_id)


@page(bp, f"{_FILE}/remove", needs=Permission.MESSAGES_USE, methods=("POST",))
def remove(thread_id: int, file_id: int) -> ResponseReturnValue:
    """Take a file back; what was typed beside it is kept as a draft."""
    place = uploads.of_brand(thread_id)
    uploads.remove(place, file_id)
    key = request.form.get("form_key", "")
    if uploads.wants_fragment():
        return uploads.fragment(place, key)
    if "body" in request.form:
        with transaction() as session:
            body = request.form["body"]
            messages.keep_draft(
                session, place.thread(session), actor=reader(), body=body, form_key=key, now=here().now
            )
    return redirect(url_for("threads.show", thread_id=thread_id, _anchor="write"), 303)
