"""Discover → Prospects → a prospect → Edit: what is known of them, changed by hand."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import HiddenField, SelectField, StringField, TextAreaField

from service.domain import partners, prospects
from service.domain.errors import DomainError
from service.domain.partners import Facts
from service.facts.permissions import Permission
from service.facts.refusals import Refusal
from service.facts.words import N_
from service.models import Partner
from service.web import choices
from service.web.context import here, program, reading, transaction
from service.web.forms import FILTERS, Form, done, say
from service.web.routes import page
from service.web.words import language_name

bp = Blueprint("prospect_facts", __name__)


class FactsForm(Form):
    """What is known of a prospect and may be changed by hand."""

    version = HiddenField()
    name = StringField(filters=FILTERS)
    first_name = StringField(filters=FILTERS)
    last_name = StringField(filters=FILTERS)
    locale = SelectField()
    time_zone = SelectField()
    media_property = TextAreaField(filters=FILTERS)
    description = TextAreaField(filters=FILTERS)


@page(bp, "/prospects/<int:prospect_id>/edit", needs=Permission.PROSPECTS_EDIT, methods=("GET", "POST"))
def edit(prospect_id: int) -> ResponseReturnValue:
    """Show and change what is known of a prospect."""
    with reading() as session:
        prospect = prospects.find(session, program().id, prospect_id)
        saved, version = partners.facts_of(prospect.partner), partners.version_of(prospect.partner)
    form = _form(saved, version)
    theirs: list[tuple[str, str]] = []
    if request.method == "POST":
        try:
            with transaction() as session:
                found = prospects.find(session, program().id, prospect_id)
                partners.edit(session, found.partner_id, _facts(form), version=form.version.data or "")
        except DomainError as error:
            form.refuse(error)
            if error.refusal is Refusal.EDITED_MEANWHILE:
                form.version.data = version
                theirs = _words(prospect.partner, saved)
        else:
            done(N_("The prospect has been saved."))
            return redirect(url_for("prospects.show", prospect_id=prospect_id), 303)
    status = 409 if theirs else 400 if form.problems() else 200
    return render_template("prospects/edit.html", form=form, prospect=prospect, theirs=theirs), status


def _form(saved: Facts, version: str) -> FactsForm:
    form = FactsForm(
        version=version,
        name=saved.name,
        first_name=saved.first_name,
        last_name=saved.last_name,
        locale=saved.locale,
        time_zone=saved.time_zone,
        media_property="\n".join(saved.media_properties),
        description=saved.description,
    )
    languages, zones = choices.languages(), choices.zones(saved.time_zone)
    # What an import knew and we do not offer stays until it is changed on purpose.
    if saved.locale and saved.locale not in dict(languages):
        languages.append((saved.locale, language_name(saved.locale)))
    if saved.time_zone and saved.time_zone not in dict(zones):
        zones.append((saved.time_zone, here().formats.zone_name(saved.time_zone)))
    form.locale.choices = [("", "—"), *languages]
    form.time_zone.choices = [("", "—"), *zones]
    return form


def _facts(form: FactsForm) -> Facts:
    return Facts(
        name=form.name.data or "",
        first_name=form.first_name.data,
        last_name=form.last_name.data,
        locale=form.locale.data,
        time_zone=form.time_zone.data,
        description=form.description.data,
        media_properties=tuple((form.media_property.data or "").split()),
    )


def _words(partner: Partner, saved: Facts) -> list[tuple[str, str]]:
    """Return the saved version in words, for whoever has to compare it with their own."""
    rows = [
        (N_("Partner name"), partner.name),
        (N_("Contact first name"), saved.first_name),
        (N_("Contact last name"), saved.last_name),
        (N_("Language"), language_name(saved.locale) if saved.locale else None),
        (N_("Time zone"), here().formats.zone_name(saved.time_zone) if saved.time_zone else None),
        (N_("Media properties"), here().formats.listing(saved.media_properties)),
        (N_("Description"), saved.description),
    ]
    return [(say(phrase), text or "–") for phrase, text in rows]
