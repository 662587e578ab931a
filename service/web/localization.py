"""The reader's language: from the path, negotiated where the path has none, told in headers and links."""

from typing import Any

import flask_babel
from flask import Flask, Response, current_app, g, redirect, request, url_for
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import BaseConverter, IntegerConverter, Map, RequestRedirect, ValidationError
from werkzeug.wrappers import Response as BaseResponse

from service.i18n.catalogs import Catalog
from service.i18n.locales import ALL_LOCALES, LOCALES, PSEUDO
from service.i18n.negotiation import negotiate
from service.web.context import here, services
from service.web.routes import Cache, Csrf, Declaration, Located, declaration_of

COOKIE = "locale"
COOKIE_SECONDS = 365 * 24 * 3600


class LocaleConverter(BaseConverter):
    """Matches the URL codes of the locales and nothing else."""

    regex = "|".join(ALL_LOCALES)

    def to_python(self, value: str) -> str:
        """Take a code; a pseudo-locale's only where the installation serves them."""
        if not is_served(value):
            raise ValidationError
        return value


class IdConverter(IntegerConverter):
    """Matches ids that a database can hold; a longer number is no page."""

    def __init__(self, map: Map, fixed_digits: int = 0) -> None:
        super().__init__(map, fixed_digits, max=10**15)


class CatalogDomain(flask_babel.Domain):  # type: ignore[misc]  # the library is not typed
    """Gives Flask-Babel (and through it WTForms) the very catalogs the rest of the product reads."""

    def get_translations(self) -> Any:
        return CatalogTranslations(here().catalog) if "here" in g else flask_babel.support.NullTranslations()


class CatalogTranslations:
    """A catalog under the names that Flask-Babel calls."""

    def __init__(self, catalog: Catalog) -> None:
        self.ugettext = self.gettext = catalog.gettext
        self.ungettext = self.ngettext = catalog.ngettext
        self.upgettext = self.pgettext = catalog.pgettext
        self.unpgettext = self.npgettext = catalog.npgettext


def is_served(code: str) -> bool:
    """Whether pages exist in a language here."""
    return code in LOCALES or (code in PSEUDO and services().settings.pseudo_locales)


def install(app: Flask) -> None:
    """Set up the converter, Flask-Babel, and the answers' language headers."""
    read_paths(app)
    app.url_map.converters["int"] = IdConverter
    flask_babel.Babel(
        app,
        locale_selector=lambda: here().locale.cldr if "here" in g else "en",
        timezone_selector=lambda: here().zone.key if "here" in g else "UTC",
    )
    domain = CatalogDomain()
    app.before_request(lambda: setattr(flask_babel._get_current_context(), "babel_domain", domain))
    app.url_defaults(_keep_locale)
    app.after_request(_say_language)


def read_paths(app: Flask) -> None:
    """Have paths begin with a locale, which is then no argument of the views."""
    app.url_map.converters["locale"] = LocaleConverter
    app.url_value_preprocessor(_take_locale)


