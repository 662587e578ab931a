"""The command line `prospectus`: one file per command group, loaded only when it is asked for."""

from importlib import import_module

import click

from service.cli.words import WORDS
from service.facts.words import N_, Phrase

# Command -> its words. The module of the same name holds it as `group` or `command`; listing the commands
# loads none of them, so that the light ones start without the heavy parts.
COMMANDS: dict[str, Phrase] = {
    "demo": N_("Start everything on this machine with demo data."),
    "serve": N_("Start the web server and its worker."),
    "worker": N_("Start a worker alone."),
    "db": N_("Prepare the database."),
    "user": N_("Add users."),
    "program": N_("Add programs."),
    "mail": N_("Write and check emails."),
    "csv": N_("Look into CSV files."),
    "content": N_("Check and preview help pages."),
    "catalog": N_("Work on the catalogs of every language."),
}


class _Commands(click.Group):
    """Finds a command in the module of its name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"service.cli.{cmd_name}")
        found: click.Command = getattr(module, "group", None) or module.command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(WORDS.say(N_("Commands"))):
            formatter.write_dl([(name, WORDS.say(words)) for name, words in COMMANDS.items()])


@click.command(
    cls=_Commands,
    help=WORDS.say(N_("Recruit partners and creators in their own languages.")),
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="prospectus", prog_name="prospectus")
def main() -> None:
    """Run one command."""
