"""What the import pages show: the state of an import, the file as it was read, and its rows, in words."""

import csv
import io
from dataclasses import replace
from typing import Any

from flask import request, url_for
from sqlalchemy.orm import Session

from service.csvfile import CsvFile, headers, words
from service.csvfile.dialect import DELIMITERS
from service.csvfile.encoding import CHOICES
from service.csvfile.headers import COLUMNS, Key
from service.domain import groups, import_preview, import_reasons, import_rows, imports
from service.domain.import_preview import Reading
from service.domain.import_rows import RowFilter
from service.domain.prospect_list import search_words
from service.facts.findings import Severity
from service.facts.states import ImportState, RowOutcome
from service.facts.words import N_, NP_
from service.i18n.locales import LOCALES
from service.links import PUBLIC_PATHS
from service.models import Program
from service.models.imports import Import, ImportRow
from service.web import choices, import_pace
from service.web.context import here, program
from service.web.forms import number, say
from service.web.words import label

PATH = PUBLIC_PATHS["import"].replace("<", "<int:")
ROWS = 100
RUNNING = {ImportState.PLANNING.value, ImportState.APPLYING.value, ImportState.UNDOING.value}
CANCELLABLE = {
    ImportState.UPLOADED.value,
    ImportState.PLANNING.value,
    ImportState.PLANNED.value,
    ImportState.APPLYING.value,
}
WITH_RESULT = {
    ImportState.PLANNED.value,
    ImportState.DONE.value,
    ImportState.CANCELLED.value,
    ImportState.UNDONE.value,
}
# States in which nothing has been stored: the file may be read in another way.
READ_AGAIN = {ImportState.UPLOADED.value, ImportState.PLANNED.value, ImportState.REFUSED.value}
# The parts of the bar of outcomes: the colour of each.
FILLS = {
    RowOutcome.CREATED: "sent",
    RowOutcome.UPDATED: "sending",
    RowOutcome.UNCHANGED: "suppressed",
    RowOutcome.REJECTED: "failed",
}


def programs() -> set[int]:
    """Return the programs whose imports the reader may see: links in mails lead to any of them."""
    return {one.id for one in here().programs}


def facts(session: Session, import_: Import) -> dict[str, Any]:
    """Return what every page about one import needs."""
    counts = {outcome.value: rows for outcome, rows in imports.counts(import_).items()}
    total = sum(counts.values())
    reasons = import_rows.list_reasons(session, import_.id) if import_.state not in RUNNING else []
    return {
        "item": import_,
        "counts": counts,
        "total": total,
        "fills": [(outcome.value, fill) for outcome, fill in FILLS.items()],
        "pace": import_pace.pace(session, import_),
        "running": import_.state in RUNNING,
        "cancellable": import_.state in CANCELLABLE,
        "undoable": may_be_undone(import_),
        "has_result": import_.state in WITH_RESULT and import_.cleared_at is None and total > 0,
        "reasons": [
            {
                "rule": group.rule,
                "rows": group.rows,
                "rejects": group.example.rejects,
                "example": import_reasons.say(group.example, here().catalog),
            }
            for group in reasons
        ],
        "stopped": stopped(import_),
        "program_name": program_of(import_).name,
        "elsewhere": here().program is None or import_.program_id != program().id,
        "step": 1 if import_.state in {ImportState.UPLOADED.value, ImportState.REFUSED.value} else 2,
    }


def stopped(import_: Import) -> list[str]:
    """Return why an import or its undo stopped by itself; nothing where a person cancelled it."""
    if import_.state not in {ImportState.CANCELLED.value, ImportState.DONE.value}:
        return []
    return [import_reasons.say(one, here().catalog) for one in import_reasons.loaded(import_.refusal)]


def may_be_undone(import_: Import) -> bool:
    """Whether to offer an undo; its page says whether it can be had."""
    over = import_.state in {ImportState.DONE.value, ImportState.CANCELLED.value}
    return (
        over
        and import_.cleared_at is None
        and import_.applied_rows > 0
        and import_.created_rows + import_.updated_rows > 0
    )


def program_of(import_: Import) -> Program:
    """Return the program of an import, which is one of the reader's."""
    return here().program_of(import_.program_id)


_LIKE_PROGRAM = N_("Default language of the program")
_LIKE_PROGRAM_NAMED = N_("Default language of the program: %(language)s")


