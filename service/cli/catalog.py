"""`prospectus catalog`: take texts out of the sources, keep catalogs up to date, check and compile them."""

import os
import sys
from pathlib import Path

import click

from service.cli.catalog_check import check
from service.cli.words import WORDS, say
from service.facts.words import N_, NN_
from service.i18n import po
from service.i18n.locales import LOCALES, Locale
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
    say(NN_("%(num)s message", "%(num)s messages"), num=len(po.read_text(text).messages))


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


group.add_command(check)


def _near(path: object) -> str:
    """A path as short as the user's place allows."""
    near = os.path.relpath(str(path))
    return str(path) if near.startswith("..") else near


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
