"""Signing in and out: password, second factor, one-time links, and a forgotten password."""

import re
from datetime import datetime, timedelta
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from flask import session as form_cookie
from flask.typing import ResponseReturnValue
from werkzeug.routing import BuildError
from wtforms import PasswordField, SelectField, StringField

from service import links
from service.domain import accounts, audit, credentials, second_factor, sessions, throttle, user_invitations
from service.domain.errors import DomainError
from service.facts.acts import Act
from service.facts.limits import PASSWORD_ADVISED_CHARACTERS, PASSWORD_MIN_CHARACTERS
from service.facts.refusals import Refusal
from service.facts.words import N_
from service.i18n.locales import ALL_LOCALES
from service.models import User
from service.web import choices, identity
from service.web.browsers import browser_name
from service.web.context import here, reading, record, services, transaction
from service.web.forms import FILTERS, Form, done, say
from service.web.passwords import hasher
from service.web.routes import Audience, declaration_of, page

bp = Blueprint("auth", __name__)

PENDING_LIFE = timedelta(minutes=10)
STATUS = {Refusal.TOO_MANY_TRIES: 429, Refusal.LINK_SPENT: 410}
_LOCAL_PATH = re.compile(rf"/(?:{'|'.join(ALL_LOCALES)})/[!-\[\]-~]*")
_MARKS_KEPT = 5
_MARK_SECONDS = 365 * 24 * 3600


class SignInForm(Form):
    """Address and password; the password is kept as typed."""

    email = StringField(filters=FILTERS)
    password = PasswordField()


class CodeForm(Form):
    """A code of the second factor."""

    code = StringField(filters=FILTERS)


class ForgottenForm(Form):
    """Whose password was forgotten."""

    email = StringField(filters=FILTERS)


class ResetForm(Form):
    """The new password."""

    password = PasswordField()


class InvitationForm(Form):
    """The password of a new user and where they are."""

    password = PasswordField()
    time_zone = SelectField()


class EmptyForm(Form):
    """A button."""


@page(bp, "/sign-in", needs=Audience.ANYONE, methods=("GET", "POST"))
def sign_in() -> ResponseReturnValue:
    """Ask for address and password."""
    if here().user is not None:
        return redirect(destination(_ticket()), 303)
    form = SignInForm()
    status = 200
    if request.method == "POST":
        try:
            return _try_password(form.email.data or "", form.password.data or "")
        except DomainError as error:
            form.refuse(error)
            status = STATUS.get(error.refusal, 400)
    return render_template("auth/sign_in.html", form=form, next=_ticket()), status


@page(bp, "/sign-in/code", needs=Audience.ANYONE, methods=("GET", "POST"))
def code() -> ResponseReturnValue:
    """Ask for the second factor after a right password."""
    user = _pending_user()
    if user is None:
        return redirect(url_for("auth.sign_in", next=_ticket()), 303)
    form = CodeForm()
    status = 200
    if request.method == "POST":
        try:
            return _try_code(user, form.code.data or "")
        except DomainError as error:
            form.refuse(error)
            status = STATUS.get(error.refusal, 400)
    return render_template("auth/code.html", form=form, next=_ticket()), status


@page(bp, "/sign-out", needs=Audience.ANYONE, methods=("POST",))
def sign_out() -> ResponseReturnValue:
    """End the session of this browser."""
    place = here()
    if place.session_id is not None:
        with transaction() as session:
            sessions.end(session, place.session_id, now=place.now)
            if place.user is not None:
                record(session, Act.SIGNED_OUT, subject_id=place.user.id)
    form_cookie.clear()
    done(N_("You have signed out."))
    response = current_app.make_response(redirect(url_for("auth.sign_in"), 303))
    identity.forget(response)
    return response


@page(bp, "/sign-in/link/<token>", needs=Audience.ANYONE, methods=("GET", "POST"))
def sign_in_link(token: str) -> ResponseReturnValue:
    """Show a button that uses a one-time link; merely opening it, as mail scanners do, uses nothing."""
    try:
        if request.method == "POST":
            with transaction() as session:
                user = accounts.use_sign_in_link(session, services().signer, token, now=here().now)
            return _enter(user)
        with reading() as session:
            user = accounts.user_of_link(session, services().signer, token, now=here().now)
    except DomainError as error:
        return _spent(error)
    return render_template("auth/link.html", form=EmptyForm(), name=user.name)


