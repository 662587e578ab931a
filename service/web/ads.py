"""Settings → Ads: what the token for an ad prints."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import HiddenField, StringField

from service.domain import ads
from service.domain.errors import DomainError
from service.facts.acts import Act
from service.facts.permissions import Permission
from service.facts.refusals import Refusal
from service.facts.words import N_
from service.models import Ad
from service.web.context import program, reading, record, transaction
from service.web.forms import FILTERS, Form, done, number, say
from service.web.routes import page

bp = Blueprint("ads", __name__)


class AdForm(Form):
    """An ad's name, link and picture."""

    version = HiddenField()
    name = StringField(filters=FILTERS)
    link_url = StringField(filters=FILTERS)
    image_url = StringField(filters=FILTERS)


@page(bp, "/settings/ads", needs=Permission.ADS_MANAGE, methods=("GET", "POST"))
def index() -> ResponseReturnValue:
    """List the program's ads and add one."""
    form = AdForm()
    if request.method == "POST":
        try:
            with transaction() as session:
                made = ads.add(
                    session,
                    program().id,
                    name=form.name.data or "",
                    link_url=form.link_url.data or "",
                    image_url=form.image_url.data or None,
                )
                record(session, Act.AD_CREATED, subject_id=made.id, program_id=program().id)
        except DomainError as error:
            form.refuse(error)
        else:
            done(N_("The ad has been created."))
            return redirect(url_for("ads.index"), 303)
    with reading() as session:
        found = ads.list_of(session, program().id)
    return render_template("ads/index.html", form=form, ads=found), 400 if form.problems() else 200


@page(bp, "/settings/ads/<int:ad_id>", needs=Permission.ADS_MANAGE, methods=("GET", "POST"))
def edit(ad_id: int) -> ResponseReturnValue:
    """Show and change an ad."""
    with reading() as session:
        saved = ads.find(session, program().id, ad_id)
    form = AdForm(obj=saved)
    theirs: list[tuple[str, str]] = []
    if request.method == "POST":
        try:
            with transaction() as session:
                ads.edit(
                    session,
                    program().id,
                    ad_id,
                    version=number(form.version.data),
                    name=form.name.data or "",
                    link_url=form.link_url.data or "",
                    image_url=form.image_url.data or None,
                )
                record(session, Act.AD_CHANGED, subject_id=ad_id, program_id=program().id)
        except DomainError as error:
            form.refuse(error)
            if error.refusal is Refusal.EDITED_MEANWHILE:
                form.version.data = str(saved.version)
                theirs = _words(saved)
        else:
            done(N_("The ad has been saved."))
            return redirect(url_for("ads.index"), 303)
    status = 409 if theirs else 400 if form.problems() else 200
    return render_template("ads/edit.html", form=form, ad_id=ad_id, theirs=theirs), status


def _words(saved: Ad) -> list[tuple[str, str]]:
    """Return the saved version in words, for whoever has to compare it with their own."""
    rows = [(N_("Name"), saved.name), (N_("Link"), saved.link_url), (N_("Creative"), saved.image_url or "")]
    return [(say(phrase), text) for phrase, text in rows]
