"""A command group that loads the module of a command only when that command is asked for."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from service.cli.words import WORDS
from service.facts.words import N_, Phrase


class LazyGroup(click.Group):
    """Commands by name, each with where it is and its words.

    `module:name` tells where; a `module` alone holds it as `group` or `command`. Listing the
    commands loads none of them, so that the light ones start without the heavy parts.
    """

    def __init__(self, *args: Any, table: Mapping[str, tuple[str, Phrase]], **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._table:
            return None
        place, _, name = self._table[cmd_name][0].partition(":")
        module = import_module(place)
        found: click.Command = getattr(module, name or "group", None) or module.command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(WORDS.say(N_("Commands"))):
            formatter.write_dl([(name, WORDS.say(words)) for name, (_, words) in self._table.items()])
