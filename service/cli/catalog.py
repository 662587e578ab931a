"""`prospectus catalog`: take texts out of the sources, keep catalogs up to date, check and compile them."""

import sys
from dataclasses import replace
from pathlib import Path

import click

from service.cli.catalog_check import check
from service.cli.catalog_files import near, read, root_option, write
from service.cli.catalog_locale import add_locale, write_pseudo
from service.cli.finding_forms import line
from service.cli.words import WORDS, end, fail, say
from service.facts.findings import Severity
from service.facts.words import N_, NN_
from service.i18n import mo, po
from service.i18n.locales import Locale, catalog_file, locales_in

CLEAN, FOUND = 0, 1
_BAR = 20


@click.group(
    "catalog", help=WORDS.say(N_("Take texts out of the sources, and keep the catalogs of every language."))
)
def group() -> None:
    pass


@group.command(
    "extract", help=WORDS.say(N_("Write locales/messages.pot anew from the marked texts of the sources."))
)
@click.option(
    "--check", is_flag=True, help=WORDS.say(N_("Write nothing; fail if messages.pot is not up to date."))
)
@root_option
def extract(root: Path, *, check: bool) -> None:
    text = _extracted(root)
    path = root / "locales" / "messages.pot"
    fresh = path.exists() and path.read_text(encoding="utf-8") == text
    if check:
        if not fresh:
            say(
                N_("%(path)s is not up to date. Run “prospectus catalog extract” and “update”."),
                path=near(path),
            )
            sys.exit(FOUND)
    elif not fresh:
        write(path, text.encode())
    template = po.read_text(text)
    say(NN_("%(num)s message", "%(num)s messages"), num=len(template.messages))
    _judge_sources(root, template)


def _judge_sources(root: Path, template: po.PoFile) -> None:
    """Print what is wrong with the marked texts (SR001 to SR009) but advice; exit with 1 on an error."""
    from service.lint import sources  # reads templates as the extraction does

    findings = sources.check(root, template)
    for finding in findings:
        if finding.severity is not Severity.ADVICE:
            click.echo(line(replace(finding, path=str(root / (finding.path or "")))))
    if any(finding.severity is Severity.ERROR for finding in findings):
        sys.exit(FOUND)


def _extracted(root: Path) -> str:
    # Babel's extractors and Jinja cost a third of a second, and only this command needs them.
    from service.i18n import extraction

    try:
        return extraction.template(root)
    except extraction.ExtractionError as error:
        end(f"{error.path}:{error.line}: {WORDS.say(error.phrase, **error.values)}")


group.add_command(add_locale)
group.add_command(write_pseudo)


@group.command(
    "update", help=WORDS.say(N_("Bring the catalogs up to date with locales/messages.pot, guessing nothing."))
)
@click.option("--locale", "codes", multiple=True, help=WORDS.say(N_("Only this language.")))
@root_option
def update(root: Path, codes: tuple[str, ...]) -> None:
    # Merging reads the header that extraction writes, and with it Babel's extractors.
    from service.i18n import po_update

    template = read(root / "locales" / "messages.pot")
    for locale in _chosen(root, codes):
        path = catalog_file(root / "locales", locale.code)
        old = read(path) if path.exists() else None
        write(path, po_update.update(old, template, locale).encode())
        _print_state(locale, po.read(path.read_bytes()))


def _chosen(root: Path, codes: tuple[str, ...]) -> tuple[Locale, ...]:
    known = locales_in(root / "locales")
    for code in codes:
        if code not in known:
            fail(N_("There is no catalog of this language: %(language)s"), language=code)
    return tuple(known[code] for code in codes or known)


@group.command("compile", help=WORDS.say(N_("Write a .mo file beside every catalog, for other programs.")))
@root_option
def compile_catalogs(root: Path) -> None:
    for locale in _chosen(root, ()):
        path = catalog_file(root / "locales", locale.code)
        target = path.with_suffix(".mo")
        write(target, mo.write(read(path).entries))
        click.echo(near(target))


group.add_command(check)


@group.command("mails", help=WORDS.say(N_("Check the emails that come with the product, in every language.")))
def check_mails() -> None:
    """Exit with 0 if nothing was found or advice only, 1 if more was."""
    # Writing mails costs templates, styles and Markdown; no other command here needs them.
    from service.cli import catalog_mails

    catalog_mails.run()


@group.command("stats", help=WORDS.say(N_("Print how much of each catalog is translated.")))
@root_option
def stats(root: Path) -> None:
    for locale in _chosen(root, ()):
        file = read(catalog_file(root / "locales", locale.code))
        filled = round(_share(file) * _BAR)
        click.echo(f"{'█' * filled}{'░' * (_BAR - filled)} ", nl=False)
        _print_state(locale, file)


def _share(file: po.PoFile) -> float:
    messages = file.messages
    return sum(entry.translated for entry in messages) / len(messages) if messages else 1.0


def _print_state(locale: Locale, file: po.PoFile) -> None:
    messages = file.messages
    done = sum(entry.translated for entry in messages)
    fuzzy = sum(entry.fuzzy for entry in messages)
    say(
        N_(
            "%(locale)s: %(share)s translated (%(done)s of %(all)s), fuzzy: %(fuzzy)s, obsolete: %(obsolete)s"
        ),
        locale=locale.code,
        share=WORDS.formats.percent(int(_share(file) * 100) / 100),
        done=done,
        all=len(messages),
        fuzzy=fuzzy,
        obsolete=sum(entry.obsolete for entry in file.entries),
    )
