"""Discover → Prospects: the table with its filters and selection, one prospect, adding one by hand."""

from urllib.parse import parse_qs, urlencode

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import SelectField, StringField, TextAreaField

from service.domain import campaigns, checks, groups, imports, prospect_list, prospects, selections
from service.domain.errors import DomainError
from service.domain.partners import Profile
from service.domain.prospect_list import Page, ProspectFilter
from service.domain.selections import NOTHING, Selected
from service.facts.acts import Act
from service.facts.permissions import Permission
from service.facts.sources import PartnerKind
from service.facts.words import N_, NN_
from service.models import Prospect
from service.web import choices, prospect_query
from service.web.context import here, program, reader, reading, record, transaction
from service.web.forms import FILTERS, Form, done, number, say, warn
from service.web.routes import page
from service.web.words import address_warning, campaign_title

bp = Blueprint("prospects", __name__)
MOST_BOXES = 500
ADDED_TO_GROUP = NN_(
    "%(num)s prospect added to the group: %(name)s", "%(num)s prospects added to the group: %(name)s"
)


class ProspectForm(Form):
    """What is known of somebody added by hand."""

    name = StringField(filters=FILTERS)
    email = StringField(filters=FILTERS)
    kind = SelectField(choices=[kind.value for kind in PartnerKind])
    first_name = StringField(filters=FILTERS)
    last_name = StringField(filters=FILTERS)
    locale = SelectField()
    time_zone = SelectField()
    media_property = StringField(filters=FILTERS)
    description = TextAreaField(filters=FILTERS)


@page(bp, "/prospects", needs=Permission.PROSPECTS_VIEW)
def index() -> ResponseReturnValue:
    """Show one page of the table."""
    wanted = ProspectFilter.from_values(request.args.to_dict(flat=False))
    sort, descending = prospect_query.sort_of(request.args)
    with reading() as session:
        found = prospect_list.list_page(
            session,
            program().id,
            wanted,
            sort=sort,
            descending=descending,
            after=prospect_query.cursor(request.args.get("after"), sort),
            before=prospect_query.cursor(request.args.get("before"), sort),
        )
        selected = selections.find(session, reader().id, program().id)
        partner_ids = [prospect.partner_id for prospect in found.prospects]
        names = groups.names_by_partner(session, program().id, partner_ids)
        group_choices = [(row.id, row.name) for row in groups.list_of(session, program().id)]
        named = {("group", str(id_)): name for id_, name in group_choices}
        named |= _import_names(session, wanted, selected.matching)
        return render_template(
            "prospects/index.html",
            page=found,
            wanted=wanted,
            chips=prospect_query.chips("prospects.index", wanted, named),
            sort=sort.value,
            sort_text=prospect_query.sort_text(sort, descending),
            descending=descending,
            links=prospect_query.sort_links("prospects.index", wanted, sort, descending),
            previous=prospect_query.cursor_text(found.previous),
            next=prospect_query.cursor_text(found.next),
            ticked=_ticked(session, found, wanted, selected),
            selected_count=selections.count(session, program().id, selected),
            selected_words=prospect_query.filter_words(selected.matching, named),
            group_names={partner_id: names.get(partner_id, []) for partner_id in partner_ids},
            group_choices=group_choices,
            stage_choices=choices.labels("stage"),
            source_choices=choices.labels("source"),
            language_choices=choices.languages(),
            query=urlencode(request.args.to_dict(flat=False), doseq=True),
        )


@page(bp, "/prospects/select", needs=Permission.PROSPECTS_VIEW, methods=("POST",))
def select() -> ResponseReturnValue:
    """Take over the ticks of a page, then do what the button says."""
    arguments = _query_of_list()
    wanted = ProspectFilter.from_values(arguments)
    action = "matching" if request.form.get("select") == "matching" else request.form.get("action", "")
    with transaction() as session:
        chosen = _take_ticks(session, wanted, whole_page=action == "page")
        if action == "matching":
            chosen = Selected(matching=wanted)
            selections.keep(session, reader().id, program().id, chosen, now=here().now)
        elif action == "clear":
            chosen = selections.keep(session, reader().id, program().id, NOTHING, now=here().now)
        number_of = selections.count(session, program().id, chosen)
    return redirect(_after(action, arguments, number_of), 303)


@page(bp, "/prospects/group", needs=Permission.GROUPS_MANAGE, methods=("POST",))
def add_to_group() -> ResponseReturnValue:
    """Put the selected prospects into a group."""
    arguments = _query_of_list()
    with transaction() as session:
        chosen = _take_ticks(session, ProspectFilter.from_values(arguments))
        group = groups.find(session, program().id, number(request.form.get("into")))
        ids = selections.prospect_ids(session, program().id, chosen)
        added = groups.add_members(session, group, prospects.partner_ids(session, ids))
    done(ADDED_TO_GROUP, num=added, name=group.name)
    return redirect(url_for("prospects.index", **arguments), 303)  # type: ignore[arg-type]


@page(bp, "/prospects/<int:prospect_id>", needs=Permission.PROSPECTS_VIEW)
def show(prospect_id: int) -> ResponseReturnValue:
    """Show one prospect with its history."""
    with reading() as session:
        prospect = prospects.find(session, program().id, prospect_id)
        names = groups.names_by_partner(session, program().id, [prospect.partner_id])
        sent = prospects.deliveries(session, prospect.id)
        of_mails = campaigns.list_by_id(session, {delivery.campaign_id for delivery in sent})
        return render_template(
            "prospects/show.html",
            titles={campaign.id: campaign_title(campaign) for campaign in of_mails},
            prospect=prospect,
            partner=prospect.partner,
            group_names=names.get(prospect.partner_id, []),
            history=prospects.history(session, prospect.id),
            deliveries=sent,
        )


