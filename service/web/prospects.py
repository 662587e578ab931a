"""Discover → Prospects: the table with its filters and selection, one prospect, adding one by hand."""

from urllib.parse import urlencode

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from wtforms import SelectField, StringField, TextAreaField

from service.domain import groups, prospect_list, prospects, selections
from service.domain.errors import DomainError
from service.domain.partners import Profile
from service.domain.prospect_list import Cursor, Page, ProspectFilter, Sort
from service.domain.selections import NOTHING, Selected
from service.facts.permissions import Permission
from service.facts.sources import PartnerKind, Source
from service.facts.stages import Stage
from service.facts.words import N_, NN_
from service.models import Prospect
from service.web import choices
from service.web.context import here, program, reader, reading, transaction
from service.web.forms import FILTERS, Form, done, say, warn
from service.web.routes import page

bp = Blueprint("prospects", __name__)


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
    sort, descending = _sort(request.args)
    with reading() as session:
        found = prospect_list.list_page(
            session,
            program().id,
            wanted,
            sort=sort,
            descending=descending,
            after=_cursor(request.args.get("after"), sort),
            before=_cursor(request.args.get("before"), sort),
        )
        selected = selections.find(session, reader().id, program().id)
        return render_template(
            "prospects/index.html",
            page=found,
            wanted=wanted,
            chips=_chips(session, wanted),
            sort=sort.value,
            descending=descending,
            links=_links(found, wanted, sort, descending),
            selected=selected,
            selected_count=selections.count(session, program().id, selected),
            group_names=groups.names_by_partner(
                session, program().id, [prospect.partner_id for prospect in found.prospects]
            ),
            groups=groups.list_of(session, program().id),
            stages=[stage.value for stage in Stage],
            sources=[source.value for source in Source],
            languages_offered=choices.languages(),
            query=urlencode(request.args.to_dict(flat=False), doseq=True),
        )


@page(bp, "/prospects/select", needs=Permission.PROSPECTS_VIEW, methods=("POST",))
def select() -> ResponseReturnValue:
    """Take over the ticks of a page, then do what the button says."""
    arguments = _query_of_list()
    wanted = ProspectFilter.from_values(arguments)
    action = request.form.get("action", "")
    with transaction() as session:
        chosen = selections.tick(
            session,
            reader().id,
            program().id,
            shown=_ids("shown"),
            ticked=_ids("selected"),
            now=here().now,
        )
        if action == "page":
            chosen = selections.tick(
                session,
                reader().id,
                program().id,
                shown=_ids("shown"),
                ticked=_ids("shown"),
                now=here().now,
            )
        elif action == "matching":
            chosen = Selected(matching=wanted)
            selections.keep(session, reader().id, program().id, chosen, now=here().now)
        elif action == "clear":
            chosen = selections.keep(session, reader().id, program().id, NOTHING, now=here().now)
        number = selections.count(session, program().id, chosen)
    return redirect(_after(action, arguments, number), 303)


@page(bp, "/prospects/group", needs=Permission.GROUPS_MANAGE, methods=("POST",))
def add_to_group() -> ResponseReturnValue:
    """Put the selected prospects into a group."""
    with transaction() as session:
        chosen = selections.tick(
            session,
            reader().id,
            program().id,
            shown=_ids("shown"),
            ticked=_ids("selected"),
            now=here().now,
        )
        group = groups.find(session, program().id, request.form.get("group", 0, type=int))
        ids = selections.prospect_ids(session, program().id, chosen)
        partner_ids = prospects.partner_ids(session, ids)
        added = groups.add_members(session, group, partner_ids)
    done(NN_("%(num)s prospect added to the group: %(name)s", "%(num)s prospects added to the group: %(name)s"),
         num=added, name=group.name)  # fmt: skip
    return redirect(url_for("prospects.index", **_query_of_list()), 303)


@page(bp, "/prospects/<int:prospect_id>", needs=Permission.PROSPECTS_VIEW)
def show(prospect_id: int) -> ResponseReturnValue:
    """Show one prospect with its history."""
    with reading() as session:
        prospect = prospects.find(session, program().id, prospect_id)
        names = groups.names_by_partner(session, program().id, [prospect.partner_id])
        return render_template(
            "prospects/show.html",
            prospect=prospect,
            partner=prospect.partner,
            group_names=names.get(prospect.partner_id, []),
            history=prospects.history(session, prospect.id),
            deliveries=prospects.deliveries(session, prospect.id),
        )


@page(bp, "/prospects/<int:prospect_id>/archive", needs=Permission.PROSPECTS_EDIT, methods=("POST",))
def archive(prospect_id: int) -> ResponseReturnValue:
    """Put a prospect away."""
    with transaction() as session:
        prospect = prospects.find(session, program().id, prospect_id)
        prospects.archive(session, prospect, now=here().now, actor_id=reader().id)
    done(N_("The prospect has been archived."))
    return redirect(url_for("prospects.index", **_query_of_list()), 303)


@page(bp, "/prospects/<int:prospect_id>/restore", needs=Permission.PROSPECTS_EDIT, methods=("POST",))
def restore(prospect_id: int) -> ResponseReturnValue:
    """Bring an archived prospect back."""
    with transaction() as session:
        prospect = prospects.find(session, program().id, prospect_id)
        prospects.restore(session, prospect, now=here().now, actor_id=reader().id)
    done(N_("The prospect has been restored."))
    return redirect(url_for("prospects.show", prospect_id=prospect_id), 303)


