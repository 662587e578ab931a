"""`prospectus mail render`: a mail merge from files to files, without a database."""

import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from service import csvfile
from service.cli import mail_folder
from service.cli.words import REFUSED, WORDS, fail, printable, say
from service.csvfile import words
from service.csvfile.encoding import UnknownEncoding, is_utf8
from service.csvfile.file import CsvFile, FileRefused
from service.facts.findings import SEVERITY_LABELS, Finding, Severity
from service.facts.words import N_, NN_, Phrase
from service.i18n.catalogs import Catalog, Catalogs
from service.i18n.locales import LOCALES
from service.i18n.negotiation import closest
from service.mail import merge, variants
from service.mail.addresses import Address, AddressError, Mailbox, parse, warnings
from service.mail.compiled import ContentRefused
from service.mail.mime import REFUSED_CHARACTER, refused_character
from service.mail.tokens import lookup, nearest
from service.mail.variants import SourceVariant
from service.paths import data_dir

MOST_FINDINGS = 50

IN_ROW = N_("Row %(row)s, %(name)s: %(problem)s")
MORE = N_("There may be more errors. These are the first.")
SAME_LOCALE = N_("Another file already is the language variant “%(locale)s”: %(path)s")
NO_SOURCE = N_("There is no language variant “%(locale)s” that could be the source.")
NO_COLUMN = N_("A required column is missing: %(name)s.")
DOUBLED = N_("The file has this column more than once: %(name)s.")
IGNORED = N_("This column is neither a token nor one of %(columns)s, and is ignored: %(name)s.")
COLUMN_CASE = N_("This column is not a token, because capitals count: %(name)s. Write %(nearest)s.")
NO_MOMENT = N_("“%(value)s” is not a moment such as 2038-01-19T03:14:08Z.")
LEFT_OVER = N_(
    "The directory %(path)s holds emails of an earlier run that would stay among the new ones, "
    "such as %(name)s. Remove them or name another directory."
)


class _Refused(Exception):
    """Findings were printed that refuse the whole."""


@click.command(
    "render",
    help=WORDS.say(
        N_(
            "Write one email for each row of a CSV file, without a database. "
            "Each VARIANT.md is Markdown under a YAML head with the keys locale and subject. "
            "The columns of the CSV file are names of tokens, and %(columns)s. "
            "The emails are 0001.eml, 0002.eml and so on, in the order of the rows. "
            "The exit status is 0 if all were written, 2 if anything is wrong; then nothing is written."
        ),
        columns=", ".join(merge.COLUMNS),
    ),
)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="VARIANT.md...")
@click.option(
    "--recipients",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE.csv",
    help=WORDS.say(N_("The recipients: one row for each, and a header row.")),
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help=WORDS.say(N_("Directory for the emails.")),
)
@click.option(
    "--source",
    metavar="LOCALE",
    help=WORDS.say(
        N_("Source language variant, for recipients of other languages; by default the first file.")
    ),
)
@click.option(
    "--at",
    metavar="TIME",
    help=WORDS.say(N_("Moment the emails tell, such as 2038-01-19T03:14:08Z; by default now.")),
)
@click.option("--from-name", default="", metavar="NAME", help=WORDS.say(N_("Name of the sender.")))
@click.option(
    "--from",
    "from_address",
    default=merge.NOBODY,
    show_default=True,
    metavar="ADDRESS",
    help=WORDS.say(N_("Email address of the sender.")),
)
@click.option("--reply-to", metavar="ADDRESS", help=WORDS.say(N_("Email address that answers go to.")))
@click.option("--encoding", help=WORDS.say(N_("Encoding of the CSV file, when it is known.")))
def command(
    *,
    files: tuple[Path, ...],
    recipients: Path,
    out: Path,
    source: str | None,
    at: str | None,
    from_name: str,
    from_address: str,
    reply_to: str | None,
    encoding: str | None,
) -> None:
    """Write the messages."""
    sender = Mailbox(_name(from_name), _address(from_address, "--from"))
    answers = Mailbox(sender.name, _address(reply_to, "--reply-to")) if reply_to is not None else None
    moment = _moment(at)
    try:
        found = _variants(files)
        whole = merge.Merge(
            variants={variant.locale: variant for variant in found.values()},
            source=_source(source, found),
            catalogs=_catalogs(found),
            moment=moment,
            sender=sender,
            reply_to=answers,
        )
        _judge(found, whole)
        count = _write(whole, recipients, _read(recipients, whole.source, encoding), out)
    except _Refused:
        sys.exit(REFUSED)
    except mail_folder.LeftOver as left:
        fail(LEFT_OVER, path=str(out), name=left.name)
    except OSError as error:
        fail(N_("%(path)s: %(reason)s"), path=str(error.filename), reason=str(error.strerror))
    say(
        NN_("%(num)s email written to %(path)s", "%(num)s emails written to %(path)s"),
        num=count,
        path=str(out),
    )


