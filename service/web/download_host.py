"""The host for downloads: an application of its own in which files are handed out, and nothing else is there.

It knows no session and no cookie. Whatever a file might do in a browser, it would do where there is nothing
to take: our cookies belong to the host of the pages alone.
"""

import hashlib
import re
from base64 import b64encode
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, current_app, g, render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException

from service.db import Trouble, trouble_of
from service.domain import downloads
from service.domain.errors import DomainError
from service.facts.words import N_, Phrase
from service.links import PUBLIC_PATHS
from service.web import errors, identity, localization, partner_link, security, uploads
from service.web.assets import STATIC
from service.web.context import here, reading, services
from service.web.routes import Audience, Csrf, page

bp = Blueprint("downloads", __name__)
GONE = N_("This download is not available")
GONE_ADVICE = N_(
    "A download link works for a short time only. Go back to the messages and choose the file again."
)
# No page here may fetch anything, so that the one for errors brings its looks along.
_STYLES = ("tokens", "reset", "type", "layout", "signin")
_PORT = re.compile(r":[0-9]*\Z")
Wsgi = Callable[..., Iterable[bytes]]


def install(app: Flask) -> None:
    """Answer what is asked of the host of `DOWNLOAD_URL`, where there is one, before any page is found."""
    host = urlsplit(app.extensions["prospectus"].settings.download_url).hostname
    if host:
        downloading = create(app).wsgi_app
        app.wsgi_app = _by_host(host, downloading, app.wsgi_app)  # type: ignore[method-assign]


def _by_host(host: str, downloading: Wsgi, pages: Wsgi) -> Wsgi:
    def answer(environ: dict[str, Any], start_response: object) -> Iterable[bytes]:
        asked = _PORT.sub("", environ.get("HTTP_HOST", "")).rstrip(".").lower()
        if asked.strip("[]") != host:
            return pages(environ, start_response)
        environ.pop("HTTP_COOKIE", None)
        return downloading(environ, start_response)

    return answer


def create(pages: Flask) -> Flask:
    """Return the application for downloads from the installation that `pages` shows."""
    app = Flask("service.web", static_folder=None, template_folder=pages.template_folder)
    app.config.update(PROVIDE_AUTOMATIC_OPTIONS=False)
    app.url_map.merge_slashes = False  # another spelling of an address leads nowhere
    app.extensions.update({name: pages.extensions[name] for name in ("prospectus", "clock")})
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    localization.read_paths(app)
    app.before_request(lambda: setattr(g, "here", identity.surroundings()))
    app.after_request(security.put_headers)
    app.after_request(partner_link.keep_quiet)
    app.register_error_handler(Exception, _failed)
    app.register_blueprint(bp)
    return app


@page(bp, PUBLIC_PATHS["download"], needs=Audience.ANYONE, csrf=Csrf.SIGNED_PATH)
def hand_out(token: str) -> ResponseReturnValue:
    """Hand a file out to whoever was sent here for it, and may still have it."""
    with reading() as session:
        found = downloads.find(session, services().signer, token, now=here().now)
    return uploads.hand_out(found)


def _failed(error: Exception) -> Response:
    """Say the same of all that is not here, whatever the reason; what broke is another matter."""
    if isinstance(error, DomainError) or (isinstance(error, HTTPException) and (error.code or 500) < 500):
        return _page(404, GONE, GONE_ADVICE)
    busy = isinstance(error, DBAPIError) and trouble_of(error) is not Trouble.OTHER
    current_app.logger.error("a download failed", exc_info=None if busy else error)
    code = 503 if busy else 500
    return _page(code, errors.TITLES[code], errors.ADVICE[code])


def _page(code: int, title: Phrase, advice: Phrase) -> Response:
    say = here().catalog.say
    style = "".join((STATIC / "css" / f"{name}.css").read_text(encoding="utf-8") for name in _STYLES)
    text = render_template(
        "errors/alone.html",
        locale=here().locale,
        code=code,
        title=say(title),
        advice=say(advice),
        style=Markup(style),  # noqa: S704 (files of ours)
    )
    response = Response(text, code)
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'none'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    response.headers["Content-Language"] = here().locale.tag
    if code == 503:
        response.headers["Retry-After"] = "5"
    return response
