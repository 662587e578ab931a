"""`prospectus catalog`: take texts out of the sources, keep catalogs up to date, check and compile them."""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import click

from service.cli.words import WORDS, say
from service.facts.findings import SEVERITY_LABELS, Finding, Severity
from service.facts.words import N_, NN_
from service.i18n import po
from service.i18n.glossary import GlossaryError
from service.i18n.locales import LOCALES, SOURCE, Locale
from service.i18n.negotiation import closest
from service.lint import consistency, house, report
from service.paths import PACKAGE

CLEAN, FOUND, UNREADABLE = 0, 1, 2
ROOT = PACKAGE.parent


def _fail(text: str) -> None:
    click.echo(text, err=True)
    sys.exit(UNREADABLE)


@click.group(
    "catalog", help=WORDS.say(N_("Take texts out of the sources, and keep the catalogs of every language."))
)
def group() -> None:
    pass


_root_option = click.option(
    "--root",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=ROOT,
    help=WORDS.say(N_("Directory of the sources, with babel.cfg and locales.")),
)


@group.command(
    "extract", help=WORDS.say(N_("Write locales/messages.pot anew from the marked texts of the sources."))
)
@click.option(
    "--check", is_flag=True, help=WORDS.say(N_("Write nothing; fail if messages.pot is not up to date."))
)
@_root_option
def extract(root: Path, *, check: bool) -> None:
    text = _extracted(root)
    path = root / "locales" / "messages.pot"
    fresh = path.exists() and path.read_text(encoding="utf-8") == text
    if check:
        if not fresh:
            say(
                N_("%(path)s is not up to date. Run “prospectus catalog extract” and “update”."),
                path=_near(path),
            )
            sys.exit(FOUND)
    elif not fresh:
        _write(path, text)
    template = po.read_text(text)
    say(NN_("%(num)s message", "%(num)s messages"), num=len(template.messages))
    _judge_sources(root, template)


def _judge_sources(root: Path, template: po.PoFile) -> None:
    """Print what is wrong with the marked texts (SR001 to SR009) but advice; exit with 1 on an error."""
    from service.lint import sources  # reads templates as the extraction does

    findings = sources.check(root, template)
    for finding in findings:
        if finding.severity is not Severity.ADVICE:
            click.echo(_line(replace(finding, path=str(root / (finding.path or "")))))
    if any(finding.severity is Severity.ERROR for finding in findings):
        sys.exit(FOUND)


def _extracted(root: Path) -> str:
    # Babel's extractors and Jinja cost a third of a second, and only this command needs them.
    from service.i18n import extraction

    try:
        return extraction.template(root)
    except extraction.ExtractionError as error:
        _fail(f"{error.path}:{error.line}: {WORDS.say(error.phrase, **error.values)}")
        raise


@group.command(
    "update", help=WORDS.say(N_("Bring the catalogs up to date with locales/messages.pot, guessing nothing."))
)
@click.option(
    "--locale",
    "codes",
    multiple=True,
    type=click.Choice(tuple(LOCALES)),
    help=WORDS.say(N_("Only this language.")),
)
@_root_option
def update(root: Path, codes: tuple[str, ...]) -> None:
    # Merging reads the header that extraction writes, and with it Babel's extractors.
    from service.i18n import merging

    template = _read(root / "locales" / "messages.pot")
    for code in codes or tuple(LOCALES):
        path = _path(root / "locales", LOCALES[code])
        old = _read(path) if path.exists() else None
        _write(path, po.serialize(merging.update(old, template, LOCALES[code])))
        _print_state(LOCALES[code], po.read(path.read_bytes()))


@group.command("compile", help=WORDS.say(N_("Write a .mo file beside every catalog, for other programs.")))
@_root_option
def compile_catalogs(root: Path) -> None:
    # Only this command needs polib.
    import polib

    for locale in LOCALES.values():
        path = _path(root / "locales", locale)
        file = _read(path)
        target = path.with_suffix(".mo")
        polib.pofile(po.serialize(file.entries)).save_as_mofile(str(target))
        click.echo(_near(target))


