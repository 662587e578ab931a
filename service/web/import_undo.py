"""Undoing an import: what it would take back and what stays, then asking for it."""

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from service.domain import import_reasons, import_undo, imports
from service.domain.errors import DomainError
from service.domain.import_reasons import Reason
from service.domain.import_undo import Leftover
from service.facts.permissions import Permission
from service.facts.states import ImportState
from service.facts.words import N_
from service.models.imports import Import
from service.web import import_words
from service.web.context import here, program, reader, reading, services, transaction
from service.web.forms import number, refusal_text, say, warn
from service.web.import_words import PATH, programs
from service.web.routes import page

bp = Blueprint("import_undo", __name__)
# Rows that stay, on one page.
LEFTOVERS = 50


@page(bp, f"{PATH}/undo", needs=Permission.IMPORT_RUN)
def ask(import_id: int) -> ResponseReturnValue:
    """Show what an undo would do now, or why there is none."""
    with reading() as session:
        import_ = imports.find(session, programs(), import_id)
        if import_.state in {ImportState.UNDOING.value, ImportState.UNDONE.value}:
            return redirect(url_for("imports.show", import_id=import_id), 303)
        found = import_undo.preview(session, programs(), import_id, limit=LEFTOVERS)
        return render_template(
            "imports/undo.html",
            **import_words.facts(session, import_),
            refused=refusal_text(found.refusal) if found.refusal else None,
            later_id=found.refusal.values.get("import_id") if found.refusal else None,
            rows=found.rows,
            kept=found.kept,
            leftovers=_shown(import_, found.leftovers),
            users=imports.names_of_users(session, [import_]),
        )


@page(bp, f"{PATH}/undo", needs=Permission.IMPORT_RUN, methods=("POST",))
def undo(import_id: int) -> ResponseReturnValue:
    """Have the import undone."""
    try:
        with transaction() as session:
            import_undo.request(
                session, services().jobs, programs(), import_id, actor_id=reader().id, now=here().now
            )
    except DomainError as error:
        warn(refusal_text(error))
    return redirect(url_for("imports.show", import_id=import_id), 303)


def result(session: Session, import_: Import) -> dict[str, Any]:
    """Return what an import's page says of its undo: by whom, and the rows of which something stays."""
    if import_.undone_by is None:
        return {"leftovers": []}
    after = number(request.args.get("stayed_after"))
    found = import_undo.list_leftovers(session, import_.id, after=after, limit=LEFTOVERS + 1)
    more, found = len(found) > LEFTOVERS, found[:LEFTOVERS]

    def at(number_: int | None) -> str:
        return url_for("imports.show", import_id=import_.id, stayed_after=number_, _anchor="leftovers")

    return {
        "undone_by": imports.user_name(session, import_.undone_by),
        "leftovers": _shown(import_, found),
        "leftovers_first": at(None) if after else None,
        "leftovers_next": at(found[-1].number) if more else None,
    }


def _shown(import_: Import, found: Iterable[Leftover]) -> list[dict[str, Any]]:
    return [
        {
            "number": one.number,
            "line": one.line,
            "name": one.name,
            "reasons": [import_reasons.say(reason, here().catalog) for reason in one.reasons],
            "links": _links(import_, one.reasons),
        }
        for one in found
    ]


def _links(import_: Import, reasons: Iterable[Reason]) -> dict[str, str]:
    """Return where what keeps a row can be looked at, by the words of the link, each once."""
    found: dict[str, str] = {}
    if not here().may(Permission.PROSPECTS_VIEW):
        return found
    here_is = here().program is not None and import_.program_id == program().id
    for reason in reasons:
        campaign, mail, prospect = (reason.values.get(name) for name in ("campaign", "delivery", "prospect"))
        if campaign and mail:
            found[say(N_("Show the email"))] = url_for(
                "histories.delivery", campaign_id=campaign, delivery_id=mail
            )
        # The page of a prospect is one of the program that the reader works in.
        elif prospect and here_is:
            found[say(N_("Show the prospect"))] = url_for("prospects.show", prospect_id=prospect)
    return found
