"""Whole help pages kept as bytes for readers who are not signed in, until anything they are made of changes.

Below Flask, since a request for a page that anyone may read should cost less than finding out who asks. Only
answers that are declared public are kept, and only for requests that say nothing but path and kind: no
query, no cookie but the language's.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.i18n.locales import LOCALES
from service.web.localization import COOKIE

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MOST = 1000
"""Pages kept at most: more than there are, so that nothing has to be thrown out wisely."""

_PAGE = re.compile(rf"/({'|'.join(LOCALES)})/help/[a-z0-9-]{{0,100}}")
_ONLY_LANGUAGE = re.compile(rf"{COOKIE}=[A-Za-z0-9-]*")


@dataclass(frozen=True, slots=True)
class _Kept:
    revision: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


class HelpCache:
    """A WSGI application in front of another one. `revision` names what a language's pages are made of."""

    def __init__(self, application: "WSGIApplication", revision: Callable[[str], str]) -> None:
        self._application = application
        self._revision = revision
        self._kept: dict[str, _Kept] = {}

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        found = _PAGE.fullmatch(environ["PATH_INFO"]) if _is_plain(environ) else None
        if not found:
            return self._application(environ, start_response)
        path, revision = found[0], self._revision(found[1])
        kept = self._kept.get(path)
        if kept is None or kept.revision != revision:
            return self._fetch(path, revision, environ, start_response)
        start_response("200 OK", list(kept.headers))
        return (kept.body,)

    def _fetch(
        self, path: str, revision: str, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        said: list[tuple[str, list[tuple[str, str]]]] = []

        def note(
            status: str, headers: list[tuple[str, str]], exc_info: object = None
        ) -> Callable[[bytes], object]:
            said.append((status, headers))
            return start_response(status, headers, exc_info)  # type: ignore[arg-type]

        answer = self._application(environ, note)
        try:
            body = b"".join(answer)
        finally:
            if hasattr(answer, "close"):
                answer.close()
        status, headers = said[-1]
        if status.startswith("200") and _may_be_kept(headers) and len(self._kept) < MOST:
            self._kept[path] = _Kept(revision, tuple(headers), body)
        return (body,)


def _is_plain(environ: "WSGIEnvironment") -> bool:
    cookies = environ.get("HTTP_COOKIE", "")
    return (
        environ["REQUEST_METHOD"] == "GET"
        and not environ.get("QUERY_STRING")
        and (not cookies or _ONLY_LANGUAGE.fullmatch(cookies) is not None)
        and "markdown" not in environ.get("HTTP_ACCEPT", "").lower()
        and "HTTP_IF_NONE_MATCH" not in environ
        and "HTTP_RANGE" not in environ
    )


def _may_be_kept(headers: list[tuple[str, str]]) -> bool:
    names = {name.lower(): value for name, value in headers}
    return names.get("cache-control", "").startswith("public") and "set-cookie" not in names
