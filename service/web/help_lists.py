"""The lists of help pages for programs: llms.txt and llms-full.txt in each language, and the sitemap."""

from xml.sax.saxutils import escape, quoteattr

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from service.content.pages import Page
from service.facts.words import N_, Phrase
from service.i18n.locales import ALL_LOCALES, LOCALES, SOURCE, Locale
from service.web import help_answers, help_site
from service.web.context import services
from service.web.routes import Audience, Cache, Located, page

bp = Blueprint("help_lists", __name__)

ABOUT = N_("Help for recruiting partners and creators in their own languages.")
PAGES = N_("Help pages")
LANGUAGES = N_("Languages")
WHOLE = N_("All pages in one file: %(address)s")
SHORT, FULL = "llms.txt", "llms-full.txt"


@page(bp, f"/{SHORT}", needs=Audience.ANYONE, cache=Cache.PUBLIC, located=Located.NOWHERE)
def llms() -> ResponseReturnValue:
    """List the pages of the installation's language, and where the other languages' lists are."""
    return _list(services().settings.locale, SHORT, here=None)


@page(bp, f"/{SHORT}", needs=Audience.ANYONE, cache=Cache.PUBLIC)
def llms_in_language() -> ResponseReturnValue:
    """List the pages of one language."""
    return _list(_code(), SHORT, here=_code())


@page(bp, f"/{FULL}", needs=Audience.ANYONE, cache=Cache.PUBLIC, located=Located.NOWHERE)
def llms_full() -> ResponseReturnValue:
    """Serve all pages of the installation's language as one text."""
    return _list(services().settings.locale, FULL, here=None)


@page(bp, f"/{FULL}", needs=Audience.ANYONE, cache=Cache.PUBLIC)
def llms_full_in_language() -> ResponseReturnValue:
    """Serve all pages of one language as one text."""
    return _list(_code(), FULL, here=_code())


def _code() -> str:
    return request.path.split("/", 2)[1]


def _list(code: str, name: str, *, here: str | None) -> Response:
    text = _short(code) if name == SHORT else _full(code)
    response = help_site.plain(text, "text/plain")
    response.headers["Content-Language"] = ALL_LOCALES[code].tag
    twins = {other: help_site.list_address(name, other) for other in LOCALES if other != here}
    help_site.name_twins(response, twins)
    return help_site.conditional(response)


def _short(code: str) -> str:
    lines = [*_head(code), f"## {_say(code, PAGES)}", ""]
    for found in help_site.pages().written_in(code):
        note = f": {found.description}" if found.description else ""
        lines.append(f"- [{found.title}]({help_site.markdown_address(code, found.slug)}){note}")
    lines += ["", f"## {_say(code, LANGUAGES)}", ""]
    lines += [
        f"- [{locale.name}]({help_site.list_address(SHORT, locale.code)}): {_say(locale.code, ABOUT)}"
        for locale in LOCALES.values()
    ]
    return "\n".join(lines) + "\n"


def _full(code: str) -> str:
    parts = ["\n".join(_head(code)).rstrip()]
    for found in help_site.pages().written_in(code):
        source = help_site.markdown_address(code, found.slug)
        parts.append(f"---\n\n<{source}>\n\n{found.markdown.strip()}")
    return "\n\n".join(parts) + "\n"


def _head(code: str) -> list[str]:
    how = (
        services()
        .catalogs.catalog(code)
        .say(
            help_answers.HOW_TO_ASK,
            parameter=f"`{help_site.markdown_address(code, 'index')}?ask=`",
            goal="`&goal=`",
        )
    )
    whole = services().catalogs.catalog(code).say(WHOLE, address=f"<{help_site.list_address(FULL, code)}>")
    return ["# Prospectus", "", f"> {_say(code, ABOUT)}", "", how, "", whole, ""]


def _say(code: str, phrase: Phrase) -> str:
    return services().catalogs.catalog(code).say(phrase)


@page(bp, "/sitemap.xml", needs=Audience.ANYONE, cache=Cache.PUBLIC, located=Located.NOWHERE)
def sitemap() -> ResponseReturnValue:
    """List every page that stands in its own language, with its twins in the others."""
    entries = [entry for slug in help_site.pages().slugs() for entry in _entries(slug)]
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
        ' xmlns:xhtml="http://www.w3.org/1999/xhtml">\n'
        f"{''.join(entries)}</urlset>\n"
    )
    response = help_site.plain(text, "application/xml")
    return help_site.conditional(response)


def _entries(slug: str) -> list[str]:
    there: list[tuple[Locale, Page]] = []
    for locale in LOCALES.values():
        found = help_site.pages().find(locale.code, slug)
        if found and not found.fallback:
            there.append((locale, found))
    codes = {locale.code for locale, _ in there}
    default = services().settings.locale
    named = [(locale.tag, help_site.address(locale.code, slug)) for locale, _ in there]
    named.append(("x-default", help_site.address(default if default in codes else SOURCE, slug)))
    twins = "".join(
        f'<xhtml:link rel="alternate" hreflang={quoteattr(tag)} href={quoteattr(href)}/>'
        for tag, href in named
    )
    return [
        f"<url><loc>{escape(help_site.address(locale.code, slug))}</loc>"
        f"{f'<lastmod>{found.updated.isoformat()}</lastmod>' if found.updated else ''}{twins}</url>\n"
        for locale, found in there
    ]
