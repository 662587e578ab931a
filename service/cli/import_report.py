"""What `prospectus import` prints: a few lines for people, or one JSON document for programs."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from service import links
from service.cli import findings
from service.cli.findings import Said
from service.csvfile import CsvFile, words
from service.csvfile.headers import BY_KEY
from service.domain import import_reasons, imports
from service.domain.import_preview import Reading
from service.domain.import_reasons import Reason
from service.facts.findings import Severity
from service.facts.states import IMPORT_STATE_LABELS, ROW_OUTCOME_LABELS, ImportState
from service.facts.words import N_, NN_, Phrase
from service.i18n.catalogs import Catalog
from service.i18n.locales import SOURCE
from service.models import Import, ImportRow

_BATCH = 2_000
# Lines for people; a program reads all of them as JSON, a person in the result file.
_SHOWN = 50
_CELL = 40


class Printer:
    """Prints what became of one file, in one of two ways."""

    def __init__(self, path: str, catalog: Catalog, *, as_json: bool) -> None:
        self._path = path
        self._catalog = catalog
        self._as_json = as_json

    def refused(self, file: CsvFile, readings: Sequence[Reading]) -> None:
        """Say why a file cannot be imported; `readings` show the user's own rows where that is unclear."""
        if self._as_json:
            shown = [_reading(one) for one in readings]
            _print(
                {**findings.reading(self._path, file), "state": "refused", **_NOTHING, "readings": shown},
                self._about(file),
            )
            return
        for one in self._about(file):
            findings.print_line(self._path, one, self._catalog, err=True)
        for reading in readings:
            self._show(reading)
        if readings:
            self._say(N_("Choose the encoding in which your rows read well, and name it with --encoding."))

    def _show(self, reading: Reading) -> None:
        click.echo(f"\n--encoding {reading.file.encoding}", err=True)
        lines = [(0, reading.file.header), *((row.number, row.cells) for row in reading.rows)]
        for at, (number, cells) in enumerate(lines):
            shown = [
                f"[{_printable(cell)}]" if (at - 1, column) in reading.differs else _printable(cell)
                for column, cell in enumerate(cells)
            ]
            click.echo(f"{number:>4}  {' | '.join(shown)}", err=True)

    def ended(self, session: Session, import_: Import, file: CsvFile, base_url: str) -> None:
        """Say what came of an import: counts, and the rows that were rejected or need a second look."""
        url = links.url(base_url, "import", self._catalog.locale.code, import_id=import_.id)
        stopped = import_reasons.loaded(import_.refusal)
        if self._as_json:
            counts = {outcome.value: rows for outcome, rows in imports.counts(import_).items()}
            about = {
                "import": import_.id,
                "state": import_.state,
                "dry_run": import_.dry_run,
                "default_language": import_.default_language,
                "digest": import_.digest,
                "counts": counts,
                "drifted": import_.drifted_rows,
                "url": url,
            }
            told = chain(((0, 0, one) for one in stopped), _found(session, import_.id))
            # Which columns are ignored is said above.
            whole = (one for one in self._about(file) if one.rule != "header-unknown-column")
            _print(
                {**findings.reading(self._path, file), **about},
                chain(whole, (self._row(*one) for one in told)),
            )
            return
        for found in self._about(file):
            findings.print_line(self._path, found, self._catalog)
        self._lines(session, import_)
        for one in stopped:
            click.echo(import_reasons.say(one, self._catalog), err=True)
        name, mark = words.encoding_name(file.encoding), words.delimiter_name(file.delimiter, self._catalog)
        state = self._catalog.say(IMPORT_STATE_LABELS[ImportState(import_.state)])
        click.echo(f"{self._path}: {state} ({name}, {mark})")
        for outcome, rows in imports.counts(import_).items():
            click.echo(
                f"  {self._catalog.say(ROW_OUTCOME_LABELS[outcome])}: {self._catalog.formats.number(rows)}"
            )
        click.echo(url)

    def _lines(self, session: Session, import_: Import) -> None:
        more = 0
        for at, (number, line, reason) in enumerate(_found(session, import_.id)):
            if at < _SHOWN:
                findings.print_line(self._path, self._row(number, line, reason), self._catalog)
            else:
                more += 1
        if more:
            self._say(
                NN_(
                    "%(num)s more line is in the result file. Write it with --report.",
                    "%(num)s more lines are in the result file. Write it with --report.",
                ),
                num=more,
            )

    def _say(self, phrase: Phrase, **values: object) -> None:
        click.echo(self._catalog.say(phrase, **values), err=True)

    def _about(self, file: CsvFile) -> Iterator[Said]:
        """What is said of the file as a whole; the column of a finding is one of ours here, so none."""
        for one in file.findings:
            if one.severity is not Severity.ADVICE:
                yield findings.said(one, 0, self._catalog)._replace(column=None)

    def _row(self, number: int, line: int, one: Reason) -> Said:
        column = None if one.column is None else BY_KEY[one.column].names[SOURCE]
        message = import_reasons.say(one, self._catalog)
        return Said(one.rule, one.severity, number, line, column, message)


_NOTHING = {
    "import": None,
    "dry_run": None,
    "default_language": None,
    "digest": "",
    "counts": None,
    "drifted": 0,
    "url": None,
}


def _found(session: Session, import_id: int) -> Iterator[tuple[int, int, Reason]]:
    """The reasons of all rows that have some, with row number and line, read as they are printed."""
    after = 0
    while True:
        query = (
            select(ImportRow.number, ImportRow.line, ImportRow.reasons)
            .where(ImportRow.import_id == import_id, ImportRow.number > after, ImportRow.rule.is_not(None))
            .order_by(ImportRow.number)
            .limit(_BATCH)
        )
        rows = session.execute(query).all()
        if not rows:
            return
        for number, line, reasons in rows:
            for one in import_reasons.loaded(reasons):
                yield number, line, one
        after = rows[-1][0]


def _print(head: Mapping[str, object], found: Iterable[Said]) -> None:
    """One line, written as the findings are read, so that they need no memory."""
    out = sys.stdout
    # Escaped, so that text of any kind goes through a terminal of any encoding.
    out.write(json.dumps(head, ensure_ascii=True)[:-1] + ', "findings": [')
    comma = ""
    for one in found:
        out.write(comma + json.dumps(findings.document(one), ensure_ascii=True))
        comma = ", "
    out.write("]}\n")


def _reading(one: Reading) -> dict[str, object]:
    return {
        "encoding": one.file.encoding,
        "header": list(one.file.header),
        "rows": [{"row": row.number, "cells": list(row.cells)} for row in one.rows],
    }


def _printable(cell: str) -> str:
    """A cell for looking at, on one line: what cannot be printed as a mark, long ones cut."""
    shown = "".join(char if char.isprintable() else "\ufffd" for char in cell[:_CELL])
    return shown if len(cell) <= _CELL else f"{shown}…"
