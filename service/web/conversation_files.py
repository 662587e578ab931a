"""Files in a conversation, as its partner attaches, removes and downloads them, without an account."""

from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from service.links import PUBLIC_PATHS
from service.web import partner_link, uploads
from service.web.routes import Audience, Csrf, page

bp = Blueprint("conversation_files", __name__)
bp.after_request(partner_link.keep_quiet)
_FILES = f"{PUBLIC_PATHS['conversation']}/files"
_FILE = f"{_FILES}/<int:file_id>"


@bp.url_value_preprocessor
def _allow_files(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    if endpoint in {"conversation_files.upload", "conversation_files.remove"}:
        uploads.allow_files()


@page(bp, _FILES, needs=Audience.ANYONE, csrf=Csrf.SIGNED_PATH, methods=("POST",))
def upload(token: str) -> ResponseReturnValue:
    """Take files in before their message is sent, for the script of the page."""
    partner_link.count(token)
    return uploads.take_early(uploads.of_partner(token))


@page(bp, _FILES, needs=Audience.ANYONE, csrf=Csrf.SIGNED_PATH)
def index(token: str) -> ResponseReturnValue:
    """Show the files of a form that is not sent yet, as they stand now."""
    return uploads.fragment(uploads.of_partner(token), request.args.get("form_key", ""))


@page(bp, _FILE, needs=Audience.ANYONE, csrf=Csrf.SIGNED_PATH)
def download(token: str, file_id: int) -> ResponseReturnValue:
    """Hand a file out."""
    return uploads.send(uploads.of_partner(token), file_id)


@page(bp, f"{_FILE}/picture", needs=Audience.ANYONE, csrf=Csrf.SIGNED_PATH)
def picture(token: str, file_id: int) -> ResponseReturnValue:
    """Show a small copy of a picture."""
    return uploads.picture(uploads.of_partner(token), file_id)


@page(bp, f"{_FILE}/table", needs=Audience.ANYONE, csrf=Csrf.SIGNED_PATH)
def table(token: str, file_id: int) -> ResponseReturnValue:
    """Show the beginning of a CSV file."""
    return uploads.table(uploads.of_partner(token), file_id)


@page(bp, f"{_FILE}/remove", needs=Audience.ANYONE, csrf=Csrf.SIGNED_PATH, methods=("POST",))
def remove(token: str, file_id: int) -> ResponseReturnValue:
    """Take a file back."""
    place = uploads.of_partner(token)
    uploads.remove(place, file_id)
    if uploads.wants_fragment():
        return uploads.fragment(place, request.form.get("form_key", ""))
    return redirect(url_for("conversation.show", token=token), 303)
