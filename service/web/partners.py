"""Discover → Find partners, Find creators: the known ones, and marking them as prospects."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.domain import partners, prospect_list, prospects
from service.domain.errors import DomainError
from service.facts.permissions import Permission
from service.facts.sources import PartnerKind, Source
from service.facts.words import N_
from service.web.context import here, program, reader, reading, transaction
from service.web.forms import done, number, refusal_text, warn
from service.web.routes import page

bp = Blueprint("partners", __name__)


@page(bp, "/partners/marketplace", needs=Permission.PROSPECTS_VIEW)
def find_partners() -> ResponseReturnValue:
    """List companies with an account."""
    return _list(PartnerKind.PARTNER)


@page(bp, "/creators/marketplace", needs=Permission.PROSPECTS_VIEW)
def find_creators() -> ResponseReturnValue:
    """List creators with an account."""
    return _list(PartnerKind.CREATOR)


@page(bp, "/partners/<int:partner_id>/mark", needs=Permission.PROSPECTS_EDIT, methods=("POST",))
def mark(partner_id: int) -> ResponseReturnValue:
    """Make a partner a prospect of the current program."""
    with transaction() as session:
        partner = partners.find(session, partner_id)
        try:
            prospects.mark(
                session,
                program().id,
                partner,
                source=Source.MARKETPLACE,
                now=here().now,
                actor_id=reader().id,
            )
        except DomainError as error:
            warn(refusal_text(error))
        else:
            done(N_("Marked as prospect: %(name)s"), name=partner.name)
        kind = partner.kind
    creator = kind == PartnerKind.CREATOR.value
    text = request.form.get("q", "")[:200] or None
    return redirect(url_for("partners.find_creators" if creator else "partners.find_partners", q=text), 303)


def _list(kind: PartnerKind) -> ResponseReturnValue:
    text = prospect_list.search_words(request.args.get("q", ""))
    with reading() as session:
        after = number(request.args.get("after"))
        found, last = partners.list_known(session, kind=kind, text=text, program_id=program().id, after=after)
        return render_template(
            "partners/marketplace.html", kind=kind.value, partners=found, text=text, after=after, last=last
        )
