"""`prospectus db`: bring the database up to date."""

import click

from service.adapters.jobs import migrate_engine
from service.cli.installation import services_here, settings_here
from service.cli.words import WORDS, say
from service.config import Settings
from service.db import Database
from service.facts.words import N_
from service.migrations import environment


@click.group("db", help=WORDS.say(N_("Prepare the database.")))
def group() -> None:
    """Hold the commands together."""


@group.command("upgrade", help=WORDS.say(N_("Create the tables or bring them up to date.")))
def upgrade() -> None:
    """Migrate what is there."""
    settings = settings_here()
    bring_up_to_date(settings, services_here(settings).db)
    say(N_("The database is up to date."))


def bring_up_to_date(settings: Settings, db: Database) -> None:
    """Migrate our tables, then the job engine's."""
    settings.data.mkdir(parents=True, exist_ok=True)
    environment.upgrade(db.engine)
    migrate_engine(settings.database)
