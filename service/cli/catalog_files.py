"""Where the catalogs of a tree are, read or ended with the reason, written whole or not at all."""

import os
import shutil
import sys
from pathlib import Path
from typing import NoReturn

import click

from service.cli.words import WORDS
from service.facts.words import N_
from service.i18n import po
from service.i18n.locales import Locale
from service.paths import PACKAGE

UNREADABLE = 2
ROOT = PACKAGE.parent

root_option = click.option(
    "--root",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=ROOT,
    help=WORDS.say(N_("Directory of the sources, with babel.cfg and locales.")),
)


def fail(text: str) -> NoReturn:
    """Print why not to standard error, and end."""
    click.echo(text, err=True)
    sys.exit(UNREADABLE)


def near(path: object) -> str:
    """A path as short as the user's place allows."""
    try:
        relative = os.path.relpath(str(path))
    except ValueError:  # another drive
        return str(path)
    return str(path) if relative.startswith("..") else relative


def path_of(directory: Path, locale: Locale) -> Path:
    """The catalog of a locale below a `locales` directory."""
    return directory / locale.code / "LC_MESSAGES" / "messages.po"


def read(path: Path) -> po.PoFile:
    """Read a catalog; one that cannot be read ends the command with its place and reason."""
    try:
        return po.read(path.read_bytes())
    except OSError as error:
        fail(f"{path}: {error.strerror}")
    except po.PoSyntaxError as error:
        fail(f"{path}:{error.line}:{error.column}: {WORDS.say(error.phrase, **error.values)}")


def write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, since a running service may be reading it."""
    if path.exists() and path.read_bytes() == data:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    draft.write_bytes(data)
    if path.exists():
        shutil.copymode(path, draft)
    draft.replace(path)
