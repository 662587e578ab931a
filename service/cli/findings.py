"""How the commands on CSV files say a finding: as one JSON object, or as one line for people."""

import sys
from typing import NamedTuple

import click

from service.csvfile import words
from service.facts.findings import Finding, Severity
from service.facts.words import N_
from service.i18n.catalogs import Catalog

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
