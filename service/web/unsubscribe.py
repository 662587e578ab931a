"""The page behind a mail's unsubscribe link: a look changes nothing, one POST is enough (RFC 8058)."""

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.domain import subscriptions
from service.links import PUBLIC_PATHS
from service.web.context import here, reading, services, transaction
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
    """Unsubscribe from the program, from all programs, or subscribe again."""
    choice = request.form.get("choice", "program")
    with transaction() as session:
        subscription = subscriptions.find(session, services().signer, token)
        if choice == "resubscribe":
            subscriptions.resume(session, subscription)
        else:
            subscriptions.stop(session, subscription, everywhere=choice == "all", now=here().now)
    if request.form.get("List-Unsubscribe") == "One-Click":
        # A mail program sent this, and RFC 8058 wants no redirect.
        return make_response("", 200)
    return redirect(url_for("unsubscribe.show", token=token), 303)