def _take_locale(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    # Views do not take the locale as an argument: it is part of where they are.
    g.url_locale = values.pop("locale", None) if values else None


def _keep_locale(endpoint: str, values: dict[str, Any]) -> None:
    # A link inside a page stays in the page's language unless it names another.
    if (
        "locale" not in values
        and current_app.url_map.is_endpoint_expecting(endpoint, "locale")
        and "here" in g
    ):
        values["locale"] = here().locale.code


def requested_locale() -> str | None:
    """Return the locale of the path, if it has one."""
    code: str | None = g.get("url_locale")
    if code is None:
        first = request.path.split("/", 2)[1]
        code = first if is_served(first) else None
    return code


def preferred_locale() -> str:
    """Return the language to answer in where the path does not say: cookie, then Accept-Language."""
    chosen = request.cookies.get(COOKIE)
    if chosen in LOCALES:
        return str(chosen)
    header = request.headers.get("Accept-Language")
    return negotiate(header, tuple(LOCALES), services().settings.locale)


def page_above() -> tuple[str, dict[str, Any]] | None:
    """Return route and arguments of the page that shows the form this path takes; None where there is none.

    It is the path's own page, or the nearest one above it in the same language.
    """
    code = requested_locale()
    adapter = current_app.url_map.bind("", url_scheme="http")
    path = request.path
    while code is not None and path:
        for one in (path, f"{path}/"):
            try:
                endpoint, values = adapter.match(one, method="GET")
            except (HTTPException, RequestRedirect):
                continue
            return endpoint, {**values}
        path = path.rpartition("/")[0]
    return None


def negotiated_redirect() -> BaseResponse | None:
    """Return a redirect to the localized twin of a bare path, or None where there is none."""
    if request.method not in {"GET", "HEAD"} or requested_locale() is not None:
        return None
    code = preferred_locale()
    target = f"/{code}{request.path}"
    adapter = current_app.url_map.bind("", url_scheme="http")
    try:
        adapter.match(target, method="GET")
    except RequestRedirect as moved:
        target = moved.new_url.removeprefix("http://")
    except HTTPException:
        return None
    query = request.query_string.decode("latin-1")
    response = redirect(f"{target}?{query}" if query else target, 302)
    response.vary.update(("Accept-Language", "Cookie"))
    response.headers["Cache-Control"] = "private, no-store"
    return response


def redirect_to_page() -> BaseResponse | None:
    """Return a redirect to the page of a form whose address somebody opened; None where there is none.

    A form that was refused is shown under its own address. There a reader changes the language, or loads the
    page again, and asks for what only takes forms.
    """
    if request.method not in {"GET", "HEAD"}:
        return None
    above = page_above()
    if above is None:
        return None
    response = redirect(url_for(above[0], **above[1]), 302)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def alternates() -> list[tuple[str, str]]:
    """Return (hreflang, absolute URL) of this page in every language, and x-default."""
    declared = _declared()
    if declared is None or declared.located is not Located.PATH or request.endpoint is None:
        return []
    base = services().settings.base_url
    code = here().locale.code
    rest = url_for(request.endpoint, locale=code, **(request.view_args or {})).removeprefix(f"/{code}")
    links = [(item.tag, f"{base}/{item.code}{rest}") for item in LOCALES.values()]
    return [*links, ("x-default", f"{base}/{services().settings.locale}{rest}")]


def language_links() -> list[dict[str, object]]:
    """Return the language menu: this very page and query in each language."""
    current = here().locale.code
    links: list[dict[str, object]] = []
    for item in LOCALES.values():
        rest = request.path.removeprefix(f"/{current}") if requested_locale() else "/"
        query = request.query_string.decode("latin-1")
        href = f"/{item.code}{rest or '/'}" + (f"?{query}" if query else "")
        links.append(
            {
                "code": item.code,
                "tag": item.tag,
                "name": item.name,
                "href": href,
                "current": item.code == current,
            }
        )
    return links


def is_linked() -> bool:
    """Whether this page is one behind a signed link, whose readers have no account."""
    declared = _declared()
    return declared is not None and declared.csrf is Csrf.SIGNED_PATH


def _declared() -> Declaration | None:
    if request.endpoint is None:
        return None
    try:
        return declaration_of(current_app, request.endpoint)
    except (KeyError, NotFound):
        return None


def _say_language(response: Response) -> Response:
    if "here" not in g or response.status_code in {301, 302, 303}:
        return response
    code = here().locale.code
    response.headers.setdefault("Content-Language", here().locale.tag)
    if code in PSEUDO:
        response.headers["X-Robots-Tag"] = "noindex"
    declared = _declared()
    keeps = declared is not None and declared.cache is Cache.PRIVATE and declared.located is Located.PATH
    # A pseudo-locale is looked at, not lived in.
    chosen = code in LOCALES and request.cookies.get(COOKIE) != code
    if keeps and chosen and request.method == "GET":
        response.set_cookie(
            COOKIE,
            code,
            max_age=COOKIE_SECONDS,
            httponly=True,
            samesite="Lax",
            secure=services().settings.https,
        )
    return response
