"""`prospectus csv`: what the program reads in a CSV file, without a database."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from service import csvfile
from service.cli import findings
from service.cli.findings import Said
from service.cli.words import WORDS
from service.csvfile import words
from service.csvfile.encoding import UnknownEncoding
from service.csvfile.file import BadDelimiter, CsvFile, FileRefused
from service.facts.findings import Finding, Severity
from service.facts.words import N_
from service.i18n.catalogs import Catalog, Catalogs
from service.i18n.locales import LOCALES
from service.paths import data_dir

READ, ROW_ERRORS, REFUSED = 0, 1, 2


@click.group("csv", help=WORDS.say(N_("Look into CSV files.")))
def group() -> None:
    """Hold the commands on CSV files."""


@group.command(
    "read",
    help=WORDS.say(
        N_(
            "Show how each FILE is read: encoding, delimiter, columns, rows, and what is wrong with them. "
            "The exit status is 0 if all was read, 1 if rows have errors, 2 if a file is refused."
        )
    ),
)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("--locale", type=click.Choice(tuple(LOCALES)), help=WORDS.say(N_("Language of the reader.")))
@click.option("--encoding", help=WORDS.say(N_("Encoding of the file, when it is known.")))
@click.option("--delimiter", help=WORDS.say(N_("Delimiter between the cells, when it is known.")))
@click.option(
    "--json", "as_json", is_flag=True, help=WORDS.say(N_("Print one JSON document a line for each file."))
)
def read(
    files: tuple[Path, ...], locale: str | None, encoding: str | None, delimiter: str | None, *, as_json: bool
) -> None:
    """Print what is read of each file."""
    catalog = WORDS if locale is None else Catalogs(data_dir("locales"), codes=(locale,)).catalog(locale)
    delimiter = {"\\t": "\t", "tab": "\t"}.get(delimiter or "", delimiter)
    show = _print_json if as_json else _print_text
    worst = READ
    for path in files:
        try:
            file = csvfile.read(path, locale=catalog.locale.code, encoding=encoding, delimiter=delimiter)
        except OSError as error:
            file = csvfile.unreadable(error.strerror or type(error).__name__)
        except UnknownEncoding as error:
            raise click.BadParameter(str(error), param_hint="--encoding") from error
        except BadDelimiter as error:
            raise click.BadParameter(str(error), param_hint="--delimiter") from error
        worst = max(worst, show(path, file, catalog))
    sys.exit(worst)


def _print_json(path: Path, file: CsvFile, catalog: Catalog) -> int:
    """One line, written as the rows are read, so that they need no memory. Returns the exit status."""
    head = findings.reading(str(path), file)
    found = [findings.said(one, 0, catalog) for one in file.findings]
    out = sys.stdout
    out.write(_json(head)[:-1] + ', "rows": [')
    refused, comma = file.refused, ""
    for row_or_finding in _rows_and_findings(file):
        if isinstance(row_or_finding, list):
            out.write(comma + _json(row_or_finding))
            comma = ", "
        else:
            number, finding = row_or_finding
            refused = refused or number == 0
            found.append(findings.said(finding, number, catalog))
    out.write('], "findings": ' + _json([findings.document(one) for one in found]) + "}\n")
    return _status(refused, found)


def _rows_and_findings(file: CsvFile) -> Iterator[list[str] | tuple[int, Finding]]:
    """Cells of good rows, findings with the number of their row; number 0 refuses the file."""
    try:
        for row in file.rows():
            for finding in row.findings:
                yield row.number, finding
            if not row.bad:
                yield row.cells
    except FileRefused as refusal:
        for finding in refusal.findings:
            yield 0, finding


def _status(refused: bool, found: list[Said]) -> int:
    if refused:
        return REFUSED
    errors = any(one.row and one.severity is Severity.ERROR for one in found)
    return ROW_ERRORS if errors else READ


def _json(value: object) -> str:
    # Escaped, so that text of any kind goes through a terminal of any encoding.
    return json.dumps(value, ensure_ascii=True)


def _print_text(path: Path, file: CsvFile, catalog: Catalog) -> int:
    """A few lines for people. Returns the exit status."""
    name = words.encoding_name(file.encoding)
    found = [findings.said(one, 0, catalog) for one in file.findings]
    refused, count = file.refused, 0
    for row_or_finding in _rows_and_findings(file):
        if isinstance(row_or_finding, list):
            count += 1
        else:
            number, finding = row_or_finding
            refused = refused or number == 0
            found.append(findings.said(finding, number, catalog))
    delimiter = words.delimiter_name(file.delimiter, catalog)
    if file.readable:
        findings.print_text(f"{path}: {name}, {delimiter}, {catalog.formats.number(count)}")
    for one in found:
        findings.print_line(path, one, catalog)
    return _status(refused, found)
