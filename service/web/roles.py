"""Settings → Roles: what each role may do and who has it; custom roles made, changed and deleted."""

from collections.abc import Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import HiddenField, SelectMultipleField, StringField

from service.domain import accounts, roles
from service.domain.errors import DomainError
from service.facts.permissions import PERMISSION_LABELS, Permission
from service.facts.refusals import Refusal
from service.facts.words import N_
from service.models import Role, User
from service.web.context import here, reader, reading, transaction
from service.web.forms import FILTERS, Form, done, number, say
from service.web.routes import page
from service.web.words import role_name

bp = Blueprint("roles", __name__)
PATH = "/settings/roles"
NEEDS = Permission.ROLES_MANAGE
Rows = Sequence[tuple[str, str]]


class RoleForm(Form):
    """A role's name and permissions."""

    version = HiddenField()
    name = StringField(filters=FILTERS)
    permissions = SelectMultipleField(validate_choice=False)


@page(bp, PATH, needs=NEEDS)
def index() -> ResponseReturnValue:
    """List the roles with who has them, and what each may do."""
    with reading() as session:
        found = roles.list_all(session)
        return render_template(
            "roles/index.html",
            roles=found,
            counts=roles.count_users(session),
            held={role.id: accounts.role_permissions(role) for role in found},
            permissions=PERMISSION_LABELS,
        )


@page(bp, f"{PATH}/new", needs=NEEDS, methods=("GET", "POST"))
def new() -> ResponseReturnValue:
    """Create a custom role."""
    form = RoleForm()
    if request.method == "POST":
        try:
            with transaction() as session:
                actor = session.get_one(User, reader().id)
                made = roles.add(session, form.name.data or "", _given(form), actor=actor, now=here().now)
        except DomainError as error:
            _refuse(form, error)
        else:
            done(N_("The role has been created: %(name)s"), name=made.name)
            return redirect(url_for("roles.index"), 303)
    page_text = render_template("roles/new.html", form=form, **_boxes(None))
    return page_text, 400 if form.problems() else 200


@page(bp, f"{PATH}/<int:role_id>", needs=NEEDS)
def show(role_id: int) -> ResponseReturnValue:
    """Show a role with who has it; a custom one can be changed."""
    with reading() as session:
        role = roles.find(session, role_id)
        kept = sorted(accounts.role_permissions(role))
        form = RoleForm(
            formdata=None, data={"version": role.version, "name": role_name(role), "permissions": kept}
        )
        return _shown(session, role, form)


@page(bp, f"{PATH}/<int:role_id>", needs=NEEDS, methods=("POST",))
def update(role_id: int) -> ResponseReturnValue:
    """Change a custom role; who saves second sees what the first one changed, and overwrites nothing."""
    form = RoleForm()
    try:
        with transaction() as session:
            wanted = _wanted(form, roles.find(session, role_id))
            roles.edit(
                session,
                role_id,
                version=number(form.version.data),
                name=form.name.data or "",
                permissions=wanted,
                actor=session.get_one(User, reader().id),
                now=here().now,
            )
    except DomainError as error:
        _refuse(form, error)
        with reading() as session:
            role, theirs = roles.find(session, role_id), list[tuple[str, str]]()
            if error.refusal is Refusal.EDITED_MEANWHILE:
                form.version.data = str(role.version)
                theirs = _differences(role, _wanted(form, role))
            return _shown(session, role, form, theirs), 409 if theirs else 400
    done(N_("The role has been saved: %(name)s"), name=form.name.data)
    return redirect(url_for("roles.index"), 303)


@page(bp, f"{PATH}/<int:role_id>/delete", needs=NEEDS)
def confirm_delete(role_id: int) -> ResponseReturnValue:
    """Name what will happen before it does."""
    with reading() as session:
        role = roles.find(session, role_id)
        return render_template("roles/delete.html", role=role, users=roles.users_of(session, role_id))


@page(bp, f"{PATH}/<int:role_id>/delete", needs=NEEDS, methods=("POST",))
def delete(role_id: int) -> ResponseReturnValue:
    """Delete a custom role that nobody has."""
    with transaction() as session:
        name = roles.remove(session, role_id, actor=session.get_one(User, reader().id), now=here().now)
    done(N_("The role has been deleted: %(name)s"), name=name)
    return redirect(url_for("roles.index"), 303)


def _given(form: RoleForm) -> frozenset[Permission]:
    known = {permission.value for permission in Permission}
    return frozenset(Permission(value) for value in form.permissions.data or () if value in known)


def _wanted(form: RoleForm, role: Role) -> frozenset[Permission]:
    """What is sent, and what the reader can neither give nor take: it stays, as its boxes are not sent."""
    kept, given = accounts.role_permissions(role), _given(form)
    if role.id == reader().role_id and not given:
        return kept
    return given | (kept - here().permissions)


def _boxes(role: Role | None) -> dict[str, object]:
    """What the boxes of a form need: those that the reader can neither give nor take are fixed."""
    own = role is not None and role.id == reader().role_id
    fixed = frozenset(Permission) if own else frozenset(Permission) - here().permissions
    held = accounts.role_permissions(role) if role else frozenset()
    return {
        "options": [(permission.value, say(label)) for permission, label in PERMISSION_LABELS.items()],
        "fixed": fixed,
        "kept": sorted(held & fixed),
    }


def _refuse(form: Form, error: DomainError) -> None:
    if error.refusal in {Refusal.NOT_FOUND, Refusal.NOT_ALLOWED, Refusal.ROLE_BUILT_IN}:
        raise error
    form.refuse(error)


def _differences(role: Role, mine: frozenset[Permission]) -> list[tuple[str, str]]:
    """What the saved version is, and how it differs from the reader's own, in words."""
    theirs = accounts.role_permissions(role)
    rows = [
        (N_("Permissions only in the saved version"), theirs - mine),
        (N_("Permissions only in your version"), mine - theirs),
    ]
    words = [(say(phrase), _listed(permissions) or "–") for phrase, permissions in rows]
    return [(say(N_("Name")), role.name), *words]


def _listed(permissions: frozenset[Permission]) -> str:
    labels = [say(label) for permission, label in PERMISSION_LABELS.items() if permission in permissions]
    return here().formats.listing(labels) if labels else ""


def _shown(session: Session, role: Role, form: RoleForm, theirs: Rows = ()) -> str:
    return render_template(
        "roles/show.html",
        role=role,
        form=form,
        theirs=list(theirs),
        own=role.id == reader().role_id,
        **_boxes(role),
        held=accounts.role_permissions(role),
        users=roles.users_of(session, role.id),
        permissions=PERMISSION_LABELS,
        may_see_users=here().may(Permission.USERS_MANAGE),
    )