@page(bp, "/prospects/new", needs=Permission.PROSPECTS_EDIT, methods=("GET", "POST"))
def new() -> ResponseReturnValue:
    """Add a prospect by hand."""
    form = ProspectForm()
    form.kind.choices = [(kind.value, kind.value) for kind in PartnerKind]
    form.locale.choices = [("", "—"), *choices.languages()]
    form.time_zone.choices = [("", "—"), *choices.zones()]
    if request.method == "POST" and form.validate():
        try:
            prospect = _add(form)
        except DomainError as error:
            form.refuse(error)
        else:
            done(N_("The prospect has been created: %(name)s"), name=prospect.partner.name)
            return redirect(url_for("prospects.show", prospect_id=prospect.id), 303)
    return render_template("prospects/new.html", form=form), 400 if form.problems() else 200


def _add(form: ProspectForm) -> Prospect:
    profile = Profile(
        name=form.name.data,
        email=form.email.data,
        kind=PartnerKind(form.kind.data),
        first_name=form.first_name.data,
        last_name=form.last_name.data,
        locale=form.locale.data,
        time_zone=form.time_zone.data,
        media_properties=(form.media_property.data,) if form.media_property.data else (),
        description=form.description.data,
    )
    with transaction() as session:
        return prospects.add(session, program().id, profile, now=here().now, actor_id=reader().id)


def _ids(name: str) -> set[int]:
    return {int(text) for text in request.form.getlist(name) if text.isascii() and text.isdigit()}


def _query_of_list() -> dict[str, list[str]]:
    # The list's own query travels in the form, so that every button comes back to the same place.
    arguments: MultiDict[str, str] = MultiDict()
    for pair in request.form.get("query", "")[:4000].split("&"):
        name, _, value = pair.partition("=")
        if name:
            arguments.add(name, value)
    from urllib.parse import unquote_plus  # decoding belongs to this one place

    return {
        name: [unquote_plus(value) for value in values]
        for name, values in arguments.to_dict(flat=False).items()
        if name in {"stage", "source", "group", "import", "language", "q", "sort", "after", "before"}
    }


def _after(action: str, arguments: dict[str, list[str]], number: int) -> str:
    if action == "email":
        if number:
            return url_for("campaigns.new")
        warn(say(N_("No recipient is selected. Select at least one prospect.")))
    if action.startswith("go:"):
        arguments = {name: values for name, values in arguments.items() if name not in {"after", "before"}}
        direction, _, cursor = action.removeprefix("go:").partition(":")
        if direction in {"after", "before"}:
            arguments[direction] = [cursor]
    return url_for("prospects.index", **arguments)  # type: ignore[arg-type]


def _sort(values: MultiDict[str, str]) -> tuple[Sort, bool]:
    text = values.get("sort", Sort.NAME.value)
    descending, name = text.startswith("-"), text.removeprefix("-")
    return (Sort(name), descending) if name in set(Sort) else (Sort.NAME, False)


def _cursor(text: str | None, sort: Sort) -> Cursor | None:
    if not text:
        return None
    number, _, value = text.partition("~")
    if not (number.isascii() and number.isdigit() and len(number) <= 15):
        abort(400)
    cursor = Cursor(value, int(number))
    if sort is Sort.ADDED:
        prospect_list.moment_of(cursor) or abort(400)
    return cursor


def _links(found: Page, wanted: ProspectFilter, sort: Sort, descending: bool) -> dict[str, str | None]:
    arguments = {**wanted.to_values(), "sort": ("-" if descending else "") + sort.value}

    def link(name: str, cursor: Cursor | None) -> str | None:
        if cursor is None:
            return None
        return url_for("prospects.index", **arguments, **{name: f"{cursor.id}~{cursor.value}"})  # type: ignore[arg-type]

    def sorted_by(column: Sort) -> str:
        text = f"-{column.value}" if column is sort and not descending else column.value
        return url_for("prospects.index", **{**wanted.to_values(), "sort": text})  # type: ignore[arg-type]

    return {
        "previous": link("before", found.previous),
        "next": link("after", found.next),
        **{f"sort_{column.value}": sorted_by(column) for column in Sort},
    }


def _chips(session: Session, wanted: ProspectFilter) -> list[dict[str, str]]:
    # Each chip names one value of the filter and links to the table without it.
    from service.web.words import label  # the words of facts

    values = wanted.to_values()
    names = {str(row.id): row.name for row in groups.list_of(session, program().id)}
    told = {
        "stage": lambda value: label(value, "stage"),
        "source": lambda value: label(value, "source"),
        "group": lambda value: names.get(value, value),
        "import": lambda value: say(N_("Import %(number)s"), number=value),
        "language": lambda value: dict(choices.languages()).get(value, value),
        "q": lambda value: f"“{value}”",
    }
    chips = []
    for name, found in values.items():
        for value in found:
            rest = {**values, name: [other for other in found if other != value]}
            chips.append({"text": told[name](value), "href": url_for("prospects.index", **rest)})  # type: ignore[arg-type]
    return chips
