"""Settings → Profile: name, language and zone, password, two-step verification, open sessions."""

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask import session as form_cookie
from flask.typing import ResponseReturnValue
from wtforms import HiddenField, PasswordField, SelectField, StringField

from service.domain import accounts, credentials, second_factor, sessions, throttle
from service.domain.errors import DomainError
from service.facts.acts import Act
from service.facts.limits import PASSWORD_ADVISED_CHARACTERS, PASSWORD_MIN_CHARACTERS
from service.facts.refusals import Refusal
from service.facts.words import N_, NN_
from service.models import User
from service.web import choices, identity
from service.web.context import here, reader, reading, record, services, transaction
from service.web.forms import FILTERS, Form, done
from service.web.passwords import hasher
from service.web.routes import Audience, page

bp = Blueprint("profile", __name__)


class ProfileForm(Form):
    """What a user says of themselves."""

    name = StringField(filters=FILTERS)
    locale = SelectField()
    time_zone = SelectField()


class PasswordForm(Form):
    """The old password and the new one."""

    current_password = PasswordField()
    new_password = PasswordField()


class TurnOnForm(Form):
    """The offer of a secret, a code made with it, and the password."""

    offer = HiddenField()
    code = StringField(filters=FILTERS)
    current_password = PasswordField()


class ConfirmForm(Form):
    """The password alone."""

    current_password = PasswordField()


@page(bp, "/settings/profile", needs=Audience.SIGNED_IN, methods=("GET", "POST"))
def edit() -> ResponseReturnValue:
    """Show the profile; change name, language and time zone."""
    form = _profile_form()
    if request.method == "POST" and form.validate():
        try:
            with transaction() as session:
                user = session.get_one(User, reader().id)
                accounts.update_profile(
                    session,
                    user,
                    name=form.name.data or "",
                    locale=form.locale.data,
                    time_zone=form.time_zone.data,
                )
        except DomainError as error:
            form.refuse(error)
        else:
            done(N_("Your profile has been saved."))
            return redirect(url_for("profile.edit"), 303)
    return _show(form, PasswordForm())


@page(bp, "/settings/profile/password", needs=Audience.SIGNED_IN, methods=("GET", "POST"))
def password() -> ResponseReturnValue:
    """Change the password; every other session ends, this one goes on under a new secret."""
    if request.method != "POST":
        return redirect(url_for("profile.edit", _anchor="password"), 303)
    form = PasswordForm()
    try:
        _confirm(form.current_password.data or "")
        with transaction() as session:
            user = session.get_one(User, reader().id)
            secret = credentials.change_password(
                session,
                user,
                form.new_password.data or "",
                keep=here().session_id,
                hasher=hasher(),
                now=here().now,
            )
            record(session, Act.PASSWORD_CHANGED, subject_id=user.id)
    except DomainError as error:
        form.refuse(error)
        return _show(_profile_form(saved=True), form)
    form_cookie.clear()
    done(N_("Your password has been changed. All other sessions have ended."))
    response = current_app.make_response(redirect(url_for("profile.edit"), 303))
    if secret is not None:
        identity.keep(response, secret)
    return response


@page(bp, "/settings/profile/two-step", needs=Audience.SIGNED_IN, methods=("GET", "POST"))
def two_step() -> ResponseReturnValue:
    """Show the state of two-step verification; turn it on with a code of the secret that was shown."""
    form = TurnOnForm()
    if request.method != "POST" or second_factor.is_on(reader()):
        return _show_two_step(form)
    try:
        _confirm(form.current_password.data or "")
        with transaction() as session:
            user = session.get_one(User, reader().id)
            codes = second_factor.turn_on(
                session,
                services().signer,
                user,
                form.offer.data or "",
                form.code.data or "",
                vault=services().vault,
                now=here().now,
            )
            sessions.revoke_all(session, user.id, keep=here().session_id, now=here().now)
            record(session, Act.TWO_STEP_ON, subject_id=user.id)
    except DomainError as error:
        if error.refusal is Refusal.LINK_SPENT:
            form.offer.data = None  # shown too long ago: another secret is offered
        form.refuse(error)
        return _show_two_step(form)
    return render_template("profile/recovery_codes.html", codes=codes, turned_on=True)


@page(bp, "/settings/profile/two-step/off", needs=Audience.SIGNED_IN, methods=("GET", "POST"))
def turn_off() -> ResponseReturnValue:
    """Turn two-step verification off."""
    if request.method != "POST":
        return redirect(url_for("profile.two_step"), 303)
    form = ConfirmForm()
    try:
        _confirm(form.current_password.data or "")
        with transaction() as session:
            second_factor.turn_off(session, session.get_one(User, reader().id))
            record(session, Act.TWO_STEP_OFF, subject_id=reader().id)
    except DomainError as error:
        form.refuse(error)
        return _show_two_step(form)
    done(N_("Two-step verification has been turned off."))
    return redirect(url_for("profile.edit"), 303)