# The command line


def _bad(option: str, phrase: Phrase, values: Mapping[str, object]) -> click.BadParameter:
    return click.BadParameter(printable(WORDS.say(phrase, **values)), param_hint=option)


def _name(text: str) -> str:
    if code := refused_character(text):
        raise _bad("--from-name", REFUSED_CHARACTER, {"field": "From", "code": code})
    return text


def _address(text: str, option: str) -> Address:
    try:
        address = parse(text)
    except AddressError as refused:
        raise _bad(option, refused.phrase, refused.values) from None
    for found in warnings(address):
        click.echo(f"{option}: {_said(found)}", err=True)
    return address


def _moment(text: str | None) -> datetime:
    """The moment in UTC; one without an offset is meant in UTC."""
    if text is None:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        moment = datetime.fromisoformat(text)
        utc = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        # A zone may be a day ahead or behind, and the calendar has an end.
        return utc - timedelta(days=1) + timedelta(days=2) - timedelta(days=1)
    except (ValueError, OverflowError):
        raise _bad("--at", NO_MOMENT, {"value": text}) from None


def _source(wanted: str | None, found: Mapping[Path, SourceVariant]) -> str:
    codes = [variant.locale for variant in found.values()]
    if wanted is None:
        return codes[0]
    # As in the head of a file, where fr-CA is fr.
    code = closest(wanted, codes)
    if code is None:
        raise _bad("--source", NO_SOURCE, {"locale": wanted})
    return code


# The variants


def _variants(files: Sequence[Path]) -> dict[Path, SourceVariant]:
    found: dict[Path, SourceVariant] = {}
    problems: list[tuple[Path, Finding]] = []
    for path in files:
        try:
            variant = variants.read(path.read_bytes())
        except ContentRefused as refused:
            problems += ((path, finding) for finding in refused.findings)
            continue
        other = next((name for name, known in found.items() if known.locale == variant.locale), None)
        if other is not None:
            values = {"locale": variant.locale, "path": str(other)}
            problems.append((path, Finding("locale-twice", Severity.ERROR, SAME_LOCALE, values, 1, 1)))
        found[path] = variant
    _stop(problems)
    return found


def _catalogs(found: Mapping[Path, SourceVariant]) -> dict[str, Catalog]:
    codes = tuple(code for code in LOCALES if any(code == variant.locale for variant in found.values()))
    catalogs = Catalogs(data_dir("locales"), codes=codes)
    return {code: catalogs.catalog(code) for code in codes}


def _judge(found: Mapping[Path, SourceVariant], whole: merge.Merge) -> None:
    problems: list[tuple[Path, Finding]] = []
    for path, variant in found.items():
        try:
            problems += ((path, finding) for finding in whole.judge(variant.locale))
        except ContentRefused as refused:
            problems += ((path, finding) for finding in refused.findings)
    _stop(problems)


def _stop(problems: Sequence[tuple[Path, Finding]]) -> None:
    """Print findings; raise _Refused if one of them is an error."""
    if len(problems) > MOST_FINDINGS:
        problems = sorted(problems, key=lambda problem: problem[1].severity is not Severity.ERROR)
    for path, finding in problems[:MOST_FINDINGS]:
        _print(path, finding)
    if len(problems) > MOST_FINDINGS:
        click.echo(WORDS.say(MORE), err=True)
    if any(finding.severity is Severity.ERROR for _, finding in problems):
        raise _Refused


# The recipients


def _read(path: Path, locale: str, encoding: str | None) -> tuple[CsvFile, dict[str, int]]:
    """Return the file and its columns by name, with their index from 0."""
    try:
        file = _file(path, locale, encoding)
    except UnknownEncoding as error:
        raise click.BadParameter(str(error), param_hint="--encoding") from error
    # What the import of prospects says about a header is about other columns.
    problems = [finding for finding in file.findings if not finding.rule.startswith("header-")]
    columns: dict[str, int] = {}
    if file.readable:
        columns, more = _columns(file)
        problems += more
    _stop([(path, finding) for finding in problems])
    return file, columns