def languages(known: Program | None = None) -> list[tuple[str, str]]:
    """Return the choices for people without a language: first what the program says, then each language."""
    return [("", _like_program(known)), *choices.languages()]


def _like_program(known: Program | None) -> str:
    if known is None:
        return say(_LIKE_PROGRAM)
    return say(_LIKE_PROGRAM_NAMED, language=LOCALES[known.default_locale].name)


def _language(import_: Import) -> str:
    code = import_.default_language
    return _like_program(program_of(import_)) if code is None else LOCALES[code].name


def _written_to_in(import_: Import) -> str:
    return LOCALES[import_.default_language or program_of(import_).default_locale].name


def ways_to_read(session: Session, import_: Import) -> dict[str, Any]:
    """Return what the page needs that asks how to read a file."""
    refused = import_.state == ImportState.REFUSED.value
    found = (
        [import_preview.first_rows(session, import_)]
        if refused
        else import_preview.readings(session, import_)
    )
    best = found[0].file
    return {
        "refusal": [
            import_reasons.say(one, here().catalog) for one in import_reasons.loaded(import_.refusal)
        ],
        "readable": best.readable,
        "readings": [_shown(one) for one in found] if best.readable else [],
        **ways(best.delimiter),
        "recognized": _recognized(best),
    }


def ways(delimiter: str) -> dict[str, Any]:
    """Return the ways to read a file that a person may choose."""
    return {
        "encodings": [(name, words.encoding_name(name)) for name in CHOICES],
        "delimiters": [("tab" if mark == "\t" else mark, delimiter_name(mark)) for mark in DELIMITERS],
        "delimiter": "tab" if delimiter == "\t" else delimiter,
    }


def _shown(one: Reading) -> dict[str, Any]:
    file = one.file
    return {
        "encoding": file.encoding,
        "name": words.encoding_name(file.encoding),
        "delimiter": delimiter_name(file.delimiter),
        "header": [(printable(cell), (-1, column) in one.differs) for column, cell in enumerate(file.header)],
        "rows": [
            (
                row.number,
                row.line,
                [(printable(cell), (at, column) in one.differs) for column, cell in enumerate(row.cells)],
            )
            for at, row in enumerate(one.rows)
        ],
    }


def printable(cell: str) -> str:
    """Return a cell for looking at: bytes that did not decode, and controls, as a mark."""
    shown = "".join(
        char if char.isprintable() or char in "\n\u3000\u00a0" else "\ufffd" for char in cell[:300]
    )
    return shown if len(cell) <= 300 else f"{shown}…"


def _recognized(file: CsvFile) -> list[dict[str, str]]:
    locale = here().locale.code
    return [
        {
            "ours": column.names[locale],
            "theirs": printable(file.header[file.columns[column.key]]) if column.key in file.columns else "",
        }
        for column in COLUMNS
        if column.key in file.columns or column.required
    ]


def sample(locale: str) -> str:
    """Return a small file with every column and one row, as spreadsheets of a language save it.

    It can be imported anywhere: the row is in no group and has no account.
    """
    row = ["" if one.key in {Key.GROUP, Key.MPID} else one.examples[locale] for one in COLUMNS]
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";" if locale == "fr" else ",", lineterminator="\r\n")
    writer.writerows([headers.header_row(locale), row])
    return out.getvalue()


def delimiter_name(mark: str) -> str:
    """Return the word for a delimiter."""
    return words.delimiter_name(mark, here().catalog)


