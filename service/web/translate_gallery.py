"""A gallery for translators: every shipped mail in every language, and the pages that tell of an error."""

from dataclasses import dataclass

from flask import Blueprint, abort, make_response, render_template, request
from flask.typing import ResponseReturnValue

from service.facts.findings import SEVERITY_LABELS, Finding
from service.facts.permissions import Permission
from service.facts.words import N_, Phrase
from service.i18n.locales import LOCALES, Locale
from service.i18n.po_wrapping import columns
from service.mail.compiled import ContentRefused, Filled
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
    "user-invitation": N_("Invitation to the team"),
}
_NAME, _CODE = one_of("name", NAMES), one_of("code", LOCALES)


@dataclass(frozen=True, slots=True)
class Shown:
    """A mail in one language, or what is wrong with its words. Wide letters take two columns of `width`."""

    locale: Locale
    mail: Filled | None
    findings: tuple[Finding, ...] = ()

    @property
    def width(self) -> int:
        """How many columns the subject takes."""
        return columns(self.mail.subject) if self.mail else 0


@page(bp, "/translate/gallery", needs=Permission.TRANSLATIONS_EDIT)
def index() -> ResponseReturnValue:
    """List every mail with its subjects, and the pages for errors."""
    mails = {name: [_shown(name, code) for code in LOCALES] for name in NAMES}
    return render_template("translate/gallery.html", mails=mails, labels=LABELS, errors=errors.TITLES)


def _shown(name: str, code: str) -> Shown:
    # A translation may hold a token that is none: then there is no such mail, here as in compose.
    try:
        return Shown(LOCALES[code], specimen(name, services().catalogs.catalog(code)))
    except ContentRefused as refused:
        return Shown(LOCALES[code], None, tuple(refused.findings))


@page(bp, f"/translate/gallery/{_NAME}/{_CODE}", needs=Permission.TRANSLATIONS_EDIT)
def show(name: str, code: str) -> ResponseReturnValue:
    """Show one mail in one language, as HTML in light or dark colors, or as text."""
    part = request.args.get("part", "html")
    return render_template(
        "translate/specimen.html",
        name=name,
        label=LABELS[name],
        shown=_shown(name, code),
        severity_labels=SEVERITY_LABELS,
        part=part if part in {"html", "dark", "text"} else "html",
        locales=LOCALES,
    )


@page(bp, f"/translate/gallery/{_NAME}/{_CODE}/html", needs=Permission.TRANSLATIONS_EDIT)
def html(name: str, code: str) -> ResponseReturnValue:
    """Serve the HTML part in its own frame, under its own policy."""
    mail = _shown(name, code).mail
    if mail is None:
        abort(404)
    response = make_response(letters.in_scheme(mail.html, dark="dark" in request.args))
    response.headers["Content-Security-Policy"] = MAIL_POLICY
    return response


@page(bp, "/translate/gallery/errors/<int:status>", needs=Permission.TRANSLATIONS_EDIT)
def error(status: int) -> ResponseReturnValue:
    """Show the page that tells of an error, without one."""
    if status not in errors.TITLES:
        abort(404)
    say = here().catalog.say
    title, advice = say(errors.TITLES[status]), say(errors.ADVICE[status])
    return render_template("errors/error.html", code=status, title=title, advice=advice, again=())