@page(bp, "/prospects/<int:prospect_id>/archive", needs=Permission.PROSPECTS_EDIT, methods=("POST",))
def archive(prospect_id: int) -> ResponseReturnValue:
    """Put a prospect away."""
    with transaction() as session:
        prospect = prospects.find(session, program().id, prospect_id)
        _note(session, Act.PROSPECTS_ARCHIVED, prospect, when=prospect.archived_at is None)
        prospects.archive(session, prospect, now=here().now, actor_id=reader().id)
    done(N_("The prospect has been archived."))
    return redirect(url_for("prospects.index", **_query_of_list()), 303)  # type: ignore[arg-type]


@page(bp, "/prospects/<int:prospect_id>/restore", needs=Permission.PROSPECTS_EDIT, methods=("POST",))
def restore(prospect_id: int) -> ResponseReturnValue:
    """Bring an archived prospect back."""
    with transaction() as session:
        prospect = prospects.find(session, program().id, prospect_id)
        _note(session, Act.PROSPECTS_RESTORED, prospect, when=prospect.archived_at is not None)
        prospects.restore(session, prospect, now=here().now, actor_id=reader().id)
    done(N_("The prospect has been restored."))
    return redirect(url_for("prospects.show", prospect_id=prospect_id), 303)


def _note(session: Session, act: Act, prospect: Prospect, *, when: bool) -> None:
    if when:
        record(session, act, subject_id=prospect.id, program_id=prospect.program_id, num=1)


@page(bp, "/prospects/new", needs=Permission.PROSPECTS_EDIT, methods=("GET", "POST"))
def new() -> ResponseReturnValue:
    """Add a prospect by hand."""
    form = ProspectForm()
    form.kind.choices = choices.labels("kind")
    form.locale.choices = [("", "—"), *choices.languages()]
    form.time_zone.choices = [("", "—"), *choices.zones()]
    if request.method == "POST":
        try:
            prospect = _add(form)
        except DomainError as error:
            form.refuse(error)
        else:
            if prospect.partner.created_at < here().now:
                done(
                    N_("Already known, and now a prospect of this program: %(name)s"),
                    name=prospect.partner.name,
                )
            else:
                done(N_("The prospect has been created: %(name)s"), name=prospect.partner.name)
            if doubt := address_warning(form.email.data):
                flash(doubt, "warning")
            return redirect(url_for("prospects.show", prospect_id=prospect.id), 303)
    return render_template("prospects/new.html", form=form), 400 if form.problems() else 200


def _add(form: ProspectForm) -> Prospect:
    profile = Profile(
        name=form.name.data or "",
        email=form.email.data or "",
        kind=PartnerKind(form.kind.data) if form.kind.data in set(PartnerKind) else PartnerKind.PARTNER,
        first_name=form.first_name.data,
        last_name=form.last_name.data,
        locale=checks.locale(form.locale.data) if form.locale.data else None,
        time_zone=form.time_zone.data,
        media_properties=(form.media_property.data,) if form.media_property.data else (),
        description=form.description.data,
    )
    with transaction() as session:
        return prospects.add(session, program().id, profile, now=here().now, actor_id=reader().id)


def _take_ticks(session: Session, wanted: ProspectFilter, *, whole_page: bool = False) -> Selected:
    """Add the boxes of the page just left to what was selected before."""
    shown = _ids("shown")
    ticked = shown if whole_page else _ids("selected") & shown
    before = selections.find(session, reader().id, program().id)
    if before.matching is not None and before.matching != wanted:
        if not ticked:
            return before
        # Ticks under another filter: what matched the first one is taken by name, so that these can join it.
        ids = selections.prospect_ids(session, program().id, before)
        named = Selected(frozenset(ids))
        selections.keep(session, reader().id, program().id, named, now=here().now)
    return selections.tick(session, reader().id, program().id, shown=shown, ticked=ticked, now=here().now)


def _ticked(session: Session, found: Page, wanted: ProspectFilter, selected: Selected) -> frozenset[int]:
    """Return which rows of the page are selected."""
    shown = frozenset(prospect.id for prospect in found.prospects)
    if selected.matching is None or selected.matching == wanted:
        return frozenset(id_ for id_ in shown if selected.includes(id_))
    return shown & frozenset(selections.prospect_ids(session, program().id, selected))


def _ids(name: str) -> set[int]:
    return {found for text in request.form.getlist(name)[:MOST_BOXES] if (found := number(text))}


def _query_of_list() -> dict[str, list[str]]:
    # The list's own query travels in the form, so that every button comes back to the same place.
    known = {"stage", "source", "group", "import", "language", "q", "sort", "after", "before"}
    arguments = parse_qs(request.form.get("query", "")[:4000], max_num_fields=100)
    return {name: values for name, values in arguments.items() if name in known}


def _after(action: str, arguments: dict[str, list[str]], number_of: int) -> str:
    if action == "email":
        if number_of:
            return url_for("compose.new")
        warn(say(N_("No recipient is selected. Select at least one prospect.")))
    if action.startswith("go:"):
        arguments = {name: values for name, values in arguments.items() if name not in {"after", "before"}}
        direction, _, cursor = action.removeprefix("go:").partition(":")
        if direction in {"after", "before"} and cursor:
            arguments[direction] = [cursor[:4000]]
    return url_for("prospects.index", **arguments)  # type: ignore[arg-type]


def _import_names(session: Session, *filters: ProspectFilter | None) -> dict[tuple[str, str], str]:
    ids = {one.import_id for one in filters if one is not None and one.import_id}
    found = imports.file_names(session, program().id, ids) if ids else {}
    return {("import", str(id_)): name for id_, name in found.items()}
