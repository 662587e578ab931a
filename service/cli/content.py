"""`prospectus content`: check help pages and see them rendered, without a server."""

import click

from service.cli.lazy import LazyGroup
from service.cli.words import WORDS
from service.facts.words import N_


@click.command(
    "content",
    cls=LazyGroup,
    help=WORDS.say(N_("Check and preview help pages.")),
    table={
        "check": (
            "service.cli.content_pages:check_pages",
            N_("Check Markdown files, or all below directories. Exits with 1 on errors."),
        ),
        "lock": (
            "service.cli.content_lock:lock_pages",
            N_("Record that translations were reviewed: they render their source as it is now."),
        ),
        "render": (
            "service.cli.content_render:render",
            N_("Print Markdown as a reader gets it: one file, or all below a folder with --out."),
        ),
        "preview": (
            "service.cli.content_preview:preview",
            N_("Show a folder of Markdown in the browser, with findings, while it is written."),
        ),
    },
)
def group() -> None:
    """Hold the commands on help pages."""
