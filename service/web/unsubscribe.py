"""The page behind a mail's unsubscribe link: a look changes nothing, one POST is enough (RFC 8058)."""

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.domain import subscriptions
from service.links import PUBLIC_PATHS
from service.web.context import here, reading, services, transaction
from service.web.forms import number
from service.web.routes import Audience, Csrf, page

bp = Blueprint("unsubscribe", __name__)
PATH = PUBLIC_PATHS["unsubscribe"]


@page(bp, PATH, needs=Audience.ANYONE, csrf=Csrf.SIGNED_PATH)
def show(token: str) -> ResponseReturnValue:
    """Say what unsubscribing means and whether it is done."""
    with reading() as session:
        subscription = subscriptions.find(session, services().signer, token)
        return render_template("unsubscribe/show.html", subscription=subscription, token=token)


@page(bp, PATH, needs=Audience.ANYONE, csrf=Csrf.SIGNED_PATH, methods=("POST",))
def change(token: str) -> ResponseReturnValue:
    """Do what a button of the page says; without one, unsubscribe from the program that wrote."""
    verb, _, wanted = request.form.get("choice", "").partition(":")
    if verb not in {"", "stop", "all", "resume"}:
        abort(400)
    with transaction() as session:
        subscription = subscriptions.find(session, services().signer, token)
        program_id = number(wanted) or subscription.written_by.program.id
        if verb == "resume":
            subscriptions.resume(session, subscription, program_id=program_id, now=here().now)
        else:
            everywhere = verb == "all"
            subscriptions.stop(
                session, subscription, program_id=None if everywhere else program_id, now=here().now
            )
    if verb:
        return redirect(url_for("unsubscribe.show", token=token), 303)
    # A mail program sent this: RFC 8058 wants no redirect, whatever form the body has.
    return make_response("", 200)