@page(bp, "/forgotten-password", needs=Audience.ANYONE, methods=("GET", "POST"))
def forgotten() -> ResponseReturnValue:
    """Send a reset mail; the answer is the same whether the address is known or not."""
    form = ForgottenForm()
    status = 200
    if request.method == "POST":
        try:
            _request_reset(form.email.data or "")
        except DomainError as error:
            form.refuse(error)
            status = STATUS.get(error.refusal, 400)
        else:
            return redirect(url_for("auth.forgotten", sent=1), 303)
    sent = request.method == "GET" and request.args.get("sent") == "1"
    return render_template("auth/forgotten.html", form=form, sent=sent), status


@page(bp, "/reset/<token>", needs=Audience.ANYONE, methods=("GET", "POST"))
def reset(token: str) -> ResponseReturnValue:
    """Choose a new password by a link from a mail."""
    form = ResetForm()
    status = 200
    try:
        if request.method == "POST":
            with transaction() as session:
                user = credentials.reset_password(
                    session,
                    services().signer,
                    token,
                    form.password.data or "",
                    hasher=hasher(),
                    now=here().now,
                )
                audit.record(session, Act.PASSWORD_RESET, actor=user, subject_id=user.id, now=here().now)
            form_cookie.clear()
            done(N_("Your password has been changed. Sign in with the new one."))
            response = current_app.make_response(redirect(url_for("auth.sign_in"), 303))
            _put_mark(response, user.email_key)  # the mailbox's owner does not wait behind somebody guessing
            return response
        with reading() as session:
            credentials.user_of_reset(session, services().signer, token, now=here().now)
    except DomainError as error:
        if error.refusal is Refusal.LINK_SPENT:
            return _spent(error)
        form.refuse(error)
        status = 400
    return (
        render_template(
            "auth/reset.html",
            form=form,
            shortest=PASSWORD_MIN_CHARACTERS,
            advised=PASSWORD_ADVISED_CHARACTERS,
        ),
        status,
    )


@page(bp, links.PUBLIC_PATHS["user_invitation"], needs=Audience.ANYONE, methods=("GET", "POST"))
def invitation(token: str) -> ResponseReturnValue:
    """Join the team by the link of an invitation: choose a password and a time zone, and be signed in."""
    form, signer = InvitationForm(), services().signer
    try:
        with reading() as session:
            user = user_invitations.user_of(session, signer, token, now=here().now)
        if here().user is not None:  # somebody else: who is invited cannot have signed in yet
            raise DomainError(Refusal.INVITATION_NOT_YOURS)
        if request.method == "POST":
            with transaction() as session:
                user = user_invitations.accept(
                    session,
                    signer,
                    token,
                    password=form.password.data or "",
                    time_zone=form.time_zone.data or "",
                    hasher=hasher(),
                    now=here().now,
                )
            response = _open(user)
            done(N_("Welcome to the team."))
            return response
    except DomainError as error:
        if error.refusal is Refusal.INVITATION_NOT_YOURS:
            raise
        if error.refusal is Refusal.LINK_SPENT:
            return _spent(error)
        form.refuse(error)
    form.time_zone.choices = choices.zones(user.time_zone)
    status = 400 if form.problems() else 200
    return (
        render_template(
            "auth/invitation.html",
            form=form,
            invited=user,
            zone=form.time_zone.data or user.time_zone,
            shortest=PASSWORD_MIN_CHARACTERS,
            advised=PASSWORD_ADVISED_CHARACTERS,
        ),
        status,
    )


def destination(ticket: str | None) -> str:
    """Return the path to go to after signing in: the signed route of a ticket, or the home page.

    A ticket is [endpoint, arguments, query]. The query is added as text, so that no part of it becomes an
    option of `url_for`, and what comes out must look like one of our own paths, whatever went in.
    """
    home = url_for("home.index")
    payload = services().signer.read("next", ticket) if ticket else None
    if not isinstance(payload, list) or len(payload) != 3:
        return home
    endpoint, values, query = payload
    try:
        declaration_of(current_app, endpoint)
        path = url_for(endpoint, **{name: value for name, value in values.items() if name[:1] != "_"})
        path += "?" + urlencode(query, doseq=True) if query else ""
    except (BuildError, KeyError, ValueError, TypeError, AttributeError):  # a route of an earlier version
        return home
    return path if _LOCAL_PATH.fullmatch(path) else home


def _ticket() -> str | None:
    return request.args.get("next")


def _try_password(email: str, password: str) -> ResponseReturnValue:
    now, key = here().now, accounts.address_key(email)
    brakes = throttle.sign_in_brakes(key, request.remote_addr or "", _mark_of(key))
    # Counted and committed first, so that tries made at once all count; checked outside any transaction.
    with transaction() as session:
        throttle.attempt(session, brakes, now=now)
    with reading() as session:
        user = accounts.find_user(session, email)
    kept = user.password_hash if user is not None and accounts.may_sign_in(user) else None
    if not hasher().verify(kept, password) or user is None or kept is None:
        _note_failure(user.id if user else None)
        raise DomainError(Refusal.SIGN_IN_REFUSED)
    renewed = hasher().hash(password) if hasher().is_outdated(kept) else None
    with transaction() as session:
        throttle.succeeded(session, brakes)
        if renewed is not None:
            user = credentials.renew_hash(session, user.id, before=kept, after=renewed)
    return _enter(user)


