"""`prospectus catalog check`: any gettext catalogs judged, and mended where that needs no judgement."""

import gc
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from service.cli.catalog_files import near, root_option, write
from service.cli.finding_forms import github, line, listed, sarif
from service.cli.words import WORDS, end, say
from service.facts.findings import SEVERITY_LABELS, Finding, Severity
from service.facts.words import N_, NN_
from service.i18n import glossary as glossaries
from service.i18n.glossary import GlossaryError
from service.lint import catalog_files
from service.lint.catalog_files import Frame
from service.lint.house import StyleError
from service.lint.report import ConfigError
from service.lint.terms import Terms

CLEAN, FOUND = 0, 1
WORDS_OF_COMMAND = N_(
    "Check catalogs: syntax, placeholders, markup, typography, terms. Exits with 1 on errors."
)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Look for no garbage: a check keeps all messages to its end, and looking at them anew takes a tenth."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@click.command("check", help=WORDS.say(WORDS_OF_COMMAND))
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
@click.option("--json", "form", flag_value="json", help=WORDS.say(N_("Print the findings as a JSON list.")))
@click.option("--sarif", "form", flag_value="sarif", help=WORDS.say(N_("Print the findings as SARIF 2.1.0.")))
@click.option(
    "--github", "form", flag_value="github", help=WORDS.say(N_("Print the findings as GitHub reads them."))
)
@click.option("--fix", is_flag=True, help=WORDS.say(N_("Mend in the files what needs no judgement.")))
@click.option("--strict", is_flag=True, help=WORDS.say(N_("Exit with 1 on warnings too.")))
@click.option(
    "--locale", metavar="CODE", help=WORDS.say(N_("Language of files whose header and path do not tell."))
)
@click.option(
    "--glossary",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help=WORDS.say(N_("The glossary to hold the files to, instead of the one beside them.")),
)
@root_option
@_uncollected()
def check(
    paths: tuple[Path, ...],
    root: Path,
    form: str | None,
    locale: str | None,
    glossary: Path | None,
    *,
    fix: bool,
    strict: bool,
) -> None:
    """Exit with 0 if nothing bad was found, 1 if errors were, 2 if a glossary or `lint.toml` is no use."""
    places = paths or (root / "locales",)
    try:
        frame = Frame(root / "locales", Terms(glossaries.read(glossary)) if glossary else None, locale)
        mended = _mend(places, frame) if fix else 0
        findings = catalog_files.check(places, frame)
    except (GlossaryError, ConfigError, StyleError) as error:
        end(str(error))
    _print(findings, form)
    if fix and form is None:
        say(NN_("%(num)s file mended", "%(num)s files mended"), num=mended)
    bad = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
    sys.exit(FOUND if any(finding.severity in bad for finding in findings) else CLEAN)


def _mend(places: Sequence[Path], frame: Frame) -> int:
    """Write the files that have something to mend, whole or not at all; how many."""
    count = 0
    for path in dict.fromkeys(file for place in places for file in catalog_files.below(place)):
        data = catalog_files.mended(path, frame)
        if data is not None:
            write(path, data)
            count += 1
    return count


def _print(findings: Sequence[Finding], form: str | None) -> None:
    if form == "json":
        click.echo(json.dumps([_listed(finding) for finding in findings], ensure_ascii=False, indent=1))
    elif form == "sarif":
        click.echo(json.dumps(sarif(findings), ensure_ascii=False, indent=1))
    elif form == "github":
        for finding in findings:
            click.echo(github(finding))
    else:
        _print_lines(findings)


def _listed(finding: Finding) -> dict[str, object]:
    return {**listed(finding), "msgid": finding.values.get("msgid")}


def _print_lines(findings: Sequence[Finding]) -> None:
    """One line for each finding; what is not translated is only counted, file by file."""
    untranslated: dict[str | None, int] = {}
    for finding in findings:
        if finding.rule == "ST001":
            untranslated[finding.path] = untranslated.get(finding.path, 0) + 1
        else:
            click.echo(line(finding))
    for path, count in untranslated.items():
        message = WORDS.say(
            NN_("%(num)s message is not translated.", "%(num)s messages are not translated."), num=count
        )
        click.echo(f"{near(path)}: {WORDS.say(SEVERITY_LABELS[Severity.WARNING])} ST001 {message}")
    say(NN_("%(num)s finding", "%(num)s findings"), num=len(findings))
