"""`prospectus user`: add a user to an installation, who comes in by a one-time link."""

from datetime import UTC, datetime

import click

from service.cli.installation import installation_here, refusals_said
from service.cli.words import WORDS, fail, say
from service.domain import accounts, programs
from service.facts.permissions import BuiltInRole
from service.facts.words import N_
from service.i18n.locales import LOCALES


@click.group("user", help=WORDS.say(N_("Add users.")))
def group() -> None:
    """Hold the commands together."""


@group.command("add", help=WORDS.say(N_("Add a user and print a link with which they sign in once.")))
@click.argument("email", metavar="EMAIL")
@click.option("--name", required=True, help=WORDS.say(N_("Name of the user.")))
@click.option(
    "--role",
    type=click.Choice([role.value for role in BuiltInRole]),
    default=BuiltInRole.COMMUNITY_MANAGER.value,
    show_default=True,
    help=WORDS.say(N_("Role of the user.")),
)
@click.option("--locale", type=click.Choice(list(LOCALES)), help=WORDS.say(N_("Language of the user.")))
@click.option("--time-zone", default="UTC", show_default=True, help=WORDS.say(N_("Time zone of the user.")))
@click.option(
    "--program",
    "program_names",
    multiple=True,
    metavar="NAME",
    help=WORDS.say(N_("Program the user may work in; all of them if none is named.")),
)
def add(
    email: str, *, name: str, role: str, locale: str | None, time_zone: str, program_names: tuple[str, ...]
) -> None:
    """Add one user."""
    services = installation_here()
    settings = services.settings
    now = datetime.now(UTC)
    with refusals_said(), services.db.transaction() as session:
        chosen = []
        for program_name in program_names:
            program = programs.find_by_name(session, program_name)
            if program is None:
                fail(N_("There is no program with this name: %(name)s."), name=program_name)
            chosen.append(program)
        user = accounts.add_user(
            session,
            email=email,
            name=name,
            role=accounts.built_in_role(session, BuiltInRole(role)),
            locale=locale or settings.locale,
            time_zone=time_zone,
            programs=chosen,
            all_programs=not chosen,
            now=now,
        )
        link = accounts.sign_in_link(session, services.signer, user, base_url=settings.base_url, now=now)
    say(N_("%(address)s has been added. This link signs them in once, within the hour:"), address=email)
    click.echo(link)
