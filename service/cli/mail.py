"""`prospectus mail`: write, check and sign emails as files; record what came back in the database."""

import click

from service.cli.lazy import LazyGroup
from service.cli.words import WORDS
from service.facts.words import N_


@click.command(
    "mail",
    cls=LazyGroup,
    help=WORDS.say(N_("Write and check emails.")),
    table={
        "render": ("service.cli.mail_render", N_("Write one email for each row of a CSV file.")),
        "dkim-key": ("service.cli.mail_dkim_key", N_("Make a key that signs emails (DKIM).")),
        "check": ("service.cli.mail_check", N_("Check email files against the standards of mail.")),
        "inbound": ("service.cli.mail_inbound", N_("Record bounces, complaints and answers.")),
    },
)
def group() -> None:
    """Hold the commands on emails."""
