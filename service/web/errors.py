"""What the reader sees when something is refused or fails: in their language, with what to do next."""

import errno
from collections.abc import Sequence

from flask import Flask, Response, current_app, g, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException

from service.db import Trouble, trouble_of
from service.domain.errors import DomainError
from service.facts.limits import REQUEST_BYTES
from service.facts.refusals import Refusal
from service.facts.words import N_, Phrase
from service.web import identity, localization
from service.web.context import here

TITLES: dict[int, Phrase] = {
    400: N_("The request could not be understood"),
    401: N_("Sign in to continue"),
    403: N_("You do not have access to this page"),
    404: N_("Page not found"),
    405: N_("This page cannot be used that way"),
    408: N_("The connection was too slow"),
    413: N_("The upload is too large"),
    429: N_("Too many tries"),
    500: N_("Something went wrong"),
    503: N_("The service is busy"),
}
# Refusals that have a title of their own: whoever reads them has no account, and no home page to start from.
_BROKEN = N_("This link does not work")
PARTNER_TITLES = {
    Refusal.CONVERSATION_GONE: N_("This link no longer works"),
    Refusal.UNSUBSCRIBE_LINK_BROKEN: _BROKEN,
    Refusal.JOIN_LINK_BROKEN: _BROKEN,
}
ADVICE: dict[int, Phrase] = {
    400: N_("Go back, check what you entered, and send it again."),
    401: N_("Your sign-in has ended. Sign in again to go on."),
    403: N_("Ask an account administrator for the permission you need."),
    404: N_("Check the address, or start from the home page."),
    405: N_("Go back and use the buttons of the page."),
    408: N_("What you sent did not arrive in time. Try again over a faster connection."),
    413: N_("Choose a smaller file or shorten the text, then send it again."),
    429: N_("Wait a few minutes, then try again."),
    500: N_("The error has been recorded. Try again in a moment."),
    503: N_("Try again in a few seconds."),
}
CANNOT_STORE = N_(
    "The server cannot store anything at the moment. What you sent was not stored; try again later."
)
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})
_SECRETS = ("password", "code")
FORM_EXPIRED = N_("This form has expired. Open the page again and send it once more.")
STATUS = {
    Refusal.NOT_FOUND: 404,
    Refusal.CONVERSATION_GONE: 404,
    Refusal.UNSUBSCRIBE_LINK_BROKEN: 404,
    Refusal.JOIN_LINK_BROKEN: 404,
    Refusal.NOT_ALLOWED: 403,
    Refusal.NO_PROGRAM: 403,
    Refusal.NEEDS_ALL_PROGRAMS: 403,
    Refusal.INVITATION_NOT_YOURS: 403,
    Refusal.TRANSLATION_EDITING_OFF: 403,
}


def install(app: Flask) -> None:
    """Answer every failure with a page of ours."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(DomainError, _refused)
    app.register_error_handler(DBAPIError, _database)
    app.register_error_handler(OSError, _system)
    app.register_error_handler(Exception, _unexpected)


def _http(error: HTTPException) -> ResponseReturnValue:
    code = error.code or 500
    if code < 400:
        return error
    if code == 404:
        moved = localization.negotiated_redirect()
        if moved is not None:
            return moved
    if code == 405:
        shown = localization.redirect_to_page()
        if shown is not None:
            return shown
    answer = _page(code, None)
    if code == 405 and error.get_response().headers.get("Allow"):
        return (*answer, {"Allow": error.get_response().headers["Allow"]})
    return answer


def _csrf(_error: CSRFError) -> ResponseReturnValue:
    return _page(400, here().catalog.say(FORM_EXPIRED))


def _refused(error: DomainError) -> ResponseReturnValue:
    text = here().catalog.say(error.refusal.phrase, **error.values)
    return _page(STATUS.get(error.refusal, 400), text, partner_title=PARTNER_TITLES.get(error.refusal))


def _database(error: DBAPIError) -> ResponseReturnValue:
    trouble = trouble_of(error)
    if trouble is Trouble.OTHER:
        return _unexpected(error)
    current_app.logger.warning("the database refused a request: %s", error.orig)
    text = here().catalog.say(CANNOT_STORE) if trouble is Trouble.STORAGE and "here" in g else None
    return (*_page(503, text, again=_sent_again()), {"Retry-After": "5"})


def _system(error: OSError) -> ResponseReturnValue:
    # A long request is written to a temporary file before anything of ours sees it.
    if error.errno not in _NO_ROOM:
        return _unexpected(error)
    current_app.logger.warning("a request found no room: %s", error.strerror)
    text = here().catalog.say(CANNOT_STORE) if "here" in g else None
    return (*_page(503, text), {"Retry-After": "5"})


def _sent_again() -> list[tuple[str, str]]:
    """Return what the form held, for a button that sends it once more; nothing of files and secrets."""
    if request.method != "POST" or request.files or (request.content_length or 0) > REQUEST_BYTES:
        return []
    fields = list(request.form.items(multi=True))
    return [] if any(secret in name for name, _ in fields for secret in _SECRETS) else fields


def _unexpected(error: Exception) -> ResponseReturnValue:
    current_app.logger.error("request failed", exc_info=error)
    return _page(500, None)


def _page(
    code: int,
    text: str | None,
    *,
    again: Sequence[tuple[str, str]] = (),
    partner_title: Phrase | None = None,
) -> tuple[str | Response, int]:
    if "here" not in g:
        return ("", code)
    catalog = here().catalog
    title = catalog.say(partner_title or TITLES.get(code, TITLES[500] if code >= 500 else TITLES[400]))
    advice = text or catalog.say(ADVICE.get(code, ADVICE[500] if code >= 500 else ADVICE[400]))
    if request.accept_mimetypes.best == "application/json":
        return (jsonify(title=title, detail=advice), code)
    if partner_title is not None:
        return (render_template("errors/link.html", title=title, advice=advice), code)
    page = render_template(
        "errors/error.html", code=code, title=title, advice=advice, again=again, **_ways_on(code)
    )
    return (page, code)


def _ways_on(code: int) -> dict[str, object]:
    """Return where to go from a form that was not taken; whoever came by a link has no home page."""
    above = localization.page_above() if request.method == "POST" else None
    return {
        "form_href": url_for(above[0], **above[1]) if above else None,
        "ticket": identity.return_ticket() if code == 401 else None,
        "has_home": not localization.is_linked(),
    }
