"""Markdown that users wrote, as markup for a page that has its own heading."""

from dataclasses import dataclass

from markupsafe import Markup

from service.domain import terms
from service.i18n.locales import LOCALES, Locale
from service.markdown import dialect, html
from service.models import MessagingTerms
from service.web.context import here


@dataclass(frozen=True, slots=True)
class Shown:
    """A text with the language it is written in."""

    locale: Locale
    html: Markup


def shown(text: str, code: str) -> Shown:
    """Return a text as markup; its headings go below the page's own."""
    document = dialect.parse(text, dialect.Profile.MAIL)
    for token in document.tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1:]) + 1, 6)}"
    return Shown(LOCALES[code], Markup(html.render(document)))  # noqa: S704 - the dialect writes safe HTML


def in_language_of_reader(version: MessagingTerms) -> Shown:
    """Return a version of the terms in the reader's language, or in the first one there is."""
    code, text = terms.text_in(version, here().locale.code)
    return shown(text, code)
