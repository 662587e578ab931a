"""What the command line says: in the language of the user's terminal, through the catalogs."""

import os
import sys
import unicodedata
from typing import NoReturn

import click

from service.facts.words import Phrase
from service.i18n.catalogs import Catalog, read
from service.i18n.locales import LOCALES, SOURCE, catalog_file
from service.i18n.negotiation import terminal_locale
from service.i18n.po import PoSyntaxError
from service.paths import data_dir

REFUSED = 2
# Another one is at work here; starting again would not help.
LOCKED = 75


def terminal_catalog() -> Catalog:
    """Return the catalog of the user's language; the source texts where it cannot be read."""
    code = terminal_locale(os.environ)
    try:
        path = catalog_file(data_dir("locales"), code)
        return read(path.read_bytes(), LOCALES[code], path)[0]
    except (OSError, PoSyntaxError):
        return Catalog(LOCALES[SOURCE], {}, {})


WORDS = terminal_catalog()


def say(phrase: Phrase, **values: object) -> None:
    """Print a line at once, also into a pipe."""
    click.echo(WORDS.say(phrase, **values))
    sys.stdout.flush()


def printable(text: str) -> str:
    """Return text that a stranger may have written, so that it cannot steer the terminal."""
    # Spaces of any width stay: French sets some before its punctuation.
    return "".join(
        char if char.isprintable() or unicodedata.category(char) == "Zs" else f"\\x{ord(char):02x}"
        for char in text
    )


def fail(phrase: Phrase, *, code: int = REFUSED, **values: object) -> NoReturn:
    """Say why not on standard error, and end."""
    end(WORDS.say(phrase, **values), code=code)


def end(text: str, *, code: int = REFUSED) -> NoReturn:
    """Print why not, which is in words already, to standard error, and end."""
    click.echo(text, err=True)
    sys.exit(code)
