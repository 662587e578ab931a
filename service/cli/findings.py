"""How the commands on CSV files tell how a file was read and what is wrong: as JSON, or as lines of text."""

import sys
from typing import NamedTuple

import click

from service.csvfile import CsvFile, words
from service.csvfile.headers import BY_KEY
from service.facts.findings import Finding, Severity
from service.facts.words import N_
from service.i18n.catalogs import Catalog
from service.i18n.locales import SOURCE

# Said of people's rows on pages, too.
ROW_AND_LINE = N_("Row %(row)s (line %(line)s)")


class Said(NamedTuple):
    """A finding in somebody's words.

    `row` counts data rows from 1 and is 0 for the file as a whole; `line` counts lines of the file from 1.
    """

    rule: str
    severity: Severity
    row: int
    line: int
    column: int | str | None
    message: str


def reading(path: str, file: CsvFile) -> dict[str, object]:
    """How a file was read, as JSON says it before its rows; `mapping` counts columns from 0."""
    return {
        "file": path,
        "encoding": file.encoding,
        "bom": file.detection.bom,
        "certain": file.detection.certain,
        "candidates": list(file.detection.candidates),
        "delimiter": file.delimiter,
        "header": list(file.header),
        "mapping": {BY_KEY[key].names[SOURCE]: index for key, index in file.columns.items()},
        "ignored": [file.header[index] for index in file.mapped.unknown],
    }


def said(one: Finding, row: int, catalog: Catalog) -> Said:
    """A finding about a file or one of its rows; its column counts from 1."""
    message = words.say(one.phrase, one.values, catalog)
    return Said(one.rule, one.severity, row, one.line, one.column, message)


def document(one: Said) -> dict[str, object]:
    """A finding as JSON says it."""
    return {**one._asdict(), "severity": one.severity.value}


def print_line(path: object, one: Said, catalog: Catalog, *, err: bool = False) -> None:
    """Print a finding for people, its place first."""
    place = f"{catalog.say(ROW_AND_LINE, row=one.row, line=one.line)}: " if one.row else ""
    print_text(f"{path}:{one.line}: {place}{one.message}", err=err)


def print_text(line: str, *, err: bool = False) -> None:
    """Print a line; what the terminal cannot show is escaped."""
    encoding = (sys.stderr if err else sys.stdout).encoding or "utf-8"
    click.echo(line.encode(encoding, "backslashreplace").decode(encoding), err=err)
