"""`prospectus content check`: help pages judged without a server."""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from service.cli.finding_forms import listed, page_line
from service.cli.words import WORDS, end
from service.content import check
from service.facts.findings import SEVERITY_LABELS, Finding, Severity
from service.facts.words import N_, NN_
from service.i18n.glossary import GlossaryError
from service.i18n.locales import LOCALES, SOURCE, catalog_file
from service.paths import data_dir

CLEAN, FOUND = 0, 1


@click.command(
    "check", help=WORDS.say(N_("Check Markdown files, or all below directories. Exits with 1 on errors."))
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--source",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help=WORDS.say(N_("The page that the files were translated from, where folders and names do not tell.")),
)
@click.option(
    "--locale",
    type=click.Choice(tuple(LOCALES)),
    help=WORDS.say(N_("Language of files whose folder and name do not tell.")),
)
@click.option("--json", "as_json", is_flag=True, help=WORDS.say(N_("Print the findings as a JSON list.")))
def check_pages(paths: tuple[Path, ...], *, source: Path | None, locale: str | None, as_json: bool) -> None:
    strings = {code: check.strings(catalog_file(data_dir("locales"), code)) for code in LOCALES}
    try:
        findings = check.check(
            paths, frozenset(strings[SOURCE]), labels=check.labels(strings), source=source, locale=locale
        )
    except GlossaryError as error:
        end(str(error))
    if as_json:
        click.echo(json.dumps([listed(finding) for finding in findings], ensure_ascii=False, indent=1))
    else:
        for finding in findings:
            click.echo(page_line(str(finding.path), finding))
        click.echo(_tally(findings))
    errors = any(finding.severity is Severity.ERROR for finding in findings)
    sys.exit(FOUND if errors else CLEAN)


def _tally(findings: Sequence[Finding]) -> str:
    """Return how many findings there are, and how bad they are."""
    total = WORDS.say(NN_("%(num)s finding", "%(num)s findings"), num=len(findings))
    counted = Counter(finding.severity for finding in findings)
    parts = [f"{WORDS.say(label)}: {counted[one]}" for one, label in SEVERITY_LABELS.items() if counted[one]]
    return f"{total} ({', '.join(parts)})" if parts else total
