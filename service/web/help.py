"""The help pages, for people and for programs that read Markdown; open to anyone."""

from typing import cast
from xml.sax.saxutils import escape, quoteattr

from flask import Blueprint, Response, abort, current_app, render_template, request
from flask.typing import ResponseReturnValue

from service import links
from service.content.pages import INDEX, Page, Pages
from service.facts.words import N_
from service.i18n.locales import LOCALES, SOURCE
from service.paths import data_dir
from service.web.context import here, services
from service.web.routes import Audience, Cache, Located, page

bp = Blueprint("help", __name__)

ABOUT = N_("Help for recruiting partners and creators in their own languages.")


def pages() -> Pages:
    """Return the help pages of this installation, which the first request opens."""
    kept = current_app.extensions.get("help")
    if kept is None:
        copies = services().settings.data / "content"
        kept = Pages(data_dir("content"), services().catalogs.catalog, copies)
        current_app.extensions["help"] = kept
    return cast(Pages, kept)


@page(bp, "/help/", needs=Audience.ANYONE)
def index() -> ResponseReturnValue:
    """Show what there is to read."""
    return _shown(_found(INDEX))


@page(bp, "/help/<slug>", needs=Audience.ANYONE)
def show(slug: str) -> ResponseReturnValue:
    """Show one page; the index has its own address."""
    return _shown(_found("" if slug == INDEX else slug))


@page(bp, "/help/<slug>.md", needs=Audience.ANYONE, cache=Cache.PUBLIC)
def source(slug: str) -> ResponseReturnValue:
    """Serve one page as Markdown, its labels and tables filled in."""
    found = _found(slug)
    response = _plain(found.markdown, "text/markdown")
    response.headers["Content-Language"] = LOCALES[found.language].tag
    response.set_etag(found.digest)
    return response.make_conditional(request)


@page(bp, "/llms.txt", needs=Audience.ANYONE, cache=Cache.PUBLIC, located=Located.NOWHERE)
def llms() -> ResponseReturnValue:
    """List the pages of every language for programs that read Markdown."""
    lines = ["# Prospectus", "", f"> {services().catalogs.catalog(SOURCE).say(ABOUT)}", ""]
    for locale in LOCALES.values():
        lines += [f"## {locale.name}", ""]
        for slug in pages().slugs():
            found = pages().find(locale.code, slug)
            if found and not found.fallback:
                note = f": {found.description}" if found.description else ""
                lines.append(f"- [{found.title}]({_markdown(locale.code, slug)}){note}")
        lines.append("")
    return _plain("\n".join(lines), "text/plain")


@page(bp, "/sitemap.xml", needs=Audience.ANYONE, cache=Cache.PUBLIC, located=Located.NOWHERE)
def sitemap() -> ResponseReturnValue:
    """List every page that stands in its own language, with its twins in the others."""
    entries = [entry for slug in pages().slugs() for entry in _sitemap_entries(slug)]
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
        ' xmlns:xhtml="http://www.w3.org/1999/xhtml">\n'
        f"{''.join(entries)}</urlset>\n"
    )
    return _plain(text, "application/xml")


def _sitemap_entries(slug: str) -> list[str]:
    there = [
        locale
        for locale in LOCALES.values()
        if (found := pages().find(locale.code, slug)) and not found.fallback
    ]
    default = services().settings.locale
    named = [(locale.tag, _address(locale.code, slug)) for locale in there]
    named.append(("x-default", _address(default if default in {one.code for one in there} else SOURCE, slug)))
    twins = "".join(
        f'<xhtml:link rel="alternate" hreflang={quoteattr(tag)} href={quoteattr(href)}/>'
        for tag, href in named
    )
    return [f"<url><loc>{escape(_address(locale.code, slug))}</loc>{twins}</url>\n" for locale in there]


def _found(slug: str) -> Page:
    found = pages().find(here().locale.code, slug)
    if found is None:
        abort(404)
    return found


def _shown(found: Page) -> str:
    entries = pages().tree(here().locale.code)
    place = next((number for number, entry in enumerate(entries) if entry.slug == found.slug), None)
    before = entries[place - 1] if place else None
    after = None if place is None or place + 1 == len(entries) else entries[place + 1]
    return render_template(
        "help/show.html",
        page=found,
        text_locale=LOCALES[found.language],
        entries=entries,
        before=before,
        after=after,
        canonical=_address(found.language, found.slug),
        markdown=_markdown(here().locale.code, found.slug),
    )


def _address(code: str, slug: str) -> str:
    base = services().settings.base_url
    if slug == INDEX:
        return links.url(base, "help", code)
    return links.url(base, "help_page", code, slug=slug)


def _markdown(code: str, slug: str) -> str:
    return links.url(services().settings.base_url, "help_page", code, slug=slug) + ".md"


def _plain(text: str, kind: str) -> Response:
    response = Response(text, content_type=f"{kind}; charset=utf-8")
    response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    return response