def _try_code(user: User, given: str) -> ResponseReturnValue:
    user_id, brakes = user.id, throttle.code_brakes(user.id)
    with transaction() as session:
        throttle.attempt(session, brakes, now=here().now)
    try:
        with transaction() as session:
            user = session.get_one(User, user_id)
            second_factor.confirm(session, services().vault, user, given, now=here().now)
            throttle.forgive(session, brakes)
    except DomainError:
        _note_failure(user_id)
        raise
    return _open(user)


def _note_failure(user_id: int | None) -> None:
    # Nothing of what was typed is kept: it may be somebody's address, or a password in the wrong field.
    act = Act.SIGN_IN_UNKNOWN if user_id is None else Act.SIGN_IN_FAILED
    with transaction() as session:
        audit.record(session, act, actor=None, subject_id=user_id, now=here().now)


def _enter(user: User) -> ResponseReturnValue:
    # Who has proved the first factor goes on to the second, or in.
    if not second_factor.is_on(user):
        return _open(user)
    form_cookie["pending"] = [user.id, int(here().now.timestamp()), accounts.password_mark(user)]
    return redirect(url_for("auth.code", next=_ticket()), 303)


def _open(user: User) -> ResponseReturnValue:
    place = here()
    with transaction() as session:
        if not accounts.may_sign_in(session.get_one(User, user.id)):
            raise DomainError(Refusal.SIGN_IN_REFUSED)
        if place.session_id is not None:
            sessions.end(session, place.session_id, now=place.now)
        browser = browser_name(request.headers.get("User-Agent", ""))
        _, secret = sessions.open_session(session, user, browser=browser, now=place.now)
        audit.record(session, Act.SIGNED_IN, actor=user, subject_id=user.id, now=place.now)
    form_cookie.clear()  # with the token of the forms, which belonged to nobody
    if user.password_hash is None:
        flash(
            say(N_("Your account has no password yet. Choose one in your profile to sign in without a link."))
        )
    response = current_app.make_response(redirect(destination(_ticket()), 303))
    identity.keep(response, secret)
    _put_mark(response, user.email_key)
    return response


def _pending_user() -> User | None:
    pending = form_cookie.get("pending")
    if not isinstance(pending, list) or len(pending) != 3:
        return None
    user_id, issued, mark = pending
    if here().now - datetime.fromtimestamp(issued, here().now.tzinfo) >= PENDING_LIFE:
        return None
    with reading() as session:
        user = session.get(User, user_id)
    if user is None or not accounts.may_sign_in(user) or mark != accounts.password_mark(user):
        return None
    return user


def _request_reset(email: str) -> None:
    parts = services()
    with transaction() as session:
        brakes = throttle.reset_brakes(accounts.address_key(email), request.remote_addr or "")
        throttle.attempt(session, brakes, now=here().now)
        credentials.request_reset(
            session, parts.jobs, parts.signer, email=email, base_url=parts.settings.base_url, now=here().now
        )


def _spent(error: DomainError) -> ResponseReturnValue:
    return render_template("auth/spent.html", text=say(error.refusal.phrase)), STATUS.get(error.refusal, 400)


def _marks() -> list[list[str]]:
    given = request.cookies.get(identity.cookie_name(services().settings, "browser"))
    marks = services().signer.read("browser", given) if given else None
    return (
        [mark for mark in marks if isinstance(mark, list) and len(mark) == 2]
        if isinstance(marks, list)
        else []
    )


def _mark_of(email_key: str) -> str | None:
    account = throttle.account_digest(email_key)
    return next((nonce for known, nonce in _marks() if known == account), None)


def _put_mark(response: Response, email_key: str) -> None:
    # Tells that somebody signed in to this account with this browser; it opens nothing by itself.
    account = throttle.account_digest(email_key)
    others = [mark for mark in _marks() if mark[0] != account]
    marks = [[account, _mark_of(email_key) or throttle.new_mark()], *others][:_MARKS_KEPT]
    settings = services().settings
    response.set_cookie(
        identity.cookie_name(settings, "browser"),
        services().signer.sign("browser", marks),
        max_age=_MARK_SECONDS,
        path="/",
        secure=settings.https,
        httponly=True,
        samesite="Lax",
    )
