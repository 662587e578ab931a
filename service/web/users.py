"""Settings → Users: who there is, invitations, roles, programs, disabling."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import BooleanField, HiddenField, SelectField, SelectMultipleField, StringField

from service.domain import accounts, roles, user_invitations, user_list
from service.domain.errors import DomainError
from service.domain.prospect_list import Cursor, Sort, search_words
from service.domain.user_list import UserFilter, UserState
from service.facts.permissions import Permission
from service.facts.refusals import Refusal
from service.facts.words import N_, NP_
from service.models import Program, Role, User
from service.web import choices, prospect_query
from service.web.context import here, reader, reading, services, transaction
from service.web.forms import FILTERS, Form, done, number, refusal_text, say, warn
from service.web.routes import page
from service.web.words import role_name

bp = Blueprint("users", __name__)
PATH = "/settings/users"
NEEDS = Permission.USERS_MANAGE
Rows = Sequence[tuple[str, str]]
STATES = {
    UserState.ACTIVE: NP_("user", "Active"),
    UserState.INVITED: NP_("user", "Invited"),
    UserState.EXPIRED: NP_("user", "Invitation expired"),
    UserState.DISABLED: NP_("user", "Disabled"),
}


class AccessForm(Form):
    """A user's role and programs; `before` is what they were when the form was opened."""

    before = HiddenField()
    role = SelectField(validate_choice=False)
    all_programs = BooleanField()
    programs = SelectMultipleField(validate_choice=False)


class InviteForm(AccessForm):
    """Somebody who is to join the team."""

    name = StringField(filters=FILTERS)
    email = StringField(filters=FILTERS)
    locale = SelectField(validate_choice=False)


@page(bp, PATH, needs=NEEDS)
def index() -> ResponseReturnValue:
    """List the users, narrowed by name or address, state and role."""
    wanted, now = _wanted(), here().now
    after, before = (prospect_query.cursor(request.args.get(name), Sort.NAME) for name in ("after", "before"))
    with reading() as session:
        found = user_list.list_page(session, wanted, after=after, before=before, now=now)
        named = [(str(role.id), role_name(role)) for role in roles.list_all(session)]
        return render_template(
            "users/index.html",
            users=found.users,
            total=found.total,
            is_alone=user_list.count(session) == 1,
            state_of=lambda user: user_list.state_of(user, now=now),
            states=[(state.value, say(phrase)) for state, phrase in STATES.items()],
            programs_of=_program_words,
            roles=named,
            wanted=wanted,
            chips=_chips(wanted, dict(named)),
            previous_href=_neighbour(wanted, before=found.previous),
            next_href=_neighbour(wanted, after=found.next),
        )


@page(bp, f"{PATH}/new", needs=NEEDS, methods=("GET", "POST"))
def new() -> ResponseReturnValue:
    """Invite somebody by email."""
    form = InviteForm(data={"locale": here().locale.code})
    parts = services()
    if request.method == "POST":
        try:
            with transaction() as session:
                invited = user_invitations.invite(
                    session,
                    parts.jobs,
                    parts.signer,
                    email=form.email.data or "",
                    name=form.name.data or "",
                    role=_role(session, form),
                    locale=form.locale.data or "",
                    programs=_chosen(session, form),
                    all_programs=bool(form.all_programs.data),
                    base_url=parts.settings.base_url,
                    actor=session.get_one(User, reader().id),
                    now=here().now,
                )
        except DomainError as error:
            _refuse(form, error)
        else:
            done(N_("The invitation has been sent to this address: %(address)s"), address=invited.email)
            return redirect(url_for("users.index"), 303)
    with reading() as session:
        page_text = render_template(
            "users/new.html", form=form, language_choices=choices.languages(), **_offers(session, None)
        )
    return page_text, 400 if form.problems() else 200


@page(bp, f"{PATH}/<int:user_id>", needs=NEEDS)
def show(user_id: int) -> ResponseReturnValue:
    """Show a user with what may be changed about them."""
    with reading() as session:
        user = accounts.find(session, user_id)
        form = AccessForm(
            formdata=None,
            data={
                "before": _mark(user),
                "role": str(user.role_id),
                "all_programs": user.all_programs,
                "programs": [str(program.id) for program in user.programs],
            },
        )
        return _shown(session, user, form)


@page(bp, f"{PATH}/<int:user_id>", needs=NEEDS, methods=("POST",))
def update(user_id: int) -> ResponseReturnValue:
    """Change role and programs; they hold from the user's next request on."""
    form = AccessForm()
    try:
        with transaction() as session:
            user, actor = accounts.find(session, user_id), session.get_one(User, reader().id)
            if form.before.data != _mark(user):
                raise DomainError(Refusal.EDITED_MEANWHILE)
            accounts.change_role(session, user, _role(session, form), actor=actor, now=here().now)
            accounts.change_programs(
                session,
                user,
                [program.id for program in _chosen(session, form)],
                all_programs=bool(form.all_programs.data),
                actor=actor,
                now=here().now,
            )
    except DomainError as error:
        _refuse(form, error)
        with reading() as session:
            user, theirs = accounts.find(session, user_id), list[tuple[str, str]]()
            if error.refusal is Refusal.EDITED_MEANWHILE:
                form.before.data = _mark(user)
                theirs.append((say(N_("Role")), role_name(user.role)))
                theirs.append((say(N_("Programs")), _program_words(user)))
            return _shown(session, user, form, theirs), 409 if theirs else 400
    done(N_("The user has been saved: %(name)s"), name=user.name)
    return redirect(url_for("users.index"), 303)


