"""`prospectus worker`: send mail, run imports and sweep, until told to stop."""

import sys

import click

from service.adapters.process import keep_one_arena
from service.bootstrap import Services
from service.cli import logs
from service.cli.installation import installation_here, services_here
from service.cli.words import LOCKED, WORDS, fail
from service.config import Settings
from service.facts.words import N_
from service.worker import app

FIRST = "1"


@click.command("worker", help=WORDS.say(N_("Start a worker alone.")))
@click.option(
    "--slot",
    default=FIRST,
    show_default=True,
    help=WORDS.say(N_("Name of this worker among those of this machine, on PostgreSQL.")),
)
def command(slot: str) -> None:
    """Work until SIGTERM."""
    logs.install()
    sys.exit(_work(installation_here(), slot=slot))


def work(settings: Settings) -> int:
    """Be the worker of an installation; return the exit code."""
    logs.install()
    return _work(services_here(settings), slot=FIRST)


def _work(services: Services, *, slot: str) -> int:
    keep_one_arena()
    try:
        app.run(services, slot=slot)
    except app.WorkerRefused as refused:
        fail(N_("The worker cannot start: %(reason)s"), code=LOCKED, reason=str(refused))
    return 0