@page(bp, "/settings/profile/two-step/recovery-codes", needs=Audience.SIGNED_IN, methods=("GET", "POST"))
def recovery_codes() -> ResponseReturnValue:
    """Make new recovery codes, which replace the old ones, and show them this once."""
    if request.method != "POST" or not second_factor.is_on(reader()):
        return redirect(url_for("profile.two_step"), 303)
    form = ConfirmForm()
    try:
        _confirm(form.current_password.data or "")
        with transaction() as session:
            codes = second_factor.new_recovery_codes(session, session.get_one(User, reader().id))
            record(session, Act.RECOVERY_CODES_MADE, subject_id=reader().id)
    except DomainError as error:
        form.refuse(error)
        return _show_two_step(form)
    return render_template("profile/recovery_codes.html", codes=codes, turned_on=False)


@page(bp, "/settings/profile/sessions/<int:session_id>", needs=Audience.SIGNED_IN, methods=("POST",))
def end_session(session_id: int) -> ResponseReturnValue:
    """End one of the user's own sessions."""
    with transaction() as session:
        sessions.revoke(session, reader().id, session_id, now=here().now)
        record(session, Act.SESSIONS_ENDED, subject_id=reader().id, num=1)
    done(N_("The session has ended."))
    return redirect(url_for("profile.edit"), 303)


@page(bp, "/settings/profile/sessions", needs=Audience.SIGNED_IN, methods=("POST",))
def end_other_sessions() -> ResponseReturnValue:
    """End every session of the user but this one."""
    with transaction() as session:
        count = sessions.revoke_all(session, reader().id, keep=here().session_id, now=here().now)
        if count:
            record(session, Act.SESSIONS_ENDED, subject_id=reader().id, num=count)
    done(NN_("%(num)s session has ended.", "%(num)s sessions have ended."), num=count)
    return redirect(url_for("profile.edit"), 303)


def _profile_form(*, saved: bool = False) -> ProfileForm:
    user = reader()
    kept = {"name": user.name, "locale": user.locale, "time_zone": user.time_zone}
    form = ProfileForm(formdata=None, data=kept) if saved else ProfileForm(data=kept)
    form.locale.choices = choices.languages()
    form.time_zone.choices = choices.zones(reader().time_zone)
    if user.time_zone not in dict(form.time_zone.choices):
        form.time_zone.choices.append((user.time_zone, user.time_zone))
    return form


def _confirm(given: str) -> None:
    # A browser left open must not be enough to take an account over. Who came by a link has no password yet.
    kept = reader().password_hash
    if kept is None:
        return
    brakes = throttle.confirmation_brakes(reader().id)
    with transaction() as session:
        throttle.attempt(session, brakes, now=here().now)
    if not hasher().verify(kept, given):
        raise DomainError(Refusal.PASSWORD_WRONG, field="current_password")
    with transaction() as session:
        throttle.forgive(session, brakes)


def _show(form: ProfileForm, password_form: PasswordForm) -> ResponseReturnValue:
    with reading() as session:
        rows = sessions.list_open(session, reader().id, now=here().now)
    refused = [*form.problems(), *password_form.problems()]
    page_text = render_template(
        "profile/edit.html",
        form=form,
        password_form=password_form,
        problems=refused,
        sessions=rows,
        this_session=here().session_id,
        has_password=reader().password_hash is not None,
        two_step_on=second_factor.is_on(reader()),
        shortest=PASSWORD_MIN_CHARACTERS,
        advised=PASSWORD_ADVISED_CHARACTERS,
    )
    return page_text, 400 if refused else 200


def _show_two_step(form: TurnOnForm | ConfirmForm) -> ResponseReturnValue:
    user, status = reader(), 400 if form.problems() else 200
    if second_factor.is_on(user):
        with reading() as session:
            left = second_factor.count_recovery_codes(session, user.id)
        return render_template(
            "profile/two_step_on.html",
            form=form,
            left=left,
            has_password=user.password_hash is not None,
        ), status
    signer, now = services().signer, here().now
    offer = form.offer.data if isinstance(form, TurnOnForm) and form.offer.data else None
    try:
        secret = second_factor.secret_offered(signer, user, offer or "", now=now)
    except DomainError:
        offer = second_factor.propose(signer, user, now=now)
        secret = second_factor.secret_offered(signer, user, offer, now=now)
    page_text = render_template(
        "profile/two_step_off.html",
        form=form if isinstance(form, TurnOnForm) else TurnOnForm(formdata=None),
        offer=offer,
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        address=second_factor.address(user, secret),
        has_password=user.password_hash is not None,
    )
    return page_text, status