@page(bp, f"{PATH}/<int:user_id>/<any(disable,enable,resend,withdraw):verb>", needs=NEEDS, methods=("POST",))
def change(user_id: int, verb: str) -> ResponseReturnValue:
    """Disable or enable a user; send an invitation again, or withdraw it."""
    try:
        with transaction() as session:
            user, actor = accounts.find(session, user_id), session.get_one(User, reader().id)
            said, name = _carry_out(session, verb, user, actor)
        done(said, name=name)
    except DomainError as error:
        if error.refusal is Refusal.NOT_FOUND:
            raise
        warn(refusal_text(error))
    if verb == "withdraw":
        return redirect(url_for("users.index"), 303)
    return redirect(url_for("users.show", user_id=user_id), 303)


def _carry_out(session: Session, verb: str, user: User, actor: User) -> tuple[Any, str]:
    now, parts, name = here().now, services(), user.name
    if verb == "disable":
        accounts.disable(session, user, actor=actor, now=now)
        return N_("The user has been disabled: %(name)s"), name
    if verb == "enable":
        accounts.enable(session, user, actor=actor, now=now)
        return N_("The user has been enabled: %(name)s"), name
    if verb == "resend":
        base_url = parts.settings.base_url
        user_invitations.resend(
            session, parts.jobs, parts.signer, user, base_url=base_url, actor=actor, now=now
        )
        return N_("The invitation has been sent again: %(name)s"), name
    user_invitations.withdraw(session, user, actor=actor, now=now)
    return N_("The invitation has been withdrawn: %(name)s"), name


def _wanted() -> UserFilter:
    state = request.args.get("state", "")
    return UserFilter(
        text=search_words(request.args.get("q", "")).strip(),
        state=UserState(state) if state in set(UserState) else None,
        role_id=number(request.args.get("role")),
    )


def _values(wanted: UserFilter) -> dict[str, Any]:
    """What the address says of a filter, with None for what does not narrow."""
    return {"q": wanted.text or None, "state": wanted.state, "role": wanted.role_id or None}


def _chips(wanted: UserFilter, roles_named: Mapping[str, str]) -> list[tuple[str, str, str]]:
    labels = {"q": N_("Search"), "state": NP_("user", "State"), "role": N_("Role")}
    words = {
        "q": wanted.text,
        "state": say(STATES[wanted.state]) if wanted.state else "",
        "role": roles_named.get(str(wanted.role_id), "–"),
    }
    values = _values(wanted)
    return [
        (say(labels[name]), words[name], url_for("users.index", **{**values, name: None}))
        for name, value in values.items()
        if value
    ]


def _neighbour(
    wanted: UserFilter, *, after: Cursor | None = None, before: Cursor | None = None
) -> str | None:
    if after is None and before is None:
        return None
    places = {"after": prospect_query.cursor_text(after), "before": prospect_query.cursor_text(before)}
    return url_for("users.index", **_values(wanted), **places)  # type: ignore[arg-type]


def _program_words(user: User) -> str:
    """The programs of a user, of those that the reader may know."""
    if user.all_programs:
        return say(N_("All programs"))
    known = {program.id for program in here().programs}
    return here().formats.listing([one.name for one in user.programs if one.id in known])


def _mark(user: User) -> str:
    programs = sorted(program.id for program in user.programs)
    return f"{user.role_id}/{int(user.all_programs)}/{','.join(map(str, programs))}"


def _role(session: Session, form: AccessForm) -> Role:
    """The role named in a form; nobody gets one, and the first is the most powerful, by overlooking it."""
    if not form.role.data:
        raise DomainError(Refusal.ROLE_NOT_CHOSEN, field="role")
    return roles.find(session, number(form.role.data))


def _chosen(session: Session, form: AccessForm) -> list[Program]:
    """The programs named in a form; one that is not the reader's is as one that is not there."""
    mine = {str(program.id): program.id for program in here().programs}
    wanted = [] if form.all_programs.data else list(dict.fromkeys(form.programs.data or ()))
    if not set(wanted) <= mine.keys():
        raise DomainError(Refusal.NOT_FOUND)
    return [session.get_one(Program, mine[value]) for value in wanted]


def _refuse(form: Form, error: DomainError) -> None:
    if error.refusal in {Refusal.NOT_FOUND, Refusal.NOT_ALLOWED}:
        raise error
    form.refuse(error)


def _offers(session: Session, user: User | None) -> dict[str, Any]:
    """What the reader may give: roles they hold every permission of, and their own programs."""
    mine = here().permissions
    offered = [one for one in roles.list_all(session) if _within(one, mine)]
    return {
        "offered_roles": [(str(one.id), role_name(one)) for one in offered],
        "offered_programs": [(str(one.id), one.name) for one in here().programs],
        "may_give_all": reader().all_programs,
    }


def _within(role: Role, permissions: Collection[Permission]) -> bool:
    return accounts.role_permissions(role) <= set(permissions)


def _shown(session: Session, user: User, form: AccessForm, theirs: Rows = ()) -> str:
    mine, state = user.id == reader().id, user_list.state_of(user, now=here().now)
    manageable = _within(user.role, here().permissions)
    return render_template(
        "users/show.html",
        person=user,
        form=form,
        theirs=list(theirs),
        state=state,
        state_word=say(STATES[state]),
        is_me=mine,
        all_programs=reader().all_programs,
        manageable=manageable,
        changeable=manageable and not mine and (reader().all_programs or not user.all_programs),
        program_words=_program_words(user),
        expires_at=user_invitations.expires_at(user),
        **_offers(session, user),
    )
