"""The installation that a command works on, from the environment; refusals become words and an exit code."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import click
from sqlalchemy import make_url

from service.bootstrap import Services, build
from service.cli.words import WORDS, end, fail
from service.config import Settings, SettingsRefused
from service.domain.errors import DomainError
from service.facts.words import N_
from service.i18n.locales import LOCALES


def settings_here() -> Settings:
    """Read the settings, or end with every problem they have."""
    try:
        return Settings.from_env(os.environ, LOCALES)
    except SettingsRefused as refused:
        _end(refused)


def services_here(settings: Settings) -> Services:
    """Put the installation together without its job engine, or end with the reasons why that cannot be."""
    try:
        return build(settings, jobs=False)
    except SettingsRefused as refused:
        _end(refused)


def _end(refused: SettingsRefused) -> NoReturn:
    for problem in refused.problems:
        click.echo(problem, err=True)
    fail(N_("The settings cannot be used."))


def installation_here() -> Services:
    """Put together an installation that is there, or end: what only works on one makes none."""
    settings = settings_here()
    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        folder = str(settings.data.resolve())
        fail(
            N_(
                "There is no installation in %(folder)s. Set DATA to its folder, or make one with: "
                "prospectus db upgrade"
            ),
            folder=folder,
        )
    return services_here(settings)


@contextmanager
def refusals_said() -> Iterator[None]:
    """Turn a refusal of the domain into its words and exit code 2."""
    try:
        yield
    except DomainError as error:
        end(WORDS.say(error.refusal.phrase, **error.values))
