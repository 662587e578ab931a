"""Help as Markdown for programs: a page and what stands around it, answers to questions, similar names."""

from collections.abc import Sequence
from difflib import SequenceMatcher

from service.content.pages import Page
from service.content.search import Hit
from service.facts.words import N_
from service.i18n.locales import LOCALES
from service.markdown.references import escape
from service.web import help_site
from service.web.context import here

HOW_TO_ASK = N_(
    "Ask a question about Prospectus: add %(parameter)s with one whole question to the address of a help "
    "page, and %(goal)s with what you want to reach if that helps. The answer quotes the help pages word for "
    "word."
)
NOT_FOUND = N_(
    "The help pages do not answer this question. Try other words, or read the list of all pages: %(list)s"
)
SOURCES = N_("Sources")
OTHER_LANGUAGE = N_("This block exists in another language only: %(language)s")
NO_PAGE = N_("Page not found")
NEARLY = N_("Pages with a similar name")
ALL_PAGES = N_("All help pages are listed here: %(list)s")
AS_HTML = N_("This page for reading in a browser: %(address)s")
_NEAR = 0.45
_MOST_NEAR = 3


def page(found: Page) -> str:
    """Return a page as served: its Markdown, then where its list is and how to ask."""
    catalog, code = here().catalog, here().locale.code
    notes = (
        catalog.say(AS_HTML, address=f"<{help_site.address(code, found.slug)}>"),
        catalog.say(ALL_PAGES, list=f"<{help_site.list_address('llms.txt', code)}>"),
        _how_to(help_site.markdown_address(code, found.slug)),
    )
    lines = "\n".join(f"* {note}" for note in notes)
    return f"{found.markdown.rstrip()}\n\n---\n\n{lines}\n"


def how_to_ask(slug: str) -> str:
    """Return what an empty question is answered with."""
    return f"{_how_to(help_site.markdown_address(here().locale.code, slug))}\n"


def _how_to(address: str) -> str:
    return here().catalog.say(HOW_TO_ASK, parameter=f"`{address}?ask=`", goal="`&goal=`")


def answer(question: str, hits: Sequence[Hit]) -> str:
    """Return an answer made of quoted blocks alone, each under its headings, with its address."""
    catalog, code = here().catalog, here().locale.code
    parts = [f"# {escape(question)}"]
    if not hits:
        where = f"<{help_site.list_address('llms.txt', code)}>"
        return f"{parts[0]}\n\n{catalog.say(NOT_FOUND, list=where)}\n"
    for hit in hits:
        passage = hit.passage
        heading = escape(" › ".join(passage.path))
        parts.append(f"## [{heading}]({help_site.address(code, passage.slug)}#{passage.anchor})")
        if passage.language != code:
            parts.append(catalog.say(OTHER_LANGUAGE, language=LOCALES[passage.language].name))
        parts.append("\n".join(f"> {line}".rstrip() for line in passage.markdown.split("\n")))
    parts.append(f"# {catalog.say(SOURCES)}")
    slugs = dict.fromkeys(hit.passage.slug for hit in hits)
    pages = ((slug, help_site.pages().find(code, slug)) for slug in slugs)
    parts.append(
        "\n".join(
            f"* [{escape(page.title)}]({help_site.markdown_address(code, slug)})"
            for slug, page in pages
            if page
        )
    )
    return "\n\n".join(parts) + "\n"


def missing(name: str) -> str:
    """Return what stands at the address of no page: pages called nearly so, and where all of them are."""
    catalog, code = here().catalog, here().locale.code
    parts = [f"# {catalog.say(NO_PAGE)}"]
    near = [entry for entry in help_site.pages().tree(code) if _near(name, entry.slug) >= _NEAR]
    near.sort(key=lambda entry: -_near(name, entry.slug))
    if near:
        links = (
            f"* [{escape(entry.title)}]({help_site.markdown_address(code, entry.slug)})"
            for entry in near[:_MOST_NEAR]
        )
        parts += [f"{catalog.say(NEARLY)}:", "\n".join(links)]
    parts.append(catalog.say(ALL_PAGES, list=f"<{help_site.list_address('llms.txt', code)}>"))
    return "\n\n".join(parts) + "\n"


def _near(name: str, slug: str) -> float:
    return SequenceMatcher(None, name[:200].casefold().replace("_", "-"), slug).ratio()
