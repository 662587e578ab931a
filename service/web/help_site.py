"""The help of this installation: its pages, the index over them, and their addresses."""

from typing import cast

from flask import Response, current_app, request

from service import links
from service.content.pages import INDEX, Pages
from service.content.search_glossary import words_of
from service.content.search_index import Searchable
from service.i18n import glossary
from service.i18n.locales import ALL_LOCALES
from service.paths import data_dir
from service.web.context import services

MARKDOWN = "text/markdown"
_NOTHING_LOADS = "default-src 'none'; frame-ancestors 'none'"


def searchable() -> Searchable:
    """Return the pages with their index; the first request opens them."""
    kept = current_app.extensions.get("help")
    if kept is None:
        copies = services().settings.data / "content"
        pages = Pages(data_dir("content"), services().catalogs.catalog, copies)
        kept = Searchable(pages, words_of(glossary.read(data_dir("locales") / "glossary.toml")))
        current_app.extensions["help"] = kept
    return cast(Searchable, kept)


def pages() -> Pages:
    """Return the help pages of this installation."""
    return searchable().pages


def address(code: str, slug: str) -> str:
    """Return the absolute address of a page in a language."""
    base = services().settings.base_url
    if slug == INDEX:
        return links.url(base, "help", code)
    return links.url(base, "help_page", code, slug=slug)


def markdown_address(code: str, slug: str) -> str:
    """Return the absolute address of a page as Markdown."""
    return links.url(services().settings.base_url, "help_page", code, slug=slug) + ".md"


def list_address(name: str, code: str | None = None) -> str:
    """Return the absolute address of `llms.txt` or `llms-full.txt`, of one language or of the whole."""
    base = services().settings.base_url.rstrip("/")
    return f"{base}/{code}/{name}" if code else f"{base}/{name}"


def plain(text: str, kind: str) -> Response:
    """Return an answer for programs: nothing in it may load or frame anything (check X-7)."""
    response = Response(text, content_type=f"{kind}; charset=utf-8")
    response.headers["Content-Security-Policy"] = _NOTHING_LOADS
    return response


def markdown(text: str, code: str) -> Response:
    """Return Markdown in a language; search engines list the page itself instead."""
    response = plain(text, MARKDOWN)
    response.headers["Content-Language"] = ALL_LOCALES[code].tag
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def name_twins(response: Response, addresses: dict[str, str]) -> None:
    """Say in a header where the same stands in the other languages."""
    response.headers["Link"] = ", ".join(
        f'<{href}>; rel="alternate"; hreflang="{ALL_LOCALES[code].tag}"' for code, href in addresses.items()
    )


def conditional(response: Response) -> Response:
    """Give an answer an ETag, and leave its body out where the reader has it."""
    response.add_etag()
    response.make_conditional(request)
    return response
