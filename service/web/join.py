"""The page behind an invitation's link: the partner accepts or declines, in their language."""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.domain import invitations
from service.links import PUBLIC_PATHS
from service.web.context import here, reading, services, transaction
from service.web.routes import Audience, Csrf, page

bp = Blueprint("join", __name__)
PATH = PUBLIC_PATHS["join"]


@page(bp, PATH, needs=Audience.ANYONE, csrf=Csrf.SIGNED_PATH)
def show(token: str) -> ResponseReturnValue:
    """Show the invitation and its two answers; looking changes nothing."""
    with reading() as session:
        invitation = invitations.find(session, services().signer, token)
        return render_template(
            "join/show.html",
            invitation=invitation,
            partner=invitation.prospect.partner,
            token=token,
        )


@page(bp, PATH, needs=Audience.ANYONE, csrf=Csrf.SIGNED_PATH, methods=("POST",))
def answer(token: str) -> ResponseReturnValue:
    """Record the answer."""
    said = request.form.get("answer")
    with transaction() as session:
        invitation = invitations.find(session, services().signer, token)
        if said not in {"accept", "decline"}:
            abort(400)
        # A box that is not ticked sends nothing, so the form says that it has one.
        messaging = "messaging" in request.form if "offers_messaging" in request.form else None
        invitations.answer(
            session, invitation, accepted=said == "accept", messaging=messaging, now=here().now
        )
    return redirect(url_for("join.show", token=token), 303)
