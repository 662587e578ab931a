"""`prospectus content check`: help pages judged without a server."""

import json
import sys
from pathlib import Path

import click

from service.cli.words import WORDS
from service.content import check
from service.facts.findings import SEVERITY_LABELS, Finding, Severity
from service.facts.words import N_, NN_
from service.i18n import po
from service.i18n.locales import SOURCE
from service.paths import data_dir

CLEAN, FOUND = 0, 1


@click.command(
    "check", help=WORDS.say(N_("Check Markdown files, or all below directories. Exits with 1 on errors."))
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--json", "as_json", is_flag=True, help=WORDS.say(N_("Print the findings as a JSON list.")))
def check_pages(paths: tuple[Path, ...], *, as_json: bool) -> None:
    findings = check.check(paths, _known())
    if as_json:
        click.echo(json.dumps([_shown(finding) for finding in findings], ensure_ascii=False, indent=1))
    else:
        for finding in findings:
            click.echo(_line(str(finding.path), finding))
        click.echo(WORDS.say(NN_("%(num)s finding", "%(num)s findings"), num=len(findings)))
    errors = any(finding.severity is Severity.ERROR for finding in findings)
    sys.exit(FOUND if errors else CLEAN)


def _known() -> frozenset[check.Key]:
    """Every entry of the catalogs, by the source language's file."""
    path = data_dir("locales") / SOURCE / "LC_MESSAGES" / "messages.po"
    return frozenset((entry.context, entry.id) for entry in po.read(path.read_bytes()).messages)


def _line(path: str, finding: Finding) -> str:
    label = WORDS.say(SEVERITY_LABELS[finding.severity])
    message = WORDS.say(finding.phrase, **finding.values)
    return f"{path}:{finding.line}:{finding.column}: {label}: {message} [{finding.rule}]"


def _shown(finding: Finding) -> dict[str, object]:
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "path": finding.path,
        "line": finding.line,
        "column": finding.column,
        "message": WORDS.say(finding.phrase, **finding.values),
    }
