"""The web application: parts put together in one place, nothing decided here."""

from collections.abc import Callable
from datetime import UTC, datetime

import jinja2
from flask import Flask

from service.bootstrap import Services
from service.facts.limits import REQUEST_BYTES
from service.i18n import jinja as catalog_functions
from service.paths import data_dir
from service.web import (
    assets,
    blueprints,
    download_host,
    errors,
    help,
    hrefs,
    identity,
    localization,
    navigation,
    rendering,
    scanner_watch,
    security,
    translate_inspect,
    translate_live,
    words,
)
from service.web.context import here


def now_utc() -> datetime:
    """Return the current moment."""
    return datetime.now(UTC)


def create_app(services: Services, *, clock: Callable[[], datetime] = now_utc) -> Flask:
    """Return the WSGI application for one installation."""
    app = Flask("service.web", static_folder=None, template_folder=str(data_dir("templates")))
    app.config.update(
        SECRET_KEY=services.settings.secret(),
        SECRET_KEY_FALLBACKS=list(services.settings.secret_keys_old),
        MAX_CONTENT_LENGTH=REQUEST_BYTES,
        MAX_FORM_MEMORY_SIZE=REQUEST_BYTES,
        SESSION_COOKIE_NAME=identity.cookie_name(services.settings, "form"),
        SESSION_COOKIE_SECURE=services.settings.https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,  # some browsers send no Referer; `security` looks at Origin
    )
    app.extensions["prospectus"] = services
    app.extensions["clock"] = clock
    app.jinja_env.undefined = jinja2.StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    rendering.install(app)
    hrefs.install(app)
    localization.install(app)
    identity.install(app)
    security.install(app)
    errors.install(app)
    catalog_functions.install(app.jinja_env, lambda: here().catalog)
    words.install(app)
    navigation.install(app)
    scanner_watch.install(app, services)
    translate_live.install(app)
    translate_inspect.install(app)
    blueprints.register(app)
    help.install(app)
    assets.install(app, https=services.settings.https)
    download_host.install(app)
    _trust_proxies(app, services.settings.trusted_proxies)
    return app


def _trust_proxies(app: Flask, count: int) -> None:
    if count:
        from werkzeug.middleware.proxy_fix import ProxyFix  # only behind a proxy

        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=0)  # type: ignore[method-assign]
