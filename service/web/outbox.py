"""The captured outbox: every mail this installation would have sent, as list, HTML, text and raw bytes."""

from flask import Blueprint, abort, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.adapters.capture import CapturedMail, CapturedOutbox
from service.facts.limits import PAGE_ROWS
from service.facts.permissions import Permission
from service.web import letters
from service.web.context import services
from service.web.forms import number
from service.web.routes import page
from service.web.security import framed

bp = Blueprint("outbox", __name__)


def _outbox() -> CapturedOutbox:
    mailer = services().mailer
    if not isinstance(mailer, CapturedOutbox):
        abort(404)
    return mailer


def _find(mail_id: int) -> CapturedMail:
    mail = _outbox().find(mail_id)
    if mail is None:
        abort(404)
    return mail


@page(bp, "/outbox", needs=Permission.SETTINGS_MANAGE)
def index() -> ResponseReturnValue:
    """List captured mails, newest first."""
    before = number(request.args.get("before")) or None
    found = _outbox().mails(before=before, limit=PAGE_ROWS + 1)
    mails = found[:PAGE_ROWS]
    return render_template(
        "outbox/index.html",
        mails=mails,
        first_href=url_for("outbox.index") if before else None,
        next_href=url_for("outbox.index", before=mails[-1].id) if len(found) > PAGE_ROWS else None,
    )


@page(bp, "/outbox/<int:mail_id>", needs=Permission.SETTINGS_MANAGE)
def show(mail_id: int) -> ResponseReturnValue:
    """Show one mail with its three faces."""
    mail = _find(mail_id)
    return render_template(
        "outbox/show.html",
        mail=mail,
        opened=letters.open_mail(mail.raw),
        part=letters.part_of(request.args.get("part", "")),
    )


@page(bp, "/outbox/<int:mail_id>/html", needs=Permission.SETTINGS_MANAGE)
def html(mail_id: int) -> ResponseReturnValue:
    """Serve the HTML part in its own frame, under its own policy."""
    mail = _find(mail_id)
    return framed(make_response(letters.open_mail(mail.raw).html))


@page(bp, "/outbox/<int:mail_id>/raw", needs=Permission.SETTINGS_MANAGE)
def raw(mail_id: int) -> ResponseReturnValue:
    """Serve the very bytes as a download."""
    mail = _find(mail_id)
    response = make_response(mail.raw)
    response.headers["Content-Type"] = "message/rfc822"
    response.headers["Content-Disposition"] = f'attachment; filename="mail-{mail_id}.eml"'
    return framed(response)