@group.command(
    "check", help=WORDS.say(N_("Check catalogs: syntax, placeholders, markup, typography, terms."))
)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True), metavar="[PATH]...")
@click.option(
    "--json", "as_json", is_flag=True, help=WORDS.say(N_("Print one JSON document a line for each finding."))
)
@_root_option
def check(paths: tuple[Path, ...], root: Path, *, as_json: bool) -> None:
    """Exit with 0 if nothing was found or advice only, 1 if more was, 2 if a file cannot be judged."""
    try:
        run = consistency.Run()
        findings = [one for path in paths or (root / "locales",) for one in _findings(path, root, run)]
        findings += report.check_run(run, report.settings_of(root / "locales")[1])
    except (GlossaryError, report.ConfigError, house.StyleError) as error:
        _fail(str(error))
        raise
    untranslated: dict[str | None, int] = {}
    for finding in findings:
        if finding.rule == "ST001" and not as_json:
            untranslated[finding.path] = untranslated.get(finding.path, 0) + 1
        else:
            click.echo(json.dumps(_document(finding)) if as_json else _line(finding))
    for path, count in untranslated.items():
        message = WORDS.say(
            NN_("%(num)s message is not translated.", "%(num)s messages are not translated."), num=count
        )
        click.echo(f"{_near(path)}: {WORDS.say(SEVERITY_LABELS[Severity.WARNING])} ST001 {message}")
    bad = sum(finding.severity is not Severity.ADVICE for finding in findings)
    if not as_json:
        say(NN_("%(num)s finding", "%(num)s findings"), num=len(findings))
    sys.exit(FOUND if bad else CLEAN)


def _findings(path: Path, root: Path, run: consistency.Run) -> tuple[Finding, ...]:
    """A directory has all locales and the glossary; a file is of the locale its path names, or its header."""
    if path.is_dir():
        return report.check_directory(path)
    glossary, allowed = report.settings_of(root / "locales")
    pins = house.pins(root) if path.absolute().is_relative_to((root / "locales").absolute()) else {}
    code = next((part for part in reversed(path.absolute().parts) if part in LOCALES), None)
    if code is None:
        code = closest(_read(path).header.get("Language"), tuple(LOCALES)) or SOURCE
    pinned = house.pinned_for(pins, LOCALES[code])
    return report.check_file(path, LOCALES[code], glossary=glossary, allowed=allowed, pinned=pinned, run=run)


def _near(path: object) -> str:
    """A path as short as the user's place allows."""
    near = os.path.relpath(str(path))
    return str(path) if near.startswith("..") else near


def _line(finding: Finding) -> str:
    label, message = WORDS.say(SEVERITY_LABELS[finding.severity]), WORDS.say(finding.phrase, **finding.values)
    return f"{_near(finding.path)}:{finding.line}:{finding.column}: {label} {finding.rule} {message}"


def _document(finding: Finding) -> dict[str, object]:
    return {
        "path": finding.path,
        "line": finding.line,
        "column": finding.column,
        "severity": finding.severity,
        "rule": finding.rule,
        "message": WORDS.say(finding.phrase, **finding.values),
        "msgid": finding.values.get("msgid"),
    }


@group.command("mails", help=WORDS.say(N_("Check the emails that come with the product, in every language.")))
def check_mails() -> None:
    """Exit with 0 if nothing was found or advice only, 1 if more was."""
    # Writing mails costs templates, styles and Markdown; no other command here needs them.
    from service.cli import catalog_mails

    catalog_mails.run()


@group.command("stats", help=WORDS.say(N_("Print how much of each catalog is translated.")))
@_root_option
def stats(root: Path) -> None:
    for locale in LOCALES.values():
        _print_state(locale, _read(_path(root / "locales", locale)))


def _print_state(locale: Locale, file: po.PoFile) -> None:
    messages = file.messages
    done = sum(entry.translated for entry in messages)
    fuzzy = sum(entry.fuzzy for entry in messages)
    share = done / len(messages) if messages else 1.0
    say(
        N_(
            "%(locale)s: %(share)s translated (%(done)s of %(all)s), fuzzy: %(fuzzy)s, obsolete: %(obsolete)s"
        ),
        locale=locale.code,
        share=WORDS.formats.percent(int(share * 100) / 100),
        done=done,
        all=len(messages),
        fuzzy=fuzzy,
        obsolete=sum(entry.obsolete for entry in file.entries),
    )


def _path(directory: Path, locale: Locale) -> Path:
    return directory / locale.code / "LC_MESSAGES" / "messages.po"


def _read(path: Path) -> po.PoFile:
    try:
        return po.read(path.read_bytes())
    except OSError as error:
        _fail(f"{path}: {error.strerror}")
        raise
    except po.PoSyntaxError as error:
        _fail(f"{path}:{error.line}:{error.column}: {WORDS.say(error.phrase, **error.values)}")
        raise


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all, since a running service may be reading it."""
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
