"""Who is asking: the session cookie read, the request's surroundings set, the declared permission checked."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import cast
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from flask import Flask, Response, abort, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import OperationalError

from service.config import Settings
from service.domain import accounts, notices, sessions, threads
from service.domain.errors import DomainError
from service.domain.signing import Signer
from service.facts.limits import SESSION_LENGTH
from service.facts.permissions import PERMISSION_LABELS, Permission
from service.facts.refusals import Refusal
from service.i18n.formats import formats
from service.i18n.locales import ALL_LOCALES
from service.models import Program, User
from service.web import localization
from service.web.context import Here, here, services
from service.web.routes import Audience, declaration_of

LONGEST_QUERY = 1500
NOTING_PATIENCE = 0.2


def cookie_name(settings: Settings, purpose: str = "session") -> str:
    """Return the cookie's name: bound to this host by its prefix where the address is https."""
    name = f"prospectus_{purpose}"
    return f"__Host-{name}" if settings.https else name


def install(app: Flask) -> None:
    """Set the surroundings of every request and hold it against its route's declaration."""
    app.before_request(_arrive)
    app.before_request(_admit)
    app.after_request(_note_visit)


def keep(response: Response, secret: str) -> None:
    """Put a session's secret into the browser."""
    settings = services().settings
    response.set_cookie(
        cookie_name(settings),
        secret,
        max_age=int(SESSION_LENGTH.total_seconds()),
        path="/",
        secure=settings.https,
        httponly=True,
        samesite="Lax",
    )


def forget(response: Response) -> None:
    """Remove the session's secret from the browser."""
    settings = services().settings
    response.delete_cookie(
        cookie_name(settings), path="/", secure=settings.https, httponly=True, samesite="Lax"
    )


def secret_presented() -> str | None:
    """Return the session secret the browser sent."""
    return request.cookies.get(cookie_name(services().settings))


def asks_by_itself() -> None:
    """Say that a page asks without its reader: that is no visit, and a session ends when nobody is there."""
    g.pop("session_due", None)


def surroundings() -> Here:
    """Return what is known of a request before anybody is recognized: its moment and its language."""
    clock = cast(Callable[[], datetime], current_app.extensions["clock"])
    code = localization.requested_locale() or localization.preferred_locale()
    return Here(
        now=clock(),
        locale=ALL_LOCALES[code],
        catalog=services().catalogs.catalog(code),
        formats=formats(code),
        zone=ZoneInfo("UTC"),
    )


def _arrive() -> ResponseReturnValue | None:
    g.here = surroundings()
    secret = secret_presented()
    if secret is not None:
        _recognize(g.here, secret)
    return None


def _recognize(place: Here, secret: str) -> None:
    with services().db.reading() as session:
        found = sessions.find(session, secret, now=place.now)
        if found is None:
            return
        g.session_due = sessions.is_due(found, now=place.now)
        user = found.user
        place.user, place.session_id = user, found.id
        place.permissions = accounts.permissions_of(user)
        place.programs = tuple(accounts.programs_of(session, user))
        place.program = _current_program(user, place.programs)
        place.unread = notices.count_unread(session, user.id)
        if place.program is not None and place.may(Permission.MESSAGES_USE):
            place.unread_threads = threads.count_unread(session, place.program.id)
        place.zone = ZoneInfo(user.time_zone)


def _note_visit(response: Response) -> Response:
    # Written after the answer is made, at most once a minute. A visit not noted because somebody else
    # writes is no loss: reading must not wait for the writer.
    session_id = _here_session()
    if not g.pop("session_due", False) or session_id is None:
        return response
    try:
        with services().db.transaction(patience=NOTING_PATIENCE) as session:
            secret = sessions.saw(session, session_id, now=here().now)
    except OperationalError:
        return response
    if secret is not None:
        keep(response, secret)
    return response


def _here_session() -> int | None:
    return here().session_id if "here" in g else None


def _current_program(user: User, programs: tuple[Program, ...]) -> Program | None:
    for candidate in programs:
        if candidate.id == user.current_program_id:
            return candidate
    return programs[0] if programs else None


def _admit() -> ResponseReturnValue | None:
    if request.endpoint is None:
        return None
    needs = declaration_of(current_app, request.endpoint).needs
    if needs is Audience.ANYONE:
        return None
    if here().user is None:
        if request.method in {"GET", "HEAD"}:
            return redirect(url_for("auth.sign_in", next=return_ticket()), 303)
        abort(401)
    if isinstance(needs, Permission) and not here().may(needs):
        raise DomainError(Refusal.NOT_ALLOWED, permission=here().catalog.say(PERMISSION_LABELS[needs]))
    return None


def return_ticket() -> str | None:
    """Return where to go after signing in, as a signed route, never as an address somebody could write.

    For a form it is the page that shows it. A query too long for an address line is left out: the page itself
    is still found.
    """
    query = parse_qs(_query_of_page(), keep_blank_values=True)
    endpoint, values = request.endpoint, request.view_args or {}
    if request.method not in {"GET", "HEAD"}:
        above = localization.page_above()
        if above is None:
            return None
        endpoint, values = above
        values.pop("locale", None)  # signing in may be done in another language
    signer: Signer = services().signer
    return signer.sign("next", [endpoint, values, query])


def _query_of_page() -> str:
    """Return the query of the page that was open: its own, or what the browser says of the page of a form."""
    own = request.query_string.decode("latin-1")
    with suppress(ValueError):  # a browser's word, and perhaps no address at all
        before = urlsplit(request.referrer or "")
        if not own and request.method == "POST" and before.path == request.path:
            own = before.query
    return own if len(own) <= LONGEST_QUERY else ""
