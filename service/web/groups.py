"""Engage → Groups: create, rename, delete."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import StringField

from service.domain import groups
from service.domain.errors import DomainError
from service.facts.acts import Act
from service.facts.permissions import Permission
from service.facts.words import N_
from service.web.context import here, program, reading, record, transaction
from service.web.forms import FILTERS, Form, done
from service.web.routes import page

bp = Blueprint("groups", __name__)


class GroupForm(Form):
    """A group's name."""

    name = StringField(filters=FILTERS)


@page(bp, "/groups", needs=Permission.PROSPECTS_VIEW)
def index() -> ResponseReturnValue:
    """List the program's groups."""
    return _list(GroupForm())


@page(bp, "/groups", needs=Permission.GROUPS_MANAGE, methods=("POST",))
def create() -> ResponseReturnValue:
    """Create a group."""
    form = GroupForm()
    try:
        with transaction() as session:
            group = groups.create(session, program().id, name=form.name.data or "", now=here().now)
    except DomainError as error:
        form.refuse(error)
        return _list(form)
    done(N_("The group has been created: %(name)s"), name=group.name)
    return redirect(url_for("groups.index"), 303)


@page(bp, "/groups/<int:group_id>", needs=Permission.GROUPS_MANAGE, methods=("GET", "POST"))
def edit(group_id: int) -> ResponseReturnValue:
    """Rename a group."""
    with reading() as session:
        group = groups.find(session, program().id, group_id)
    form = GroupForm(obj=group)
    if request.method == "POST":
        try:
            with transaction() as session:
                groups.rename(session, program().id, group_id, name=form.name.data or "")
        except DomainError as error:
            form.refuse(error)
        else:
            done(N_("The group has been saved."))
            return redirect(url_for("groups.index"), 303)
    return render_template("groups/edit.html", form=form, group=group), 400 if form.problems() else 200


@page(bp, "/groups/<int:group_id>/delete", needs=Permission.GROUPS_MANAGE, methods=("GET", "POST"))
def delete(group_id: int) -> ResponseReturnValue:
    """Name what will happen, then delete the group."""
    if request.method != "POST":
        with reading() as session:
            group = groups.find(session, program().id, group_id)
            members = next(row.members for row in groups.list_of(session, program().id) if row.id == group_id)
        return render_template("groups/delete.html", group=group, members=members)
    with transaction() as session:
        name = groups.remove(session, program().id, group_id)
        record(session, Act.GROUP_DELETED, subject_id=group_id, program_id=program().id, name=name)
    done(N_("The group has been deleted: %(name)s"), name=name)
    return redirect(url_for("groups.index"), 303)


def _list(form: GroupForm) -> ResponseReturnValue:
    with reading() as session:
        found = groups.list_of(session, program().id)
    return render_template("groups/index.html", form=form, groups=found), 400 if form.problems() else 200
