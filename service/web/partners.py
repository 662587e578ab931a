"""Engage → Partners: those who joined. Discover → Find partners, Find creators: marking them as prospects."""

from dataclasses import replace

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.domain import groups, partners, prospect_list, prospects
from service.domain.errors import DomainError
from service.domain.prospect_list import Cursor, ProspectFilter, Sort
from service.facts.permissions import Permission
from service.facts.sources import PartnerKind, Source
from service.facts.stages import Stage
from service.facts.words import N_
from service.web import choices, prospect_query
from service.web.context import here, program, reader, reading, transaction
from service.web.forms import done, number, refusal_text, warn
from service.web.routes import page

bp = Blueprint("partners", __name__)


@page(bp, "/partners", needs=Permission.PROSPECTS_VIEW)
def index() -> ResponseReturnValue:
    """List the partners who joined the program."""
    asked = ProspectFilter.from_values(request.args.to_dict(flat=False))
    wanted = ProspectFilter(group_id=asked.group_id, locales=asked.locales, text=asked.text)
    _, descending = prospect_query.sort_of(request.args)
    with reading() as session:
        found = prospect_list.list_page(
            session,
            program().id,
            replace(wanted, stages=(Stage.JOINED.value,)),
            descending=descending,
            after=prospect_query.cursor(request.args.get("after"), Sort.NAME),
            before=prospect_query.cursor(request.args.get("before"), Sort.NAME),
        )
        partner_ids = [prospect.partner_id for prospect in found.prospects]
        group_choices = [(row.id, row.name) for row in groups.list_of(session, program().id)]
        named = {("group", str(id_)): name for id_, name in group_choices}
        names = groups.names_by_partner(session, program().id, partner_ids)
        return render_template(
            "partners/index.html",
            page=found,
            wanted=wanted,
            chips=prospect_query.chips("partners.index", wanted, named),
            descending=descending,
            name_href=prospect_query.sort_links("partners.index", wanted, Sort.NAME, descending)["sort_name"],
            previous_href=_neighbour(wanted, descending, before=found.previous),
            next_href=_neighbour(wanted, descending, after=found.next),
            group_names=names,
            joined=prospects.joined_at(session, [prospect.id for prospect in found.prospects]),
            group_choices=group_choices,
            language_choices=choices.languages(),
        )


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


def _neighbour(
    wanted: ProspectFilter, descending: bool, *, after: Cursor | None = None, before: Cursor | None = None
) -> str | None:
    if after is None and before is None:
        return None
    places = {"after": prospect_query.cursor_text(after), "before": prospect_query.cursor_text(before)}
    sort = prospect_query.sort_text(Sort.NAME, descending) if descending else None
    return url_for("partners.index", **wanted.to_values(), sort=sort, **places)  # type: ignore[arg-type]


def _list(kind: PartnerKind) -> ResponseReturnValue:
    text = prospect_list.search_words(request.args.get("q", ""))
    with reading() as session:
        after = number(request.args.get("after"))
        found, last = partners.list_known(session, kind=kind, text=text, program_id=program().id, after=after)
        return render_template(
            "partners/marketplace.html", kind=kind.value, partners=found, text=text, after=after, last=last
        )
