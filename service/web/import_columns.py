"""The page that asks which column is which: the user's own names and first rows, a menu for each."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from service.csvfile import CsvFile, headers
from service.csvfile.headers import COLUMNS, BadMapping, Key, Match, Matched
from service.domain import import_columns, import_preview, import_reasons, imports
from service.domain.errors import DomainError
from service.facts.findings import Severity
from service.facts.permissions import Permission
from service.facts.states import ImportState
from service.facts.words import N_, NP_, Phrase
from service.models.imports import Import
from service.web import import_words
from service.web.context import here, reader, reading, services, transaction
from service.web.forms import done, refusal_text, say, warn
from service.web.import_words import PATH, printable, programs
from service.web.routes import page

bp = Blueprint("import_columns", __name__)
_FIELD = "column-"
# Of a file with more columns the others are ignored; a page with thousands of menus would help nobody.
MOST_MENUS = 200
_SAMPLES = 3
_MARKS: Mapping[str, tuple[str, str, Phrase]] = {
    "recognized": ("success", "check", NP_("column", "Recognized")),
    Match.CHOSEN: ("success", "check", NP_("column", "Chosen earlier")),
    Match.DOUBLED: ("warning", "warning", NP_("column", "More than once")),
    "suggested": ("accent", "unknown", NP_("column", "Suggested")),
    Match.GUESSED: ("accent", "unknown", NP_("column", "Suggested")),
    Match.UNKNOWN: ("soft", "dot", NP_("column", "Unknown")),
    Match.BLANK: ("soft", "dot", NP_("column", "No name")),
}


@page(bp, f"{PATH}/columns", needs=Permission.IMPORT_RUN)
def show(import_id: int) -> ResponseReturnValue:
    """Show the columns of a file whose rows have not been stored."""
    with reading() as session:
        import_ = imports.find(session, programs(), import_id)
        file = import_preview.first_rows(session, import_, count=0).file
        if import_.state not in import_words.READ_AGAIN or not file.readable or not file.detection.certain:
            return redirect(url_for("imports.show", import_id=import_id), 303)
        return render(session, import_, file)


@page(bp, f"{PATH}/columns", needs=Permission.IMPORT_RUN, methods=("POST",))
def choose(import_id: int) -> ResponseReturnValue:
    """Read the file with the columns as they were chosen, and remember them for the program."""
    chosen, language = _chosen(), request.form.get("default_language") or None
    try:
        with reading() as session:
            file = imports.read_with(session, programs(), import_id, mapping=chosen)
            import_ = imports.find(session, programs(), import_id)
            if file.refused and import_.state in import_words.READ_AGAIN:
                return render(session, import_, file), 400
        with transaction() as session:
            import_ = imports.choose_reading(
                session,
                services().jobs,
                programs(),
                import_id,
                file=file,
                mapping=chosen,
                default_language=language,
                actor_id=reader().id,
                now=here().now,
            )
            if "remember" in request.form:
                import_columns.remember(session, import_.program_id, file, chosen, now=here().now)
    except BadMapping:
        abort(400)
    except DomainError as error:
        warn(refusal_text(error))
    else:
        if "remember" in request.form:
            done(N_("The columns are remembered for the next files of this program."))
    return redirect(url_for("imports.show", import_id=import_id), 303)


def _chosen() -> dict[int, Key]:
    """What the menus say; whatever is none of ours is answered with 400."""
    found: dict[int, Key] = {}
    for name, value in request.form.items():
        index = name.removeprefix(_FIELD)
        if index == name or not value:
            continue
        if value not in set(Key) or not (index.isascii() and index.isdigit() and len(index) <= 6):
            abort(400)
        found[int(index)] = Key(value)
    return found


def render(session: Session, import_: Import, file: CsvFile) -> str:
    """Return the page, with what was chosen so far or what can be proposed."""
    sent = request.method == "POST"
    # What was sent stands in the menus again, whatever is wrong with it.
    mapping = _chosen() if sent else import_columns.proposed(file)
    return render_template(
        "imports/columns.html",
        **import_words.facts(session, import_),
        **import_words.ways(file.delimiter),
        encoding=file.encoding,
        read_as=import_words.read_as(import_, file),
        columns=_columns(file, mapping, sent=sent),
        nameless=headers.holds_data(file.header),
        options=_options(),
        refusals=_refusals(file),
        left_out=max(0, len(file.mapped.matches) - MOST_MENUS),
        language_choices=import_words.languages(import_words.program_of(import_)),
        default_language=(request.form.get("default_language", "") if sent else import_.default_language)
        or "",
        remember=not sent or "remember" in request.form,
        can_cancel=import_.state in {ImportState.UPLOADED.value, ImportState.PLANNED.value},
    )


def _options() -> list[tuple[str, str]]:
    locale = here().locale.code
    needed = N_("%(name)s (required)")
    named = [
        (one.key.value, say(needed, name=one.names[locale]) if one.required else one.names[locale])
        for one in COLUMNS
    ]
    return [("", say(N_("Ignore this column"))), *named]


def _columns(file: CsvFile, mapping: Mapping[int, Key], *, sent: bool) -> list[dict[str, Any]]:
    rows = file.preview(_SAMPLES)
    return [
        {
            "field": f"{_FIELD}{one.index}",
            "name": printable(one.name),
            "cells": [printable(row.cells[one.index]) for row in rows if one.index < len(row.cells)],
            "mark": _mark(one, mapping, sent=sent),
            "chosen": mapping[one.index].value if one.index in mapping else "",
            "doubled": sent and one.match is Match.DOUBLED,
        }
        for one in file.mapped.matches[:MOST_MENUS]
        if one.match is not Match.RESULT
    ]


def _mark(one: Matched, mapping: Mapping[int, Key], *, sent: bool) -> tuple[str, str, str]:
    key: str = one.match
    if one.match in {Match.NAME, Match.SYNONYM} or (sent and one.match is Match.CHOSEN):
        key = "recognized"
    elif one.match in {Match.UNKNOWN, Match.BLANK} and one.index in mapping:
        key = "suggested"
    kind, icon, phrase = _MARKS[key]
    return kind, icon, say(phrase)


def _refusals(file: CsvFile) -> list[tuple[str | None, str]]:
    """Why the columns as they stand refuse the file, with the menu that can mend it."""
    found: list[tuple[str | None, str]] = []
    for one in file.findings:
        if one.severity is Severity.ERROR:
            reason = import_reasons.of_findings([one], {})[0]
            mends = one.column and one.column <= MOST_MENUS
            field = f"#{_FIELD}{one.column - 1}" if one.column and mends else None
            found.append((field, import_reasons.say(reason, here().catalog)))
    return found
