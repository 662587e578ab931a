"""Where the catalogs of a tree are, read or ended with the reason, written whole or not at all."""

import os
import shutil
from pathlib import Path

import click

from service.cli.words import WORDS, end
from service.facts.words import N_
from service.i18n import po
from service.paths import PACKAGE

ROOT = PACKAGE.parent

root_option = click.option(
    "--root",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=ROOT,
    help=WORDS.say(N_("Directory of the sources, with babel.cfg and locales.")),
)


def near(path: object) -> str:
    """A path as short as the user's place allows."""
    try:
        relative = os.path.relpath(str(path))
    except ValueError:  # another drive
        return str(path)
    return str(path) if relative.startswith("..") else relative


def read(path: Path) -> po.PoFile:
    """Read a catalog; one that cannot be read ends the command with its place and reason."""
    try:
        return po.read(path.read_bytes())
    except OSError as error:
        end(f"{path}: {error.strerror}")
    except po.PoSyntaxError as error:
        end(f"{path}:{error.line}:{error.column}: {WORDS.say(error.phrase, **error.values)}")


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
