"""The marks that make a text translatable without translating it: a phrase, its context, its plural."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phrase:
    """A source text with its optional gettext context and plural; a catalog turns it into words."""

    text: str
    context: str | None = None
    plural: str | None = None


def N_(text: str) -> Phrase:
    """Mark a text for extraction."""
    return Phrase(text)


def NP_(context: str, text: str) -> Phrase:
    """Mark a text that needs a context, such as *New* the stage."""
    return Phrase(text, context)


def NN_(singular: str, plural: str) -> Phrase:
    """Mark a text that depends on a count; both forms print it as `%(num)s`."""
    return Phrase(singular, None, plural)
