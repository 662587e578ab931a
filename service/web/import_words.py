"""What the import pages show: the state of an import, the file as it was read, and its rows, in words."""

from typing import Any

from flask import request, url_for
from sqlalchemy.orm import Session

from service.csvfile import CsvFile, words
from service.csvfile.dialect import DELIMITERS
from service.csvfile.encoding import CHOICES
from service.csvfile.headers import COLUMNS, Key
from service.domain import groups, import_preview, import_reasons, imports
from service.domain.import_preview import Reading
from service.facts.findings import Severity
from service.facts.states import ImportState, RowOutcome
from service.facts.words import N_, NP_
from service.models.imports import Import, ImportRow
from service.web.context import here, program
from service.web.forms import number, say
from service.web.words import label

ROWS = 100
RUNNING = {ImportState.PLANNING.value, ImportState.APPLYING.value}
WITH_RESULT = {ImportState.PLANNED.value, ImportState.DONE.value, ImportState.CANCELLED.value}


def facts(session: Session, import_: Import) -> dict[str, Any]:
    """Return what every page about one import needs."""
    counts = {outcome.value: rows for outcome, rows in imports.counts(import_).items()}
    total = sum(counts.values())
    reasons = imports.list_reasons(session, import_.id) if import_.state not in RUNNING else []
    return {
        "item": import_,
        "counts": counts,
        "total": total,
        "running": import_.state in RUNNING,
        "cancellable": import_.state in {*RUNNING, ImportState.UPLOADED.value, ImportState.PLANNED.value},
        "has_result": import_.state in WITH_RESULT and total > 0,
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
        "program_name": _program_name(import_),
        "elsewhere": here().program is None or import_.program_id != program().id,
        "step": 1 if import_.state in {ImportState.UPLOADED.value, ImportState.REFUSED.value} else 2,
    }


def stopped(import_: Import) -> list[str]:
    """Return why an import stopped by itself; nothing where it did not, or where a person cancelled it."""
    if import_.state != ImportState.CANCELLED.value:
        return []
    return [import_reasons.say(one, here().catalog) for one in import_reasons.loaded(import_.refusal)]


def _program_name(import_: Import) -> str:
    return next(one.name for one in here().programs if one.id == import_.program_id)


def choices(session: Session, import_: Import) -> dict[str, Any]:
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
        **_ways(best.delimiter),
        "recognized": _recognized(best),
    }


def _ways(delimiter: str) -> dict[str, Any]:
    """The ways to read a file that a person may choose."""
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
        "header": [
            (_printable(cell), (-1, column) in one.differs) for column, cell in enumerate(file.header)
        ],
        "rows": [
            (
                row.number,
                [(_printable(cell), (at, column) in one.differs) for column, cell in enumerate(row.cells)],
            )
            for at, row in enumerate(one.rows)
        ],
    }


def _printable(cell: str) -> str:
    """A cell for looking at: bytes that did not decode, and controls, as a mark."""
    shown = "".join(
        char if char.isprintable() or char in "\n\u3000\u00a0" else "\ufffd" for char in cell[:300]
    )
    return shown if len(cell) <= 300 else f"{shown}…"


def _recognized(file: CsvFile) -> list[dict[str, str]]:
    locale = here().locale.code
    return [
        {
            "ours": column.names[locale],
            "theirs": _printable(file.header[file.columns[column.key]]) if column.key in file.columns else "",
        }
        for column in COLUMNS
        if column.key in file.columns or column.required
    ]


def delimiter_name(mark: str) -> str:
    """Return the word for a delimiter."""
    return words.delimiter_name(mark, here().catalog)


def rows(session: Session, import_: Import) -> dict[str, Any]:
    """Return the rows that the request asks for, with the ways to ask for others."""
    outcome = _outcome(request.args.get("outcome", ""))
    rule = request.args.get("rule") or None
    after = number(request.args.get("after"))
    running = import_.state in RUNNING
    found = (
        []
        if running
        else imports.list_rows(session, import_.id, outcome=outcome, rule=rule, after=after, limit=ROWS + 1)
    )
    names = {one.id: one.name for one in groups.list_of(session, import_.program_id)}
    file = import_preview.first_rows(session, import_, count=0).file if not running else None
    kept: dict[str, Any] = {"outcome": outcome.value if outcome else None, "rule": rule}

    def at(**more: Any) -> str:
        wanted = {key: value for key, value in {**kept, **more}.items() if value}
        return url_for("imports.show", import_id=import_.id, _anchor="rows", **wanted)

    counts = imports.counts(import_)
    return {
        "rows": [_row(row, names) for row in found[:ROWS]],
        "next_href": at(after=found[ROWS - 1].number) if len(found) > ROWS else None,
        "first_href": at() if after else None,
        "rule": rule,
        "outcome_tabs": [
            {
                "label": say(NP_("rows", "All")) if one is None else label(one.value, "row"),
                "href": at(outcome=one.value if one else None, rule=None),
                "current": rule is None and outcome is one,
                "count": here().formats.number(sum(counts.values()) if one is None else counts[one]),
            }
            for one in (None, *RowOutcome)
        ],
        "reason_href": {
            group.rule: at(rule=group.rule, outcome=None)
            for group in imports.list_reasons(session, import_.id)
        }
        if not running
        else {},
        "recognized": _recognized(file) if file else [],
        "ignored": here().formats.listing([_printable(file.header[index]) for index in file.mapped.unknown])
        if file
        else "",
        **_ways(import_.delimiter or ","),
        "read_as": [
            (say(N_("Program")), _program_name(import_)),
            (say(N_("Encoding")), words.encoding_name(import_.encoding or "")),
            (say(N_("Delimiter")), delimiter_name(import_.delimiter or ",")),
            (say(N_("Size")), here().formats.file_size(import_.size)),
            (
                say(N_("Existing values")),
                say(N_("Overwrite") if import_.overwrite else N_("Fill blanks only")),
            ),
        ],
    }


def _outcome(text: str) -> RowOutcome | None:
    return RowOutcome(text) if text in set(RowOutcome) else None


def _row(row: ImportRow, group_names: dict[int, str]) -> dict[str, Any]:
    changes: dict[str, Any] = row.changes or {}
    shown = []
    if row.outcome == RowOutcome.UPDATED.value:
        shown = [
            (_field_name(name), before or "", after)
            for name, (before, after) in changes.get("set", {}).items()
        ]
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
