"""`prospectus catalog add-locale` and `pseudo`: catalogs for languages that the product does not ship."""

import json
from dataclasses import replace
from pathlib import Path

import click

from service.cli.catalog_files import near, read, root_option, write
from service.cli.words import WORDS, fail, say
from service.facts.words import N_
from service.i18n import po, pseudo
from service.i18n.any_locale import UnknownLanguage, locale_for
from service.i18n.locales import ALL_LOCALES, FILE, PSEUDO, SOURCE, Locale, catalog_file
from service.paths import data_dir

_root_option = click.option(
    "--root",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help=WORDS.say(N_("Directory with locales and content. The default is the installation’s own.")),
)


@click.command(
    "add-locale",
    help=WORDS.say(
        N_("Add a language: its catalog, its folder of help pages, its plural rule and direction.")
    ),
)
@click.argument("code", metavar="LANGUAGE")
@_root_option
def add_locale(code: str, root: Path | None) -> None:
    """Write what a language needs; exit with 2 for one that is unknown or there already."""
    root = root or data_dir("locales").parent
    locale = _wanted(code)
    if locale.code in ALL_LOCALES or (root / "locales" / locale.code).exists():
        fail(N_("This language is there already: %(language)s"), language=locale.code)
    # Merging reads the header that extraction writes, and with it Babel's extractors.
    from service.i18n import merging

    template = read(root / "locales" / "messages.pot")
    path = catalog_file(root / "locales", locale.code)
    write(path, po.serialize(merging.update(None, template, locale)).encode())
    write(root / "locales" / locale.code / FILE, _settings(locale).encode())
    (root / "content" / locale.code).mkdir(parents=True, exist_ok=True)
    say(N_("Added: %(language)s (%(name)s)"), language=locale.code, name=locale.name)
    say(N_("Translate here: %(path)s"), path=near(path))
    say(N_("Until then its readers see the source texts. Restart Prospectus to offer the language."))


def _wanted(code: str) -> Locale:
    try:
        found = locale_for(code)
    except UnknownLanguage:
        fail(N_("Nobody knows this language: %(language)s"), language=code)
    if found.code in ALL_LOCALES:
        return found
    return replace(found, code=found.tag, name=found.name[:1].upper() + found.name[1:], shipped=False)


def _settings(locale: Locale) -> str:
    fields = {
        "cldr": locale.cldr,
        "name": locale.name,
        "direction": locale.direction,
        "plural_forms": locale.plural_forms,
    }
    return "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in fields.items())


@click.command(
    "pseudo",
    help=WORDS.say(N_("Write the catalogs of the pseudo-languages en-XA and ar-XB, for other programs.")),
)
@root_option
def write_pseudo(root: Path) -> None:
    source = read(catalog_file(root / "locales", SOURCE))
    # See add_locale.
    from service.i18n import merging

    for locale in PSEUDO.values():
        change = pseudo.MAKERS[locale.code]
        entries = [
            entry._replace(strings=tuple(map(change, entry.strings)), flags=(), previous=())
            for entry in source.messages
        ]
        path = catalog_file(root / "locales", locale.code)
        write(path, po.serialize([merging.header_entry(locale), *entries]).encode())
        click.echo(near(path))
