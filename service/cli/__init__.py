"""The command line `prospectus`: one file per command group, loaded only when it is asked for."""

import click

from service.cli import click_words
from service.cli.lazy import LazyGroup
from service.cli.words import WORDS
from service.facts.words import N_, Phrase

# Command -> its words; the module of the same name holds it, but for a name that is a word of Python.
COMMANDS: dict[str, Phrase] = {
    "demo": N_("Start everything on this machine with demo data."),
    "serve": N_("Start the web server and its worker."),
    "worker": N_("Start a worker alone."),
    "db": N_("Prepare the database."),
    "user": N_("Add users."),
    "person": N_("Hand out or erase what is stored about a person."),
    "program": N_("Add programs."),
    "import": N_("Import prospects from a CSV file."),
    "mail": N_("Write and check emails."),
    "csv": N_("Look into CSV files."),
    "content": N_("Check and preview help pages."),
    "catalog": N_("Work on the catalogs of every language."),
}
_MODULES = {"import": "imports"}


click_words.install()


@click.command(
    cls=LazyGroup,
    table={name: (f"service.cli.{_MODULES.get(name, name)}", words) for name, words in COMMANDS.items()},
    help=WORDS.say(N_("Recruit partners and creators in their own languages.")),
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="prospectus", prog_name="prospectus")
def main() -> None:
    """Run one command."""
