"""What Click says by itself (usage, headings, mistakes), in the language of the user's terminal."""

import importlib
from string import Formatter

from service.cli.words import WORDS
from service.facts.words import N_, NN_, Phrase

PHRASES: tuple[Phrase, ...] = (
    N_("Usage:"),
    N_("Options"),
    N_("Commands"),
    N_("Positional arguments"),
    N_("default: {default}"),
    N_("required"),
    N_("file"),
    N_("directory"),
    N_("path"),
    N_("Show the version and exit."),
    N_("Show this message and exit."),
    N_("Confirm the action without prompting."),
    N_("%(prog)s, version %(version)s"),
    N_("Aborted!"),
    N_("Error: {message}"),
    N_("Try '{command} {option}' for help."),
    N_("Missing command."),
    N_("Missing argument"),
    N_("Missing option"),
    N_("Choose from:\n\t{choices}"),
    N_("Invalid value: {message}"),
    N_("Invalid value for {param_hint}: {message}"),
    N_("No such option {name!r}."),
    N_("No such command {name!r}."),
    NN_("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)"),
    NN_("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})"),
    NN_("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments."),
    N_("Option {name!r} does not take a value."),
    NN_("{value!r} is not {choice}.", "{value!r} is not one of {choices}."),
    N_("{value!r} is not a valid {number_type}."),
    N_("{value} is not in the range {range}."),
    N_("Could not open file {filename!r}: {message}"),
    N_("{name} {filename!r} does not exist."),
    N_("{name} {filename!r} is a file."),
    N_("{name} {filename!r} is a directory."),
    N_("{name} {filename!r} is not readable."),
)
"""Click's own texts, letter for letter, as far as our commands can meet them."""

_MODULES = ("core", "decorators", "exceptions", "formatting", "parser", "termui", "types")


def install() -> None:
    """Let Click look its words up in our catalogs.

    Click asks `gettext`, which reads compiled files of Click's own domain from a directory of the whole
    process. Its modules hold the two functions by name, and there they are replaced.
    """
    for name in _MODULES:
        module = importlib.import_module(f"click.{name}")
        for function in (gettext, ngettext):
            ours = "_" if function is gettext else "ngettext"
            if hasattr(module, ours):
                setattr(module, ours, function)


def gettext(text: str) -> str:
    """The text in the terminal's language."""
    return _fitting(WORDS.gettext(text), text)


def ngettext(singular: str, plural: str, number: int) -> str:
    """The form for a number in the terminal's language."""
    return _fitting(WORDS.ngettext(singular, plural, number), singular, plural)


def _fitting(text: str, *sources: str) -> str:
    """Click fills braces with `str.format`, which raises for a name that it has no value for."""
    known = {field for source in sources for field in _fields(source)}
    try:
        return text if set(_fields(text)) <= known else sources[-1]
    except ValueError:
        return sources[-1]


def _fields(text: str) -> list[str | None]:
    return [field for _, field, _, _ in Formatter().parse(text) if field is not None]
