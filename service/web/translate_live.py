"""For translators: pages that follow the catalogs, and what is wrong with the files."""

import hashlib

from flask import Blueprint, Flask, request, url_for
from flask.typing import ResponseReturnValue

from service.facts.permissions import Permission
from service.i18n.catalogs import CatalogProblem
from service.i18n.locales import LOCALES
from service.web import help_site
from service.web.context import here, services
from service.web.routes import Audience, page

bp = Blueprint("translate_live", __name__)

MOST_PROBLEMS = 20


def install(app: Flask) -> None:
    """Give every template what `templates/translate/live.html` names."""
    app.context_processor(_live)


@page(bp, "/translate/version", needs=Audience.ANYONE)
def version() -> ResponseReturnValue:
    """Name the version of all catalogs and of what is wrong with them.

    Asked often and without a session, so that it costs next to nothing while nothing changes.
    """
    return help_site.plain(_version(services().catalogs.problems()), "text/plain")


def _version(problems: tuple[CatalogProblem, ...]) -> str:
    texts = [services().catalogs.catalog(code).version for code in LOCALES]
    texts += [str(problem) for problem in problems]
    return hashlib.blake2b("\0".join(texts).encode(), digest_size=8).hexdigest()


def _live() -> dict[str, object]:
    """Return what is wrong with the catalogs, for those who mend them, and where a page asks what is new.

    Only the answer to a GET can be fetched again. The version is taken before the page is made: should a
    catalog change in between, the page asks once too often.
    """
    if not here().may(Permission.TRANSLATIONS_EDIT):
        return {"catalog_problems": (), "live": None, "translates": False}
    problems = services().catalogs.problems()
    follows = services().settings.translation_editing and request.method == "GET"
    live = {"href": url_for("translate_live.version"), "version": _version(problems)} if follows else None
    shown = [
        ("/".join(problem.path.parts[-4:]), problem.line, problem) for problem in problems[:MOST_PROBLEMS]
    ]
    return {
        "catalog_problems": shown,
        "more_catalog_problems": max(len(problems) - MOST_PROBLEMS, 0),
        "live": live,
        "translates": True,
    }
