"""Program settings, and switching the program one works in."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import HiddenField, SelectField, StringField

from service.domain import accounts, programs
from service.domain.errors import DomainError
from service.facts.acts import Act
from service.facts.permissions import Permission
from service.facts.refusals import Refusal
from service.facts.words import N_
from service.models import Program
from service.web import choices
from service.web.context import here, program, reader, record, transaction
from service.web.forms import FILTERS, Form, done, number, say
from service.web.routes import Audience, page
from service.web.words import language_name

bp = Blueprint("programs", __name__)
HOURLY_LIMIT = N_("Emails an hour at most")


class ProgramForm(Form):
    """A program's name, language, zone and invitation period."""

    version = HiddenField()
    name = StringField(filters=FILTERS)
    default_locale = SelectField()
    time_zone = SelectField()
    invitation_days = StringField(filters=FILTERS)
    hourly_limit = StringField(filters=FILTERS)


@page(bp, "/settings/program", needs=Permission.PROGRAMS_MANAGE, methods=("GET", "POST"))
def edit() -> ResponseReturnValue:
    """Show and change the current program."""
    current = program()
    theirs: list[tuple[str, str]] = []
    form = ProgramForm(obj=current)
    form.default_locale.choices = choices.languages()
    form.time_zone.choices = choices.zones(current.time_zone)
    if request.method == "POST":
        try:
            with transaction() as session:
                programs.edit(
                    session,
                    current.id,
                    version=number(form.version.data),
                    name=form.name.data or "",
                    default_locale=form.default_locale.data or "",
                    time_zone=form.time_zone.data or "",
                    invitation_days=number(form.invitation_days.data),
                    hourly_limit=number(form.hourly_limit.data) if form.hourly_limit.data else None,
                )
                record(session, Act.PROGRAM_CHANGED, subject_id=current.id, program_id=current.id)
        except DomainError as error:
            form.refuse(error)
            if error.refusal is Refusal.EDITED_MEANWHILE:
                form.version.data = str(current.version)
                theirs = _words(current)
        else:
            done(N_("The program has been saved."))
            return redirect(url_for("programs.edit"), 303)
    status = 409 if theirs else 400 if form.problems() else 200
    return render_template("programs/edit.html", form=form, theirs=theirs), status


def _words(saved: Program) -> list[tuple[str, str]]:
    """Return the saved version in words, for whoever has to compare it with their own."""
    formats = here().formats
    return [
        (say(N_("Name")), saved.name),
        (say(N_("Default language")), language_name(saved.default_locale)),
        (say(N_("Time zone")), formats.zone_name(saved.time_zone)),
        (say(N_("Invitation period in days")), formats.number(saved.invitation_days)),
        (say(HOURLY_LIMIT), formats.number(saved.hourly_limit) if saved.hourly_limit else ""),
    ]


@page(bp, "/program", needs=Audience.SIGNED_IN, methods=("POST",))
def switch() -> ResponseReturnValue:
    """Work in another program from now on."""
    wanted = request.form.get("program", "")
    chosen = next((item for item in here().programs if str(item.id) == wanted), None)
    if chosen is None:
        raise DomainError(Refusal.NOT_FOUND)
    with transaction() as session:
        accounts.work_in(session, reader().id, chosen.id)
    return redirect(url_for("home.index"), 303)
