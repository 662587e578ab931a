"""`prospectus mail check`: judge messages byte by byte, without a database."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from service.cli.words import WORDS, printable
from service.facts.findings import SEVERITY_LABELS, Finding
from service.facts.words import N_
from service.i18n.catalogs import Catalog, Catalogs
from service.i18n.locales import LOCALES
from service.mail.check import check
from service.mail.values import NOT_AN_ADDRESS
from service.paths import data_dir

CLEAN, FOUND, UNREADABLE = 0, 1, 2


@click.command(
    "check",
    help=WORDS.say(
        N_(
            "Check each FILE.eml byte by byte against the standards of mail. "
            "The exit status is 0 if nothing was found, 1 if something was, 2 if a file cannot be read."
        )
    ),
)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE.eml...")
@click.option(
    "--base-url",
    metavar="URL",
    help=WORDS.say(N_("Address of the installation that unsubscribe links lead to.")),
)
@click.option("--locale", type=click.Choice(tuple(LOCALES)), help=WORDS.say(N_("Language of the findings.")))
@click.option(
    "--json", "as_json", is_flag=True, help=WORDS.say(N_("Print one JSON document a line for each file."))
)
def command(files: tuple[Path, ...], base_url: str | None, locale: str | None, *, as_json: bool) -> None:
    """Print what is found in each file."""
    catalog = WORDS if locale is None else Catalogs(data_dir("locales"), codes=(locale,)).catalog(locale)
    if base_url is not None and not base_url.lower().startswith(("https://", "http://")):
        option = "--base-url"
        raise click.BadParameter(catalog.say(NOT_AN_ADDRESS, token=option), param_hint=option)
    worst = CLEAN
    for path in files:
        try:
            findings = check(path.read_bytes(), base_url=base_url)
        except OSError as error:
            click.echo(f"{path}: {error.strerror}", err=True)
            worst = UNREADABLE
            continue
        if as_json:
            document = {"file": str(path), "findings": [_shown(one, catalog) for one in findings]}
            # Escaped, so that text of any kind goes through a terminal of any encoding.
            click.echo(json.dumps(document, ensure_ascii=True))
        else:
            for one in findings:
                label, message = catalog.say(SEVERITY_LABELS[one.severity]), _message(one, catalog)
                click.echo(f"{path}:{one.line}: {label}: {message} [{one.rule}]")
        worst = max(worst, FOUND if findings else CLEAN)
    sys.exit(worst)


def _shown(finding: Finding, catalog: Catalog) -> Mapping[str, object]:
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "line": finding.line,
        "column": finding.column,
        "message": _message(finding, catalog),
    }


def _message(finding: Finding, catalog: Catalog) -> str:
    return printable(catalog.say(finding.phrase, **finding.values))
