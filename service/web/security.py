"""The headers that every answer carries, and the check that a form came from one of our own pages."""

from flask import Flask, Response, current_app, g, request
from flask_wtf.csrf import CSRFError, CSRFProtect

from service.web.context import here, services
from service.web.routes import Cache, Csrf, declaration_of

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data: https:; frame-ancestors 'self'; sandbox"
)
EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
ONLY_HTTPS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

csrf = CSRFProtect()


def install(app: Flask) -> None:
    """Guard unsafe methods by each route's declaration and put the headers on every answer."""
    csrf.init_app(app)
    app.before_request(_guard_forms)
    app.after_request(put_headers)


def _guard_forms() -> None:
    if request.method in SAFE_METHODS or request.endpoint is None:
        return
    if declaration_of(current_app, request.endpoint).csrf is Csrf.SIGNED_PATH:
        return
    origin = request.headers.get("Origin")
    if origin is not None and origin not in _own_origins():
        raise CSRFError("origin")
    csrf.protect()


def _own_origins() -> set[str]:
    return {services().settings.base_url, f"{request.scheme}://{request.host}"}


def put_headers(response: Response) -> Response:
    """Put on an answer what browsers must know of every one of ours."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", PAGE_POLICY)
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.update(EVERYWHERE | (ONLY_HTTPS if services().settings.https else {}))
    private = is_private() or response.status_code >= 400
    if "Cache-Control" not in headers:
        headers["Cache-Control"] = "private, no-store" if private else "public, max-age=60"
    if not private:
        response.vary.add("Cookie")  # who is signed in gets another page at the same address
    return response


def framed(response: Response) -> Response:
    """Put an answer that shows what a mail holds under its own policy; its frame lets nothing out."""
    response.headers["Content-Security-Policy"] = MAIL_POLICY
    return response


def is_private() -> bool:
    """Whether the answer is for this reader alone: declared so, or the reader is signed in."""
    if request.endpoint is None or "here" not in g or here().user is not None:
        return True
    return declaration_of(current_app, request.endpoint).cache is Cache.PRIVATE
