"""Settings → Email → Suppression list: whom the program must not write to, and why."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import StringField

from service.domain import erased, suppression, suppression_list
from service.domain.errors import DomainError
from service.domain.suppression import SuppressionReason
from service.facts.acts import Act
from service.facts.limits import PAGE_ROWS
from service.facts.permissions import Permission
from service.facts.words import N_
from service.models import Suppression
from service.web.context import here, program, reader, reading, record, transaction
from service.web.forms import FILTERS, Form, done, number
from service.web.routes import page

bp = Blueprint("suppressions", __name__)
PATH = "/settings/suppression-list"


class AddForm(Form):
    """An address to write to no more."""

    email = StringField(filters=FILTERS)


class LiftForm(Form):
    """Why an address may be written to again."""

    note = StringField(filters=FILTERS)


@page(bp, PATH, needs=Permission.EMAIL_SEND)
def index() -> ResponseReturnValue:
    """List the suppressed addresses, newest first."""
    with reading() as session:
        return _listed(session, AddForm())


@page(bp, PATH, needs=Permission.EMAIL_SEND, methods=("POST",))
def add() -> ResponseReturnValue:
    """Put an address on the list."""
    form = AddForm()
    try:
        with transaction() as session:
            new = suppression_list.add(session, program().id, form.email.data or "", now=here().now)
            if new:
                record(session, Act.SUPPRESSION_ADDED, program_id=program().id)
    except DomainError as error:
        form.refuse(error)
        with reading() as session:
            return _listed(session, form), 400
    address = form.email.data
    if new:
        done(N_("This address gets no more emails from the program: %(address)s"), address=address)
    else:
        done(N_("This address is already on the suppression list: %(address)s"), address=address)
    return redirect(url_for("suppressions.index"), 303)


@page(bp, f"{PATH}/<int:entry_id>", needs=Permission.EMAIL_SEND)
def confirm(entry_id: int) -> ResponseReturnValue:
    """Say what lifting an entry means, and ask for the reason."""
    with reading() as session:
        return _asked(suppression_list.find(session, program().id, entry_id), LiftForm())


@page(bp, f"{PATH}/<int:entry_id>", needs=Permission.EMAIL_SEND, methods=("POST",))
def lift(entry_id: int) -> ResponseReturnValue:
    """Take an entry off the list."""
    form = LiftForm()
    try:
        with transaction() as session:
            entry = suppression_list.find(session, program().id, entry_id)
            address = suppression_list.readable(entry.address_key)
            suppression_list.lift(
                session, entry, note=form.note.data or "", actor_id=reader().id, now=here().now
            )
            record(session, Act.SUPPRESSION_LIFTED, subject_id=entry_id, program_id=program().id)
    except DomainError as error:
        if error.field != "note":
            raise
        form.refuse(error)
        with reading() as session:
            return _asked(suppression_list.find(session, program().id, entry_id), form), 400
    done(N_("The program may write to this address again: %(address)s"), address=address)
    return redirect(url_for("suppressions.index"), 303)


def _listed(session: Session, form: AddForm) -> str:
    search, before = request.args.get("q", "").strip(), number(request.args.get("before"))
    found = suppression_list.list_page(
        session, program().id, search=search, before=before, limit=PAGE_ROWS + 1
    )
    shown = found[:PAGE_ROWS]
    kept = search or None
    following = url_for("suppressions.index", q=kept, before=shown[-1].id) if shown else None
    return render_template(
        "suppressions/index.html",
        form=form,
        entries=shown,
        search=search,
        readable=suppression_list.readable,
        number_of=suppression_list.count(session, program().id),
        erased_count=erased.count(session, program().id),
        found_of=suppression_list.count(session, program().id, search=search) if search else None,
        first_href=url_for("suppressions.index", q=kept) if before else None,
        next_href=following if len(found) > PAGE_ROWS else None,
    )


def _asked(entry: Suppression, form: LiftForm) -> str:
    needs_note = SuppressionReason(entry.reason) in suppression.THEIR_OWN
    return render_template(
        "suppressions/lift.html",
        entry=entry,
        address=suppression_list.readable(entry.address_key),
        form=form,
        needs_note=needs_note,
    )
