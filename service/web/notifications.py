"""Settings → Notifications: how the reader wants to be mailed about what happens in conversations."""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.domain import notifications
from service.facts.limits import DIGEST_HOUR
from service.facts.messages import MAIL_CHOICE_LABELS, NEWS_LABELS, MailChoice, News
from service.facts.words import N_
from service.models import User
from service.web.context import here, reader, reading, transaction
from service.web.forms import done, say
from service.web.routes import Audience, page

bp = Blueprint("notifications", __name__)


@page(bp, "/settings/notifications", needs=Audience.SIGNED_IN)
def edit() -> ResponseReturnValue:
    """Show what the reader has chosen."""
    with reading() as session:
        chosen = notifications.choices_of(session, reader())
    options = [(choice.value, say(MAIL_CHOICE_LABELS[choice])) for choice in MailChoice]
    return render_template(
        "notifications/edit.html",
        kinds=[(kind.value, say(NEWS_LABELS[kind]), chosen[kind].value) for kind in News],
        options=options,
        begins=here().formats.time(here().now.astimezone(here().zone).replace(hour=DIGEST_HOUR, minute=0)),
    )


@page(bp, "/settings/notifications", needs=Audience.SIGNED_IN, methods=("POST",))
def save() -> ResponseReturnValue:
    """Keep what the reader has chosen."""
    wanted = {}
    for kind in News:
        given = request.form.get(kind.value)
        if given is None:
            continue
        if given not in set(MailChoice):
            abort(400)
        wanted[kind] = MailChoice(given)
    with transaction() as session:
        notifications.choose(session, session.get_one(User, reader().id), wanted)
    done(N_("Your notification settings have been saved."))
    return redirect(url_for("notifications.edit"), 303)