def rows(session: Session, import_: Import) -> dict[str, Any]:
    """Return the rows that the request asks for, with the ways to ask for others."""
    running = import_.state in RUNNING
    wanted = _wanted()
    after = number(request.args.get("after"))
    found = [] if running else import_rows.list_rows(session, import_.id, wanted, after=after, limit=ROWS + 1)
    more, found = len(found) > ROWS, found[:ROWS]
    names = {one.id: one.name for one in groups.list_of(session, import_.program_id)}
    known = import_rows.known(session, found)
    file = import_preview.first_rows(session, import_, count=0).file
    reasons = [] if running else import_rows.list_reasons(session, import_.id)
    said = {group.rule: import_reasons.say(group.example, here().catalog) for group in reasons}
    return {
        "rows": [{**_row(row, names), "known": known.get(row.partner_id or 0)} for row in found],
        "wanted": wanted,
        "next_href": _at(import_, wanted, after=found[-1].number) if more else None,
        "first_href": _at(import_, wanted) if after else None,
        "outcome_tabs": _tabs(import_, wanted),
        "reason_choices": [("", say(NP_("filter", "All"))), *said.items()],
        "reason_href": {rule: _at(import_, RowFilter(rule=rule)) for rule in said},
        "chips": _chips(import_, wanted, said),
        "recognized": _recognized(file),
        "chosen_columns": import_.mapping is not None,
        "nameless": headers.holds_data(file.header),
        "no_language": "" if Key.LANGUAGE in file.columns else _written_to_in(import_),
        "ignored": here().formats.listing([printable(file.header[index]) for index in file.mapped.unknown]),
        **ways(import_.delimiter or ","),
        "read_as": read_as(import_, file),
    }


def read_as(import_: Import, file: CsvFile) -> list[tuple[str, str]]:
    """Return how a file was read, as pairs of words."""
    return [
        (say(N_("Program")), program_of(import_).name),
        (say(N_("Encoding")), words.encoding_name(file.encoding)),
        (say(N_("Delimiter")), delimiter_name(file.delimiter)),
        (say(N_("Size")), here().formats.file_size(import_.size)),
        (
            say(N_("Existing values")),
            say(N_("Overwrite") if import_.overwrite else N_("Fill blanks only")),
        ),
        (say(N_("Language of people without one")), _language(import_)),
    ]


def _wanted() -> RowFilter:
    return RowFilter(
        outcome=_outcome(request.args.get("outcome", "")),
        rule=search_words(request.args.get("rule", "")),
        text=search_words(request.args.get("q", "")),
    )


def _at(import_: Import, wanted: RowFilter, *, after: int | None = None) -> str:
    outcome = wanted.outcome.value if wanted.outcome else None
    asked = {"outcome": outcome, "rule": wanted.rule, "q": wanted.text, "after": after}
    values: dict[str, Any] = {name: value for name, value in asked.items() if value}
    return url_for("imports.show", import_id=import_.id, _anchor="rows", **values)


def _tabs(import_: Import, wanted: RowFilter) -> list[dict[str, Any]]:
    counts = imports.counts(import_)
    return [
        {
            "label": say(NP_("rows", "All")) if one is None else label(one.value, "row"),
            "href": _at(import_, replace(wanted, outcome=one)),
            "current": wanted.outcome is one,
            "count": here().formats.number(sum(counts.values()) if one is None else counts[one]),
        }
        for one in (None, *RowOutcome)
    ]


def _chips(import_: Import, wanted: RowFilter, said: dict[str, str]) -> list[tuple[str, str, str]]:
    """Return what narrows the rows beside the outcome, each with the way to take it off."""
    chips = []
    if wanted.rule:
        told = said.get(wanted.rule, wanted.rule)
        chips.append((say(NP_("row", "Reason")), told, _at(import_, replace(wanted, rule=""))))
    if wanted.text:
        chips.append((say(N_("Search")), wanted.text, _at(import_, replace(wanted, text=""))))
    return chips


def _outcome(text: str) -> RowOutcome | None:
    return RowOutcome(text) if text in set(RowOutcome) else None


def _row(row: ImportRow, group_names: dict[int, str]) -> dict[str, Any]:
    changes: dict[str, Any] = row.changes or {}
    written = changes.get("set", {})
    if changes.get("new") == "partner":
        # All of somebody new is new: who it is about is enough.
        written = {name: pair for name, pair in written.items() if name == Key.EMAIL.value}
    shown = [(_field_name(name), before or "", after) for name, (before, after) in written.items()]
    if "group" in changes:
        name = import_reasons.column_name(Key.GROUP, here().catalog)
        shown.append((name, "", group_names.get(changes["group"], "–")))
    return {
        "number": row.number,
        "line": row.line,
        "name": row.name,
        "outcome": row.outcome,
        "changes": shown,
        "reasons": [
            (one.severity is Severity.ERROR, import_reasons.say(one, here().catalog))
            for one in import_reasons.loaded(row.reasons)
        ],
    }


def _field_name(name: str) -> str:
    if name == "custom_email":
        return say(N_("Custom contact"))
    return import_reasons.column_name(Key(name), here().catalog)
