"""`prospectus demo`: everything on this machine from one command, with demo data where there is none."""

import os
import sys
from dataclasses import replace
from datetime import UTC, datetime

import click

from service.cli.db import bring_up_to_date
from service.cli.installation import services_here, settings_here
from service.cli.serve import refuse_taken_port, serve
from service.cli.words import WORDS, say
from service.domain import accounts, demo
from service.facts.words import N_


@click.command("demo", help=WORDS.say(N_("Start everything on this machine with demo data.")))
def command() -> None:
    """Run the demo until Ctrl-C or SIGTERM."""
    settings = replace(settings_here(), pseudo_locales=True)
    if "TRANSLATION_EDITING" not in os.environ:
        settings = replace(settings, translation_editing=True)
    refuse_taken_port(settings)
    services = services_here(settings)
    bring_up_to_date(settings, services.db)
    now = datetime.now(UTC)
    link = None
    with services.db.transaction() as session:
        demo.fill(session, now=now)
        user = accounts.find_user(session, demo.ADMINISTRATOR)
        if user is not None:
            link = accounts.sign_in_link(session, services.signer, user, base_url=settings.base_url, now=now)
    services.db.dispose()

    def ready() -> None:
        if link is not None:
            say(N_("Sign in as the demo administrator with this link. It works once, within the hour:"))
            click.echo(link)
            sys.stdout.flush()

    sys.exit(serve(settings, ready=ready))
