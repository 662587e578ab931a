"""A gallery for translators: every shipped mail in every language, and the pages that tell of an error."""

from dataclasses import dataclass

from flask import Blueprint, make_response, render_template, request
from flask.typing import ResponseReturnValue

from service.facts.permissions import Permission
from service.facts.words import N_, Phrase
from service.i18n.locales import LOCALES, Locale
from service.i18n.po_wrapping import columns
from service.mail.shipped import CAMPAIGN_LABELS
from service.mail.specimens import NAMES, specimen
from service.web import errors, letters
from service.web.context import here, services
from service.web.routes import one_of, page
from service.web.security import MAIL_POLICY

bp = Blueprint("translate_gallery", __name__)

LABELS: dict[str, Phrase] = {
    **CAMPAIGN_LABELS,
    "import-report": N_("Import report"),
    "password-reset": N_("Password reset"),
    "test-mail": N_("Test email"),
}
_NAME, _CODE = one_of("name", NAMES), one_of("code", LOCALES)
_STATUS = one_of("status", map(str, errors.TITLES))


@dataclass(frozen=True, slots=True)
class Subject:
    """A mail's subject in one language, and how many columns it takes: wide letters take two."""

    locale: Locale
    text: str
    width: int


@page(bp, "/translate/gallery", needs=Permission.TRANSLATIONS_EDIT)
def index() -> ResponseReturnValue:
    """List every mail with its subjects, and the pages for errors."""
    subjects = {name: [_subject(name, locale) for locale in LOCALES.values()] for name in NAMES}
    return render_template(
        "translate/gallery.html", subjects=subjects, labels=LABELS, locales=LOCALES, errors=errors.TITLES
    )


def _subject(name: str, locale: Locale) -> Subject:
    text = specimen(name, services().catalogs.catalog(locale.code)).subject
    return Subject(locale, text, columns(text))


@page(bp, f"/translate/gallery/{_NAME}/{_CODE}", needs=Permission.TRANSLATIONS_EDIT)
def show(name: str, code: str) -> ResponseReturnValue:
    """Show one mail in one language, as HTML in light or dark colors, or as text."""
    part = request.args.get("part", "html")
    return render_template(
        "translate/specimen.html",
        name=name,
        label=LABELS[name],
        subject=_subject(name, LOCALES[code]),
        text=specimen(name, services().catalogs.catalog(code)).text,
        part=part if part in {"html", "dark", "text"} else "html",
        locales=LOCALES,
    )


@page(bp, f"/translate/gallery/{_NAME}/{_CODE}/html", needs=Permission.TRANSLATIONS_EDIT)
def html(name: str, code: str) -> ResponseReturnValue:
    """Serve the HTML part in its own frame, under its own policy."""
    made = specimen(name, services().catalogs.catalog(code))
    response = make_response(letters.in_scheme(made.html, dark="dark" in request.args))
    response.headers["Content-Security-Policy"] = MAIL_POLICY
    return response


@page(bp, f"/translate/gallery/errors/{_STATUS}", needs=Permission.TRANSLATIONS_EDIT)
def error(status: str) -> ResponseReturnValue:
    """Show the page that tells of an error, without one."""
    say, code = here().catalog.say, int(status)
    title, advice = say(errors.TITLES[code]), say(errors.ADVICE[code])
    return render_template("errors/error.html", code=code, title=title, advice=advice, again=())
