"""`prospectus program`: add a program to an installation."""

from datetime import UTC, datetime

import click

from service.cli.installation import installation_here, refusals_said
from service.cli.words import WORDS, say
from service.domain import audit, programs
from service.facts.acts import Act
from service.facts.words import N_
from service.i18n.locales import LOCALES


@click.group("program", help=WORDS.say(N_("Add programs.")))
def group() -> None:
    """Hold the commands together."""


@group.command("add", help=WORDS.say(N_("Add a program.")))
@click.argument("name", metavar="NAME")
@click.option(
    "--locale",
    type=click.Choice(list(LOCALES)),
    help=WORDS.say(N_("Language of the program where nothing else is chosen.")),
)
@click.option(
    "--time-zone", default="UTC", show_default=True, help=WORDS.say(N_("Time zone of the program."))
)
def add(name: str, locale: str | None, time_zone: str) -> None:
    """Add one program."""
    services = installation_here()
    settings = services.settings
    now = datetime.now(UTC)
    with refusals_said(), services.db.transaction() as session:
        made = programs.add(
            session,
            name=name,
            default_locale=locale or settings.locale,
            time_zone=time_zone,
            now=now,
        )
        audit.record(session, Act.PROGRAM_ADDED, actor=None, subject_id=made.id, program_id=made.id, now=now)
    say(N_("The program has been added: %(name)s."), name=name)
