"""A help page in several languages side by side, with what the checks say of each: for those who write it."""

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.content import check, remarks
from service.content.pages import Page
from service.content.remarks import Part
from service.facts.findings import Finding
from service.facts.permissions import Permission
from service.i18n import po
from service.i18n.locales import ALL_LOCALES, LOCALES, SOURCE, Locale, catalog_file
from service.markdown.dialect import Document
from service.paths import data_dir
from service.web import help_site
from service.web.context import here, services
from service.web.routes import page

bp = Blueprint("help_preview", __name__)

_ID = re.compile(r'(<[a-z][a-z0-9]*(?:\s[^<>]*)?\s)id="')
_FRAGMENT = re.compile(r'(<a\s[^<>]*)href="#[^"]*"')


@dataclass(frozen=True, slots=True)
class Column:
    """A page in one language beside the others; its parts bear no ids, so that they are not there twice."""

    locale: Locale
    page: Page
    parts: tuple[Part, ...]
    above: tuple[Finding, ...]
    count: int


@page(bp, "/help/<slug>/languages", needs=Permission.CONTENT_PREVIEW)
def show(slug: str) -> ResponseReturnValue:
    """Show a page in the languages that were chosen, by default the source's and the reader's."""
    codes = _codes()
    own = help_site.pages().find(here().locale.code, slug)
    title = own.title if own else slug
    return render_template(
        "help/languages.html", slug=slug, title=title, locales=LOCALES, **_region(slug, codes)
    )


@page(bp, "/help/<slug>/languages/version", needs=Permission.CONTENT_PREVIEW)
def version(slug: str) -> ResponseReturnValue:
    """Name the version of all that is shown, or bring what differs from one."""
    codes = _codes()
    name = _version(slug, codes)
    if request.args.get("since") in (None, name):
        return help_site.plain(name, "text/plain")
    return render_template("help/columns.html", **_region(slug, codes))


def _codes() -> list[str]:
    """Return the languages to show: allowed ones alone, each once, at least one."""
    asked = [code for code in request.args.getlist("language") if code in LOCALES]
    return list(dict.fromkeys(asked or [SOURCE, here().locale.code]))


def _pages(slug: str, codes: list[str]) -> list[tuple[str, Page]]:
    found = [(code, help_site.pages().find(code, slug)) for code in codes]
    pages = [(code, page) for code, page in found if page]
    if not pages:
        abort(404)
    return pages


def _version(slug: str, codes: list[str]) -> str:
    parts = []
    for code, found in _pages(slug, codes):
        problem = help_site.pages().problem(code, slug)
        parts.append(f"{found.digest}{problem.rule if problem else ''}")
    return " ".join(parts)


def _region(slug: str, codes: list[str]) -> dict[str, object]:
    return {
        "columns": [_column(code, slug, found) for code, found in _pages(slug, codes)],
        "version": _version(slug, codes),
        "follow": url_for("help_preview.version", slug=slug, language=codes),
        "chosen": codes,
        "locales_of": ALL_LOCALES,
    }


def _column(code: str, slug: str, found: Page) -> Column:
    document = help_site.pages().document(code, slug)
    findings = _findings(code, slug)
    if document is None or help_site.pages().problem(code, slug):
        # The lines of a broken file are not those of the version that is shown.
        remarked = replace(remarks.beside(document or Document(()), ()), above=findings)
    else:
        remarked = remarks.beside(document, findings)
    parts = tuple(replace(part, html=_within(part.html)) for part in remarked.parts)
    return Column(ALL_LOCALES[code], found, parts, remarked.above, len(findings))


def _within(html: str) -> str:
    """Return a page as a part of another: its title is one heading among several, its ids are data.

    What can be folded is open: something may be found in it.
    """
    html = html.replace("<h1", "<h2", 1).replace("</h1>", "</h2>", 1)
    html = html.replace("<details>", "<details open>")
    return _FRAGMENT.sub(r"\1", _ID.sub(r'\1data-id="', html))


def _findings(code: str, slug: str) -> tuple[Finding, ...]:
    path = help_site.pages().directory / code / f"{slug}.md"
    if not path.is_file():
        return ()
    return check.check([path], _known(services().catalogs.catalog(SOURCE).version))


@lru_cache(maxsize=2)
def _known(_version: str) -> frozenset[tuple[str | None, str]]:
    """Return every entry of the catalogs; read again when the catalogs change."""
    file = po.read(catalog_file(data_dir("locales"), SOURCE).read_bytes())
    return frozenset((entry.context, entry.id) for entry in file.messages)
