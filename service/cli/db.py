"""`prospectus db`: bring the database up to date, and say what it must not send after a restore."""

from datetime import UTC, datetime

import click

from service.adapters.jobs import migrate_engine
from service.cli.installation import services_here, settings_here
from service.cli.words import WORDS, say
from service.config import Settings
from service.db import Database
from service.domain import fence
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


@group.command(
    "restored", help=WORDS.say(N_("After a restore: hold back what may have been sent since the backup."))
)
@click.option(
    "--nothing-was-sent",
    is_flag=True,
    help=WORDS.say(N_("Send what is held back: nothing was sent since the backup.")),
)
def restored(*, nothing_was_sent: bool) -> None:
    """Hold back, or let go of what was held back."""
    services = services_here(settings_here())
    now = datetime.now(UTC)
    with services.db.transaction() as session:
        if nothing_was_sent:
            count = fence.let_go(session)
            say(N_("Emails that wait to be sent again: %(count)s"), count=count)
            return
        fence.hold_back(session, now=now)
        say(N_("Emails held back until you decide: %(count)s"), count=fence.count_held_back(session))
        say(N_("They are listed as unknown in their campaigns."))


def bring_up_to_date(settings: Settings, db: Database) -> None:
    """Migrate our tables, then the job engine's."""
    settings.data.mkdir(parents=True, exist_ok=True)
    environment.upgrade(db.engine)
    migrate_engine(settings.database)