def _file(path: Path, locale: str, encoding: str | None) -> CsvFile:
    """Read the file; nobody is asked here, so valid UTF-8 is UTF-8 whatever else it sounds like."""
    file = csvfile.read(path, locale=locale, encoding=encoding)
    if encoding is None and file.encoding != "utf-8" and is_utf8(file.source):
        doubts = [finding for finding in file.findings if finding.rule == "encoding-uncertain"]
        file = csvfile.read(file.source, locale=locale, encoding="utf-8")
        return replace(file, findings=(*doubts, *file.findings))
    return file


def _columns(file: CsvFile) -> tuple[dict[str, int], list[Finding]]:
    columns: dict[str, int] = {}
    problems: list[Finding] = []

    def find(rule: str, severity: Severity, phrase: Phrase, column: int, **values: str) -> None:
        problems.append(Finding(rule, severity, phrase, values, file.header_line, column))

    for index, cell in enumerate(file.header):
        name = unicodedata.normalize("NFKC", cell).strip().lstrip("\ufeff")
        fixed = name.casefold()
        if fixed in merge.COLUMNS:
            name = fixed
        elif lookup(name) is None:
            near = nearest(name) if name else None
            if near is not None and near.casefold() == fixed:
                find("column-case", Severity.ERROR, COLUMN_CASE, index + 1, name=name, nearest=near)
            elif name:
                known = ", ".join(merge.COLUMNS)
                find("column-unknown", Severity.WARNING, IGNORED, index + 1, name=name, columns=known)
            continue
        if name in columns:
            find("column-doubled", Severity.ERROR, DOUBLED, index + 1, name=name)
        columns[name] = index
    if merge.EMAIL not in columns:
        find("column-missing", Severity.ERROR, NO_COLUMN, 1, name=merge.EMAIL)
    return columns, problems


def _write(whole: merge.Merge, path: Path, read: tuple[CsvFile, dict[str, int]], out: Path) -> int:
    """Write all messages or none; return how many."""
    file, columns = read
    seen: Counter[Severity] = Counter()
    with mail_folder.filled(out) as room:
        number = 0
        for number, line, raw, findings in _messages(whole, file, columns):
            for finding in findings:
                seen[finding.severity] += 1
                if seen[finding.severity] <= MOST_FINDINGS:
                    _print(path, _in_row(finding, number, line, columns))
            if seen[Severity.ERROR] >= MOST_FINDINGS:
                click.echo(WORDS.say(MORE), err=True)
                break
            if raw is not None and not seen[Severity.ERROR]:
                (room / mail_folder.name_of(number)).write_bytes(raw)
        if seen[Severity.ERROR]:
            raise _Refused
    return number


def _messages(
    whole: merge.Merge, file: CsvFile, columns: Mapping[str, int]
) -> Iterator[tuple[int, int, bytes | None, Sequence[Finding]]]:
    """Yield for each row its number, its line, its message unless it has none, and what was found."""
    number = 0
    try:
        for row in file.rows():
            number = row.number
            findings = list(row.findings)
            raw = None
            if not row.bad:
                count = len(row.cells)
                cells = {name: row.cells[at] for name, at in columns.items() if at < count}
                try:
                    written = whole.write(number, cells)
                    raw = written.raw
                    findings += written.findings
                except merge.RowRefused as refused:
                    findings += refused.findings
            yield number, row.line, raw, findings
    except FileRefused as refused:
        yield number + 1, refused.findings[0].line, None, refused.findings


def _in_row(finding: Finding, number: int, line: int, columns: Mapping[str, int]) -> Finding:
    """A finding about a row as one about the file; `path` is the column, none where the row is meant."""
    problem = words.say(finding.phrase, finding.values, WORDS)
    if finding.path is None:
        return Finding(finding.rule, finding.severity, finding.phrase, finding.values, line, finding.column)
    values = {"row": str(number), "name": finding.path, "problem": problem}
    column = columns.get(finding.path, 0) + 1
    return Finding(finding.rule, finding.severity, IN_ROW, values, line, column)


def _print(path: Path, finding: Finding) -> None:
    click.echo(f"{path}:{finding.line}:{finding.column}: {_said(finding)}", err=True)


def _said(finding: Finding) -> str:
    label = WORDS.say(SEVERITY_LABELS[finding.severity])
    return f"{label}: {printable(words.say(finding.phrase, finding.values, WORDS))} [{finding.rule}]"
