"""A gallery for translators: each mail, error page, refusal, notice and empty list in each language."""

from dataclasses import dataclass

from flask import Blueprint, abort, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.facts.findings import SEVERITY_LABELS, Finding
from service.facts.permissions import Permission
from service.i18n.catalogs import Catalog
from service.i18n.listening import Listening, Overhearing
from service.i18n.locales import LOCALES, Locale
from service.i18n.po_wrapping import columns
from service.mail.compiled import ContentRefused, Filled
from service.mail.specimens import LABELS, NAMES, specimen
from service.web import errors, letters, translate_samples
from service.web.context import here, services
from service.web.routes import one_of, page
from service.web.security import MAIL_POLICY
from service.web.translate_places import own_code
from service.web.translate_samples import KINDS

bp = Blueprint("translate_gallery", __name__)

# The page around the frame may look into it; no script runs in it all the same.
INSPECTED_POLICY = f"{MAIL_POLICY} allow-same-origin"
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
    return render_template(
        "translate/gallery.html",
        mails=mails,
        labels=LABELS,
        errors=errors.TITLES,
        kinds=KINDS,
        code=own_code(),
    )


def _shown(name: str, code: str, catalog: Catalog | None = None) -> Shown:
    # A translation may hold a token that is none: then there is no such mail, here as in compose.
    try:
        return Shown(LOCALES[code], specimen(name, catalog or services().catalogs.catalog(code)))
    except ContentRefused as refused:
        return Shown(LOCALES[code], None, tuple(refused.findings))


@page(bp, f"/translate/gallery/{_NAME}/{_CODE}", needs=Permission.TRANSLATIONS_EDIT)
def show(name: str, code: str) -> ResponseReturnValue:
    """Show one mail in one language, as HTML in light or dark colors, or as text."""
    part = request.args.get("part", "html")
    shown = _heard(name, code)
    return render_template(
        "translate/specimen.html",
        name=name,
        label=LABELS[name],
        shown=shown,
        severity_labels=SEVERITY_LABELS,
        part=part if part in {"html", "dark", "text"} else "html",
        locales=LOCALES,
    )


def _heard(name: str, code: str) -> Shown:
    """Return a mail; where the page is inspected, its texts belong to the page's list."""
    own = here().catalog
    if not isinstance(own, Listening):
        return _shown(name, code)
    heard = Overhearing(services().catalogs.catalog(code))
    shown = _shown(name, code, heard)
    for said in heard.said:
        own.note(*said)
    return shown


@page(bp, f"/translate/gallery/{one_of('kind', KINDS)}/{_CODE}", needs=Permission.TRANSLATIONS_EDIT)
def texts(kind: str, code: str) -> ResponseReturnValue:
    """Show the texts that pages show only at certain moments, in one language."""
    catalog = services().catalogs.catalog(code)
    makers = {"refusals": translate_samples.refusals, "notices": translate_samples.notices}
    return render_template(
        "translate/samples.html",
        kind=kind,
        kinds=KINDS,
        target=LOCALES[code],
        locales=LOCALES,
        samples=makers[kind](catalog) if kind in makers else (),
        empty_lists=translate_samples.empty_lists(catalog) if kind == "empty" else (),
    )


@page(bp, f"/translate/gallery/{_NAME}/{_CODE}/html", needs=Permission.TRANSLATIONS_EDIT)
def html(name: str, code: str) -> ResponseReturnValue:
    """Serve the HTML part in its own frame, under its own policy."""
    mail = _shown(name, code).mail
    if mail is None:
        abort(404)
    response = make_response(letters.in_scheme(mail.html, dark="dark" in request.args))
    inspected = isinstance(here().catalog, Listening)
    response.headers["Content-Security-Policy"] = INSPECTED_POLICY if inspected else MAIL_POLICY
    return response


@page(bp, "/translate/gallery/errors/<int:status>", needs=Permission.TRANSLATIONS_EDIT)
def error(status: int) -> ResponseReturnValue:
    """Show the page that tells of an error, without one."""
    if status not in errors.TITLES:
        abort(404)
    say = here().catalog.say
    title, advice = say(errors.TITLES[status]), say(errors.ADVICE[status])
    home = url_for("home.index")
    return render_template(
        "errors/error.html",
        code=status,
        title=title,
        advice=advice,
        again=(),
        form_href=home,
        ticket=None,
        has_home=True,
    )
